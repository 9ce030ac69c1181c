import { ApiError } from "../../apimachinery/errors/api-error.ts";
import type { ApiObject, Draft, ObjectMeta } from "../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import { thaw } from "../../apimachinery/resource/thaw.ts";
import { formatTime } from "../../apimachinery/time/time.ts";
import type { DeleteOptions } from "./delete-options.ts";

const orphanFinalizer = "orphan";
const foregroundFinalizer = "foregroundDeletion";

/**
 * What a DELETE does to an object (registry.Store.Delete and rest.BeforeDelete as one decision):
 * `remove` it now; `mark` it with a time of deletion and wait for its grace period or finalizers; or nothing, as it is
 * `pending` already.
 */
export type DeletionDecision<T> =
  | { readonly type: "remove" }
  | { readonly type: "mark"; readonly draft: Draft<T> }
  | { readonly type: "pending" };

export function decideDeletion<T extends ApiObject>(
  definition: ResourceDefinition<T>,
  object: T,
  options: DeleteOptions,
  now: number,
): DeletionDecision<T> {
  const metadata = thaw(object.metadata) as Draft<ObjectMeta>;
  const marked = (): DeletionDecision<T> => {
    const draft = { ...thaw(object), metadata } as Draft<T>;
    definition.deletionHold?.mark(draft);
    return { type: "mark", draft };
  };
  const graceful = decideGrace(definition, object, metadata, options, now);
  if (graceful === "pending") {
    return { type: "pending" };
  }
  const finalizers = finalizersFor(metadata.finalizers ?? [], options, definition.orphansDependents === true);
  if (finalizers.length > 0) {
    metadata.finalizers = finalizers;
  } else {
    delete metadata.finalizers;
  }
  const held = finalizers.length > 0 || definition.deletionHold?.isHeld(object) === true;
  if (graceful === "waits") {
    return held || (metadata.deletionGracePeriodSeconds ?? 0) > 0 ? marked() : { type: "remove" };
  }
  if (!held) {
    return { type: "remove" };
  }
  markNow(metadata, now);
  return marked();
}

/** Throws Conflict where the client meant another object, or another state of it. */
export function checkPreconditions(definition: ResourceDefinition, object: ApiObject, options: DeleteOptions): void {
  const { uid, resourceVersion } = options.preconditions ?? {};
  const { metadata } = object;
  const kind = { group: definition.group, resource: definition.kind };
  if (uid !== undefined && uid !== metadata.uid) {
    const text = `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`;
    throw ApiError.conflict(kind, metadata.name ?? "", text);
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    const text = `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`;
    throw ApiError.conflict(kind, metadata.name ?? "", text);
  }
}

/** An update takes away the last thing that held a deleted object back. */
export function isReleased<T extends ApiObject>(definition: ResourceDefinition<T>, object: T, old: T): boolean {
  return (
    (object.metadata.finalizers ?? []).length === 0 &&
    old.metadata.deletionTimestamp !== undefined &&
    (old.metadata.deletionGracePeriodSeconds ?? 0) === 0 &&
    definition.deletionHold?.isHeld(object) !== true
  );
}

/** Marks the draft where the resource dies gently; says whether it does, or has been dying all along. */
function decideGrace<T extends ApiObject>(
  definition: ResourceDefinition<T>,
  object: T,
  metadata: Draft<ObjectMeta>,
  options: DeleteOptions,
  now: number,
): "waits" | "pending" | "none" {
  const { gracefulDeletion } = definition;
  if (gracefulDeletion === undefined) {
    return "none";
  }
  const asked = options.gracePeriodSeconds;
  const requested = asked !== undefined && asked < 0 ? 1 : asked;
  if (metadata.deletionTimestamp !== undefined) {
    return shortenGrace(metadata, requested, now);
  }
  const seconds = gracefulDeletion.seconds(object, requested);
  if (seconds === 0) {
    return "none";
  }
  metadata.deletionTimestamp = formatTime(now + seconds * 1_000);
  metadata.deletionGracePeriodSeconds = seconds;
  raiseGeneration(metadata);
  return "waits";
}

/** A second DELETE may only make the wait shorter. */
function shortenGrace(
  metadata: Draft<ObjectMeta>,
  requested: number | undefined,
  now: number,
): "waits" | "pending" | "none" {
  const current = Math.max(
    metadata.deletionGracePeriodSeconds ?? 0,
    metadata.deletionGracePeriodSeconds === undefined ? 0 : metadata.deletionGracePeriodSeconds < 0 ? 1 : 0,
  );
  if (current === 0) {
    return "none";
  }
  if (requested === undefined || requested >= current) {
    return "pending";
  }
  let seconds = requested;
  let end = Date.parse(metadata.deletionTimestamp!) - current * 1_000 + requested * 1_000;
  if (end < now) {
    end = now;
    seconds = requested === 0 ? 0 : 1;
  }
  metadata.deletionTimestamp = formatTime(end);
  metadata.deletionGracePeriodSeconds = seconds;
  return "waits";
}

function markNow(metadata: Draft<ObjectMeta>, now: number): void {
  if (metadata.deletionTimestamp === undefined) {
    raiseGeneration(metadata);
  }
  if (metadata.deletionTimestamp === undefined || Date.parse(metadata.deletionTimestamp) > now) {
    metadata.deletionTimestamp = formatTime(now);
  }
  metadata.deletionGracePeriodSeconds = 0;
}

function raiseGeneration(metadata: Draft<ObjectMeta>): void {
  if ((metadata.generation ?? 0) > 0) {
    metadata.generation = metadata.generation! + 1;
  }
}

/** The garbage collector's two finalizers, as the options ask for them; the others stay. */
function finalizersFor(current: readonly string[], options: DeleteOptions, orphans: boolean): string[] {
  const others = current.filter((finalizer) => finalizer !== orphanFinalizer && finalizer !== foregroundFinalizer);
  return [...others, ...collectorFinalizers(current, options, orphans)];
}

function collectorFinalizers(current: readonly string[], options: DeleteOptions, orphans: boolean): string[] {
  if (options.orphanDependents !== undefined) {
    return options.orphanDependents ? [orphanFinalizer] : [];
  }
  switch (options.propagationPolicy) {
    case "Orphan":
      return [orphanFinalizer];
    case "Foreground":
      return [foregroundFinalizer];
    case "Background":
      return [];
    default: {
      const set = current.find((finalizer) => finalizer === orphanFinalizer || finalizer === foregroundFinalizer);
      return set !== undefined ? [set] : orphans ? [orphanFinalizer] : [];
    }
  }
}
