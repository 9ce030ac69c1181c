import type { OwnerReference } from "../../apimachinery/resource/object.ts";
import type { Entry } from "../inventory/entry.ts";
import type { Action, Delete, PatchObject } from "../runner/action.ts";

export const orphanFinalizer = "orphan";
export const foregroundFinalizer = "foregroundDeletion";

/**
 * What became of an owner: `solid` it is there to stay, or at least not waiting; `waiting` it goes as soon as its blocking
 * dependents have; `absent` it is gone, or never was.
 */
export type OwnerState = "solid" | "waiting" | "absent";

export interface Observed {
  readonly item: Entry;
  readonly owners: readonly { readonly reference: OwnerReference; readonly state: OwnerState }[];
  /** Everything that names the item as its owner. */
  readonly dependents: Iterable<Entry>;
}

export interface Decision {
  readonly actions: readonly Action[];
  /** Uids to look at as well: what keeps the item from going. */
  readonly consider: readonly string[];
}

const nothing: Decision = { actions: [], consider: [] };

/** Marked for deletion and kept until its blocking dependents are gone. */
export function isDeletingDependents({ deletionTimestamp, finalizers }: Entry): boolean {
  return deletionTimestamp !== undefined && finalizers.includes(foregroundFinalizer);
}

/** Marked for deletion and kept until its dependents have been let go. */
export function isOrphaning({ deletionTimestamp, finalizers }: Entry): boolean {
  return deletionTimestamp !== undefined && finalizers.includes(orphanFinalizer);
}

/**
 * What the garbage collector does about one object (pkg/controller/garbagecollector, attemptToDeleteItem,
 * attemptToOrphanWorker, processDeletingDependentsItem). Pure. Each reconcile makes the writes that are possible now; what
 * depends on their outcome waits for the changes they bring.
 */
export function plan({ item, owners, dependents }: Observed): Decision {
  if (isOrphaning(item)) return orphan(item, [...dependents]);
  if (isDeletingDependents(item)) return waitForDependents(item, [...dependents]);
  // Deletion is a one-way trip: its own end comes, and its dependents' turn then.
  if (item.deletionTimestamp !== undefined || owners.length === 0) return nothing;
  const solid = owners.some(({ state }) => state === "solid");
  const waiting = owners.some(({ state }) => state === "waiting");
  if (solid) {
    const others = owners.filter(({ state }) => state !== "solid").map(({ reference }) => reference.uid);
    // References to waiting owners must go too, or those would wait for ever.
    return others.length === 0 ? nothing : { actions: [dropReferences(item, others)], consider: [] };
  }
  const own = [...dependents];
  if (waiting && own.length > 0) return collectInForeground(item, own);
  return { actions: [collect(item, policyOf(item))], consider: [] };
}

function orphan(item: Entry, dependents: readonly Entry[]): Decision {
  if (dependents.length === 0) return { actions: [removeFinalizer(item, orphanFinalizer)], consider: [] };
  return { actions: dependents.map((dependent) => dropReferences(dependent, [item.uid])), consider: [] };
}

function waitForDependents(item: Entry, dependents: readonly Entry[]): Decision {
  const blocking = dependents.filter((dependent) => blocks(dependent, item));
  if (blocking.length === 0) return { actions: [removeFinalizer(item, foregroundFinalizer)], consider: [] };
  return { actions: [], consider: blocking.filter((one) => !isDeletingDependents(one)).map(({ uid }) => uid) };
}

export function blocks(dependent: Entry, owner: Entry): boolean {
  return dependent.owners.some(({ uid, blockOwnerDeletion }) => uid === owner.uid && blockOwnerDeletion === true);
}

function collectInForeground(item: Entry, dependents: readonly Entry[]): Decision {
  const blocking = item.owners.filter(({ blockOwnerDeletion }) => blockOwnerDeletion === true);
  // A dependent that waits for dependents of its own may be an owner of an owner: a circle in which each waits for the next.
  if (blocking.length > 0 && dependents.some(isDeletingDependents))
    return { actions: [unblock(item, blocking)], consider: [] };
  return { actions: [collect(item, "Foreground")], consider: [] };
}

function policyOf({ finalizers }: Entry): "Orphan" | "Foreground" | "Background" {
  if (finalizers.includes(orphanFinalizer)) return "Orphan";
  return finalizers.includes(foregroundFinalizer) ? "Foreground" : "Background";
}

/** Only this object in this state: one that found a new owner meanwhile stays. */
function collect(item: Entry, propagationPolicy: "Orphan" | "Foreground" | "Background"): Delete {
  const { uid, resourceVersion } = item;
  return { type: "delete", ...placeOf(item), uid, resourceVersion, propagationPolicy };
}

function dropReferences(item: Entry, uids: readonly string[]): PatchObject {
  const ownerReferences = uids.map((uid) => ({ $patch: "delete", uid }));
  const rest = item.owners.filter(({ uid }) => !uids.includes(uid));
  return patchOwners(item, ownerReferences, rest);
}

function unblock(item: Entry, blocking: readonly OwnerReference[]): PatchObject {
  const free = (reference: OwnerReference): OwnerReference => ({ ...reference, blockOwnerDeletion: false });
  return patchOwners(item, blocking.map(free), item.owners.map(free));
}

function patchOwners(item: Entry, strategic: readonly object[], whole: readonly OwnerReference[]): PatchObject {
  const { uid, resourceVersion } = item;
  return {
    type: "patch",
    ...placeOf(item),
    patch: { type: "strategic", body: { metadata: { uid, ownerReferences: strategic } } },
    orElse: { type: "merge", body: { metadata: { uid, resourceVersion, ownerReferences: whole } } },
  };
}

function removeFinalizer(item: Entry, finalizer: string): PatchObject {
  const { resourceVersion } = item;
  const finalizers = item.finalizers.filter((one) => one !== finalizer);
  return {
    type: "patch",
    ...placeOf(item),
    patch: { type: "merge", body: { metadata: { resourceVersion, finalizers } } },
  };
}

function placeOf({ resource, namespace, name }: Entry) {
  return { resource, namespace: namespace === "" ? undefined : namespace, name };
}
