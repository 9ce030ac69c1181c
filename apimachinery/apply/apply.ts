import { ApiError } from "../errors/api-error.ts";
import { equalJson } from "../json/equal.ts";
import { isJsonObject, type JsonObject } from "../json/json.ts";
import { failure } from "../patch/errors.ts";
import type { ManagedFieldsEntry } from "../resource/object.ts";
import { formatTime } from "../time/time.ts";
import { compare, excludeFields } from "./compare.ts";
import { type Conflict, conflictError, conflictsOf } from "./conflict.ts";
import { ConversionFailure } from "./conversion.ts";
import { type FieldSet, isEmptySet, recursiveDifferenceOf } from "./field-set.ts";
import { conflictsBeyondLastApplied, kubectlManager, withLastApplied } from "./last-applied.ts";
import {
  decodeManagers,
  encodeManagers,
  entriesOf,
  type Manager,
  type Managers,
  managerId,
  withManagedFields,
} from "./managers.ts";
import { mergeApplied } from "./merge.ts";
import { prune } from "./prune.ts";
import { reconcileManagers } from "./reconcile.ts";
import { type OwnershipContext, takeFromOthers, trackUpdate, withoutStripped } from "./update.ts";
import { formatTypeErrors, typeErrors } from "./validate.ts";
import { fieldSetOf } from "./whole-set.ts";

export interface ApplyRequest extends OwnershipContext {
  readonly kind: string;
  /** The object as it is stored, in the request's version; undefined where the apply creates it. */
  readonly live: JsonObject | undefined;
  /** The configuration as it was sent, not decoded: what it leaves out matters. */
  readonly applied: JsonObject;
  /** Take fields over that others own. */
  readonly force: boolean;
}

export interface Applied {
  /** The result, without managed fields and not yet decoded: defaults are to be set, nulls and unknowns dropped. */
  readonly object: JsonObject;
  /** What to store in `metadata.managedFields`. */
  readonly managedFields: readonly ManagedFieldsEntry[] | undefined;
}

/** Owner of all that an object had when its first apply came and nobody was tracked. */
const beforeFirstApply = "before-first-apply";

/**
 * Server-side apply (KEP-555; apimachinery/pkg/util/managedfields): merges the configuration into the live object, removes what
 * the applier no longer says and nobody else owns, and records what it owns now.
 *
 * Laws: applying the same again changes nothing, not even times; a field that only others own never changes.
 * Throws ApiError: Conflict with one cause a field where others own what would change, BadRequest for the wrong type or
 * version, 500 with upstream's message for a configuration that does not fit the schema.
 */
export function applyPatch(request: ApplyRequest): Applied {
  try {
    return apply(request);
  } catch (error) {
    throw error instanceof ConversionFailure ? failure(error.message) : error;
  }
}

function apply(request: ApplyRequest): Applied {
  checkRequest(request);
  const live = withManagedFields(request.live ?? { apiVersion: request.apiVersion, kind: request.kind }, undefined);
  let managers = liveManagers(request);
  if (managers.size === 0) {
    managers = trackUpdate(managers, { ...request, live: undefined, object: live, manager: beforeFirstApply });
  }
  const outcome = merge(live, managers, request);
  const result = outcome.conflicts.length === 0 ? outcome : resolve(outcome, live, managers, request);
  const object = request.manager === kubectlManager ? withLastApplied(result.object, request.applied) : result.object;
  return { object, managedFields: encodeManagers(result.managers) };
}

interface Outcome {
  readonly object: JsonObject;
  readonly managers: Managers;
  readonly conflicts: readonly Conflict[];
}

/** Conflicts with what client-side apply wrote are none for kubectl, which moves on from it; others are an error. */
function resolve(outcome: Outcome, live: JsonObject, managers: Managers, request: ApplyRequest): Outcome {
  let { conflicts } = outcome;
  if (request.manager === kubectlManager) {
    conflicts = conflictsBeyondLastApplied(conflicts, live, request.schema);
    if (conflicts.length === 0) return merge(live, managers, { ...request, force: true });
  }
  throw conflictError(conflicts);
}

function merge(live: JsonObject, managers: Managers, request: ApplyRequest): Outcome {
  const { schema, apiVersion, applied, resetFields } = request;
  const applier = {
    name: request.manager === "" ? "unknown" : request.manager,
    operation: "Apply",
    apiVersion,
    subresource: request.subresource ?? "",
  } as const;
  const id = managerId(applier);
  const reconciled = reconcileManagers(managers, live, request);
  const last = reconciled.get(id);
  const said = fieldSetOf(schema, applied);
  const fields = resetFields === undefined ? said : recursiveDifferenceOf(said, resetFields);
  reconciled.set(id, { ...applier, time: last?.time, fields });

  const object = prune(mergeApplied(schema, live, applied), {
    last,
    now: fields,
    managers: reconciled,
    context: request,
  });
  const changed = excludeFields(compare(schema, live, object), resetFields);
  const { managers: remaining, conflicts } = takeFromOthers(reconciled, changed, {
    ...request,
    live,
    object,
    except: id,
  });
  if (conflicts.size > 0 && !request.force) {
    return { object, managers: remaining, conflicts: conflictsOf(reconciled, conflicts) };
  }
  const time = equalJson(live, object) ? last?.time : formatTime(request.now);
  setApplier(remaining, id, { ...applier, time, fields: withoutStripped(fields) }, last);
  return { object, managers: remaining, conflicts: [] };
}

/** Keeps the entry of before where it still says the same. */
function setApplier(managers: Managers, id: string, applier: Manager, last: Manager | undefined): void {
  if (isEmptySet(applier.fields)) managers.delete(id);
  else if (
    last?.apiVersion === applier.apiVersion &&
    last.time === applier.time &&
    sameSet(last.fields, applier.fields)
  ) {
    managers.set(id, last);
  } else managers.set(id, applier);
}

function sameSet(a: FieldSet, b: FieldSet): boolean {
  return equalJson(a, b);
}

function liveManagers({ live }: ApplyRequest): Managers {
  if (live === undefined) return new Map();
  try {
    return decodeManagers(entriesOf(live));
  } catch (error) {
    throw failure(`failed to decode managed fields: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function checkRequest({ applied, apiVersion, kind, schema }: ApplyRequest): void {
  if (applied["apiVersion"] !== apiVersion || applied["kind"] !== kind) {
    throw ApiError.badRequest(`invalid object type: ${typeText(applied["apiVersion"], applied["kind"])}`);
  }
  const metadata = isJsonObject(applied["metadata"]) ? applied["metadata"] : {};
  if (metadata["managedFields"] !== undefined && metadata["managedFields"] !== null) {
    throw ApiError.badRequest("metadata.managedFields must be nil");
  }
  const errors = typeErrors(schema, applied);
  if (errors.length === 0) return;
  const { namespace = "", name = "" } = metadata;
  const object = `${String(namespace)}/${String(name)}; ${typeText(apiVersion, kind)}`;
  throw failure(`failed to create typed patch object (${object}): ${formatTypeErrors(errors)}`);
}

/** As Go prints a GroupVersionKind: `apps/v1, Kind=Deployment`, `/v1, Kind=Pod`. */
function typeText(apiVersion: unknown, kind: unknown): string {
  const version = typeof apiVersion === "string" ? apiVersion : "";
  return `${version.includes("/") ? version : `/${version}`}, Kind=${typeof kind === "string" ? kind : ""}`;
}
