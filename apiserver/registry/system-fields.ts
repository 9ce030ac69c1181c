import { ApiError } from "../../apimachinery/errors/api-error.ts";
import type { ApiObject, Draft, ObjectMeta } from "../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import { formatTime } from "../../apimachinery/time/time.ts";
import type { Random } from "../../base/random.ts";

const generatedNameMax = 63;
const suffixLength = 5;

/** The metadata that only the server says, on an object about to be created (rest.FillObjectMetaSystemFields). */
export function fillSystemFields(
  definition: ResourceDefinition,
  draft: Draft<ApiObject>,
  now: number,
  random: Random,
): void {
  const metadata = draft.metadata as Draft<ObjectMeta>;
  metadata.uid = random.uuid();
  metadata.creationTimestamp = formatTime(now);
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  delete metadata.selfLink;
  delete metadata.resourceVersion;
  // Where nobody counts generations, what was sent is kept.
  if (definition.generation) metadata.generation = 1;
  if (!metadata.name && metadata.generateName) {
    metadata.name = metadata.generateName.slice(0, generatedNameMax - suffixLength) + random.suffix(suffixLength);
  }
}

/**
 * The object lives where the request says; throws BadRequest where it claims another namespace. What lives in none loses
 * whatever it says of one (rest.EnsureObjectNamespaceMatchesRequestNamespace).
 */
export function ensureNamespace(definition: ResourceDefinition, draft: Draft<ApiObject>, namespace: string): void {
  const metadata = draft.metadata as Draft<ObjectMeta>;
  const expected = definition.scope === "Namespaced" ? namespace : "";
  if (expected !== "" && metadata.namespace && metadata.namespace !== expected) {
    throw ApiError.badRequest("the namespace of the provided object does not match the namespace sent on the request");
  }
  if (expected === "") {
    delete metadata.namespace;
  } else {
    metadata.namespace = expected;
  }
}

/** Metadata of an update that a client cannot change stays as it was (rest.BeforeUpdate). */
export function keepSystemFields(draft: Draft<ApiObject>, old: ApiObject): void {
  const metadata = draft.metadata as Draft<ObjectMeta>;
  delete metadata.selfLink;
  keep(metadata, "generation", old.metadata.generation);
  keep(metadata, "creationTimestamp", old.metadata.creationTimestamp);
  metadata.uid ??= old.metadata.uid!;
  if (old.metadata.deletionTimestamp !== undefined) {
    metadata.deletionTimestamp = old.metadata.deletionTimestamp;
  }
  if (old.metadata.deletionGracePeriodSeconds !== undefined) {
    metadata.deletionGracePeriodSeconds ??= old.metadata.deletionGracePeriodSeconds;
  }
}

function keep<K extends keyof ObjectMeta>(metadata: Draft<ObjectMeta>, name: K, value: ObjectMeta[K]): void {
  if (value === undefined) {
    delete metadata[name];
  } else {
    (metadata as Record<string, unknown>)[name] = value;
  }
}
