import type { ApiObject } from "../apimachinery/resource/object.ts";
import type { Column } from "../apimachinery/resource/resource.ts";
import { ageOf } from "../apimachinery/time/time.ts";

// Cells as upstream's server prints them (pkg/printers/internalversion/printers.go, apiserver/pkg/registry/rest/table.go).

export const nameColumn: Column<ApiObject> = {
  name: "Name",
  type: "string",
  format: "name",
  cell: (object) => object.metadata.name ?? "",
};

export const ageColumn: Column<ApiObject> = {
  name: "Age",
  type: "string",
  cell: (object, now) => ageOf(object.metadata.creationTimestamp, now),
};

/** Resources without columns of their own show when they were made, not how old they are. */
const createdAtColumn: Column<ApiObject> = {
  name: "Created At",
  type: "date",
  cell: (object) => object.metadata.creationTimestamp ?? "0001-01-01T00:00:00Z",
};

/** What upstream prints of a resource that has no printer of its own. */
export const defaultColumns: readonly Column<ApiObject>[] = [nameColumn, createdAtColumn];

/** A column of text, shown always. */
export function textColumn<T>(name: string, cell: (object: T, now: number) => string): Column<T> {
  return { name, type: "string", cell };
}

/** A column of text, shown only with `-o wide`. */
export function wideColumn<T>(name: string, cell: (object: T, now: number) => string): Column<T> {
  return { name, type: "string", priority: 1, cell };
}
