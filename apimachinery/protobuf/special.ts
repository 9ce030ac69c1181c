import { isJsonObject, type JsonValue } from "../json/json.ts";
import { parseJson, stringifyJson } from "../json/strict-json.ts";
import { parseRFC3339Micro } from "../time/go-time.ts";
import { formatTime, parseTime, zeroTime } from "../time/time.ts";
import type { Reader } from "./reader.ts";
import type { ReverseWriter } from "./writer.ts";

/** A message whose JSON is no object of its fields, because Go marshals it by hand. */
export interface SpecialMessage {
  /** Writes the fields, last one first; `undefined` is the value nobody set. */
  write(writer: ReverseWriter, value: JsonValue | undefined): void;
  /** Undefined where Go would write null. */
  read(reader: Reader, end: number): JsonValue | undefined;
  /** What stands in JSON for the value nobody set; absent where Go writes null. */
  readonly zero?: JsonValue;
}

const zeroSeconds = -62_135_596_800;
const firstSecond = -62_167_219_200;
const lastSecond = 253_402_300_799;
const canonicalLength = "2026-01-31T23:59:59Z".length;

/** Reads the tags of a message and gives each field to `take`, which returns false for one it does not know. */
function readFields(reader: Reader, end: number, take: (tag: number) => boolean): void {
  while (reader.at < end) {
    const tag = reader.int32(end);
    if (tag <= 0) throw new SyntaxError(`proto: illegal tag ${tag >>> 3} (wire type ${tag & 7})`);
    if (!take(tag)) reader.skip(tag & 7, end);
  }
}

function readTimestamp(reader: Reader, end: number): { seconds: number; nanos: number } | undefined {
  if (reader.at === end) return undefined;
  let seconds = 0;
  let nanos = 0;
  readFields(reader, end, (tag) => {
    if (tag === 0x08) seconds = reader.int64(end);
    else if (tag === 0x10) nanos = reader.int32(end);
    else return false;
    return true;
  });
  if (!(seconds >= firstSecond && seconds <= lastSecond)) {
    throw new SyntaxError("Time.MarshalJSON: year outside of range [0,9999]");
  }
  return seconds === zeroSeconds && nanos === 0 ? undefined : { seconds, nanos };
}

function writeTimestamp(writer: ReverseWriter, seconds: number, nanos: number): void {
  if (seconds === zeroSeconds && nanos === 0) return;
  writer.integer(nanos);
  writer.unsigned(0x10);
  writer.integer(seconds);
  writer.unsigned(0x08);
}

/** The last time read: the times of one object are often the same. */
let lastTime = { seconds: 0, text: formatTime(0) };

function timeText(seconds: number): string {
  if (lastTime.seconds !== seconds) lastTime = { seconds, text: formatTime(seconds * 1000) };
  return lastTime.text;
}

/** apimachinery/pkg/apis/meta/v1/time_proto.go: whole seconds; nanoseconds are written as zero and not read. */
const time: SpecialMessage = {
  write(writer, value) {
    if (typeof value !== "string" || value === zeroTime) return;
    const plain = value.length === canonicalLength && value.endsWith("Z");
    const ms = plain ? Date.parse(value) : Number.NaN;
    writeTimestamp(writer, Math.floor((Number.isNaN(ms) ? parseTime(value) : ms) / 1000), 0);
  },
  read(reader, end) {
    const read = readTimestamp(reader, end);
    return read === undefined || read.seconds === zeroSeconds ? undefined : timeText(read.seconds);
  },
};

/** apimachinery/pkg/apis/meta/v1/micro_time_proto.go: nanoseconds are cut to microseconds, in and out. */
const microTime: SpecialMessage = {
  write(writer, value) {
    if (typeof value !== "string") return;
    const { seconds, nanos } = parseRFC3339Micro(value);
    writeTimestamp(writer, seconds, nanos - (nanos % 1000));
  },
  read(reader, end) {
    const read = readTimestamp(reader, end);
    if (read === undefined) return undefined;
    const micros = Math.trunc(read.nanos / 1000);
    const seconds = read.seconds + Math.floor(micros / 1_000_000);
    const fraction = String(((micros % 1_000_000) + 1_000_000) % 1_000_000).padStart(6, "0");
    return `${timeText(seconds).slice(0, -1)}.${fraction}Z`;
  },
};

const quantity: SpecialMessage = {
  zero: "0",
  write(writer, value) {
    writer.string(typeof value === "string" ? value : String(value ?? 0));
    writer.unsigned(0x0a);
  },
  read(reader, end) {
    let text = "";
    readFields(reader, end, (tag) => {
      if (tag !== 0x0a) return false;
      text = reader.string(end);
      return true;
    });
    return text;
  },
};

const intOrString: SpecialMessage = {
  zero: 0,
  write(writer, value) {
    const isString = typeof value === "string";
    writer.string(isString ? value : "");
    writer.unsigned(0x1a);
    writer.integer(typeof value === "number" ? value : 0);
    writer.unsigned(0x10);
    writer.unsigned(isString ? 1 : 0);
    writer.unsigned(0x08);
  },
  read(reader, end) {
    let type = 0;
    let number = 0;
    let text = "";
    readFields(reader, end, (tag) => {
      if (tag === 0x08) type = reader.int64(end);
      else if (tag === 0x10) number = reader.int32(end);
      else if (tag === 0x1a) text = reader.string(end);
      else return false;
      return true;
    });
    if (type !== 0 && type !== 1) throw new SyntaxError("impossible IntOrString.Type");
    return type === 1 ? text : number;
  },
};

/** Raw JSON in one field of bytes: RawExtension, FieldsV1, apiextensions' JSON. */
const rawJson: SpecialMessage = {
  write(writer, value) {
    if (value === undefined) return;
    writer.string(stringifyJson(value));
    writer.unsigned(0x0a);
  },
  read(reader, end) {
    let value: JsonValue | undefined;
    readFields(reader, end, (tag) => {
      if (tag !== 0x0a) return false;
      const bytes = reader.bytes(end);
      value = bytes.length === 0 ? undefined : parseJson(bytes).value;
      return true;
    });
    return value;
  },
};

const meta = "apimachinery.pkg.apis.meta.v1.";

/** By the name of the message. */
export const specialMessages: ReadonlyMap<string, SpecialMessage> = new Map([
  [`${meta}Time`, time],
  [`${meta}MicroTime`, microTime],
  [`${meta}FieldsV1`, rawJson],
  ["apimachinery.pkg.api.resource.Quantity", quantity],
  ["apimachinery.pkg.util.intstr.IntOrString", intOrString],
  ["apimachinery.pkg.runtime.RawExtension", rawJson],
  ["apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON", rawJson],
]);

/**
 * Messages that hold one of several things and whose JSON is that thing: as an object of the message's fields, and back.
 * Source: staging/src/k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1/marshal.go.
 */
export interface ChoiceMessage {
  fields(value: JsonValue): JsonValue;
  value(fields: { readonly [name: string]: JsonValue }): JsonValue | undefined;
}

const schemas = "apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOr";

export const choiceMessages: ReadonlyMap<string, ChoiceMessage> = new Map<string, ChoiceMessage>([
  [
    `${schemas}Array`,
    {
      fields: (value) => (Array.isArray(value) ? { jSONSchemas: value } : { schema: value }),
      value: ({ jSONSchemas, schema }) => jSONSchemas ?? schema,
    },
  ],
  [
    `${schemas}Bool`,
    {
      fields: (value) => (isJsonObject(value) ? { allows: true, schema: value } : { allows: value === true }),
      value: ({ allows, schema }) => schema ?? allows === true,
    },
  ],
  [
    `${schemas}StringArray`,
    {
      fields: (value) => (Array.isArray(value) ? { property: value } : { schema: value }),
      value: ({ property, schema }) => property ?? schema,
    },
  ],
]);
