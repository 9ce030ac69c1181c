import { nameColumn } from "../../api/columns.ts";
import type { CustomResourceColumnDefinition } from "../../api/generated/types/apiextensions-v1.ts";
import { type JsonPath, jsonPath } from "../../apimachinery/json-path/find.ts";
import { JsonPathError } from "../../apimachinery/json-path/parse.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import type { Column } from "../../apimachinery/resource/resource.ts";
import { goMapJson } from "../../apimachinery/text/go-json.ts";
import { ageOf } from "../../apimachinery/time/time.ts";

// Cells: apiextensions-apiserver/pkg/registry/customresource/tableconvertor.

/** What is shown where a definition says nothing. */
const ageOnly: readonly CustomResourceColumnDefinition[] = [
  { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp", description: "" },
];

type CellType = Column<ApiObject>["type"];

/** The columns of `kubectl get`: the name, and what the definition asks for. */
export function customColumns(
  definitions: readonly CustomResourceColumnDefinition[] | undefined,
): readonly Column<ApiObject>[] {
  const asked = definitions === undefined || definitions.length === 0 ? ageOnly : definitions;
  return [nameColumn, ...asked.flatMap(columnOf)];
}

function columnOf(column: CustomResourceColumnDefinition): Column<ApiObject>[] {
  const path = pathOf(column.jsonPath);
  if (path === undefined) return [];
  const { name, type, format, priority, description } = column;
  return [
    {
      name,
      type: type as CellType,
      ...(format === undefined ? {} : { format }),
      ...(priority === undefined ? {} : { priority }),
      description: description || `Custom resource definition column (in JSONPath format): ${column.jsonPath}`,
      cell: (object, now) =>
        cellOf(
          type,
          unlessWrong(() => path(object)[0]),
          now,
        ),
    },
  ];
}

/** A path that nobody can follow shows nothing: validation asks for no more than a leading dot. */
const pathOf = (text: string): JsonPath | undefined => unlessWrong(() => jsonPath(text));

/** Nothing also where a path reaches too much. */
function unlessWrong<T>(use: () => T): T | undefined {
  try {
    return use();
  } catch (error) {
    if (error instanceof JsonPathError) return undefined;
    throw error;
  }
}

function cellOf(type: string, value: unknown, now: number): string | number | boolean | null {
  if (value === undefined || value === null) return null;
  switch (type) {
    case "integer":
      return typeof value === "number" ? Math.trunc(value) : null;
    case "number":
      return typeof value === "number" ? value : null;
    case "boolean":
      return typeof value === "boolean" ? value : null;
    case "date":
      return typeof value === "string" ? dateCell(value, now) : null;
    default:
      return typeof value === "object" ? goMapJson(value) : String(value);
  }
}

function dateCell(text: string, now: number): string {
  return Number.isNaN(Date.parse(text)) ? "<invalid>" : ageOf(text, now);
}
