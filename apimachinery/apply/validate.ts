import { isJsonObject, type JsonValue } from "../json/json.ts";
import { goFormat, goTypeName } from "../patch/go-value.ts";
import type { ListSchema, ScalarSchema, Schema } from "../schema/schema.ts";
import { compareText, goQuote } from "../text/go-quote.ts";
import { formatElement } from "./path-element.ts";
import { type Associative, childSchema, ElementError, itemElement, type Value } from "./structure.ts";

/** What does not fit the schema, and where: `.spec.containers`. */
export interface TypeError {
  readonly path: string;
  readonly message: string;
}

/**
 * What of an applied configuration does not fit its schema, in upstream's words (structured-merge-diff, typed/validate.go):
 * wrong types, fields that the schema does not have, items without or with the same identity. Null fits everything.
 */
export function typeErrors(schema: Schema, value: Value): readonly TypeError[] {
  const errors: TypeError[] = [];
  check(schema, value, "", errors);
  return errors;
}

/** All errors as one text; a single one as a line. */
export function formatTypeErrors(errors: readonly TypeError[]): string {
  const lines = errors.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`));
  return lines.length === 1 ? lines[0]! : ["errors:", ...lines.map((line) => `  ${line}`)].join("\n");
}

function check(schema: Schema, value: Value, path: string, errors: TypeError[]): void {
  if (value === null || value === undefined) return;
  switch (schema.type) {
    case "object":
    case "map":
      if (isJsonObject(value)) checkMap(schema, value, path, errors);
      else errors.push({ path, message: `expected map, got ${printed(value)}` });
      return;
    case "list":
      if (Array.isArray(value)) checkList(schema, value, path, errors);
      else errors.push({ path, message: `expected list, got ${printed(value)}` });
      return;
    case "any":
      return;
    default: {
      const message = scalarError(schema, value);
      if (message !== undefined) errors.push({ path, message });
    }
  }
}

function checkMap(schema: Associative, value: { [key: string]: JsonValue }, path: string, errors: TypeError[]): void {
  const closed = schema.type === "object" && !schema.preserveUnknown && schema.fields.size > 0;
  for (const key of Object.keys(value).sort(compareText)) {
    const place = `${path}.${key}`;
    if (closed && !schema.fields.has(key)) {
      // As upstream, which leaves the struct at the first unknown field.
      errors.push({ path: place, message: "field not declared in schema" });
      return;
    }
    check(childSchema(schema, key), value[key], place, errors);
  }
}

function checkList(schema: ListSchema, items: readonly JsonValue[], path: string, errors: TypeError[]): void {
  const seen = new Set<string>();
  for (const [i, item] of items.entries()) {
    let step = `[${i}]`;
    if (schema.listType !== "atomic") {
      let element: string;
      try {
        element = itemElement(schema, item);
      } catch (error) {
        if (!(error instanceof ElementError)) throw error;
        errors.push({ path, message: `element ${i}: ${error.message}` });
        return;
      }
      step = formatElement(element);
      if (seen.has(element)) errors.push({ path, message: `duplicate entries for key ${step}` });
      seen.add(element);
    }
    check(schema.items, item, path + step, errors);
  }
}

function scalarError(schema: ScalarSchema, value: JsonValue | bigint): string | undefined {
  const type = typeof value;
  const scalar = type === "string" || type === "boolean" || type === "number" || type === "bigint";
  switch (schema.type) {
    case "integer":
    case "number":
      return type === "number" || type === "bigint"
        ? undefined
        : `expected numeric (int or float), got ${goTypeName(value)}`;
    case "boolean":
      return type === "boolean" ? undefined : `expected boolean, got ${printed(value)}`;
    case "string":
      // Text of a special format (a time, a quantity) may be any scalar here; decoding it is stricter.
      if (schema.format === undefined || schema.format === "byte") {
        return type === "string"
          ? undefined
          : `expected string, got &value.valueUnstructured{Value:${goSyntax(value)}}`;
      }
      break;
  }
  return scalar ? undefined : `expected any scalar, got ${printed(value)}`;
}

/** As Go's `%v` prints a pointer to the struct that holds the value. */
function printed(value: JsonValue | bigint): string {
  return `&{${goFormat(value)}}`;
}

/** As Go's `%#v` prints a value. */
function goSyntax(value: JsonValue | bigint): string {
  if (value === null) return "interface {}(nil)";
  if (typeof value === "string") return goQuote(value);
  if (typeof value !== "object") return String(value);
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(", ")}}`;
  const fields = Object.keys(value)
    .sort(compareText)
    .map((key) => `${goQuote(key)}:${goSyntax(value[key]!)}`);
  return `map[string]interface {}{${fields.join(", ")}}`;
}
