import type { ManagedFieldsEntry } from "../resource/object.ts";
import { differenceOf, hasPath, isEmptySet, singleton } from "./field-set.ts";
import { decodeManagers, encodeManagers, type Manager, type Managers, managerId } from "./managers.ts";
import { fieldElement, type PathElement } from "./path-element.ts";

// Who owns the count of a scaled object, seen through its scale: apimachinery/pkg/util/managedfields/scalehandler.go (KEP-2551).

/** Where each version of a resource, by its `apiVersion`, keeps the count that its scale shows; undefined: it has no scale. */
export type ReplicasPaths = ReadonlyMap<string, readonly string[] | undefined>;

export const scaleApiVersion = "autoscaling/v1";
const replicasOfScale = elements(["spec", "replicas"]);

function elements(path: readonly string[]): readonly PathElement[] {
  return path.map(fieldElement);
}

/**
 * The managers of an object's count as managers of its scale's `spec.replicas`; undefined where there are none.
 * Throws an Error, in upstream's words, for entries that are not valid.
 */
export function managersOfScale(
  entries: readonly ManagedFieldsEntry[] | undefined,
  paths: ReplicasPaths,
): readonly ManagedFieldsEntry[] | undefined {
  const managers: Managers = new Map();
  for (const [id, manager] of decodeManagers(entries)) {
    const path = paths.get(manager.apiVersion);
    if (path === undefined || !hasPath(manager.fields, elements(path))) continue;
    managers.set(id, movedTo(manager, scaleApiVersion, replicasOfScale));
  }
  return encodeManagers(managers);
}

export interface Scaled {
  /** Of the object before its scale was written. */
  readonly entries: readonly ManagedFieldsEntry[] | undefined;
  /** Of the scale, now that it was written. */
  readonly scaleEntries: readonly ManagedFieldsEntry[] | undefined;
  /** Of the object, as the request names it: `apps/v1`. */
  readonly apiVersion: string;
  readonly paths: ReplicasPaths;
}

/**
 * The managers of an object whose scale was written: who owns the scale's count owns the object's, all others lose it. Those of
 * versions that there are not any more are forgotten. Throws as `managersOfScale`.
 *
 * Example: `a Apply {replicas, selector}` and a scale that `b Update scale` owns now: `a Apply {selector}, b Update scale
 * {replicas}`. As upstream, an entry that comes from the scale has no time; and whoever updates is taken for a stranger in the
 * scale, because an updater's version is part of its identity, so an owner by update that keeps the count has it in an entry of
 * its own from then on.
 */
export function managersOfScaled(scaled: Scaled): readonly ManagedFieldsEntry[] | undefined {
  const { entries, scaleEntries, apiVersion, paths } = scaled;
  const ofScale = decodeManagers(scaleEntries);
  const managers: Managers = new Map();
  for (const [id, manager] of decodeManagers(entries)) {
    if (!paths.has(manager.apiVersion)) continue;
    const path = paths.get(manager.apiVersion);
    if (path === undefined || !hasPath(manager.fields, elements(path)) || ofScale.delete(id)) {
      managers.set(id, manager);
      continue;
    }
    const fields = differenceOf(manager.fields, singleton(elements(path)));
    if (!isEmptySet(fields)) managers.set(id, { ...manager, fields });
  }
  const path = elements(paths.get(apiVersion) ?? []);
  for (const manager of ofScale.values()) {
    if (!hasPath(manager.fields, replicasOfScale)) continue;
    // By the identity that it has in the scale: there may be one of the same name among the object's.
    managers.set(managerId(manager), { ...movedTo(manager, apiVersion, path), time: undefined });
  }
  return encodeManagers(managers);
}

function movedTo({ entry: _, ...manager }: Manager, apiVersion: string, path: readonly PathElement[]): Manager {
  return { ...manager, apiVersion, fields: singleton(path) };
}
