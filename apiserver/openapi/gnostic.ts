import type { JsonObject, JsonValue } from "../../apimachinery/json/json.ts";
import { ReverseWriter } from "../../apimachinery/protobuf/writer.ts";

/**
 * How a JSON value becomes the bytes of a message of google/gnostic, which is OpenAPI in protobuf. Messages may hold
 * themselves, so fields and alternatives are given by functions.
 */
export type Shape =
  | { readonly type: "string" | "bool" | "int64" | "double" }
  /** An object's fields, by their names in JSON. `extensions`: number of the field for names that begin with `x-`. */
  | { readonly type: "message"; readonly fields: () => Fields; readonly extensions?: number }
  /** A message that holds the value in the first of its fields whose test the value passes; in none: no field. */
  | { readonly type: "choice"; readonly of: () => readonly Alternative[] }
  /** A list whose items are the field, repeated. */
  | { readonly type: "list"; readonly items: Shape }
  /** An object of free keys as a message of pairs, each a message of name (1) and value (2), in field `number`. */
  | { readonly type: "named"; readonly values: Shape; readonly number: number }
  /** Any JSON as YAML, of which JSON is part. */
  | { readonly type: "any" };

export type Fields = Readonly<Record<string, readonly [number: number, shape: Shape]>>;
export interface Alternative {
  readonly number: number;
  readonly shape: Shape;
  readonly matches: (value: JsonValue) => boolean;
}

export const string: Shape = { type: "string" };
export const bool: Shape = { type: "bool" };
export const int64: Shape = { type: "int64" };
export const double: Shape = { type: "double" };
export const any: Shape = { type: "any" };
export const list = (items: Shape): Shape => ({ type: "list", items });
export const named = (values: Shape, number = 1): Shape => ({ type: "named", values, number });
export const message = (fields: () => Fields, extensions?: number): Shape => ({
  type: "message",
  fields,
  ...(extensions !== undefined && { extensions }),
});
/** A message whose one field holds the whole value. */
export const wrapped = (shape: Shape, number = 1): Shape => choice(() => [{ number, shape, matches: () => true }]);
export const choice = (of: () => readonly Alternative[]): Shape => ({ type: "choice", of });

export const isReference = (value: JsonValue): boolean => (value as JsonObject)["$ref"] !== undefined;

/** The bytes of a document. */
export function encodeGnostic(document: JsonObject, shape: Shape): Uint8Array {
  const writer = new ReverseWriter();
  writeContent(writer, shape, document);
  return writer.finish();
}

const wireTypes: Readonly<Record<Shape["type"], number>> = {
  bool: 0,
  int64: 0,
  double: 1,
  string: 2,
  message: 2,
  choice: 2,
  list: 2,
  named: 2,
  any: 2,
};

function writeField(writer: ReverseWriter, number: number, shape: Shape, value: JsonValue): void {
  if (shape.type === "list") {
    const items = value as readonly JsonValue[];
    for (let i = items.length - 1; i >= 0; i--) writeField(writer, number, shape.items, items[i]!);
    return;
  }
  switch (shape.type) {
    case "string":
      writer.string(String(value));
      break;
    case "bool":
      writer.unsigned(value === true ? 1 : 0);
      break;
    case "int64":
      writer.integer(value as number);
      break;
    case "double":
      writer.double(value as number);
      break;
    default: {
      const before = writer.size;
      writeContent(writer, shape, value);
      writer.unsigned(writer.size - before);
    }
  }
  writer.unsigned((number << 3) | wireTypes[shape.type]);
}

/** The fields of a message, without its length. */
function writeContent(writer: ReverseWriter, shape: Shape, value: JsonValue): void {
  switch (shape.type) {
    case "message":
      writeMessage(writer, shape.fields(), shape.extensions, value as JsonObject);
      break;
    case "choice": {
      const alternative = shape.of().find(({ matches }) => matches(value));
      if (alternative !== undefined) writeField(writer, alternative.number, alternative.shape, value);
      break;
    }
    case "named":
      writePairs(writer, shape.number, shape.values, Object.entries(value as JsonObject));
      break;
    case "any":
      writeField(writer, 2, string, JSON.stringify(value));
      break;
    default:
      throw new Error(`a ${shape.type} is no message`);
  }
}

function writePairs(
  writer: ReverseWriter,
  number: number,
  values: Shape,
  entries: readonly (readonly [string, JsonValue])[],
): void {
  for (let i = entries.length - 1; i >= 0; i--) {
    const [name, value] = entries[i]!;
    const before = writer.size;
    writeField(writer, 2, values, value);
    writeField(writer, 1, string, name);
    writer.unsigned(writer.size - before);
    writer.unsigned((number << 3) | 2);
  }
}

function writeMessage(writer: ReverseWriter, fields: Fields, extensions: number | undefined, value: JsonObject): void {
  const entries = Object.entries(value);
  if (extensions !== undefined) {
    writePairs(
      writer,
      extensions,
      any,
      entries.filter(([name]) => name.startsWith("x-")),
    );
  }
  const known = entries
    .filter(([name]) => fields[name] !== undefined)
    .sort(([a], [b]) => fields[b]![0] - fields[a]![0]);
  for (const [name, field] of known) writeField(writer, fields[name]![0], fields[name]![1], field);
}
