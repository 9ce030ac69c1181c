import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { backupTo } from "./backup.ts";
import { Compactor } from "./compactor.ts";
import { type Database, openDatabase } from "./database.ts";
import { failureOf } from "./failures.ts";
import type { EntriesReply, Reply, Request, WorkerOptions, WriteRequest } from "./messages.ts";
import { Reader } from "./reader.ts";
import { Writer } from "./writer.ts";

/** Bounds on what commits together: beyond them a commit takes longer than the sync it saves. */
const groupWrites = 1024;
const groupBytes = 16 * 1024 * 1024;

/** An answer to a range that is given in parts. */
interface RangeJob {
  readonly id: number;
  readonly parts: Iterator<EntriesReply, void>;
}

/**
 * The thread that owns the file. Each turn takes everything that has arrived meanwhile: first the reads, which see what is
 * committed, then all writes in one transaction. Long answers and compaction go on in steps between turns.
 */
class Service {
  readonly #port: MessagePort;
  readonly #store: Database;
  readonly #reader: Reader;
  readonly #writer: Writer;
  readonly #compactor: Compactor;
  readonly #ranges: RangeJob[] = [];
  readonly #compactions: number[] = [];
  readonly #backups = new Set<Promise<void>>();
  #stepScheduled = false;
  #closing = false;
  /** Set when a sweep failed; the next compaction tries again. */
  #sweepingStopped = false;

  constructor(port: MessagePort, store: Database) {
    this.#port = port;
    this.#store = store;
    this.#reader = new Reader(store);
    this.#writer = new Writer(store);
    this.#compactor = new Compactor(store);
  }

  start(): void {
    const { revision, compactedRevision } = this.#store;
    this.#port.on("message", (request: Request) => this.#turn(request));
    this.#reply({ kind: "opened", revision, compactedRevision, nextExpiryMs: this.#writer.nextExpiryMs() });
    if (this.#compactor.pending) this.#scheduleStep();
  }

  #turn(first: Request): void {
    const writes: WriteRequest[] = [];
    const others: Exclude<Request, WriteRequest>[] = [];
    let count = 0;
    let bytes = 0;
    for (let request: Request | undefined = first; request !== undefined; request = this.#take()) {
      if (request.kind !== "write") {
        others.push(request);
        continue;
      }
      writes.push(request);
      count += request.keys.length;
      bytes += request.bytes.byteLength;
      if (count >= groupWrites || bytes >= groupBytes) break;
    }
    for (const request of others) this.#handle(request);
    if (writes.length > 0) this.#write(writes);
    if (this.#closing) void this.#close();
  }

  #take(): Request | undefined {
    return receiveMessageOnPort(this.#port)?.message;
  }

  #write(writes: readonly WriteRequest[]): void {
    try {
      const reply = this.#writer.write(writes);
      this.#reply(reply, [reply.bytes]);
    } catch (error) {
      const count = writes.reduce((sum, { keys }) => sum + keys.length, 0);
      this.#reply({ kind: "unwritten", count, failure: failureOf(error, this.#store.path) });
    }
  }

  #handle(request: Exclude<Request, WriteRequest>): void {
    switch (request.kind) {
      case "get":
        this.#answer(request.id, () => this.#replyEntries(this.#reader.get(request.id, request.key, request.revision)));
        break;
      case "range":
        this.#answer(request.id, () => this.#stepRange({ id: request.id, parts: this.#reader.range(request) }));
        break;
      case "history":
        this.#answer(request.id, () => {
          const { events, through } = this.#reader.history(request);
          this.#reply({ kind: "events", id: request.id, events, through }, [events.bytes]);
        });
        break;
      case "expire":
        this.#expire(request.nowMs);
        break;
      case "compact":
        this.#answer(request.id, () => this.#compact(request.id, request.revision));
        break;
      case "backup":
        this.#backup(request.id, request.path);
        break;
      case "close":
        this.#closing = true;
        break;
    }
  }

  #answer(id: number, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#reply({ kind: "failed", id, failure: failureOf(error, this.#store.path) });
    }
  }

  #stepRange(job: RangeJob): void {
    const part = job.parts.next();
    if (part.done) return;
    this.#replyEntries(part.value);
    if (part.value.last !== undefined) return;
    this.#ranges.push(job);
    this.#scheduleStep();
  }

  #expire(nowMs: number): void {
    try {
      const { events, nextExpiryMs } = this.#writer.expire(nowMs);
      this.#reply({ kind: "expired", events, nextExpiryMs }, [events.bytes]);
    } catch (error) {
      this.#reply({ kind: "unexpired", failure: failureOf(error, this.#store.path) });
    }
  }

  #compact(id: number, revision: number): void {
    this.#compactor.begin(revision);
    this.#reply({ kind: "compacting", revision: this.#store.compactedRevision });
    this.#sweepingStopped = false;
    this.#compactions.push(id);
    this.#scheduleStep();
  }

  #backup(id: number, path: string): void {
    const done = backupTo(this.#store.path, path)
      .then(
        () => this.#reply({ kind: "done", id }),
        (error: unknown) => this.#reply({ kind: "failed", id, failure: failureOf(error, path) }),
      )
      .finally(() => this.#backups.delete(done));
    this.#backups.add(done);
  }

  #scheduleStep(): void {
    if (this.#stepScheduled || this.#closing) return;
    this.#stepScheduled = true;
    setImmediate(() => {
      this.#stepScheduled = false;
      if (!this.#closing) this.#step();
    });
  }

  /** Ranges first: a sweep could take away what they are about to read. */
  #step(): void {
    const job = this.#ranges.shift();
    if (job !== undefined) this.#answer(job.id, () => this.#stepRange(job));
    else if (this.#compactor.pending) this.#sweep();
    if (!this.#compactor.pending) for (const id of this.#compactions.splice(0)) this.#reply({ kind: "done", id });
    if (this.#ranges.length > 0 || (this.#compactor.pending && !this.#sweepingStopped)) this.#scheduleStep();
  }

  #sweep(): void {
    try {
      this.#compactor.sweep();
    } catch (error) {
      // Nobody is wronged by rows that stay: the next compaction, or the next start, takes them along.
      this.#sweepingStopped = true;
      const failure = failureOf(error, this.#store.path);
      for (const id of this.#compactions.splice(0)) this.#reply({ kind: "failed", id, failure });
      this.#reply({ kind: "trouble", message: "Compaction stopped", failure });
    }
  }

  async #close(): Promise<void> {
    while (this.#ranges.length > 0) this.#step();
    for (const id of this.#compactions.splice(0)) this.#reply({ kind: "done", id });
    await Promise.all(this.#backups);
    this.#store.close();
    this.#reply({ kind: "closed" });
    this.#port.close();
  }

  #replyEntries(reply: EntriesReply): void {
    this.#reply(reply, [reply.entries.bytes]);
  }

  #reply(reply: Reply, transfer: ArrayBuffer[] = []): void {
    this.#port.postMessage(reply, transfer);
  }
}

function main(port: MessagePort, { path, cacheBytes }: WorkerOptions): void {
  let store: Database;
  try {
    store = openDatabase(path, cacheBytes);
  } catch (error) {
    const reply: Reply = { kind: "open-failed", failure: failureOf(error, path) };
    port.postMessage(reply);
    port.close();
    return;
  }
  new Service(port, store).start();
}

if (parentPort === null) throw new Error("this file is the worker thread of the sqlite store: it cannot run by itself");
main(parentPort, workerData as WorkerOptions);
