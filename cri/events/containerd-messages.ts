/**
 * The messages of containerd's event service that are needed, with their field numbers (containerd
 * api/services/events/v1/events.proto, api/types/event.proto, api/events/{task,container}.proto; the same in 1.6, 1.7 and 2.x).
 */
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { ContainerEvent } from "./container-event.ts";

export const subscribePath = "/containerd.services.events.v1.Events/Subscribe";
export const publishPath = "/containerd.services.events.v1.Events/Publish";

/** Deals with each field of the one message that lies in `bytes`; what it does not read is skipped. */
function eachField(bytes: Uint8Array, read: (field: number, reader: BinaryReader) => boolean): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (!read(field, reader)) reader.skip(wireType, field);
  }
}

/** SubscribeRequest: an event is sent that passes one of the filters. */
export function encodeSubscribe(topics: readonly string[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const topic of topics) writer.tag(1, WireType.LengthDelimited).string(`topic=="${topic}"`);
  return writer.finish();
}

/** PublishRequest of an event that says nothing but its topic and `text`, in the place of a type. */
export function encodePublish(topic: string, text: string): Uint8Array {
  const writer = new BinaryWriter().tag(1, WireType.LengthDelimited).string(topic);
  return writer.tag(2, WireType.LengthDelimited).fork().tag(1, WireType.LengthDelimited).string(text).join().finish();
}

export interface Envelope {
  readonly topic: string;
  /** The type of `event`. */
  readonly typeUrl: string;
  readonly event: Uint8Array;
}

export function decodeEnvelope(bytes: Uint8Array): Envelope {
  let topic = "";
  let typeUrl = "";
  let event: Uint8Array = new Uint8Array(0);
  eachField(bytes, (field, reader) => {
    if (field === 3) topic = reader.string();
    else if (field === 4)
      eachField(reader.bytes(), (anyField, any) => {
        if (anyField === 1) typeUrl = any.string();
        else if (anyField === 2) event = any.bytes();
        else return false;
        return true;
      });
    else return false;
    return true;
  });
  return { topic, typeUrl, event };
}

/** google.protobuf.Timestamp, as nanoseconds. */
function readTimestamp(bytes: Uint8Array): number {
  let seconds = 0n;
  let nanos = 0;
  eachField(bytes, (field, reader) => {
    if (field === 1) seconds = BigInt(reader.int64());
    else if (field === 2) nanos = reader.int32();
    else return false;
    return true;
  });
  return Number(seconds * 1_000_000_000n + BigInt(nanos));
}

/** TaskExit. Undefined: a process that was executed in the container has exited, not the container. */
function readExit(bytes: Uint8Array): ContainerEvent | undefined {
  let containerId = "";
  let processId = "";
  let exitCode = 0;
  let exitedAt = 0;
  eachField(bytes, (field, reader) => {
    if (field === 1) containerId = reader.string();
    else if (field === 2) processId = reader.string();
    else if (field === 4) exitCode = reader.uint32();
    else if (field === 5) exitedAt = readTimestamp(reader.bytes());
    else return false;
    return true;
  });
  return processId === containerId ? { kind: "exited", containerId, exitCode, exitedAt } : undefined;
}

/** TaskStart, TaskOOM, ContainerCreate and ContainerDelete: all have the container's id as their first field. */
function readId(bytes: Uint8Array): string {
  let id = "";
  eachField(bytes, (field, reader) => {
    if (field !== 1) return false;
    id = reader.string();
    return true;
  });
  return id;
}

const readers: Readonly<Record<string, (event: Uint8Array) => ContainerEvent | undefined>> = {
  "/containers/create": (event) => ({ kind: "created", containerId: readId(event) }),
  "/tasks/start": (event) => ({ kind: "started", containerId: readId(event) }),
  "/tasks/exit": readExit,
  "/tasks/oom": (event) => ({ kind: "oom", containerId: readId(event) }),
  "/containers/delete": (event) => ({ kind: "deleted", containerId: readId(event) }),
};

/** The topics that `readEvent` understands. */
export const topics: readonly string[] = Object.keys(readers);

/** Undefined: nothing that happened to a container. */
export function readEvent({ topic, event }: Envelope): ContainerEvent | undefined {
  return readers[topic]?.(event);
}
