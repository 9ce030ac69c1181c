import { equalJson } from "../../apimachinery/json/equal.ts";
import type { ApiObject, Draft } from "../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import { thaw } from "../../apimachinery/resource/thaw.ts";
import { decodeObject } from "../../apimachinery/schema/decode.ts";
import { applyDefaults } from "../../apimachinery/schema/defaults.ts";

type Fields = Record<string, unknown>;

/** A create says nothing of the status; where the kind always shows one, it is empty. */
export function dropStatus(definition: ResourceDefinition, draft: Draft<ApiObject>): void {
  if (definition.subresources.status !== true || definition.statusOnCreate === true) {
    return;
  }
  const field = definition.schema.fields.get("status");
  if (field?.default === undefined || field.schema.type !== "object") {
    delete (draft as unknown as Fields)["status"];
  } else {
    // With the zeros and empty structs that upstream always writes (`loadBalancer: {}`, `replicas: 0`).
    const empty = decodeObject(field.schema, {}).object;
    applyDefaults(field.schema, empty);
    (draft as unknown as Fields)["status"] = empty;
  }
}

/**
 * Who writes what: the object itself leaves the status as it was, `status` leaves everything else but metadata as it was;
 * each leaves what the definition says that it keeps. Other subresources say themselves what they change.
 */
export function keepOthers(
  definition: ResourceDefinition,
  draft: Draft<ApiObject>,
  old: ApiObject,
  subresource: string,
): void {
  keepOtherHalf(definition, draft, old, subresource);
  for (const place of definition.keeps?.[subresource] ?? []) {
    keep(draft as unknown as Fields, old as unknown as Fields, place);
  }
}

/** Revision and managed fields are never a matter of what is kept. */
function keep(draft: Fields, old: Fields, [name, ...rest]: readonly string[]): void {
  const before = old[name!] as Fields | undefined;
  if (rest.length > 0) {
    if (draft[name!] === undefined && before === undefined) return;
    draft[name!] ??= {};
    keep(draft[name!] as Fields, before ?? {}, rest);
  } else if (name === "metadata") {
    const { resourceVersion, managedFields } = draft[name] as Fields;
    draft[name] = thaw(before);
    assign(draft[name] as Fields, "resourceVersion", resourceVersion);
    assign(draft[name] as Fields, "managedFields", managedFields);
  } else {
    assign(draft, name!, before);
  }
}

function keepOtherHalf(
  definition: ResourceDefinition,
  draft: Draft<ApiObject>,
  old: ApiObject,
  subresource: string,
): void {
  if (definition.subresources.status !== true) {
    return;
  }
  const fields = draft as unknown as Fields;
  const before = old as unknown as Fields;
  if (subresource === "") {
    // An older server may have stored it without one.
    if (before["status"] === undefined) dropStatus(definition, draft);
    else assign(fields, "status", before["status"]);
    return;
  }
  if (subresource !== "status") {
    return;
  }
  for (const name of new Set([...Object.keys(fields), ...Object.keys(before)])) {
    if (name !== "status" && name !== "metadata" && name !== "kind" && name !== "apiVersion") {
      assign(fields, name, before[name]);
    }
  }
}

function assign(fields: Fields, name: string, value: unknown): void {
  if (value === undefined) {
    delete fields[name];
  } else {
    fields[name] = thaw(value);
  }
}

/**
 * True where anything beside metadata and status differs: what raises `metadata.generation`. A status that is no
 * subresource is part of the object like any other field.
 */
export function changesSpec({ subresources }: ResourceDefinition, draft: ApiObject, old: ApiObject): boolean {
  const { metadata: _m, status, ...now } = draft as unknown as Fields & { metadata: unknown; status?: unknown };
  const { metadata: _o, status: statusBefore, ...before } = old as unknown as Fields & typeof now;
  return !equalJson(now, before) || (subresources.status !== true && !equalJson(status, statusBefore));
}

/** True where the two differ in nothing, or only in the times of their managed fields: such a write is none. */
export function isSame(draft: ApiObject, old: ApiObject): boolean {
  const { metadata, ...now } = draft;
  const { metadata: oldMetadata, ...before } = old;
  const { resourceVersion: _r, managedFields, ...meta } = metadata;
  const { resourceVersion: _o, managedFields: oldManagedFields, ...oldMeta } = oldMetadata;
  return (
    equalJson(now, before) && equalJson(meta, oldMeta) && equalJson(timeless(managedFields), timeless(oldManagedFields))
  );
}

function timeless(entries: ApiObject["metadata"]["managedFields"]): unknown {
  return (entries ?? []).map(({ time: _, ...entry }) => entry);
}
