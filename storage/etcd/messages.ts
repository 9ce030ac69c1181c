/**
 * The messages of etcd's gRPC interface that a store needs, with their field numbers (etcd api/etcdserverpb/rpc.proto and
 * api/mvccpb/kv.proto).
 */
import type { BinaryReader } from "@bufbuild/protobuf/wire";
import { decodeInto, MessageWriter, readBytes, readInt } from "../protobuf.ts";

export interface KeyValue {
  key: Uint8Array;
  value: Uint8Array;
  createRevision: number;
  modRevision: number;
}
export interface RangeRequest {
  readonly key: Uint8Array;
  /** Absent: the one key. */
  readonly rangeEnd?: Uint8Array;
  readonly limit?: number;
  readonly revision?: number;
}
export interface PutRequest {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly lease: bigint;
}
export type Operation =
  | { readonly range: Uint8Array }
  | { readonly put: Uint8Array }
  | { readonly deleteRange: Uint8Array };

/** Deals with etcd's enums: Compare.target MOD, Compare.result EQUAL (the default, not written). */
const compareTargetMod = 2;

export function encodeRange({ key, rangeEnd, limit, revision }: RangeRequest): Uint8Array {
  const writer = new MessageWriter().bytes(1, key);
  if (rangeEnd !== undefined) writer.bytes(2, rangeEnd);
  return writer.int(3, limit).int(4, revision).finish();
}

/** Asks for the previous entry, always. */
export function encodePut({ key, value, lease }: PutRequest): Uint8Array {
  return new MessageWriter().bytes(1, key).bytes(2, value).int(3, lease).bool(4, true).finish();
}

/** Asks for the previous entry, always. */
export function encodeDelete(key: Uint8Array): Uint8Array {
  return new MessageWriter().bytes(1, key).bool(3, true).finish();
}

/** If the key's modification revision is `revision` (0: it does not exist) do `success`, else `failure`. */
export function encodeCompareAndDo(
  key: Uint8Array,
  revision: number,
  success: Operation,
  failure: Operation,
): Uint8Array {
  const compare = new MessageWriter().int(2, compareTargetMod).bytes(3, key);
  // mod_revision is in a oneof: it has to be there even where it is 0.
  const target = revision === 0 ? new Uint8Array([6 << 3, 0]) : new MessageWriter().int(6, revision).finish();
  const condition = Buffer.concat([compare.finish(), target]);
  return new MessageWriter()
    .message(1, condition)
    .message(2, encodeOperation(success))
    .message(3, encodeOperation(failure))
    .finish();
}

function encodeOperation(operation: Operation): Uint8Array {
  if ("range" in operation) return new MessageWriter().message(1, operation.range).finish();
  if ("put" in operation) return new MessageWriter().message(2, operation.put).finish();
  return new MessageWriter().message(3, operation.deleteRange).finish();
}

export function encodeCompaction(revision: number): Uint8Array {
  return new MessageWriter().int(1, revision).finish();
}

export function encodeLeaseGrant(ttlSeconds: number): Uint8Array {
  return new MessageWriter().int(1, ttlSeconds).finish();
}

export interface WatchCreateRequest {
  readonly key: Uint8Array;
  readonly rangeEnd: Uint8Array;
  /** 0: from now. */
  readonly startRevision: number;
  readonly previous: boolean;
}

/** With progress notifications, and large responses in fragments. */
export function encodeWatchCreate({ key, rangeEnd, startRevision, previous }: WatchCreateRequest): Uint8Array {
  const create = new MessageWriter()
    .bytes(1, key)
    .bytes(2, rangeEnd)
    .int(3, startRevision)
    .bool(4, true)
    .bool(6, previous)
    .bool(8, true);
  return new MessageWriter().message(1, create.finish()).finish();
}

export function encodeWatchProgress(): Uint8Array {
  return new MessageWriter().message(3, new Uint8Array(0)).finish();
}

export const empty = new Uint8Array(0);

function decodeKeyValue(bytes: Uint8Array): KeyValue {
  const message: KeyValue = { key: empty, value: empty, createRevision: 0, modRevision: 0 };
  return decodeInto(message, bytes, {
    1: (reader, kv) => {
      kv.key = readBytes(reader);
    },
    2: (reader, kv) => {
      kv.createRevision = readInt(reader);
    },
    3: (reader, kv) => {
      kv.modRevision = readInt(reader);
    },
    5: (reader, kv) => {
      kv.value = readBytes(reader);
    },
  });
}

/** What all answers have in common. */
export interface Answer {
  revision: number;
}

function readHeader(reader: BinaryReader, answer: Answer): void {
  decodeInto(answer, reader.bytes(), {
    3: (header, message) => {
      message.revision = readInt(header);
    },
  });
}

export interface RangeAnswer extends Answer {
  kvs: KeyValue[];
  more: boolean;
  count: number;
}

export function decodeRange(bytes: Uint8Array): RangeAnswer {
  const message: RangeAnswer = { revision: 0, kvs: [], more: false, count: 0 };
  return decodeInto(message, bytes, {
    1: readHeader,
    2: (reader, answer) => {
      answer.kvs.push(decodeKeyValue(reader.bytes()));
    },
    3: (reader, answer) => {
      answer.more = reader.bool();
    },
    4: (reader, answer) => {
      answer.count = readInt(reader);
    },
  });
}

export interface WriteAnswer extends Answer {
  /** False: the condition did not hold, or there was nothing to delete. */
  done: boolean;
  /** What was there before, or is there instead. */
  entry: KeyValue | undefined;
}

export function decodePut(bytes: Uint8Array): WriteAnswer {
  const message: WriteAnswer = { revision: 0, done: true, entry: undefined };
  return decodeInto(message, bytes, {
    1: readHeader,
    2: (reader, answer) => {
      answer.entry = decodeKeyValue(reader.bytes());
    },
  });
}

export function decodeDelete(bytes: Uint8Array): WriteAnswer {
  const message: WriteAnswer = { revision: 0, done: false, entry: undefined };
  return decodeInto(message, bytes, {
    1: readHeader,
    2: (reader, answer) => {
      answer.done = readInt(reader) > 0;
    },
    3: (reader, answer) => {
      answer.entry = decodeKeyValue(reader.bytes());
    },
  });
}

export function decodeTransaction(bytes: Uint8Array): WriteAnswer {
  let revision = 0;
  let succeeded = false;
  let inner: WriteAnswer = { revision: 0, done: false, entry: undefined };
  decodeInto({ revision: 0 } as Answer, bytes, {
    1: (reader, answer) => {
      readHeader(reader, answer);
      revision = answer.revision;
    },
    2: (reader) => {
      succeeded = reader.bool();
    },
    3: (reader) => {
      inner = decodeOperation(reader.bytes());
    },
  });
  return { revision, done: succeeded && inner.done, entry: inner.entry };
}

function decodeOperation(bytes: Uint8Array): WriteAnswer {
  let result: WriteAnswer = { revision: 0, done: false, entry: undefined };
  decodeInto(undefined, bytes, {
    1: (reader) => {
      result = { ...result, entry: decodeRange(reader.bytes()).kvs[0] };
    },
    2: (reader) => {
      result = decodePut(reader.bytes());
    },
    3: (reader) => {
      result = decodeDelete(reader.bytes());
    },
  });
  return result;
}

export function decodeHeaderOnly(bytes: Uint8Array): Answer {
  return decodeInto({ revision: 0 }, bytes, { 1: readHeader });
}

export interface LeaseAnswer {
  /** Beyond what a number holds exactly. */
  id: bigint;
  ttlSeconds: number;
}

export function decodeLeaseGrant(bytes: Uint8Array): LeaseAnswer {
  const message: LeaseAnswer = { id: 0n, ttlSeconds: 0 };
  return decodeInto(message, bytes, {
    2: (reader, answer) => {
      answer.id = BigInt(reader.int64());
    },
    3: (reader, answer) => {
      answer.ttlSeconds = readInt(reader);
    },
  });
}

export interface StatusAnswer {
  version: string;
  sizeBytes: number;
}

export function decodeStatus(bytes: Uint8Array): StatusAnswer {
  const message: StatusAnswer = { version: "", sizeBytes: 0 };
  return decodeInto(message, bytes, {
    2: (reader, answer) => {
      answer.version = reader.string();
    },
    3: (reader, answer) => {
      answer.sizeBytes = readInt(reader);
    },
  });
}

export interface SnapshotPart {
  remainingBytes: number;
  blob: Uint8Array;
}

export function decodeSnapshot(bytes: Uint8Array): SnapshotPart {
  const message: SnapshotPart = { remainingBytes: 0, blob: empty };
  return decodeInto(message, bytes, {
    2: (reader, part) => {
      part.remainingBytes = Number(reader.uint64());
    },
    3: (reader, part) => {
      part.blob = reader.bytes();
    },
  });
}

export interface WatchEvent {
  deleted: boolean;
  kv: KeyValue | undefined;
  previous: KeyValue | undefined;
}
export interface WatchAnswer extends Answer {
  created: boolean;
  canceled: boolean;
  compactRevision: number;
  cancelReason: string;
  /** More of the same follows in the next answer. */
  fragment: boolean;
  events: WatchEvent[];
}

export function decodeWatch(bytes: Uint8Array): WatchAnswer {
  const message: WatchAnswer = {
    revision: 0,
    created: false,
    canceled: false,
    compactRevision: 0,
    cancelReason: "",
    fragment: false,
    events: [],
  };
  return decodeInto(message, bytes, {
    1: readHeader,
    3: (reader, answer) => {
      answer.created = reader.bool();
    },
    4: (reader, answer) => {
      answer.canceled = reader.bool();
    },
    5: (reader, answer) => {
      answer.compactRevision = readInt(reader);
    },
    6: (reader, answer) => {
      answer.cancelReason = reader.string();
    },
    7: (reader, answer) => {
      answer.fragment = reader.bool();
    },
    11: (reader, answer) => {
      answer.events.push(decodeEvent(reader.bytes()));
    },
  });
}

function decodeEvent(bytes: Uint8Array): WatchEvent {
  const message: WatchEvent = { deleted: false, kv: undefined, previous: undefined };
  return decodeInto(message, bytes, {
    1: (reader, event) => {
      event.deleted = reader.int32() === 1;
    },
    2: (reader, event) => {
      event.kv = decodeKeyValue(reader.bytes());
    },
    3: (reader, event) => {
      event.previous = decodeKeyValue(reader.bytes());
    },
  });
}
