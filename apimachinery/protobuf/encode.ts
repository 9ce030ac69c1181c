import type { JsonObject, JsonValue } from "../json/json.ts";
import type { Message, MessageField } from "./messages.ts";
import type { ReverseWriter } from "./writer.ts";

/** Deeper than any object the API takes as JSON. */
const maxDepth = 10_000;

type Fields = { readonly [name: string]: JsonValue | undefined };

const nothing: Fields = {};

/** Writes the fields of a message, last one first. `value` has the shape that the message has in JSON. */
export function writeMessage(writer: ReverseWriter, message: Message, value: JsonValue | undefined): void {
  if (++writer.depth > maxDepth) throw new RangeError("an object is nested too deeply for protobuf");
  if (message.special !== undefined) message.special.write(writer, value);
  else if (message.list !== undefined) writeList(writer, message.list, value);
  else if (message.choice !== undefined) {
    writeFields(writer, message, value === undefined ? nothing : (message.choice.fields(value) as JsonObject));
  } else writeFields(writer, message, (value as Fields | undefined) ?? nothing);
  writer.depth--;
}

function writeFields(writer: ReverseWriter, message: Message, object: Fields): void {
  const { fields } = message;
  for (let i = fields.length - 1; i >= 0; i--) {
    const field = fields[i]!;
    if (field.embedded) {
      writeNested(writer, field.message, object as JsonValue);
      writer.unsigned(field.tag);
      continue;
    }
    const value = object[field.name];
    if (field.cardinality === "one") {
      if ((value === undefined || value === null) && (field.pointer || field.type === "bytes")) continue;
      writeValue(writer, field, value ?? undefined);
      writer.unsigned(field.tag);
    } else if (value === undefined || value === null) continue;
    else if (field.cardinality === "list") writeList(writer, field, value);
    else writeMap(writer, field, value as JsonObject);
  }
}

function writeNested(writer: ReverseWriter, message: Message, value: JsonValue | undefined): void {
  const before = writer.size;
  writeMessage(writer, message, value);
  writer.unsigned(writer.size - before);
}

/** Writes one value without its tag; `undefined` is Go's zero value. */
function writeValue(writer: ReverseWriter, field: MessageField, value: JsonValue | undefined): void {
  switch (field.type) {
    case "string":
      writer.string((value as string | undefined) ?? "");
      return;
    case "bool":
      writer.unsigned(value === true ? 1 : 0);
      return;
    case "int32":
    case "int64":
      writer.integer((value as number | undefined) ?? 0);
      return;
    case "float64":
      writer.double((value as number | undefined) ?? 0);
      return;
    case "bytes": {
      const bytes = Buffer.from((value as string | undefined) ?? "", "base64");
      writer.raw(bytes);
      writer.unsigned(bytes.length);
      return;
    }
    case "message":
      writeNested(writer, field.message, value);
  }
}

function writeList(writer: ReverseWriter, field: MessageField, value: JsonValue | undefined): void {
  const items = value as readonly JsonValue[] | undefined;
  if (items === undefined) return;
  for (let i = items.length - 1; i >= 0; i--) {
    writeValue(writer, field, items[i] ?? undefined);
    writer.unsigned(field.tag);
  }
}

/** Each entry is a message of key and value, in the order of the keys' bytes. */
function writeMap(writer: ReverseWriter, field: MessageField, value: JsonObject): void {
  const keys = Object.keys(value);
  if (keys.length > 1) keys.sort(byBytes);
  for (let i = keys.length - 1; i >= 0; i--) {
    const key = keys[i]!;
    const before = writer.size;
    writeValue(writer, field, value[key] ?? undefined);
    writer.unsigned(field.valueTag);
    writer.string(key);
    writer.unsigned(0x0a);
    writer.unsigned(writer.size - before);
    writer.unsigned(field.tag);
  }
}

const surrogate = /[\ud800-\udfff]/;

function byBytes(a: string, b: string): number {
  if (surrogate.test(a) || surrogate.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : a > b ? 1 : 0;
}
