import type { ClientDuplexStream } from "@grpc/grpc-js";
import type { Logger } from "../../base/mod.ts";
import { ClosedError, CompactedError, type StorageEvent, type WatchOptions } from "../storage.ts";
import type { EtcdClient } from "./client.ts";
import type { KeyRange, Keyspace } from "./keyspace.ts";
import { decodeWatch, encodeWatchCreate, encodeWatchProgress, type WatchAnswer } from "./messages.ts";

const firstBackoffMs = 50;
const maxBackoffMs = 2_000;

type WatchStream = ClientDuplexStream<Uint8Array, WatchAnswer>;

interface Waiter {
  readonly revision: number;
  readonly resolve: () => void;
}

export interface EtcdWatchOptions {
  readonly client: EtcdClient;
  readonly keyspace: Keyspace;
  readonly logger: Logger;
  readonly range: KeyRange;
  readonly options: WatchOptions;
}

/**
 * One watch of one range, over as many streams as it takes: when one is lost, the next goes on after the last event handed
 * over, so that none is missing and none comes twice.
 */
export class EtcdWatch {
  readonly range: KeyRange;
  /** Resolves once it is settled which revision the watch begins with, or the watch has ended. */
  readonly started: Promise<void>;
  /** Resolves when the watch has ended and its stream is gone. */
  readonly done: Promise<void>;
  readonly #client: EtcdClient;
  readonly #keyspace: Keyspace;
  readonly #logger: Logger;
  readonly #options: WatchOptions;
  readonly #start = Promise.withResolvers<void>();
  readonly #waiters = new Set<Waiter>();
  /** Everything below has been handed over. Undefined until a watch from now has learnt when that was. */
  #next: number | undefined;
  #ended = false;
  #stream: WatchStream | undefined;
  #fragments: StorageEvent[] = [];

  constructor({ client, keyspace, logger, range, options }: EtcdWatchOptions) {
    this.range = range;
    this.#client = client;
    this.#keyspace = keyspace;
    this.#logger = logger;
    this.#options = options;
    this.#next = options.fromRevision === undefined ? undefined : Math.max(1, options.fromRevision);
    this.started = this.#start.promise;
    if (this.#next !== undefined) this.#start.resolve();
    const onAbort = (): void => this.end(undefined);
    options.signal.addEventListener("abort", onAbort, { once: true });
    this.done = this.#run().finally(() => options.signal.removeEventListener("abort", onAbort));
  }

  get wantsProgress(): boolean {
    return this.#options.onProgress !== undefined;
  }

  /** Resolves once everything up to `revision` has been handed over, or the watch has ended. */
  reached(revision: number): Promise<void> | undefined {
    if (this.#ended || (this.#next ?? 0) > revision) return undefined;
    return new Promise((resolve) => this.#waiters.add({ revision, resolve }));
  }

  /** Asks the server how far the stream is. */
  requestProgress(): void {
    if (this.#next !== undefined) this.#stream?.write(encodeWatchProgress());
  }

  end(error: Error | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#stream?.cancel();
    this.#start.resolve();
    for (const { resolve } of this.#waiters) resolve();
    this.#waiters.clear();
    this.#options.onEnd(error);
  }

  async #run(): Promise<void> {
    for (let backoffMs = firstBackoffMs; !this.#ended; backoffMs = Math.min(backoffMs * 2, maxBackoffMs)) {
      const { endpoint } = this.#client;
      const next = this.#next;
      try {
        await this.#readStream();
      } catch (error) {
        if (error instanceof CompactedError) this.end(error);
        if (this.#ended) return;
        this.#logger.debug("Watch of etcd interrupted", { error, next });
        this.#client.failOver(endpoint);
      }
      if (this.#ended) return;
      if (next !== this.#next) backoffMs = firstBackoffMs;
      try {
        await this.#client.pause(backoffMs);
      } catch {
        return this.end(new ClosedError("the store has been closed"));
      }
    }
  }

  /** Resolves or rejects when the stream is over. */
  #readStream(): Promise<void> {
    return new Promise((resolve, reject) => {
      const stream = this.#client.duplex("Watch/Watch", decodeWatch);
      this.#stream = stream;
      this.#fragments = [];
      stream.on("data", (answer: WatchAnswer) => {
        try {
          this.#onAnswer(answer);
        } catch (error) {
          stream.cancel();
          reject(error);
        }
      });
      stream.on("error", reject);
      stream.on("end", () => resolve());
      // One revision earlier than needed, which is then skipped: etcd before 3.4.34 and 3.5.16 forgets a deletion at the
      // very revision it was compacted to, and would silently leave it out.
      const startRevision = this.#next === undefined ? 0 : Math.max(1, this.#next - 1);
      stream.write(encodeWatchCreate({ ...this.range, startRevision, previous: this.#options.previous ?? false }));
    });
  }

  #onAnswer(answer: WatchAnswer): void {
    if (this.#ended) return;
    if (answer.canceled) {
      if (answer.compactRevision > 0) throw new CompactedError(answer.compactRevision);
      throw new Error(`etcd ended the watch: ${answer.cancelReason}`);
    }
    if (answer.created) {
      this.#next ??= answer.revision + 1;
      this.#start.resolve();
      return;
    }
    if (answer.events.length > 0 || answer.fragment) this.#onEvents(answer);
    else if (this.#fragments.length === 0) this.#onProgress(answer.revision);
  }

  #onEvents(answer: WatchAnswer): void {
    const next = this.#next as number;
    for (const event of answer.events)
      if ((event.kv?.modRevision ?? 0) >= next) this.#fragments.push(this.#keyspace.event(event));
    if (answer.fragment || this.#fragments.length === 0) return;
    const events = this.#fragments;
    this.#fragments = [];
    const last = events[events.length - 1] as StorageEvent;
    const revision = last.type === "put" ? last.entry.modRevision : last.revision;
    this.#options.onEvents(events, revision);
    this.#advance(revision);
  }

  #onProgress(revision: number): void {
    if (revision + 1 < (this.#next as number)) return;
    this.#options.onProgress?.(revision);
    this.#advance(revision);
  }

  #advance(revision: number): void {
    this.#next = Math.max(this.#next ?? 0, revision + 1);
    for (const waiter of this.#waiters) {
      if (waiter.revision > revision) continue;
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
  }
}

/** The revision to which etcd has been compacted: it tells only those who ask for what is gone. */
export async function compactedRevisionOf(client: EtcdClient, range: KeyRange): Promise<number> {
  const stream = client.duplex("Watch/Watch", decodeWatch);
  try {
    return await new Promise((resolve, reject) => {
      stream.on("data", (answer: WatchAnswer) => {
        if (answer.canceled || !answer.created) resolve(answer.compactRevision);
      });
      stream.on("error", reject);
      stream.on("end", () => resolve(0));
      stream.write(encodeWatchCreate({ ...range, startRevision: 1, previous: false }));
    });
  } finally {
    stream.on("error", () => {}); // The cancellation itself.
    stream.cancel();
  }
}
