import { ApiError } from "../../apimachinery/errors/api-error.ts";
import type { ResourceStore } from "./resource-store.ts";

interface Named {
  readonly namespace: string;
  readonly name: string;
}

interface Mismatch {
  readonly what: "UID" | "ResourceVersion";
  readonly wanted: string;
  readonly found: string | undefined;
}

/** Another object is there than the one that was meant: in the words of upstream's store (storage.Preconditions). */
export function preconditionFailed(store: ResourceStore, { namespace, name }: Named, mismatch: Mismatch): ApiError {
  const { what, wanted, found } = mismatch;
  const { group, plural, scope } = store.definition;
  const key = store.keyOf(scope === "Namespaced" ? namespace : "", name);
  const problem = `Precondition failed: ${what} in precondition: ${wanted}, ${what} in object meta: ${found}`;
  const text = `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: ${problem}`;
  return ApiError.conflict({ group, resource: plural }, name, text);
}
