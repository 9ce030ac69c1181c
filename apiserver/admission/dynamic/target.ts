import { Namespace } from "../../../api/core/v1/namespace.ts";
import type { Namespace as NamespaceObject } from "../../../api/generated/types/core-v1.ts";
import { ApiError } from "../../../apimachinery/errors/api-error.ts";
import type { ApiObject } from "../../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../../apimachinery/resource/resource.ts";
import type { ObjectReader } from "../../registry/access.ts";
import type { AdmissionAttributes } from "../plugin.ts";

export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

export interface GroupVersionResource {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
}

export function resourceOf({ group, version, plural }: ResourceDefinition): GroupVersionResource {
  return { group, version, resource: plural };
}

/** What the object of a write is: the resource's own kind, or that of a subresource with a kind of its own. */
export function kindOf({ definition, object, subresource }: AdmissionAttributes): GroupVersionKind {
  if (subresource === "scale" && definition.subresources.scale !== undefined) {
    return { group: "autoscaling", version: "v1", kind: "Scale" };
  }
  if (subresource !== "" && subresource !== "status" && object?.kind !== undefined && object.apiVersion !== undefined) {
    const [version, group = ""] = object.apiVersion.split("/").reverse() as [string, string?];
    return { group, version, kind: object.kind };
  }
  const { group, version, kind } = definition;
  return { group, version, kind };
}

export function isNamespaces({ definition }: AdmissionAttributes): boolean {
  return definition.group === "" && definition.plural === "namespaces";
}

/** The namespace of a write; for a namespace itself its own name, as upstream has it. */
export function namespaceOf(attributes: AdmissionAttributes): string {
  if (!isNamespaces(attributes)) return attributes.namespace;
  return attributes.name || attributes.object?.metadata?.name || "";
}

/** Kinds that no webhook and no policy may stand in the way of: else nobody could take those away again. */
const configurations: ReadonlySet<string> = new Set([
  "ValidatingWebhookConfiguration",
  "MutatingWebhookConfiguration",
  "ValidatingAdmissionPolicy",
  "ValidatingAdmissionPolicyBinding",
  "MutatingAdmissionPolicy",
  "MutatingAdmissionPolicyBinding",
]);

export function isAdmissionConfiguration({ definition: { group, kind } }: AdmissionAttributes): boolean {
  return group === "admissionregistration.k8s.io" && configurations.has(kind);
}

/** The namespace as the cache has it. Throws NotFound. */
export function findNamespace(reader: ObjectReader, name: string): NamespaceObject {
  const found = reader.get<NamespaceObject>(Namespace, "", name);
  if (found === undefined) throw ApiError.notFound({ group: "", resource: "namespaces" }, name);
  return found;
}

/** The labels that namespace selectors see: of a namespace that is written, its own. Throws NotFound. */
export function namespaceLabels(
  reader: ObjectReader,
  attributes: AdmissionAttributes,
): Readonly<Record<string, string>> | undefined {
  const { operation, subresource, object } = attributes;
  if (isNamespaces(attributes) && subresource === "" && (operation === "CREATE" || operation === "UPDATE")) {
    return (object as ApiObject | undefined)?.metadata.labels;
  }
  return findNamespace(reader, namespaceOf(attributes)).metadata.labels;
}
