import type { JsonValue } from "../apimachinery/json/json.ts";
import type { CompactMessages } from "../apimachinery/protobuf/compact.ts";
import { protobufEnvelope } from "../apimachinery/protobuf/envelope.ts";
import { messageTable } from "../apimachinery/protobuf/messages.ts";
import { messagesText } from "./generated/protobuf-data.ts";

export { isProtobuf } from "../apimachinery/protobuf/envelope.ts";

const envelope = protobufEnvelope(messageTable(() => JSON.parse(messagesText) as CompactMessages));

/**
 * A built-in object from its protobuf, in the shape its JSON has, with apiVersion and kind. Throws SyntaxError, worded as
 * upstream words it, on bytes that are none.
 */
export function decodeProtobuf(body: Uint8Array): JsonValue {
  return envelope.decode(body);
}

/** The protobuf of a built-in object. Throws ApiError NotAcceptable where the kind has no message, as custom ones. */
export function encodeProtobuf(object: object): Uint8Array {
  return envelope.encode(object);
}

/** One event of a watch as a frame of its stream. Throws as `encodeProtobuf` does. */
export function encodeProtobufWatchFrame(type: string, object: object): Uint8Array {
  return envelope.encodeWatchFrame(type, object);
}
