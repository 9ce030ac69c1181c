import { ApiError } from "../errors/api-error.ts";
import type { JsonObject, JsonValue } from "../json/json.ts";
import { readMessage } from "./decode.ts";
import { writeMessage } from "./encode.ts";
import type { MessageTable } from "./messages.ts";
import { Reader } from "./reader.ts";
import { ReverseWriter } from "./writer.ts";

/** What stands before every object, so that etcd and clients can tell it from JSON. */
const magic = Buffer.from("k8s\0");

/** What a server answers in when a kind has no message. */
const otherTypes = ["application/json", "application/yaml"];

/** True for bytes that begin as an object in Kubernetes' protobuf does. */
export function isProtobuf(body: Uint8Array): boolean {
  return body.length >= 4 && body[0] === 0x6b && body[1] === 0x38 && body[2] === 0x73 && body[3] === 0;
}

/** Kubernetes' protobuf of whole objects (application/vnd.kubernetes.protobuf), bound to the messages of an API. */
export interface ProtobufEnvelope {
  /**
   * The object in the shape its JSON has, with apiVersion and kind. Throws SyntaxError, worded as upstream words it, on
   * bytes that are none, end too early, or hold a kind that has no message.
   */
  decode(body: Uint8Array): JsonValue;
  /** By the object's apiVersion and kind. Throws ApiError NotAcceptable where the kind has no message. */
  encode(object: object): Uint8Array;
  /** A frame of a watch stream: four bytes of length, big-endian, then a WatchEvent with the object as `encode` writes it. */
  encodeWatchFrame(type: string, object: object): Uint8Array;
}

/** The envelope over a table of messages (apimachinery/pkg/runtime/serializer/protobuf/protobuf.go). */
export function protobufEnvelope(table: MessageTable): ProtobufEnvelope {
  return {
    decode: (body) => decodeObject(table, body),
    encode(object) {
      const writer = new ReverseWriter();
      writeObject(writer, table, object);
      return writer.finish();
    },
    encodeWatchFrame(type, object) {
      const writer = new ReverseWriter();
      writeObject(writer, table, object);
      // The object's bytes in a RawExtension, in a WatchEvent after its type.
      writer.unsigned(writer.size);
      writer.unsigned(0x0a);
      writer.unsigned(writer.size);
      writer.unsigned(0x12);
      writer.string(type);
      writer.unsigned(0x0a);
      writer.uint32BigEndian(writer.size);
      return writer.finish();
    },
  };
}

interface TypeMeta {
  readonly apiVersion?: string;
  readonly kind?: string;
}

/** runtime.Unknown: the type in field 1, the object's bytes in field 2, two empty strings of encoding and type of content. */
function writeObject(writer: ReverseWriter, table: MessageTable, object: object): void {
  const { apiVersion = "", kind = "" } = object as TypeMeta;
  const message = table.ofKind(apiVersion, kind);
  if (message === undefined) throw ApiError.notAcceptable(otherTypes);
  writer.unsigned(0);
  writer.unsigned(0x22);
  writer.unsigned(0);
  writer.unsigned(0x1a);
  const beforeRaw = writer.size;
  writeMessage(writer, message, object as JsonObject);
  writer.unsigned(writer.size - beforeRaw);
  writer.unsigned(0x12);
  const beforeType = writer.size;
  writer.string(kind);
  writer.unsigned(0x12);
  writer.string(apiVersion);
  writer.unsigned(0x0a);
  writer.unsigned(writer.size - beforeType);
  writer.unsigned(0x0a);
  writer.raw(magic);
}

function decodeObject(table: MessageTable, body: Uint8Array): JsonValue {
  if (body.length === 0) throw new SyntaxError("empty data");
  if (!isProtobuf(body)) {
    throw new SyntaxError("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]");
  }
  if (body.length === magic.length) throw new SyntaxError("empty body");
  const { apiVersion, kind, raw } = readUnknown(new Reader(body, magic.length));
  const typeMeta = `runtime.TypeMeta{APIVersion:${JSON.stringify(apiVersion)}, Kind:${JSON.stringify(kind)}}`;
  if (kind === "") throw new SyntaxError(`Object 'Kind' is missing in '${typeMeta}'`);
  if (apiVersion === "") throw new SyntaxError(`Object 'apiVersion' is missing in '${typeMeta}'`);
  const message = table.ofKind(apiVersion, kind);
  if (message === undefined) throw new SyntaxError(`no kind "${kind}" is registered for version "${apiVersion}"`);
  return readMessage(new Reader(raw), message, raw.length, { kind, apiVersion })!;
}

function readUnknown(reader: Reader): { apiVersion: string; kind: string; raw: Buffer } {
  const end = reader.length;
  let apiVersion = "";
  let kind = "";
  let raw: Buffer = Buffer.alloc(0);
  while (reader.at < end) {
    const tag = reader.int32(end);
    if (tag === 0x0a) {
      const until = reader.span(end);
      while (reader.at < until) {
        const inner = reader.int32(until);
        if (inner === 0x0a) apiVersion = reader.string(until);
        else if (inner === 0x12) kind = reader.string(until);
        else if (inner <= 0) throw new SyntaxError(`proto: TypeMeta: illegal tag 0 (wire type ${inner})`);
        else reader.skip(inner & 7, until);
      }
    } else if (tag === 0x12) raw = reader.bytes(end);
    else if (tag <= 0) throw new SyntaxError(`proto: Unknown: illegal tag 0 (wire type ${tag})`);
    else reader.skip(tag & 7, end);
  }
  return { apiVersion, kind, raw };
}
