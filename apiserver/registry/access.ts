import type { ApiObject } from "../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";

export interface ObjectChange<T> {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: T;
  readonly previous: T | undefined;
}

/**
 * What the server itself may read while it decides: its own watch cache, at once, as frozen objects. For cluster-scoped
 * resources `namespace` is "". What the store holds and cannot be read is left out.
 */
export interface ObjectReader {
  get<T extends ApiObject>(definition: ResourceDefinition<T>, namespace: string, name: string): T | undefined;
  /** All of a namespace; of all namespaces where it is undefined. */
  list<T extends ApiObject>(definition: ResourceDefinition<T>, namespace?: string): Iterable<T>;
  /** Whether `list` leaves something out: what nothing seems to refer to may be referred to by that. Absent: never. */
  hasUnreadable?(definition: ResourceDefinition, namespace?: string): boolean;
  /** Calls `listener` after each change, in order, synchronously; returns what stops it. */
  onChange<T extends ApiObject>(
    definition: ResourceDefinition<T>,
    listener: (change: ObjectChange<T>) => void,
  ): () => void;
}

/** What the server itself may write: the registry's own rules apply, authorization and admission do not. Failures are ApiErrors. */
export interface ObjectWriter {
  create<T extends ApiObject>(definition: ResourceDefinition<T>, object: object): Promise<T>;
  update<T extends ApiObject>(definition: ResourceDefinition<T>, object: object): Promise<T>;
  /** Only the object of this uid, where one is given; a Conflict where there is another. */
  delete(
    definition: ResourceDefinition,
    namespace: string,
    name: string,
    only?: { readonly uid: string },
  ): Promise<void>;
}
