import type { JsonObject } from "../json/json.ts";
import type { ManagedFieldsEntry } from "../resource/object.ts";
import type { ObjectSchema } from "../schema/schema.ts";
import { formatTime } from "../time/time.ts";
import { capUpdateManagers } from "./cap-managers.ts";
import { type Comparison, compare, excludeFields } from "./compare.ts";
import { ConversionFailure, type Convert, converted } from "./conversion.ts";
import {
  differenceOf,
  emptySet,
  type FieldSet,
  fieldSet,
  intersectionOf,
  isEmptySet,
  recursiveDifferenceOf,
  unionOf,
} from "./field-set.ts";
import {
  decodeManagersOrNone,
  encodeManagers,
  entriesOf,
  isReset,
  type Managers,
  managerId,
  setFields,
} from "./managers.ts";
import { reconcileManagers } from "./reconcile.ts";

/** What every change of an object's ownership needs to know. */
export interface OwnershipContext {
  /** Structure of the version that the request is made in. */
  readonly schema: ObjectSchema;
  /** Who writes. "" is recorded as `unknown`. */
  readonly manager: string;
  /** Of the request: `apps/v1`. */
  readonly apiVersion: string;
  /** "" for the object itself, else `status`, `scale`, … */
  readonly subresource?: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Fields that a write through this (sub)resource does not change and so never owns (GetResetFields). */
  readonly resetFields?: FieldSet;
  /** Absent: all versions of this resource are the same but for their name. */
  readonly convert?: Convert;
}

export interface UpdateRequest extends OwnershipContext {
  /** The object as it is stored; undefined when it is being created. */
  readonly live: JsonObject | undefined;
  /** The object as it will be: defaults set, before admission. */
  readonly object: JsonObject;
  /**
   * `metadata.managedFields` as the client sent it, before any decoder dropped emptiness: `[]` and `[{}]` reset all managers,
   * undefined or invalid entries leave them as they are. Ignored for subresources.
   */
  readonly managedFields: readonly ManagedFieldsEntry[] | undefined;
}

/** Never part of what anybody manages (managedfields/internal/stripmeta.go). */
const stripped = fieldSet(
  ["apiVersion"],
  ["kind"],
  ["metadata"],
  ["metadata", "name"],
  ["metadata", "namespace"],
  ["metadata", "creationTimestamp"],
  ["metadata", "selfLink"],
  ["metadata", "uid"],
  ["metadata", "clusterName"],
  ["metadata", "generation"],
  ["metadata", "managedFields"],
  ["metadata", "resourceVersion"],
);

export function withoutStripped(fields: FieldSet): FieldSet {
  return differenceOf(fields, stripped);
}

const empty: JsonObject = {};

/**
 * Who owns what after a create, update or patch that is no apply: the writer owns what it added and changed, everybody else
 * loses that and what is gone. Returns the `metadata.managedFields` to store; undefined for none.
 *
 * Laws: fields that did not change keep their owners; time moves only for a writer that changed something; entries that stay
 * the same are the same values as before. Where an object cannot be shown in the version of a manager, nobody owns anything any
 * more, as upstream (managedfields/fieldmanager.go, UpdateNoErrors).
 */
export function updateManagedFields(request: UpdateRequest): readonly ManagedFieldsEntry[] | undefined {
  const managers = currentManagers(request);
  // Objects written before managed fields were tracked are tracked from their first apply on (skipnonapplied.go).
  if (managers.size === 0 && request.live !== undefined) return undefined;
  const result = trackUpdateOrForget(managers, request);
  const liveEntries = request.live === undefined ? undefined : entriesOf(request.live);
  return encodeUnlessSame(result, liveEntries);
}

function trackUpdateOrForget(managers: Managers, request: UpdateRequest): Managers {
  try {
    return trackUpdate(managers, request);
  } catch (error) {
    if (error instanceof ConversionFailure) return new Map();
    throw error;
  }
}

/** The managers before this write: those the client sent, else those of the live object (fieldmanager.go, decodeLiveOrNew). */
function currentManagers(request: UpdateRequest): Managers {
  const live = request.live === undefined ? undefined : entriesOf(request.live);
  if ((request.subresource ?? "") !== "") return decodeManagersOrNone(live);
  const { managedFields } = request;
  if (isReset(managedFields)) return new Map();
  if (managedFields !== undefined && managedFields !== live) {
    const sent = decodeManagersOrNone(managedFields);
    if (sent.size > 0) return sent;
  }
  return decodeManagersOrNone(live);
}

/** The very list of before where every entry is the entry of before. */
function encodeUnlessSame(
  managers: Managers,
  before: readonly ManagedFieldsEntry[] | undefined,
): readonly ManagedFieldsEntry[] | undefined {
  const after = encodeManagers(managers);
  if (after === undefined || before === undefined || after.length !== before.length) return after;
  return after.every((entry, i) => entry === before[i]) ? before : after;
}

/** The managers after a write; `request.live` undefined stands for the empty object. */
export function trackUpdate(managers: Managers, request: Omit<UpdateRequest, "managedFields">): Managers {
  const { schema, object, apiVersion, resetFields } = request;
  const live = request.live ?? empty;
  const changed = excludeFields(compare(schema, live, object), resetFields);
  const remaining: Managers = managers.size === 0 ? new Map() : withoutChanged(managers, changed, request);

  let fields = unionOf(changed.modified, changed.added);
  if (resetFields !== undefined) fields = recursiveDifferenceOf(fields, resetFields);
  fields = withoutStripped(fields);
  if (!isEmptySet(fields)) {
    const name = request.manager === "" ? "unknown" : request.manager;
    const writer = { name, operation: "Update", apiVersion, subresource: request.subresource ?? "" } as const;
    const id = managerId(writer);
    const owned = remaining.get(id)?.fields ?? emptySet;
    remaining.set(id, { ...writer, time: formatTime(request.now), fields: unionOf(fields, owned) });
  }
  return capUpdateManagers(remaining);
}

/** What is left to the managers that there were. */
function withoutChanged(
  managers: Managers,
  changed: Comparison,
  request: Omit<UpdateRequest, "managedFields">,
): Managers {
  const live = request.live ?? empty;
  return takeFromOthers(reconcileManagers(managers, live, request), changed, { ...request, live }).managers;
}

interface Taking extends OwnershipContext {
  readonly live: JsonObject;
  readonly object: JsonObject;
  /** The manager that writes and so loses nothing. */
  readonly except?: string;
}

/**
 * Takes from all managers what was changed or removed (structured-merge-diff, merge/update.go). `conflicts` are the fields
 * that were changed under their owners.
 */
export function takeFromOthers(
  managers: Managers,
  changed: Comparison,
  context: Taking,
): { readonly managers: Managers; readonly conflicts: ReadonlyMap<string, FieldSet> } {
  const comparisons = new Map<string, Comparison | undefined>([[context.apiVersion, changed]]);
  const remaining: Managers = new Map(managers);
  const conflicts = new Map<string, FieldSet>();
  for (const [id, manager] of managers) {
    if (id === context.except) continue;
    if (!comparisons.has(manager.apiVersion)) {
      comparisons.set(manager.apiVersion, compareAt(manager.apiVersion, changed, context));
    }
    const comparison = comparisons.get(manager.apiVersion);
    if (comparison === undefined) {
      remaining.delete(id);
      continue;
    }
    const taken = unionOf(
      intersectionOf(manager.fields, comparison.modified),
      intersectionOf(manager.fields, comparison.added),
    );
    if (!isEmptySet(taken)) conflicts.set(id, taken);
    setFields(remaining, id, differenceOf(differenceOf(manager.fields, taken), comparison.removed));
  }
  return { managers: remaining, conflicts };
}

function compareAt(apiVersion: string, changed: Comparison, context: Taking): Comparison | undefined {
  const { convert, live, object } = context;
  if (convert === undefined) return changed;
  const before = live === empty ? undefined : converted(convert, live, apiVersion, "failed to convert old object");
  const after = converted(convert, object, apiVersion, "failed to convert new object");
  if (after === undefined || (before === undefined && live !== empty)) return undefined;
  return excludeFields(compare(after.schema, before?.object ?? empty, after.object), context.resetFields);
}
