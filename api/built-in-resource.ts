/** A subresource as discovery lists it. Group and version are the parent's where they are absent. */
export interface BuiltInSubresource {
  readonly name: string;
  readonly kind: string;
  readonly verbs: readonly string[];
  readonly group?: string;
  readonly version?: string;
}

/** A resource of upstream's discovery documents: what `generated/resources.ts` lists. */
export interface BuiltInResource {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  /** Opaque to clients; equal hashes mean equal storage encodings. */
  readonly storageVersionHash?: string;
  /** Name of the structure: `definition(name)` of generated/definitions.ts. */
  readonly definition: string;
  readonly subresources?: readonly BuiltInSubresource[];
}
