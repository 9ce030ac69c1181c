import { MutatingAdmissionPolicy } from "../../../api/admissionregistration/v1/mutating-admission-policy.ts";
import { ValidatingAdmissionPolicy } from "../../../api/admissionregistration/v1/validating-admission-policy.ts";
import type { ParamKind, ParamRef } from "../../../api/generated/types/admissionregistration-v1.ts";
import { ApiError } from "../../../apimachinery/errors/api-error.ts";
import { forbidden } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import { semanticEqual } from "../../../apimachinery/json/equal.ts";
import type { ApiObject, UserInfo } from "../../../apimachinery/resource/object.ts";
import { groupMasters } from "../../authentication/names.ts";
import type { Authorizer } from "../../authorization/authorizer.ts";
import type { ObjectReader } from "../../registry/access.ts";
import type { ServedResources } from "../dynamic/equivalents.ts";
import type { AdmissionAttributes, AdmissionPlugin } from "../plugin.ts";
import { newObject } from "../refusal.ts";
import { paramResource } from "./params.ts";

export interface ParamAccessDeps {
  readonly reader: ObjectReader;
  readonly served: ServedResources;
  readonly authorizer: Authorizer;
}

type AnyPolicy = ApiObject & { readonly spec: { readonly paramKind?: ParamKind } };
type AnyBinding = ApiObject & { readonly spec: { readonly policyName?: string; readonly paramRef?: ParamRef } };

const policyDefinitions = { validating: ValidatingAdmissionPolicy, mutating: MutatingAdmissionPolicy };

/**
 * Who makes a policy read parameters may read them himself: else its messages would tell him what they say
 * (pkg/registry/admissionregistration/…/authz.go).
 */
export function policyParamAccess(deps: ParamAccessDeps): AdmissionPlugin {
  return {
    name: "PolicyParamAccess",
    handles: ({ definition, operation, subresource, user }) =>
      definition.group === "admissionregistration.k8s.io" &&
      /^(?:Validating|Mutating)AdmissionPolicy(?:Binding)?$/.test(definition.kind) &&
      subresource === "" &&
      (operation === "CREATE" || operation === "UPDATE") &&
      !user.groups.includes(groupMasters),
    validate: (attributes) =>
      attributes.definition.kind.endsWith("Binding") ? checkBinding(attributes, deps) : checkPolicy(attributes, deps),
  };
}

/** What of the API a kind of parameters stands for; everything, where that is not known. */
function target({ served }: ParamAccessDeps, kind: ParamKind | undefined): Omit<Asked, "verb" | "name" | "namespace"> {
  const parts = (kind?.apiVersion ?? "").split("/");
  if (kind === undefined || parts.length > 2) return { group: "*", version: "*", resource: "*" };
  const [version = "", group = ""] = parts.reverse();
  return { group, version, resource: paramResource(served, kind)?.plural ?? "*" };
}

async function checkPolicy(attributes: AdmissionAttributes, deps: ParamAccessDeps): Promise<void> {
  const { spec } = newObject<AnyPolicy>(attributes);
  const old = (attributes.oldObject as AnyPolicy | undefined)?.spec;
  const { paramKind } = spec;
  if (paramKind === undefined || semanticEqual(paramKind, old?.paramKind)) return;
  const asked = { verb: "get", name: "*", namespace: "*", ...target(deps, paramKind) };
  if (await may(attributes.user, asked, deps)) return;
  const { kind = "", apiVersion = "" } = paramKind;
  const why = `must have "get" permission on all objects of the referenced paramKind (kind=${kind}, apiVersion=${apiVersion})`;
  throw refusal(attributes, "paramKind", `user ${goText(attributes.user)} ${why}`);
}

async function checkBinding(attributes: AdmissionAttributes, deps: ParamAccessDeps): Promise<void> {
  const { spec } = newObject<AnyBinding>(attributes);
  const { paramRef, policyName = "" } = spec;
  if (paramRef === undefined) return;
  const definition = policyDefinitions[attributes.definition.kind.startsWith("Mutating") ? "mutating" : "validating"];
  const policy = deps.reader.get<AnyPolicy>(definition as never, "", policyName);
  const place = target(deps, policy?.spec.paramKind);
  const verb = paramRef.name ? "get" : "list";
  const asked = { verb, name: paramRef.name ?? "", namespace: paramRef.namespace ?? "", ...place };
  if (await may(attributes.user, asked, deps)) return;
  const who = `user ${goText(attributes.user)} does not have "${verb}" permission`;
  const everywhere = `to determine minimum required permissions and ${who} for all groups, versions and resources`;
  if (policy === undefined) throw refusal(attributes, "paramRef", `unable to get policy ${policyName} ${everywhere}`);
  const { paramKind } = policy.spec;
  if (paramKind !== undefined && place.resource === "*") {
    const shown = `&ParamKind{APIVersion:${paramKind.apiVersion ?? ""},Kind:${paramKind.kind ?? ""},}`;
    throw refusal(attributes, "paramRef", `unable to resolve paramKind ${shown} ${everywhere}`);
  }
  throw refusal(attributes, "paramRef", `${who} on the object referenced by paramRef`);
}

interface Asked {
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
}

async function may(user: UserInfo, asked: Asked, { authorizer }: ParamAccessDeps): Promise<boolean> {
  const attributes = { ...asked, user, isResourceRequest: true, subresource: "", path: "" };
  return (await authorizer.authorize(attributes)).decision === "allow";
}

function refusal({ definition, object }: AdmissionAttributes, field: string, why: string): ApiError {
  return ApiError.invalid(definition, object?.metadata?.name ?? "", [forbidden(path("spec").child(field), why)]);
}

/** As Go prints user.DefaultInfo. */
function goText({ username, uid = "", groups, extra = {} }: UserInfo): string {
  const pairs = Object.keys(extra)
    .sort()
    .map((key) => `${key}:[${extra[key]!.join(" ")}]`);
  return `&{${username} ${uid} [${groups.join(" ")}] map[${pairs.join(" ")}]}`;
}
