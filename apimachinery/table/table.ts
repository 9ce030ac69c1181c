import type { ApiObject } from "../resource/object.ts";
import type { Column } from "../resource/resource.ts";
import { defaultColumns } from "./default-columns.ts";
import { partialMetadata } from "./partial-metadata.ts";

/** How much of each object a row carries; empty is `Metadata`. */
export type IncludeObject = "" | "None" | "Metadata" | "Object";

export interface ColumnDefinition {
  readonly name: string;
  readonly type: string;
  readonly format: string;
  readonly description: string;
  readonly priority: number;
}

export interface TableRow {
  readonly cells: readonly (string | number | boolean | null)[];
  readonly object: object | null;
}

/** meta.k8s.io Table. */
export interface Table {
  readonly kind: "Table";
  readonly apiVersion: string;
  readonly metadata: object;
  readonly columnDefinitions: readonly ColumnDefinition[] | null;
  readonly rows: readonly TableRow[];
}

export interface TableOptions {
  /** Milliseconds since 1970: ages are of this moment. */
  readonly now: number;
  readonly includeObject: IncludeObject;
  /** Of meta.k8s.io: `v1` or `v1beta1`. */
  readonly version: string;
  /** The list's own: resourceVersion, continue, remainingItemCount. Of a single object, its resourceVersion. */
  readonly metadata: object;
}

/** Marks the bookmark after a watch's first events; it is shown whatever the client asked for. */
const initialEventsEnd = "k8s.io/initial-events-end";

function columnDefinitions<T>(columns: readonly Column<T>[]): readonly ColumnDefinition[] {
  return columns.map(({ name, type, format = "", description = "", priority = 0 }) => ({
    name,
    type,
    format,
    description,
    priority,
  }));
}

/**
 * Objects as rows. Pure: the same objects at the same `now` give the same table. A resource without columns gets Name and
 * Created At (apiserver/pkg/endpoints/handlers/response.go).
 */
export function tableOf<T extends ApiObject>(
  columns: readonly Column<T>[],
  objects: readonly T[],
  options: TableOptions,
): Table {
  const shown: readonly Column<T>[] = columns.length === 0 ? defaultColumns : columns;
  const { now, includeObject, version, metadata } = options;
  return {
    kind: "Table",
    apiVersion: `meta.k8s.io/${version}`,
    metadata,
    columnDefinitions: columnDefinitions(shown),
    rows: objects.map((object) => ({
      cells: shown.map((column) => column.cell(object, now)),
      object: included(object, includeObject, version),
    })),
  };
}

function included(object: ApiObject, includeObject: IncludeObject, version: string): object | null {
  if (includeObject === "Object") return object;
  const none = includeObject === "None" && object.metadata.annotations?.[initialEventsEnd] !== "true";
  return none ? null : partialMetadata(object, version);
}
