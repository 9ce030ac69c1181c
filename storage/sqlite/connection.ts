import type { Worker } from "node:worker_threads";
import { ClosedError, type Entry, StorageUnavailableError, type WriteResult } from "../storage.ts";
import { errorOf } from "./failures.ts";
import type { Reply, Request, WriteRequest, WrittenReply } from "./messages.ts";
import { resultNumbers, writeNumbers } from "./messages.ts";
import { BytesReader, BytesWriter, unpackEntries } from "./packing.ts";

/** Writes that may wait for the disk. Far above what a server lets in at once. */
const maxWaitingWrites = 100_000;

export interface Write {
  readonly key: string;
  /** Undefined: delete. */
  readonly value: Uint8Array | undefined;
  readonly expectedRevision: number | undefined;
  /** Milliseconds since 1970. */
  readonly expiresAtMs: number | undefined;
}
/** A write that waits for the worker's word. */
export interface PendingWrite extends Write {
  readonly resolve: (result: WriteResult) => void;
  readonly reject: (error: Error) => void;
}

export interface RangeAnswer {
  readonly entries: Entry[];
  readonly count: number;
  readonly revision: number;
}

interface PendingCall {
  /** True once the answer is complete. */
  readonly onReply: (reply: Reply) => boolean;
  readonly reject: (error: Error) => void;
}

type CallReply = Extract<Reply, { readonly id: number }>;
type WithoutId<T> = T extends { readonly id: number } ? Omit<T, "id"> : never;
export type Call = WithoutId<Request>;

/**
 * The main thread's end of the line. Writes made in one turn of the event loop go as one message; the worker answers them in
 * the order they were made, other calls by their id.
 */
export class Connection {
  readonly #worker: Worker;
  #queued: PendingWrite[] = [];
  #sent: PendingWrite[] = [];
  readonly #calls = new Map<number, PendingCall>();
  #lastId = 0;
  #flushScheduled = false;
  #lost: Error | undefined;
  #onIdle: (() => void) | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
  }

  write(write: Write): Promise<WriteResult> {
    return new Promise((resolve, reject) => {
      if (this.#lost !== undefined) throw this.#lost;
      if (this.#queued.length + this.#sent.length >= maxWaitingWrites)
        throw new StorageUnavailableError(`${maxWaitingWrites} writes are already waiting for the disk`);
      this.#queued.push({ ...write, resolve, reject });
      if (this.#flushScheduled) return;
      this.#flushScheduled = true;
      // Microtasks run after every request that is read; this, after all that could be read in this turn.
      setImmediate(() => this.#flush());
    });
  }

  /** Hands each reply to `onReply` until that says the answer is complete. */
  call<T>(call: Call, onReply: (reply: CallReply) => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#lost !== undefined) throw this.#lost;
      const id = ++this.#lastId;
      this.#calls.set(id, {
        reject,
        onReply: (reply) => {
          const answer = onReply(reply as CallReply);
          if (answer !== undefined) resolve(answer);
          return answer !== undefined;
        },
      });
      this.#worker.postMessage({ ...call, id });
    });
  }

  /** Asks for entries, which come in one part or many. */
  read(call: Call): Promise<RangeAnswer> {
    const parts: Entry[][] = [];
    return this.call(call, (reply) => {
      if (reply.kind !== "entries") return undefined;
      parts.push(unpackEntries(reply.entries));
      return reply.last && { entries: parts.length === 1 ? (parts[0] as Entry[]) : parts.flat(), ...reply.last };
    });
  }

  send(request: Request): void {
    if (this.#lost === undefined) this.#worker.postMessage(request);
  }

  /** Settles the call that a reply belongs to. */
  settleCall(reply: CallReply): void {
    const call = this.#calls.get(reply.id);
    if (call === undefined) return;
    if (reply.kind === "failed") call.reject(errorOf(reply.failure));
    else if (!call.onReply(reply)) return;
    this.#calls.delete(reply.id);
    this.#checkIdle();
  }

  /** Takes the next `count` writes that wait for an answer. The caller settles them. */
  takeWrites(count: number): PendingWrite[] {
    const taken = this.#sent.splice(0, count);
    if (this.#sent.length === 0) this.#checkIdle();
    return taken;
  }

  /** Resolves when nothing waits for an answer. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#onIdle = resolve;
      this.#checkIdle();
    });
  }

  /** The worker is gone: everything that waits fails, and whatever comes. */
  lose(error: Error): void {
    this.#lost ??= error;
    for (const write of [...this.#sent.splice(0), ...this.#queued.splice(0)]) write.reject(this.#lost);
    for (const call of this.#calls.values()) call.reject(this.#lost);
    this.#calls.clear();
    this.#checkIdle();
  }

  #flush(): void {
    this.#flushScheduled = false;
    const writes = this.#queued;
    if (writes.length === 0) return;
    this.#queued = [];
    for (const write of writes) this.#sent.push(write);
    const request = packWrites(writes);
    this.#worker.postMessage(request, [request.bytes]);
  }

  #checkIdle(): void {
    if (this.#queued.length === 0 && this.#sent.length === 0 && this.#calls.size === 0) this.#onIdle?.();
  }
}

function packWrites(writes: readonly PendingWrite[]): WriteRequest {
  const numbers = new Float64Array(writes.length * writeNumbers);
  const values = new BytesWriter();
  const keys = writes.map(({ key, value, expectedRevision, expiresAtMs }, index) => {
    const at = index * writeNumbers;
    numbers[at] = value === undefined ? 0 : 1;
    numbers[at + 1] = expectedRevision ?? -1;
    numbers[at + 2] = expiresAtMs ?? 0;
    numbers[at + 3] = value?.byteLength ?? 0;
    if (value !== undefined) values.add(value);
    return key;
  });
  return { kind: "write", keys, numbers, bytes: values.take() };
}

/** What became of each write of a reply, in order. */
export function unpackResults({ numbers, bytes }: WrittenReply, writes: readonly PendingWrite[]): WriteResult[] {
  const values = new BytesReader(bytes);
  return writes.map(({ key }, index): WriteResult => {
    const at = (field: number): number => numbers[index * resultNumbers + field] as number;
    const length = at(4);
    const before =
      length < 0 ? undefined : { key, createRevision: at(2), modRevision: at(3), value: values.next(length) };
    const revision = at(1);
    return at(0) === 1 ? { ok: true, revision, previous: before } : { ok: false, revision, current: before };
  });
}

export function closedError(): ClosedError {
  return new ClosedError("the store has been closed");
}
