import { stat } from "node:fs/promises";
import type { Worker } from "node:worker_threads";
import { type Clock, type Logger, silentLogger } from "../../base/mod.ts";
import {
  assertFits,
  ClosedError,
  type DeleteOptions,
  type GetResult,
  type PutOptions,
  type RangeOptions,
  type RangeResult,
  type ReadOptions,
  type Storage,
  type StorageEvent,
  type WatchOptions,
  type WriteResult,
} from "../storage.ts";
import { type HistoryPart, type HistoryRequest, WatchHub } from "../watch/hub.ts";
import { Connection, closedError, type PendingWrite, unpackResults, type Write } from "./connection.ts";
import { ExpiryTimer } from "./expiry-timer.ts";
import { errorOf } from "./failures.ts";
import { type Reply, resultNumbers, type WrittenReply } from "./messages.ts";
import { unpackEvents } from "./packing.ts";
import { defaultWorkerUrl, startWorker } from "./worker-thread.ts";

export interface SqliteStorageOptions {
  /** The store's file. Its folder is made where it is missing; `-wal`, `-shm` and `.lock` files appear beside it. */
  readonly path: string;
  readonly clock: Clock;
  readonly logger?: Logger;
  /** The worker's file, for a build that puts it somewhere else than `defaultWorkerUrl` looks. */
  readonly workerUrl?: URL;
  /** SQLite's cache of pages. Default 8 MiB. */
  readonly cacheBytes?: number;
}

/** Events kept at hand for watches that start a little in the past; older ones are read from the file. */
const windowBounds = { events: 4096, bytes: 4 * 1024 * 1024 };

/**
 * Opens, or creates, the store in a file. Rejects with `LockedStoreError` where another process has it open,
 * `CorruptStoreError` where it is damaged or not ours, `StorageUnavailableError` where it cannot be read or written.
 */
export async function sqliteStorage(options: SqliteStorageOptions): Promise<Storage> {
  const { path, cacheBytes = 8 * 1024 * 1024 } = options;
  const worker = startWorker(options.workerUrl ?? defaultWorkerUrl(), { path, cacheBytes });
  const opened = await firstReply(worker);
  return new SqliteStorage(worker, opened, options);
}

type Opened = Extract<Reply, { readonly kind: "opened" }>;

function firstReply(worker: Worker): Promise<Opened> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error): void => reject(new Error("the storage thread could not start", { cause: error }));
    worker.once("error", onError);
    worker.once("message", (reply: Reply) => {
      worker.off("error", onError);
      if (reply.kind === "opened") resolve(reply);
      else if (reply.kind === "open-failed") worker.terminate().then(() => reject(errorOf(reply.failure)), reject);
    });
  });
}

class SqliteStorage implements Storage {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #worker: Worker;
  readonly #connection: Connection;
  readonly #hub: WatchHub;
  readonly #expiry: ExpiryTimer;
  readonly #workerClosed: Promise<void>;
  #closing: Promise<void> | undefined;

  constructor(worker: Worker, opened: Opened, { path, clock, logger = silentLogger }: SqliteStorageOptions) {
    this.#path = path;
    this.#clock = clock;
    this.#logger = logger;
    this.#worker = worker;
    this.#connection = new Connection(worker);
    this.#hub = new WatchHub({
      clock,
      revision: opened.revision,
      compactedRevision: opened.compactedRevision,
      windowFirst: opened.revision + 1,
      bounds: windowBounds,
      history: (request) => this.#readHistory(request),
    });
    this.#expiry = new ExpiryTimer(clock, (nowMs) => this.#connection.send({ kind: "expire", nowMs }));
    if (opened.nextExpiryMs > 0) this.#expiry.expect(opened.nextExpiryMs);
    this.#workerClosed = new Promise((resolve) => {
      worker.on("message", (reply: Reply) => (reply.kind === "closed" ? resolve() : this.#onReply(reply)));
      worker.on("error", (error) => this.#lose(error));
      worker.on("exit", () => {
        this.#lose(undefined);
        resolve();
      });
    });
  }

  currentRevision(): number {
    return this.#hub.revision;
  }

  async get(key: string, { revision }: ReadOptions = {}): Promise<GetResult> {
    this.#assertOpen();
    const answer = await this.#connection.read({ kind: "get", key, revision });
    return { entry: answer.entries[0], revision: answer.revision };
  }

  async range(start: string, end: string, { revision, limit = 0 }: RangeOptions = {}): Promise<RangeResult> {
    this.#assertOpen();
    const answer = await this.#connection.read({ kind: "range", start, end, revision, limit });
    return { ...answer, more: answer.count > answer.entries.length };
  }

  async put(key: string, value: Uint8Array, { expectedRevision, ttlSeconds }: PutOptions = {}): Promise<WriteResult> {
    assertFits(key, value);
    const expiresAtMs = ttlSeconds === undefined ? undefined : this.#clock.now() + Math.ceil(ttlSeconds * 1000);
    return this.#write({ key, value, expectedRevision, expiresAtMs });
  }

  delete(key: string, { expectedRevision }: DeleteOptions = {}): Promise<WriteResult> {
    return this.#write({ key, value: undefined, expectedRevision, expiresAtMs: undefined });
  }

  watch(start: string, end: string, options: WatchOptions): void {
    this.#hub.watch(start, end, options);
  }

  async compact(revision: number): Promise<void> {
    this.#assertOpen();
    await this.#connection.call({ kind: "compact", revision }, (reply) => (reply.kind === "done" ? true : undefined));
  }

  async backup(path: string): Promise<void> {
    this.#assertOpen();
    await this.#connection.call({ kind: "backup", path }, (reply) => (reply.kind === "done" ? true : undefined));
  }

  async sizeBytes(): Promise<number> {
    this.#assertOpen();
    const sizes = await Promise.all(["", "-wal"].map((suffix) => sizeOf(this.#path + suffix)));
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#expiry.stop();
    await this.#connection.idle();
    this.#connection.send({ kind: "close" });
    await this.#workerClosed;
    this.#connection.lose(closedError());
    this.#hub.close(closedError());
    await this.#worker.terminate();
  }

  #write(write: Write): Promise<WriteResult> {
    if (this.#closing !== undefined) return Promise.reject(closedError());
    return this.#connection.write(write);
  }

  #onReply(reply: Exclude<Reply, { readonly kind: "closed" }>): void {
    switch (reply.kind) {
      case "written":
        this.#onWritten(reply);
        break;
      case "unwritten": {
        const error = errorOf(reply.failure);
        for (const write of this.#connection.takeWrites(reply.count)) write.reject(error);
        break;
      }
      case "expired":
        for (const event of unpackEvents(reply.events)) this.#hub.append(event);
        this.#hub.deliver();
        this.#expiry.swept(reply.nextExpiryMs);
        break;
      case "unexpired":
        this.#logger.warn("Expired entries could not be deleted", { error: errorOf(reply.failure) });
        this.#expiry.failed();
        break;
      case "compacting":
        this.#hub.compact(reply.revision);
        break;
      case "trouble":
        this.#logger.warn(reply.message, { error: errorOf(reply.failure) });
        break;
      case "opened":
      case "open-failed":
        throw new Error(`unexpected message from the storage thread: ${reply.kind}`);
      default:
        this.#connection.settleCall(reply);
    }
  }

  /** Events first, then the promises: a client that sees its write acknowledged sees it in every cache fed by a watch. */
  #onWritten(reply: WrittenReply): void {
    const count = reply.numbers.length / resultNumbers;
    const writes = this.#connection.takeWrites(count);
    const results = unpackResults(reply, writes);
    for (const [index, write] of writes.entries()) {
      const result = results[index] as WriteResult;
      if (!result.ok) continue;
      this.#hub.append(eventOf(write, result));
      if (write.expiresAtMs !== undefined) this.#expiry.expect(write.expiresAtMs);
    }
    this.#hub.deliver();
    const settle = (): void => {
      for (const [index, write] of writes.entries()) write.resolve(results[index] as WriteResult);
    };
    const caughtUp = this.#hub.caughtUp();
    if (caughtUp === undefined) settle();
    else void caughtUp.then(settle);
  }

  async #readHistory(request: HistoryRequest): Promise<HistoryPart> {
    return this.#connection.call({ kind: "history", ...request }, (reply) =>
      reply.kind === "events" ? { events: unpackEvents(reply.events), through: reply.through } : undefined,
    );
  }

  #lose(cause: Error | undefined): void {
    if (this.#closing !== undefined) return;
    const error = new ClosedError("the storage thread has ended", { cause });
    this.#logger.error("The storage thread has ended", { error: cause ?? error, path: this.#path });
    this.#closing = Promise.resolve();
    this.#expiry.stop();
    this.#connection.lose(error);
    this.#hub.close(error);
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw closedError();
  }
}

function eventOf(
  { key, value }: PendingWrite,
  { revision, previous }: WriteResult & { readonly ok: true },
): StorageEvent {
  if (value === undefined) return { type: "delete", key, revision, previous };
  const entry = { key, value, createRevision: previous?.createRevision ?? revision, modRevision: revision };
  return { type: "put", entry, previous };
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0;
    throw error;
  }
}
