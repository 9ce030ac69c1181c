import { isJsonObject, type JsonObject } from "../json/json.ts";
import type { ManagedFieldsEntry } from "../resource/object.ts";
import { compareText } from "../text/go-quote.ts";
import { type FieldSet, isEmptySet, parseFieldSet, rememberCanonical } from "./field-set.ts";

/** One manager and what it owns. */
export interface Manager {
  readonly name: string;
  readonly operation: "Apply" | "Update";
  /** The version that the fields' names are of. */
  readonly apiVersion: string;
  readonly subresource: string;
  readonly time: string | undefined;
  readonly fields: FieldSet;
  /** The entry that this was read from and still equals, if any. */
  readonly entry?: ManagedFieldsEntry;
}

/** All managers of an object by their identity. */
export type Managers = Map<string, Manager>;

type Identity = Pick<Manager, "name" | "operation" | "apiVersion" | "subresource">;

/**
 * What tells managers apart: an applier's version does not, so that it stays the same when it moves on to another
 * (managedfields/internal/managedfields.go, BuildManagerIdentifier). The text sorts as upstream's does.
 */
export function managerId({ name, operation, apiVersion, subresource }: Identity): string {
  const parts = [];
  if (name !== "") parts.push(`"manager":${JSON.stringify(name)}`);
  parts.push(`"operation":"${operation}"`);
  if (operation === "Update") parts.push(`"apiVersion":${JSON.stringify(apiVersion)}`);
  if (subresource !== "") parts.push(`"subresource":${JSON.stringify(subresource)}`);
  return `{${parts.join(",")}}`;
}

/** Reads `metadata.managedFields`. Throws an Error, with upstream's words, for entries that are not valid. */
export function decodeManagers(entries: readonly ManagedFieldsEntry[] | undefined): Managers {
  const managers: Managers = new Map();
  (entries ?? []).forEach((entry, i) => {
    const { operation, apiVersion = "", fieldsType = "" } = entry;
    if (operation !== "Apply" && operation !== "Update") throw new Error("operation must be `Apply` or `Update`");
    if (apiVersion === "") throw new Error("apiVersion must not be empty");
    if ((fieldsType as string) === "") throw new Error(`missing fieldsType in managed fields entry ${i}`);
    if (fieldsType !== "FieldsV1") {
      throw new Error(`invalid fieldsType ${JSON.stringify(fieldsType)} in managed fields entry ${i}`);
    }
    const fields = parseFieldSet(entry.fieldsV1);
    const { manager: name = "", subresource = "", time } = entry;
    const manager = { name, operation, apiVersion, subresource, time, fields };
    managers.set(managerId(manager), fields === entry.fieldsV1 ? { ...manager, entry } : manager);
  });
  return managers;
}

/** As `decodeManagers`; no managers at all where the entries are not valid. */
export function decodeManagersOrNone(entries: readonly ManagedFieldsEntry[] | undefined): Managers {
  try {
    return decodeManagers(entries);
  } catch {
    return new Map();
  }
}

/** `metadata.managedFields` in the wire's order; undefined where nobody manages anything. */
export function encodeManagers(managers: Managers): readonly ManagedFieldsEntry[] | undefined {
  if (managers.size === 0) return undefined;
  const sorted = [...managers.values()].sort(compareManagers);
  return sorted.map(encodeManager);
}

function encodeManager(manager: Manager): ManagedFieldsEntry {
  const { entry } = manager;
  if (entry !== undefined && entry.fieldsV1 === manager.fields && entry.time === manager.time) return entry;
  return {
    ...(manager.name === "" ? {} : { manager: manager.name }),
    operation: manager.operation,
    apiVersion: manager.apiVersion,
    ...(manager.time === undefined ? {} : { time: manager.time }),
    fieldsType: "FieldsV1",
    fieldsV1: rememberCanonical(manager.fields),
    ...(manager.subresource === "" ? {} : { subresource: manager.subresource }),
  };
}

function compareManagers(a: Manager, b: Manager): number {
  return (
    compareText(a.operation, b.operation) ||
    unixSeconds(a.time) - unixSeconds(b.time) ||
    compareText(a.name, b.name) ||
    compareText(a.apiVersion, b.apiVersion) ||
    compareText(a.subresource, b.subresource)
  );
}

/** Whole seconds since 1970; 0 for no time. */
export function unixSeconds(time: string | undefined): number {
  if (time === undefined) return 0;
  const milliseconds = Date.parse(time);
  return Number.isNaN(milliseconds) ? 0 : Math.floor(milliseconds / 1000);
}

/** Replaces what a manager owns; removes it where that is nothing. */
export function setFields(managers: Managers, id: string, fields: FieldSet): void {
  const manager = managers.get(id);
  if (manager === undefined || manager.fields === fields) return;
  if (isEmptySet(fields)) managers.delete(id);
  else managers.set(id, { ...manager, fields });
}

/** A request to forget all managers: an empty list, or one empty entry (fieldmanager.go, isResetManagedFields). */
export function isReset(entries: readonly ManagedFieldsEntry[] | undefined): boolean {
  if (entries === undefined) return false;
  return entries.length === 0 || (entries.length === 1 && Object.keys(entries[0]!).length === 0);
}

/** An object's `metadata.managedFields`. */
export function entriesOf(object: JsonObject): readonly ManagedFieldsEntry[] | undefined {
  const metadata = object["metadata"] as { readonly managedFields?: readonly ManagedFieldsEntry[] } | undefined;
  return metadata?.managedFields ?? undefined;
}

/** The object with these managed fields, or with none; itself where it has them already. */
export function withManagedFields(object: JsonObject, entries: readonly ManagedFieldsEntry[] | undefined): JsonObject {
  const { metadata } = object;
  const { managedFields: before, ...rest } = isJsonObject(metadata) ? metadata : ({} as JsonObject);
  if ((before as unknown) === entries) return object;
  const managed = entries === undefined ? rest : { ...rest, managedFields: entries };
  return { ...object, metadata: managed as JsonObject };
}
