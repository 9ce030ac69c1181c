import { decided } from "../../apimachinery/apply/conversion.ts";
import { managerFromUserAgent } from "../../apimachinery/apply/field-manager.ts";
import { type FieldSet, fieldSet } from "../../apimachinery/apply/field-set.ts";
import { updateManagedFields } from "../../apimachinery/apply/update.ts";
import type { JsonObject } from "../../apimachinery/json/json.ts";
import { apiVersionOf } from "../../apimachinery/resource/define.ts";
import type { ApiObject, Draft, ManagedFieldsEntry, ObjectMeta } from "../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import { inOtherVersions } from "./other-versions.ts";
import type { Registry } from "./registry.ts";
import type { OwnFields } from "./write-context.ts";

/** Whose write it is, for `metadata.managedFields`. */
export interface Writer {
  /** As the request says; empty: the user agent's name. */
  readonly fieldManager: string;
  readonly userAgent: string;
  readonly subresource: string;
}

export function managerOf({ fieldManager, userAgent }: Writer): string {
  return fieldManager === "" ? managerFromUserAgent(userAgent) : fieldManager;
}

/**
 * What a create, update or patch (no apply) does to `metadata.managedFields`. `sent` is what the client said of them. Managers
 * of other versions are asked for in `registry`; absent where there are none.
 */
export function ownFieldsOf(
  definition: ResourceDefinition,
  writer: Writer,
  sent: readonly ManagedFieldsEntry[] | undefined,
  registry?: Registry,
): OwnFields {
  return (draft, live, now) => {
    const request = {
      schema: definition.schema,
      live: live as JsonObject | undefined,
      object: draft as unknown as JsonObject,
      managedFields: sent,
      manager: managerOf(writer),
      apiVersion: apiVersionOf(definition),
      subresource: writer.subresource,
      now,
      resetFields: resetFieldsOf(definition, writer.subresource),
    };
    const entries =
      registry === undefined
        ? updateManagedFields(request)
        : decided(inOtherVersions(registry, definition), (convert) => updateManagedFields({ ...request, convert }));
    if (entries instanceof Promise) return entries.then((later) => setManagedFields(draft, later));
    return setManagedFields(draft, entries);
  };
}

export function setManagedFields(draft: Draft<ApiObject>, entries: readonly ManagedFieldsEntry[] | undefined): void {
  const metadata = draft.metadata as { managedFields?: readonly ManagedFieldsEntry[] } & Draft<ObjectMeta>;
  if (entries === undefined) {
    delete metadata.managedFields;
  } else {
    (metadata as { managedFields?: readonly ManagedFieldsEntry[] }).managedFields = entries;
  }
}

const sharedFields: ReadonlySet<string> = new Set(["kind", "apiVersion", "metadata", "status"]);
const resets = new WeakMap<ResourceDefinition, Map<string, FieldSet>>();

/** What a write cannot change (rest.ResetFieldsStrategy): status for the object, all but status for `status`, and what is kept. */
export function resetFieldsOf(definition: ResourceDefinition, subresource: string): FieldSet {
  const known = resets.get(definition) ?? new Map<string, FieldSet>();
  resets.set(definition, known);
  let fields = known.get(subresource);
  if (fields === undefined) {
    fields = fieldSet(...otherHalf(definition, subresource), ...(definition.keeps?.[subresource] ?? []));
    known.set(subresource, fields);
  }
  return fields;
}

function otherHalf({ subresources, schema }: ResourceDefinition, subresource: string): readonly (readonly string[])[] {
  if (subresources.status !== true) return [];
  if (subresource === "") return [["status"]];
  if (subresource !== "status") return [];
  return [...schema.fields.keys()].filter((name) => !sharedFields.has(name)).map((name) => [name]);
}
