import type { ParamKind, ParamRef } from "../../../api/generated/types/admissionregistration-v1.ts";
import type { ApiObject } from "../../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../../apimachinery/resource/resource.ts";
import { fromLabelSelector } from "../../../apimachinery/selectors/label-selector.ts";
import type { ObjectReader } from "../../registry/access.ts";
import type { ServedResources } from "../dynamic/equivalents.ts";

/** The resource whose objects are of that kind. */
export function paramResource(served: ServedResources, kind: ParamKind): ResourceDefinition | undefined {
  for (const one of served()) {
    const apiVersion = one.group === "" ? one.version : `${one.group}/${one.version}`;
    if (one.kind === kind.kind && apiVersion === kind.apiVersion) return one;
  }
  return undefined;
}

/** As Go prints the kind: `/v1, Kind=ConfigMap`. */
export function kindText({ apiVersion = "", kind = "" }: ParamKind): string {
  const [version = "", group = ""] = apiVersion.split("/").reverse();
  return `${group}/${version}, Kind=${kind}`;
}

/**
 * The parameters that a binding names for a write: one evaluation each. `[undefined]` is one without; none at all means that
 * the binding has nothing to say (admission/plugin/policy/generic CollectParams). Throws Error where it is misconfigured.
 */
export function collectParams(
  reader: ObjectReader,
  resource: ResourceDefinition | undefined,
  ref: ParamRef | undefined,
  requestNamespace: string,
): readonly (ApiObject | undefined)[] {
  if (resource === undefined || ref === undefined) return [undefined];
  const namespaced = resource.scope === "Namespaced";
  const namespace = namespaced ? ref.namespace || requestNamespace : "";
  if (namespaced && namespace === "") {
    throw new Error("cannot use namespaced paramRef in policy binding that matches cluster-scoped resources");
  }
  if (!namespaced && ref.namespace) {
    throw new Error("paramRef.namespace must not be provided for a cluster-scoped `paramKind`");
  }
  const params = found(reader, resource, ref, namespace);
  if (params.length === 0 && ref.parameterNotFoundAction === "Deny") {
    throw new Error("no params found for policy binding with `Deny` parameterNotFoundAction");
  }
  return params;
}

function found(
  reader: ObjectReader,
  resource: ResourceDefinition,
  { name, selector }: ParamRef,
  namespace: string,
): readonly ApiObject[] {
  if (name) {
    if (selector !== undefined) throw new Error("paramRef.name and paramRef.selector are mutually exclusive");
    const param = reader.get(resource, namespace, name);
    return param === undefined ? [] : [param];
  }
  if (selector === undefined) throw new Error("one of name or selector must be provided");
  const selects = fromLabelSelector(selector);
  const all = resource.scope === "Namespaced" ? reader.list(resource, namespace) : reader.list(resource);
  return [...all].filter(({ metadata }) => selects.matches(metadata.labels));
}
