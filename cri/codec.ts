import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { enumNumbers, messageFields } from "./generated/fields.ts";

/** How one scalar type is read and written. */
interface Scalar {
  readonly wireType: WireType;
  readonly zero: unknown;
  readonly read: (reader: BinaryReader) => unknown;
  readonly write: (writer: BinaryWriter, value: never) => unknown;
}

interface Field {
  readonly number: number;
  readonly name: string;
  readonly kind: "scalar" | "message" | "map";
  readonly repeated: boolean;
  /** Of a scalar, enums among them. */
  readonly scalar?: Scalar;
  /** Of a message. */
  readonly message?: string;
}

interface Message {
  readonly fields: readonly Field[];
  /** By number. */
  readonly byNumber: readonly (Field | undefined)[];
  /** What a message holds of which nothing was sent. */
  readonly empty: Readonly<Record<string, unknown>>;
}

type Values = Record<string, unknown>;

const emptyList: readonly unknown[] = Object.freeze([]);
const emptyMap: Readonly<Record<string, string>> = Object.freeze({});
const emptyBytes = new Uint8Array(0);
const int64Limit = 2 ** 63;

/** The nearest int64: a double cannot say 2⁶³ - 1, which is how runtimes write "no limit". */
function toInt64(value: number): bigint {
  if (value >= int64Limit) return 2n ** 63n - 1n;
  return value <= -int64Limit ? -(2n ** 63n) : BigInt(Math.trunc(value));
}

function toUint64(value: number): bigint {
  if (value >= 2 * int64Limit) return 2n ** 64n - 1n;
  return BigInt(Math.trunc(value));
}

const varint = WireType.Varint;
const scalars: Readonly<Record<string, Scalar>> = {
  bool: { wireType: varint, zero: false, read: (r) => r.bool(), write: (w, v) => w.bool(v) },
  int32: { wireType: varint, zero: 0, read: (r) => r.int32(), write: (w, v) => w.int32(v) },
  uint32: { wireType: varint, zero: 0, read: (r) => r.uint32(), write: (w, v) => w.uint32(v) },
  int64: { wireType: varint, zero: 0, read: (r) => Number(r.int64()), write: (w, v) => w.int64(toInt64(v)) },
  uint64: { wireType: varint, zero: 0, read: (r) => Number(r.uint64()), write: (w, v) => w.uint64(toUint64(v)) },
  double: { wireType: WireType.Bit64, zero: 0, read: (r) => r.double(), write: (w, v) => w.double(v) },
  string: { wireType: WireType.LengthDelimited, zero: "", read: (r) => r.string(), write: (w, v) => w.string(v) },
  // Bytes of their own: a view would keep the whole answer alive.
  bytes: {
    wireType: WireType.LengthDelimited,
    zero: emptyBytes,
    read: (r) => r.bytes().slice(),
    write: (w, v) => w.bytes(v),
  },
};

/** A number without a name, of a runtime newer than this, becomes its digits: equal to no value there is. */
function enumScalar(values: Readonly<Record<string, number>>): Scalar {
  const names = new Map(Object.entries(values).map(([name, number]) => [number, name]));
  return {
    wireType: varint,
    zero: names.get(0),
    read: (reader) => {
      const number = reader.int32();
      return names.get(number) ?? String(number);
    },
    write: (writer, value) => {
      const number = values[value] ?? Number(value);
      if (!Number.isInteger(number)) throw new RangeError(`an enum of the CRI has no value ${value}`);
      writer.int32(number);
    },
  };
}

const enums = new Map(Object.entries(enumNumbers).map(([name, values]) => [name, enumScalar(values)]));
const compiled = new Map<string, Message>();

function compile(name: string): Message {
  const texts = messageFields[name];
  if (texts === undefined) throw new RangeError(`the CRI has no message ${name}`);
  const fields = texts.map((text): Field => {
    const [number, type, field] = text.split(" ") as [string, string, string];
    const common = { number: Number(number), name: field, repeated: type.startsWith("[]") };
    if (type === "map") return { ...common, kind: "map" };
    const single = type.replace("[]", "");
    const scalar = scalars[single] ?? enums.get(single);
    return scalar ? { ...common, kind: "scalar", scalar } : { ...common, kind: "message", message: single };
  });
  const byNumber: (Field | undefined)[] = [];
  const empty: Values = {};
  for (const field of fields) {
    byNumber[field.number] = field;
    if (field.kind === "map") empty[field.name] = emptyMap;
    else if (field.repeated) empty[field.name] = emptyList;
    else if (field.kind === "scalar") empty[field.name] = field.scalar!.zero;
  }
  const message = { fields, byNumber, empty };
  compiled.set(name, message);
  return message;
}

function messageOf(name: string): Message {
  return compiled.get(name) ?? compile(name);
}

/**
 * The message's bytes by proto3's rules: what has its default is left out, a message that is present is written even where it
 * is empty, numbers that repeat are packed, properties that are not fields do not count. int64 and uint64 are rounded to the
 * nearest they can hold.
 */
export function encodeMessage(name: string, value: object): Uint8Array {
  const writer = new BinaryWriter();
  writeMessage(writer, messageOf(name), value as Values);
  return writer.finish();
}

function writeMessage(writer: BinaryWriter, message: Message, values: Values): void {
  for (const field of message.fields) {
    const value = values[field.name];
    if (value === undefined) continue;
    if (field.kind === "map") writeMap(writer, field, value as Readonly<Record<string, string | undefined>>);
    else if (field.repeated) writeList(writer, field, value as readonly never[]);
    else if (field.kind === "message") writeField(writer, field, value as never);
    else if (!isZero(field.scalar!, value)) writeField(writer, field, value as never);
  }
}

function isZero(scalar: Scalar, value: unknown): boolean {
  // -0 is not the default of a double: Object.is tells them apart.
  return value instanceof Uint8Array ? value.byteLength === 0 : Object.is(value, scalar.zero);
}

function writeField(writer: BinaryWriter, { number, scalar, message }: Field, value: never): void {
  if (scalar !== undefined) {
    scalar.write(writer.tag(number, scalar.wireType), value);
    return;
  }
  writer.tag(number, WireType.LengthDelimited).fork();
  writeMessage(writer, messageOf(message!), value);
  writer.join();
}

function writeList(writer: BinaryWriter, field: Field, values: readonly never[]): void {
  if (values.length === 0) return;
  const { number, scalar } = field;
  if (scalar === undefined || scalar.wireType === WireType.LengthDelimited) {
    for (const value of values) writeField(writer, field, value);
    return;
  }
  writer.tag(number, WireType.LengthDelimited).fork();
  for (const value of values) scalar.write(writer, value);
  writer.join();
}

function writeMap(writer: BinaryWriter, { number }: Field, map: Readonly<Record<string, string | undefined>>): void {
  for (const key of Object.keys(map)) {
    const value = map[key];
    if (value === undefined) continue;
    writer.tag(number, WireType.LengthDelimited).fork();
    writer.tag(1, WireType.LengthDelimited).string(key);
    writer.tag(2, WireType.LengthDelimited).string(value);
    writer.join();
  }
}

/** What the bytes say, with every default filled in. Unknown fields are skipped; broken bytes throw. */
export function decodeMessage(name: string, bytes: Uint8Array): object {
  const reader = new BinaryReader(bytes);
  return readMessage(reader, messageOf(name), bytes.length);
}

function readMessage(reader: BinaryReader, message: Message, end: number): Values {
  const values: Values = { ...message.empty };
  while (reader.pos < end) {
    const [number, wireType] = reader.tag();
    const field = message.byNumber[number];
    if (field === undefined) reader.skip(wireType, number);
    else if (field.kind === "map") readEntry(reader, values, field.name);
    else if (field.repeated) readItems(reader, values, field, wireType);
    else if (field.kind === "scalar") values[field.name] = field.scalar!.read(reader);
    else values[field.name] = readNested(reader, field, values[field.name] as Values | undefined);
  }
  return values;
}

/** A message that is sent twice is merged, field by field (protobuf encoding, "Last One Wins"). */
function readNested(reader: BinaryReader, field: Field, before?: Values): Values {
  const length = reader.uint32();
  const message = messageOf(field.message!);
  const values = readMessage(reader, message, reader.pos + length);
  return before === undefined ? values : merge(message, before, values);
}

function merge({ fields, empty }: Message, before: Values, after: Values): Values {
  const merged = { ...before };
  for (const { name, kind, repeated, message } of fields) {
    const [old, value] = [before[name], after[name]];
    if (kind === "map") merged[name] = { ...(old as object), ...(value as object) };
    else if (repeated) merged[name] = [...(old as readonly unknown[]), ...(value as readonly unknown[])];
    else if (kind === "message" && old !== undefined && value !== undefined)
      merged[name] = merge(messageOf(message!), old as Values, value as Values);
    else if (value !== undefined && value !== empty[name]) merged[name] = value;
  }
  return merged;
}

function readItems(reader: BinaryReader, values: Values, field: Field, wireType: WireType): void {
  const { name, scalar } = field;
  let list = values[name] as unknown[];
  if (list === emptyList) values[name] = list = [];
  if (scalar === undefined) {
    list.push(readNested(reader, field));
    return;
  }
  if (wireType === scalar.wireType) {
    list.push(scalar.read(reader));
    return;
  }
  const length = reader.uint32();
  const end = reader.pos + length;
  while (reader.pos < end) list.push(scalar.read(reader));
}

function readEntry(reader: BinaryReader, values: Values, name: string): void {
  let map = values[name] as Record<string, string>;
  if (map === emptyMap) values[name] = map = {};
  let key = "";
  let value = "";
  const length = reader.uint32();
  const end = reader.pos + length;
  while (reader.pos < end) {
    const [number, wireType] = reader.tag();
    if (number === 1) key = reader.string();
    else if (number === 2) value = reader.string();
    else reader.skip(wireType, number);
  }
  // A key like __proto__ is a key.
  if (key in map || !(key in Object.prototype)) map[key] = value;
  else Object.defineProperty(map, key, { value, enumerable: true, writable: true, configurable: true });
}
