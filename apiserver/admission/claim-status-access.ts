import type {
  AllocatedDeviceStatus,
  AllocationResult,
  ResourceClaim,
  ResourceClaimStatus,
} from "../../api/generated/types/resource-v1.ts";
import { ApiError } from "../../apimachinery/errors/api-error.ts";
import type { FieldError } from "../../apimachinery/field/error.ts";
import { forbidden } from "../../apimachinery/field/errors.ts";
import { path } from "../../apimachinery/field/path.ts";
import { semanticEqual } from "../../apimachinery/json/equal.ts";
import type { UserInfo } from "../../apimachinery/resource/object.ts";
import { nameIsDNSSubdomain } from "../../apimachinery/validation/names.ts";
import { extraNodeName, splitServiceAccountUsername } from "../authentication/names.ts";
import type { AuthorizationAttributes, Authorizer } from "../authorization/authorizer.ts";
import { forbidden as refused } from "../authorization/must-allow.ts";
import type { AdmissionAttributes, AdmissionPlugin } from "./plugin.ts";
import { concerns } from "./refusal.ts";

const group = "resource.k8s.io";

/**
 * Who may write a claim's status may not therefore give it devices, or say how another driver's are: that takes permissions of
 * their own (pkg/registry/resource AuthorizedForBinding, AuthorizedForDeviceStatus).
 */
export function claimStatusAccess(authorizer: Authorizer): AdmissionPlugin {
  return {
    name: "ResourceClaimStatusAccess",
    handles: (attributes) =>
      attributes.operation === "UPDATE" && concerns(attributes, group, "resourceclaims", "status"),
    async validate(attributes) {
      const now = (attributes.object as unknown as ResourceClaim).status ?? {};
      const old = (attributes.oldObject as ResourceClaim | undefined)?.status ?? {};
      const errors = [
        ...(await bindingErrors(authorizer, attributes, now, old)),
        ...(now.allocation === undefined ? [] : await deviceErrors(authorizer, attributes, now, old)),
      ];
      if (errors.length > 0) throw ApiError.invalid(attributes.definition, attributes.name, errors);
    },
  };
}

async function bindingErrors(
  authorizer: Authorizer,
  attributes: AdmissionAttributes,
  now: ResourceClaimStatus,
  old: ResourceClaimStatus,
): Promise<readonly FieldError[]> {
  if (semanticEqual(now.allocation, old.allocation) && semanticEqual(now.reservedFor ?? [], old.reservedFor ?? [])) {
    return [];
  }
  const asked = { ...askedBy(attributes), subresource: "binding", namespace: "", name: "" };
  const why = await refusalOf(authorizer, asked);
  if (why === undefined) return [];
  const detail = `changing status.allocation or status.reservedFor requires resource="resourceclaims/binding", verb="${asked.verb}" permission: ${why}`;
  return [forbidden(path("status", "allocation"), detail)];
}

async function deviceErrors(
  authorizer: Authorizer,
  attributes: AdmissionAttributes,
  now: ResourceClaimStatus,
  old: ResourceClaimStatus,
): Promise<readonly FieldError[]> {
  const drivers = changedDrivers(now.devices ?? [], old.devices ?? []);
  if (drivers.length === 0) return [];
  const asked = { ...askedBy(attributes), subresource: "driver" };
  const isLocal = isOnNode(attributes.user, nodeOf(now.allocation));
  const verbs = [...(isLocal ? [`associated-node:${asked.verb}`] : []), `arbitrary-node:${asked.verb}`];
  const errors: FieldError[] = [];
  for (const name of drivers) {
    const why = await firstRefusal(authorizer, verbs, { ...asked, name });
    if (why === undefined) continue;
    const detail = `changing status.devices requires resource="resourceclaims/driver", verb="[${verbs.join(" ")}]" permission: ${why}`;
    errors.push(forbidden(path("status", "devices"), detail));
  }
  return errors;
}

function askedBy({ user, verb = "update", namespace, definition, name }: AdmissionAttributes): AuthorizationAttributes {
  const { version, plural } = definition;
  return {
    user,
    verb,
    isResourceRequest: true,
    group,
    version,
    resource: plural,
    subresource: "",
    namespace,
    name,
    path: "",
  };
}

/** Undefined as soon as one of the verbs is allowed; else why the first is not. */
async function firstRefusal(
  authorizer: Authorizer,
  verbs: readonly string[],
  asked: AuthorizationAttributes,
): Promise<string | undefined> {
  let first: string | undefined;
  for (const verb of verbs) {
    const why = await refusalOf(authorizer, { ...asked, verb });
    if (why === undefined) return undefined;
    first ??= why;
  }
  return first;
}

async function refusalOf(authorizer: Authorizer, asked: AuthorizationAttributes): Promise<string | undefined> {
  const answer = await authorizer.authorize(asked);
  if (answer.decision === "allow") return undefined;
  const { reason, evaluationError } = answer;
  const why =
    evaluationError === undefined ? reason : reason === "" ? evaluationError : `${evaluationError}: ${reason}`;
  return refused(asked, why).message;
}

/** Drivers of devices of which something else is said than before, or something for the first time or no longer. */
function changedDrivers(
  now: readonly AllocatedDeviceStatus[],
  old: readonly AllocatedDeviceStatus[],
): readonly string[] {
  const keyOf = ({ driver, pool, device, shareID = "" }: AllocatedDeviceStatus): string =>
    JSON.stringify([driver, pool, device, shareID]);
  const before = new Map(old.map((one) => [keyOf(one), one]));
  const drivers = new Set<string>();
  for (const one of now) {
    const key = keyOf(one);
    if (!semanticEqual(before.get(key), one)) drivers.add(one.driver);
    before.delete(key);
  }
  for (const { driver } of before.values()) drivers.add(driver);
  return [...drivers].sort();
}

/** The node that the devices belong to; undefined where they are of several, or of none. */
function nodeOf(allocation: AllocationResult | undefined): string | undefined {
  const terms = allocation?.nodeSelector?.nodeSelectorTerms ?? [];
  const [{ matchExpressions = [], matchFields = [] } = {}] = terms;
  const [field] = matchFields;
  if (terms.length !== 1 || matchExpressions.length > 0 || matchFields.length !== 1) return undefined;
  if (field?.key !== "metadata.name" || field.operator !== "In" || field.values?.length !== 1) return undefined;
  return field.values[0];
}

/** Whether it is a service account whose token says that its pod is on that node. */
function isOnNode({ username, extra }: UserInfo, node: string | undefined): boolean {
  const [name, ...more] = extra?.[extraNodeName] ?? [];
  if (!node || name !== node || more.length > 0 || splitServiceAccountUsername(username) === undefined) return false;
  return nameIsDNSSubdomain(name, false).length === 0;
}
