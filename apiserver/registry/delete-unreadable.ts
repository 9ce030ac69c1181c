import { ApiError } from "../../apimachinery/errors/api-error.ts";
import { invalid } from "../../apimachinery/field/errors.ts";
import { removeUnread } from "./committer.ts";
import { ignoreReadErrorPath } from "./delete-options.ts";
import type { ListSource } from "./list.ts";

const onlyUnreadable = "is exclusively used to delete corrupt object(s), try again by removing this option";

/**
 * Removes an object that cannot be read, and nothing else (registry/corrupt_obj_deleter.go): what it is, and what waits for it,
 * nobody knows, so that nothing is admitted and no finalizer asked. Somebody may have written it meanwhile: a Conflict.
 */
export async function deleteUnreadable(
  { store, storage }: Pick<ListSource, "store" | "storage">,
  namespace: string,
  name: string,
): Promise<void> {
  await store.readAgain(namespace, name);
  const { group, plural } = store.definition;
  const key = store.keyOf(namespace, name);
  const current = store.cache.get(key);
  if (current?.unreadable === undefined) {
    const error = invalid(ignoreReadErrorPath, true, onlyUnreadable);
    throw ApiError.invalid({ group, kind: plural }, name, [error]);
  }
  if (!(await removeUnread(storage, key, current.revision))) throw ApiError.conflict({ group, resource: plural }, name);
}
