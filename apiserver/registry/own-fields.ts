import { managerFromUserAgent } from "../../apimachinery/apply/field-manager.ts";
import { type FieldSet, fieldSet } from "../../apimachinery/apply/field-set.ts";
import { updateManagedFields } from "../../apimachinery/apply/update.ts";
import type { JsonObject } from "../../apimachinery/json/json.ts";
import { apiVersionOf } from "../../apimachinery/resource/define.ts";
import type { ApiObject, Draft, ManagedFieldsEntry, ObjectMeta } from "../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
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

/** What a create, update or patch (no apply) does to `metadata.managedFields`. `sent` is what the client said of them. */
export function ownFieldsOf(
  definition: ResourceDefinition,
  writer: Writer,
  sent: readonly ManagedFieldsEntry[] | undefined,
): OwnFields {
  return (draft, live, now) => {
    const entries = updateManagedFields({
      schema: definition.schema,
      live: live as JsonObject | undefined,
      object: draft as unknown as JsonObject,
      managedFields: sent,
      manager: managerOf(writer),
      apiVersion: apiVersionOf(definition),
      subresource: writer.subresource,
      now,
      resetFields: resetFieldsOf(definition, writer.subresource),
    });
    setManagedFields(draft, entries);
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

const noFields: FieldSet = fieldSet();
const resets = new WeakMap<ResourceDefinition, { readonly main: FieldSet; readonly status: FieldSet }>();

/** The half that a write cannot change (rest.ResetFieldsStrategy): status for the object, all but status for `status`. */
export function resetFieldsOf(definition: ResourceDefinition, subresource: string): FieldSet {
  if (definition.subresources.status !== true || (subresource !== "" && subresource !== "status")) {
    return noFields;
  }
  let halves = resets.get(definition);
  if (halves === undefined) {
    const others = [...definition.schema.fields.keys()].filter((name) => !shared.has(name));
    // A custom resource's status can change nothing of its metadata either (customresource/status_strategy.go).
    const custom = definition.decode === undefined ? [] : [["metadata"]];
    halves = { main: fieldSet(["status"]), status: fieldSet(...others.map((name) => [name]), ...custom) };
    resets.set(definition, halves);
  }
  return subresource === "" ? halves.main : halves.status;
}

const shared = new Set(["kind", "apiVersion", "metadata", "status"]);
