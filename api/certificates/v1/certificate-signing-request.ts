import type { FieldError } from "../../../apimachinery/field/error.ts";
import { forbidden } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import type { Draft } from "../../../apimachinery/resource/object.ts";
import type { RequestContext } from "../../../apimachinery/resource/resource.ts";
import { thaw } from "../../../apimachinery/resource/thaw.ts";
import { humanDuration } from "../../../apimachinery/time/human-duration.ts";
import { formatTime } from "../../../apimachinery/time/time.ts";
import { pathSegmentName } from "../../../apimachinery/validation/names.ts";
import { ageColumn, nameColumn, textColumn } from "../../columns.ts";
import { defineBuiltIn } from "../../define-built-in.ts";
import { changing } from "../../draft.ts";
import type * as types from "../../generated/types/certificates-v1.ts";
import { addRequestErrors } from "./request-validation.ts";

// Rules: pkg/apis/certificates/validation, pkg/registry/certificates/certificates/strategy.go.

export type CertificateSigningRequest = types.CertificateSigningRequest;

const conditionsPath = path("status", "conditions");
const certificatePath = path("status", "certificate");

/**
 * Asks a signer for a certificate in the requester's own name. Status is written at two places: `status` takes the
 * certificate, `approval` the conditions Approved and Denied.
 */
export const CertificateSigningRequest = defineBuiltIn<CertificateSigningRequest>(
  "certificates.k8s.io/v1/certificatesigningrequests",
  {
    validateName: pathSegmentName,
    keeps: { "": [["spec"]], approval: [["spec"], ["status", "certificate"]] },
    columns: [
      nameColumn,
      ageColumn,
      textColumn("SignerName", ({ spec }) => spec.signerName || "<none>"),
      textColumn("Requestor", ({ spec }) => spec.username ?? ""),
      textColumn("RequestedDuration", ({ spec: { expirationSeconds: seconds } }) =>
        seconds === undefined ? "<none>" : humanDuration(seconds * 1000),
      ),
      textColumn("Condition", conditionText),
    ],
    fieldSelectors: { "spec.signerName": ({ spec }) => spec.signerName },
    prepareForCreate: changing((request, { user }) => {
      const { spec } = request;
      spec.username = user.username;
      spec.groups = [...user.groups];
      if (user.uid) spec.uid = user.uid;
      else delete spec.uid;
      if (Object.keys(user.extra ?? {}).length > 0) spec.extra = thaw(user.extra!);
      else delete spec.extra;
      request.status = {};
    }),
    prepareForUpdate: changing(prepareForUpdate),
    validate(request, old, { subresource }) {
      const errors: FieldError[] = [];
      addRequestErrors(errors, request, old);
      if (old !== undefined) addChangeErrors(errors, request, old, subresource);
      return errors;
    },
  },
);

function prepareForUpdate(
  request: Draft<CertificateSigningRequest>,
  old: CertificateSigningRequest,
  { subresource, now }: RequestContext,
): void {
  request.spec = thaw(old.spec);
  if (subresource === "") request.status = thaw(old.status);
  if (subresource === "approval") {
    const conditions = request.status.conditions;
    request.status = { ...thaw(old.status), ...(conditions ? { conditions } : {}) };
    if (conditions === undefined) delete request.status.conditions;
  }
  if (subresource === "status") keepDecisions(request, old);
  if (subresource !== "") setConditionTimes(request, old, formatTime(now));
}

/** Whoever writes the status changes nothing of the decision; to add or to remove one is refused later. */
function keepDecisions({ status }: Draft<CertificateSigningRequest>, old: CertificateSigningRequest): void {
  const conditions = status.conditions ?? [];
  for (const type of ["Approved", "Denied"]) {
    const before = (old.status.conditions ?? []).filter((condition) => condition.type === type);
    if (conditions.filter((condition) => condition.type === type).length !== before.length) continue;
    conditions.forEach((condition, i) => {
      if (condition.type === type) conditions[i] = thaw(before.shift()!);
    });
  }
}

function setConditionTimes(
  request: Draft<CertificateSigningRequest>,
  old: CertificateSigningRequest,
  now: string,
): void {
  for (const condition of request.status.conditions ?? []) {
    condition.lastUpdateTime ??= now;
    const before = old.status.conditions?.find(
      ({ type, status, lastTransitionTime }) =>
        type === condition.type && status === condition.status && lastTransitionTime !== undefined,
    );
    condition.lastTransitionTime ??= before?.lastTransitionTime ?? now;
  }
}

function addChangeErrors(
  errors: FieldError[],
  request: CertificateSigningRequest,
  old: CertificateSigningRequest,
  subresource: string,
): void {
  const of = ({ status }: CertificateSigningRequest, wanted: string): readonly unknown[] =>
    (status.conditions ?? []).filter(({ type }) => type === wanted);
  for (const type of ["Approved", "Denied", "Failed"]) {
    if (of(request, type).length >= of(old, type).length) continue;
    errors.push(forbidden(conditionsPath, `updates may not remove a condition of type "${type}"`));
  }
  for (const type of subresource === "approval" ? [] : ["Approved", "Denied"]) {
    if (of(request, type).length <= of(old, type).length) continue;
    errors.push(forbidden(conditionsPath, `updates may not add a condition of type "${type}"`));
  }
  const before = old.status.certificate ?? "";
  if ((request.status.certificate ?? "") === before) return;
  if (subresource !== "status") errors.push(forbidden(certificatePath, "updates may not set certificate content"));
  else if (before !== "") {
    errors.push(forbidden(certificatePath, "updates may not modify existing certificate content"));
  }
}

function conditionText({ status }: CertificateSigningRequest): string {
  const has = (wanted: string): boolean => (status.conditions ?? []).some(({ type }) => type === wanted);
  const decision = has("Denied") ? "Denied" : has("Approved") ? "Approved" : "Pending";
  return `${decision}${has("Failed") ? ",Failed" : ""}${status.certificate ? ",Issued" : ""}`;
}
