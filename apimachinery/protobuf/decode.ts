import type { JsonObject, JsonValue } from "../json/json.ts";
import type { Message, MessageField } from "./messages.ts";
import type { Reader } from "./reader.ts";

/** JSON schemas nest deepest; nothing the API takes comes near. */
const maxDepth = 1000;

/**
 * Reads the bytes up to `end` as a message, in the shape that Go's JSON of it has. Of a field that is there twice the last
 * counts, and messages are merged, as protobuf has it. Throws SyntaxError on bytes that are no such message.
 */
export function readMessage(reader: Reader, message: Message, end: number, into?: JsonValue): JsonValue | undefined {
  if (++reader.depth > maxDepth) throw new SyntaxError("proto: message nested too deeply");
  const value = readShape(reader, message, end, into);
  reader.depth--;
  return value;
}

function readShape(reader: Reader, message: Message, end: number, into: JsonValue | undefined): JsonValue | undefined {
  if (message.special !== undefined) return message.special.read(reader, end);
  if (message.list !== undefined) {
    const holder: JsonObject = { [message.list.name]: into ?? [] };
    readFields(reader, message, end, holder);
    return holder[message.list.name];
  }
  if (message.choice !== undefined) {
    const fields: JsonObject = {};
    readFields(reader, message, end, fields);
    return message.choice.value(fields);
  }
  const target = (into as JsonObject | undefined) ?? {};
  readFields(reader, message, end, target, into !== undefined);
  return target;
}

/** `filled`: the target may hold some of the fields already. */
function readFields(reader: Reader, message: Message, end: number, target: JsonObject, filled = false): void {
  // Encoders write fields in the order of their numbers; only where one does not can a field have come before.
  let highest = filled ? Number.MAX_SAFE_INTEGER : 0;
  let always = 0;
  while (reader.at < end) {
    const tag = reader.int32(end);
    const number = tag >>> 3;
    const wireType = tag & 7;
    if (wireType === 4) throw new SyntaxError(`proto: ${shortName(message)}: wiretype end group for non-group`);
    if (tag <= 0 || number === 0) {
      throw new SyntaxError(`proto: ${shortName(message)}: illegal tag ${tag >> 3} (wire type ${tag})`);
    }
    const field = message.byNumber[number];
    if (field === undefined) reader.skip(wireType, end);
    else if (tag !== field.tag) {
      if (wireType !== 2 || field.cardinality !== "list") {
        throw new SyntaxError(`proto: wrong wireType = ${wireType} for field ${goName(field.name)}`);
      }
      readPacked(reader, field, end, target);
    } else if (field.cardinality === "map") readEntry(reader, field, end, target);
    else if (field.cardinality === "list") readItem(reader, field, end, target);
    else if (field.embedded) {
      readFields(reader, field.message, reader.span(end), target, filled || number <= highest);
    } else {
      const first = number > highest;
      readOne(reader, field, end, target, first);
      if (first && field.always) always++;
    }
    if (number > highest) highest = number;
  }
  if (always === message.always.length) return;
  for (const field of message.always) if (target[field.name] === undefined) showZero(field, target);
}

function readItem(reader: Reader, field: MessageField, end: number, target: JsonObject): void {
  const items = target[field.name] as JsonValue[] | undefined;
  const value = readValue(reader, field, end, undefined) ?? null;
  if (items === undefined) target[field.name] = [value];
  else items.push(value);
}

function readOne(reader: Reader, field: MessageField, end: number, target: JsonObject, first: boolean): void {
  const before = first ? undefined : target[field.name];
  const value = readValue(reader, field, end, before);
  if (value !== undefined && (field.pointer || field.showEmpty || !isEmpty(value))) target[field.name] = value;
  else if (before !== undefined) delete target[field.name];
}

function isEmpty(value: JsonValue): boolean {
  return value === "" || value === 0 || value === false;
}

/** Reads one value. A message is read into `before`, the value that stands there already. */
function readValue(
  reader: Reader,
  field: MessageField,
  end: number,
  before: JsonValue | undefined,
): JsonValue | undefined {
  switch (field.type) {
    case "string":
      return reader.string(end);
    case "bool":
      return reader.bool(end);
    case "int32":
      return reader.int32(end);
    case "int64":
      return reader.int64(end);
    case "float64":
      return jsonNumber(reader.double(end));
    case "bytes":
      return reader.base64(end);
    case "message": {
      const until = reader.span(end);
      return readMessage(reader, field.message, until, before);
    }
  }
}

function jsonNumber(value: number): number {
  if (!Number.isFinite(value)) throw new SyntaxError(`json: unsupported value: ${value}`);
  return value;
}

/** Numbers of a list in one run of bytes. */
function readPacked(reader: Reader, field: MessageField, end: number, target: JsonObject): void {
  const until = reader.span(end);
  const { name } = field;
  const items = (target[name] as JsonValue[] | undefined) ?? [];
  target[name] = items;
  while (reader.at < until) items.push(readValue(reader, field, until, undefined)!);
}

function readEntry(reader: Reader, field: MessageField, end: number, target: JsonObject): void {
  const until = reader.span(end);
  let key = "";
  let value: JsonValue | undefined;
  while (reader.at < until) {
    const tag = reader.int32(until);
    if (tag === 0x0a) key = reader.string(until);
    else if (tag === field.valueTag) value = readValue(reader, field, until, undefined);
    else if (tag <= 0) throw new SyntaxError("proto: illegal tag in a map entry");
    else reader.skip(tag & 7, until);
  }
  let map = target[field.name] as JsonObject | undefined;
  if (map === undefined) {
    map = {};
    target[field.name] = map;
  }
  value ??= zeroValue(field) ?? null;
  if (key === "__proto__") {
    Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
  } else map[key] = value;
}

function showZero(field: MessageField, target: JsonObject): void {
  const value = zeroValue(field);
  if (value !== undefined) target[field.name] = value;
}

/** What Go's JSON has for a value nobody set. */
function zeroValue(field: MessageField): JsonValue | undefined {
  switch (field.type) {
    case "string":
    case "bytes":
      return "";
    case "bool":
      return false;
    case "message":
      return zeroMessage(field.message);
    default:
      return 0;
  }
}

function zeroMessage(message: Message): JsonValue | undefined {
  if (message.special !== undefined) return message.special.zero;
  if (message.choice !== undefined) return message.choice.value({});
  if (message.list !== undefined) return undefined;
  const zero: JsonObject = {};
  for (const field of message.always) showZero(field, zero);
  return zero;
}

function shortName({ name }: Message): string {
  return name.slice(name.lastIndexOf(".") + 1);
}

function goName(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
