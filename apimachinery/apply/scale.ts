import type { ManagedFieldsEntry } from "../resource/object.ts";
import { differenceOf, type FieldSet, hasPath, isEmptySet, singleton } from "./field-set.ts";
import { decodeManagers, encodeManagers, type Manager, type Managers } from "./managers.ts";
import { fieldElement, type PathElement } from "./path-element.ts";

/** Where each version of a resource keeps its desired count: `{"apps/v1": ["spec", "replicas"]}`. */
export type ReplicasPaths = Readonly<Record<string, readonly string[]>>;

const scaleVersion = "autoscaling/v1";
const scalePath = ["f:spec", "f:replicas"];
const scaleFields: FieldSet = singleton(scalePath);

/**
 * The managers of a resource as its Scale shows them: those who own the desired count, and of them only that
 * (managedfields/scalehandler.go, ToSubresource). Throws for invalid entries.
 */
export function managedFieldsOfScale(
  parent: readonly ManagedFieldsEntry[] | undefined,
  paths: ReplicasPaths,
): readonly ManagedFieldsEntry[] | undefined {
  const owners: Managers = new Map();
  for (const [id, manager] of decodeManagers(parent)) {
    const path = pathAt(paths, manager);
    if (path !== undefined && hasPath(manager.fields, path)) {
      owners.set(id, { ...manager, apiVersion: scaleVersion, fields: scaleFields });
    }
  }
  return encodeManagers(owners);
}

/**
 * The managers of a resource after its Scale was written: who lost the count there loses it here, who got it there has it
 * here (ToParent). `apiVersion` is the resource's. Throws for invalid entries.
 */
export function managedFieldsAfterScale(
  parent: readonly ManagedFieldsEntry[] | undefined,
  scale: readonly ManagedFieldsEntry[] | undefined,
  { paths, apiVersion }: { readonly paths: ReplicasPaths; readonly apiVersion: string },
): readonly ManagedFieldsEntry[] | undefined {
  const result: Managers = new Map();
  const owners = scaleOwners(scale);
  const before = decodeManagers(parent);
  for (const [id, manager] of before) {
    if (!Object.hasOwn(paths, manager.apiVersion)) continue;
    const path = pathAt(paths, manager);
    if (path === undefined || !hasPath(manager.fields, path)) {
      result.set(id, manager);
    } else if (owners.has(scaleId(manager))) {
      result.set(id, manager);
      owners.delete(scaleId(manager));
    } else {
      const fields = differenceOf(manager.fields, singleton(path));
      if (!isEmptySet(fields)) result.set(id, { ...manager, fields });
    }
  }
  const path = (paths[apiVersion] ?? []).map(fieldElement);
  // As upstream, which looks the new owner's time up under its Scale's version and so finds none.
  for (const [id, owner] of owners) {
    result.set(`scale ${id}`, { ...owner, apiVersion, time: undefined, fields: singleton(path) });
  }
  return encodeManagers(result);
}

/** Those who own the count in a Scale. */
function scaleOwners(scale: readonly ManagedFieldsEntry[] | undefined): Map<string, Manager> {
  const owners = new Map<string, Manager>();
  for (const manager of decodeManagers(scale).values()) {
    if (hasPath(manager.fields, scalePath)) owners.set(scaleId(manager), manager);
  }
  return owners;
}

/** What tells managers apart whose version is the Scale's in one list and the resource's in the other. */
function scaleId({ name, operation, subresource }: Manager): string {
  return JSON.stringify([name, operation, subresource]);
}

function pathAt(paths: ReplicasPaths, { apiVersion }: Manager): readonly PathElement[] | undefined {
  return Object.hasOwn(paths, apiVersion) ? paths[apiVersion]?.map(fieldElement) : undefined;
}
