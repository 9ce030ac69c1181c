import { Client, type ClientDuplexStream, type ClientReadableStream, credentials } from "@grpc/grpc-js";
import type { Clock } from "../../base/mod.ts";
import { ClosedError, StorageUnavailableError, TooLargeError, UnknownOutcomeError } from "../storage.ts";
import { verdictOf } from "./failures.ts";

export interface EtcdTls {
  /** PEM. Absent: the authorities of the system. */
  readonly ca?: Buffer;
  /** The client's certificate and key, PEM: both or neither. */
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

export interface EtcdClientOptions {
  readonly clock: Clock;
  /** `http://host:port` or `https://host:port`; all of one cluster. */
  readonly endpoints: readonly string[];
  readonly tls?: EtcdTls;
  /** How long a call goes on trying. */
  readonly timeoutMs: number;
}

interface Call<T> {
  /** As in `KV/Range`. */
  readonly method: string;
  readonly request: Uint8Array;
  readonly decode: (bytes: Uint8Array) => T;
  /** A read may be sent again whatever became of it. */
  readonly kind: "read" | "write";
}

const firstBackoffMs = 50;
const maxBackoffMs = 1_000;

const channelOptions = {
  // A range may be as large as the store; etcd's own limit on what it takes is its --max-request-bytes.
  "grpc.max_receive_message_length": -1,
  "grpc.max_send_message_length": -1,
  "grpc.enable_retries": 0,
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 1_000,
  // etcd refuses pings more often than every 5 s.
  "grpc.keepalive_time_ms": 30_000,
  "grpc.keepalive_timeout_ms": 10_000,
};

/**
 * Calls to a cluster of etcd: the first endpoint that answers is used until it fails. A call that cannot have been taken is
 * tried again elsewhere, with growing pauses, until `timeoutMs` is over; then it rejects with `StorageUnavailableError`. A write
 * of which nobody knows rejects with `UnknownOutcomeError`.
 */
export class EtcdClient {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #endpoints: readonly string[];
  readonly #clients: readonly Client[];
  readonly #closed = new AbortController();
  #current = 0;

  constructor({ clock, endpoints, tls, timeoutMs }: EtcdClientOptions) {
    if (endpoints.length === 0) throw new RangeError("etcd needs at least one endpoint");
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#endpoints = endpoints;
    this.#clients = endpoints.map((endpoint) => connect(endpoint, tls));
  }

  async call<T>(call: Call<T>): Promise<T> {
    const deadline = this.#clock.monotonicMs() + this.#timeoutMs;
    for (let backoffMs = firstBackoffMs; ; backoffMs = Math.min(backoffMs * 2, maxBackoffMs)) {
      const used = this.#current;
      try {
        return await this.#once(call, deadline - this.#clock.monotonicMs());
      } catch (error) {
        if (this.#closed.signal.aborted) throw new ClosedError("the store has been closed", { cause: error });
        const verdict = verdictOf(error);
        if (verdict === "too-large" && call.kind === "write") throw new TooLargeError({ cause: error });
        if (verdict === "no-space") throw new StorageUnavailableError(this.#describe(error), { cause: error });
        if (verdict === "unknown" && call.kind === "write")
          throw new UnknownOutcomeError(`no answer to a write: ${this.#describe(error)}`, { cause: error });
        if (verdict !== "not-taken" && verdict !== "unknown") throw error;
        if (this.#clock.monotonicMs() + backoffMs >= deadline)
          throw new StorageUnavailableError(`etcd does not answer: ${this.#describe(error)}`, { cause: error });
        this.failOver(used);
      }
      await this.pause(backoffMs);
    }
  }

  /** Both ways, not tried again: see `endpoint`. */
  duplex<T>(method: string, decode: (bytes: Uint8Array) => T): ClientDuplexStream<Uint8Array, T> {
    return this.#client.makeBidiStreamRequest(path(method), asBuffer, decode);
  }

  /** A stream of answers, not tried again. */
  stream<T>(method: string, decode: (bytes: Uint8Array) => T): ClientReadableStream<T> {
    return this.#client.makeServerStreamRequest(path(method), asBuffer, decode, new Uint8Array(0));
  }

  /** Which endpoint is used now; give it to `failOver` when a stream on it fails. */
  get endpoint(): number {
    return this.#current;
  }

  /** Moves to the next endpoint, unless somebody already has. */
  failOver(endpoint: number): void {
    if (endpoint === this.#current) this.#current = (this.#current + 1) % this.#clients.length;
  }

  /** Sleeps, until closed. */
  async pause(ms: number): Promise<void> {
    try {
      await this.#clock.sleep(ms, this.#closed.signal);
    } catch (cause) {
      throw new ClosedError("the store has been closed", { cause });
    }
  }

  close(): void {
    this.#closed.abort();
    for (const client of this.#clients) client.close();
  }

  get #client(): Client {
    return this.#clients[this.#current] as Client;
  }

  #once<T>({ method, request, decode }: Call<T>, timeoutMs: number): Promise<T> {
    return new Promise((resolve, reject) => {
      const call = this.#client.makeUnaryRequest(path(method), asBuffer, decode, request, (error, answer) => {
        timer.clear();
        if (error !== null) reject(error);
        else resolve(answer as T);
      });
      const timer = this.#clock.setTimer(Math.max(0, timeoutMs), () => call.cancel());
    });
  }

  #describe(error: unknown): string {
    return `${this.#endpoints.join(", ")}: ${error instanceof Error ? error.message : error}`;
  }
}

function path(method: string): string {
  return `/etcdserverpb.${method}`;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function connect(endpoint: string, tls: EtcdTls = {}): Client {
  const url = new URL(endpoint.includes("://") ? endpoint : `http://${endpoint}`);
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw new RangeError(`etcd endpoint ${endpoint}: it must begin with http:// or https://`);
  const target = `${url.hostname}:${url.port || 2379}`;
  const secure = url.protocol === "https:";
  const creds = secure
    ? credentials.createSsl(tls.ca ?? null, tls.key ?? null, tls.cert ?? null)
    : credentials.createInsecure();
  return new Client(target, creds, channelOptions);
}
