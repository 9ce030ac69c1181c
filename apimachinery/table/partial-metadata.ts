import type { ApiObject, ObjectMeta } from "../resource/object.ts";

/** The metadata of an object, and nothing else of it (meta.k8s.io). */
export interface PartialObjectMetadata {
  readonly kind: "PartialObjectMetadata";
  readonly apiVersion: string;
  readonly metadata: ObjectMeta;
}

export interface PartialObjectMetadataList {
  readonly kind: "PartialObjectMetadataList";
  readonly apiVersion: string;
  readonly metadata: object;
  readonly items: readonly PartialObjectMetadata[];
}

/** `version` of meta.k8s.io: `v1` or `v1beta1`. The metadata is shared, not copied. */
export function partialMetadata(object: ApiObject, version: string): PartialObjectMetadata {
  return { kind: "PartialObjectMetadata", apiVersion: `meta.k8s.io/${version}`, metadata: object.metadata };
}

/** `metadata` is the list's own: resourceVersion, continue, remainingItemCount. */
export function partialMetadataList(
  objects: readonly ApiObject[],
  metadata: object,
  version: string,
): PartialObjectMetadataList {
  const items = objects.map((object) => partialMetadata(object, version));
  return { kind: "PartialObjectMetadataList", apiVersion: `meta.k8s.io/${version}`, metadata, items };
}
