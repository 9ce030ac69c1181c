import type { ApiObject, ObjectMeta } from "../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../apimachinery/resource/resource.ts";

/** What a path needs to know of a resource. */
export type ResourceIdentity = Pick<ResourceDefinition, "group" | "version" | "kind" | "plural" | "scope">;

/**
 * What a client may send for `T`: anything may be left to defaulting, and text may be a number, as quantities may. Each
 * generated `XInput` is assignable.
 */
export type InputOf<T> = T extends readonly (infer U)[]
  ? readonly InputOf<U>[]
  : T extends object
    ? { readonly [K in keyof T]?: InputOf<T[K]> }
    : string extends T
      ? T | number
      : T;

/** An object to send: apiVersion and kind are filled in. */
export type ObjectInput<T extends ApiObject> = InputOf<Omit<T, "metadata">> & { readonly metadata?: ObjectMeta };

export interface ListMeta {
  readonly resourceVersion?: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

export interface List<T> {
  readonly metadata: ListMeta;
  readonly items: readonly T[];
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface GetOptions extends CallOptions {
  readonly resourceVersion?: string;
}

/** metav1.ListOptions, as far as it is the same for lists and watches. */
export interface SelectOptions extends CallOptions {
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: "Exact" | "NotOlderThan";
  readonly timeoutSeconds?: number;
}

export interface ListOptions extends SelectOptions {
  readonly limit?: number;
  readonly continue?: string;
}

export interface WatchOptions extends SelectOptions {
  readonly allowWatchBookmarks?: boolean;
  readonly sendInitialEvents?: boolean;
}

export interface WriteOptions extends CallOptions {
  /** Validate, admit, answer; keep nothing. */
  readonly dryRun?: boolean;
  /** Default: the client's. */
  readonly fieldManager?: string;
  readonly fieldValidation?: "Ignore" | "Warn" | "Strict";
}

export interface PatchOptions extends WriteOptions {
  /** `status`, `scale`, …; absent: the object itself. */
  readonly subresource?: string;
}

export interface ApplyOptions extends PatchOptions {
  /** Takes fields over from other managers instead of failing with Conflict. */
  readonly force?: boolean;
}

export type JsonPatchOperation =
  | { readonly op: "add" | "replace" | "test"; readonly path: string; readonly value: unknown }
  | { readonly op: "remove"; readonly path: string }
  | { readonly op: "move" | "copy"; readonly from: string; readonly path: string };

/** A change to an object as one of the wire's kinds. */
export type Patch =
  | { readonly type: "json"; readonly body: readonly JsonPatchOperation[] }
  | { readonly type: "merge" | "strategic"; readonly body: object };

export interface Preconditions {
  readonly uid?: string;
  readonly resourceVersion?: string;
}

/** metav1.DeleteOptions. */
export interface DeleteOptions extends CallOptions {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: "Orphan" | "Background" | "Foreground";
  readonly preconditions?: Preconditions;
  readonly dryRun?: boolean;
}

export const patchContentTypes = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  /** JSON is YAML, and every server reads it under this name. */
  apply: "application/apply-patch+yaml",
} as const;

const selectKeys = [
  "labelSelector",
  "fieldSelector",
  "resourceVersion",
  "resourceVersionMatch",
  "timeoutSeconds",
] as const;
const listKeys = [...selectKeys, "limit", "continue"] as const;
const watchKeys = [...selectKeys, "allowWatchBookmarks", "sendInitialEvents"] as const;

export function listQuery(options: ListOptions): URLSearchParams {
  return pick(options, listKeys);
}

export function watchQuery(options: WatchOptions): URLSearchParams {
  const query = pick(options, watchKeys);
  query.set("watch", "true");
  return query;
}

export function getQuery(options: GetOptions): URLSearchParams {
  return pick(options, ["resourceVersion"]);
}

export function writeQuery(options: ApplyOptions, fieldManager: string | undefined): URLSearchParams {
  const query = pick(options, ["fieldManager", "fieldValidation", "force"]);
  if (options.dryRun) query.set("dryRun", "All");
  if (fieldManager !== undefined && !query.has("fieldManager")) query.set("fieldManager", fieldManager);
  return query;
}

/** The body of a DELETE; undefined where nothing is asked beyond the deletion. */
export function deleteBody(options: DeleteOptions): object | undefined {
  const { gracePeriodSeconds, propagationPolicy, preconditions, dryRun } = options;
  const body = {
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    ...(preconditions === undefined ? {} : { preconditions }),
    ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
    ...(dryRun ? { dryRun: ["All"] } : {}),
  };
  return Object.keys(body).length === 0 ? undefined : { kind: "DeleteOptions", apiVersion: "v1", ...body };
}

function pick<T extends object>(options: T, keys: readonly (keyof T & string)[]): URLSearchParams {
  const query = new URLSearchParams();
  for (const key of keys) {
    const value = options[key];
    if (value !== undefined && value !== "" && value !== false) query.set(key, String(value));
  }
  return query;
}
