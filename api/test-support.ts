import { formatFieldError } from "../apimachinery/field/errors.ts";
import type { JsonValue } from "../apimachinery/json/json.ts";
import type { ApiObject, Draft } from "../apimachinery/resource/object.ts";
import type { RequestContext, ResourceDefinition } from "../apimachinery/resource/resource.ts";
import { thaw } from "../apimachinery/resource/thaw.ts";
import { decodeObject } from "../apimachinery/schema/decode.ts";
import { applyDefaults } from "../apimachinery/schema/defaults.ts";
import { deepFreeze } from "../apimachinery/schema/freeze.ts";

// What the tests of resources share: an object's way from the wire to its rules, without a server.

export const now = Date.parse("2026-01-02T12:00:00Z");

const someone: RequestContext = { user: { username: "someone", groups: [] }, now, dryRun: false, subresource: "" };

/** The object as it is once it is decoded and its defaults are set. */
export function decoded<T extends ApiObject>(definition: ResourceDefinition<T>, object: object): T {
  const draft = decodeObject(definition.schema, thaw(object) as JsonValue).object;
  applyDefaults(definition.schema, draft);
  definition.setDefaults?.(draft as unknown as T);
  return draft as unknown as T;
}

export interface WriteOptions {
  readonly subresource?: string;
}

/** The object as a create or (with `old`) an update leaves it for validation. */
export function prepared<T extends ApiObject>(
  definition: ResourceDefinition<T>,
  object: object,
  old?: T,
  { subresource = "" }: WriteOptions = {},
): T {
  const draft = decoded(definition, object);
  const context = { ...someone, subresource };
  if (old === undefined) definition.prepareForCreate?.(draft, context);
  else definition.prepareForUpdate?.(draft, deepFreeze(old), context);
  return draft;
}

/** What its rules say of an object as it is: `spec.type: Required value`. */
export function errorsOf<T extends ApiObject>(
  definition: ResourceDefinition<T>,
  object: T,
  old?: T,
  { subresource = "" }: WriteOptions = {},
): readonly string[] {
  const errors = definition.validate?.(deepFreeze(object), old, { ...someone, subresource }) ?? [];
  return [...errors].map(formatFieldError);
}

/** The same for what a client sends. */
export function problems<T extends ApiObject>(
  definition: ResourceDefinition<T>,
  object: object,
  old?: T,
  options: WriteOptions = {},
): readonly string[] {
  return errorsOf(definition, prepared(definition, object, old, options), old, options);
}

/** The cells of a table's row, by column. */
export function row<T extends ApiObject>(definition: ResourceDefinition<T>, object: T): Record<string, unknown> {
  return Object.fromEntries(definition.columns.map(({ name, cell }) => [name, cell(object, now)]));
}

/** A copy with some of its fields changed. */
export function changed<T extends object>(object: T, change: (draft: Draft<T>) => void): T {
  const draft = thaw(object);
  change(draft);
  return draft as unknown as T;
}
