import type { FieldError } from "../../../apimachinery/field/error.ts";
import { invalid, notSupported, required } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import { goQuote } from "../../../apimachinery/text/go-quote.ts";
import { formatTime } from "../../../apimachinery/time/time.ts";
import { isDNS1035Label, isDNS1123Subdomain } from "../../../apimachinery/validation/dns.ts";
import { isValidPortNum } from "../../../apimachinery/validation/formats.ts";
import { pathSegmentName } from "../../../apimachinery/validation/names.ts";
import { ageColumn, nameColumn, textColumn } from "../../columns.ts";
import { defineBuiltIn } from "../../define-built-in.ts";
import { changing } from "../../draft.ts";
import type * as types from "../../generated/types/apiregistration-v1.ts";
import { addMessages } from "../../validation.ts";

// Rules: kube-aggregator/pkg/apis/apiregistration/validation, pkg/registry/apiservice.

export type APIService = types.APIService;
export type APIServiceCondition = types.APIServiceCondition;

const specPath = path("spec");
const statuses = ["True", "False", "Unknown"];

/** What is said of a group version that this server answers itself. */
export function localCondition(nowMs: number): types.APIServiceCondition {
  return {
    type: "Available",
    status: "True",
    lastTransitionTime: formatTime(nowMs),
    reason: "Local",
    message: "Local APIServices are always available",
  };
}

/** Who answers for one version of one API group: this server, or a service of the cluster. */
export const APIService = defineBuiltIn<APIService>("apiregistration.k8s.io/v1/apiservices", {
  storagePath: "apiregistration.k8s.io/apiservices",
  validateName: pathSegmentName,
  unconditionalUpdate: false,
  keeps: { status: [["metadata"]] },
  columns: [
    nameColumn,
    textColumn("Service", ({ spec: { service } }) =>
      service === undefined ? "Local" : `${service.namespace ?? ""}/${service.name ?? ""}`,
    ),
    textColumn("Available", ({ status }) => {
      const condition = (status?.conditions ?? []).find(({ type }) => type === "Available");
      if (condition === undefined) return "Unknown";
      const told = condition.status === "True" ? "" : (condition.reason ?? "");
      return told === "" ? condition.status : `${condition.status} (${told})`;
    }),
    ageColumn,
  ],
  prepareForCreate: changing((draft, { now }) => {
    if (draft.spec.service === undefined) draft.status = { conditions: [{ ...localCondition(now) }] };
  }),
  validate(apiService, _old, { subresource }) {
    const errors: FieldError[] = [];
    if (subresource === "status") {
      (apiService.status?.conditions ?? []).forEach(({ status }, i) => {
        if (statuses.includes(status)) return;
        errors.push(notSupported(path("status", "conditions").index(i).child("status"), status, statuses));
      });
      return errors;
    }
    addSpecErrors(errors, apiService);
    return errors;
  },
});

function addSpecErrors(errors: FieldError[], { metadata, spec }: APIService): void {
  const { group = "", version = "", groupPriorityMinimum, versionPriority, service } = spec;
  const wanted = `${version}.${group}`;
  for (const field of ["generateName", "name"] as const) {
    const name = metadata[field] ?? "";
    if (name === "" || pathSegmentName(name, false).length > 0 || name === wanted) continue;
    const detail = `must be \`spec.version+"."+spec.group\`: ${goQuote(wanted)}`;
    errors.push(invalid(path("metadata", field), name, detail));
  }
  if (group === "" && version !== "v1") {
    errors.push(required(specPath.child("group"), "only v1 may have an empty group and it better be legacy kube"));
  }
  if (group !== "") addMessages(errors, isDNS1123Subdomain(group), specPath.child("group"), group);
  addMessages(errors, isDNS1035Label(version), specPath.child("version"), version);
  if (groupPriorityMinimum <= 0 || groupPriorityMinimum > 20_000) {
    const at = specPath.child("groupPriorityMinimum");
    errors.push(invalid(at, groupPriorityMinimum, "must be positive and less than 20000"));
  }
  if (versionPriority <= 0 || versionPriority > 1_000) {
    errors.push(invalid(specPath.child("versionPriority"), versionPriority, "must be positive and less than 1000"));
  }
  if (service === undefined) addLocalErrors(errors, spec);
  else addServiceErrors(errors, spec, service);
}

function addLocalErrors(errors: FieldError[], { caBundle = "", insecureSkipTLSVerify }: types.APIServiceSpec): void {
  if (caBundle !== "") {
    const size = `${Buffer.from(caBundle, "base64").length} bytes`;
    errors.push(invalid(specPath.child("caBundle"), size, "local APIServices may not have a caBundle"));
  }
  if (insecureSkipTLSVerify === true) {
    const at = specPath.child("insecureSkipTLSVerify");
    errors.push(invalid(at, true, "local APIServices may not have insecureSkipTLSVerify"));
  }
}

function addServiceErrors(
  errors: FieldError[],
  { caBundle = "", insecureSkipTLSVerify }: types.APIServiceSpec,
  { namespace = "", name = "", port }: types.ServiceReference,
): void {
  const place = specPath.child("service");
  if (namespace === "") errors.push(required(place.child("namespace")));
  if (name === "") errors.push(required(place.child("name")));
  const wrong = isValidPortNum(port);
  if (wrong.length > 0) errors.push(invalid(place.child("port"), port, `port is not valid: ${wrong.join(", ")}`));
  if (insecureSkipTLSVerify === true && caBundle !== "") {
    errors.push(invalid(specPath.child("insecureSkipTLSVerify"), true, "may not be true if caBundle is present"));
  }
}
