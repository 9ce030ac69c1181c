import { Client, credentials, Metadata } from "@grpc/grpc-js";
import { type Clock, onAbort } from "../base/mod.ts";
import { CriError, criErrorOf } from "./errors.ts";

export interface ConnectionOptions {
  readonly clock: Clock;
  /** Path of the runtime's unix socket. */
  readonly socketPath: string;
}

export interface CallOptions {
  /** `/package.Service/Method`. */
  readonly path: string;
  readonly request: Uint8Array;
  /** Without it the call may take for ever. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Headers of the call: containerd's own API asks for a namespace. */
  readonly headers?: Readonly<Record<string, string>>;
}

const channelOptions = {
  // As upstream's client (staging/src/k8s.io/cri-client/pkg/utils.go).
  "grpc.max_receive_message_length": 16 << 20,
  "grpc.max_send_message_length": 16 << 20,
  "grpc.enable_retries": 0,
  "grpc.initial_reconnect_backoff_ms": 50,
  "grpc.max_reconnect_backoff_ms": 80,
  // Two clients of one socket share nothing, so that closing one is felt by nobody else.
  "grpc.use_local_subchannel_pool": 1,
  "grpc.service_config_disable_resolution": 1,
};

/**
 * gRPC over a unix socket: calls of bytes. Connects with the first call. While nobody listens, calls reject with `Unavailable`
 * at once; the first call 100 ms or more after the runtime is back reaches it.
 */
export class Connection {
  readonly #clock: Clock;
  readonly #client: Client;
  #closed = false;

  constructor({ clock, socketPath }: ConnectionOptions) {
    this.#clock = clock;
    this.#client = new Client(`unix:${socketPath}`, credentials.createInsecure(), channelOptions);
  }

  /** Rejects with `CriError`, or with the signal's reason. */
  call({ path, request, timeoutMs, signal, headers }: CallOptions): Promise<Uint8Array> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#closed) return Promise.reject(closedError());
    return new Promise((resolve, reject) => {
      const call = this.#client.makeUnaryRequest(
        path,
        asBuffer,
        asItIs,
        request,
        metadataOf(headers),
        this.#deadline(timeoutMs),
        (error, answer) => {
          listener?.[Symbol.dispose]();
          if (error !== null) reject(signal?.aborted ? signal.reason : criErrorOf(error));
          else resolve(answer as Uint8Array);
        },
      );
      const listener = signal && onAbort(signal, () => call.cancel());
    });
  }

  /** The answers, as they come; ends as the runtime ends it. Leaving the loop ends the call. */
  async *stream({ path, request, timeoutMs, signal, headers }: CallOptions): AsyncGenerator<Uint8Array, undefined> {
    signal?.throwIfAborted();
    if (this.#closed) throw closedError();
    const call = this.#client.makeServerStreamRequest(
      path,
      asBuffer,
      asItIs,
      request,
      metadataOf(headers),
      this.#deadline(timeoutMs),
    );
    const listener = signal && onAbort(signal, () => call.cancel());
    try {
      yield* call as AsyncIterable<Uint8Array>;
    } catch (error) {
      throw signal?.aborted ? signal.reason : criErrorOf(error);
    } finally {
      listener?.[Symbol.dispose]();
      call.cancel();
    }
  }

  /** Calls under way end with `Canceled` or `Unavailable`; later ones reject. */
  close(): void {
    this.#closed = true;
    this.#client.close();
  }

  #deadline(timeoutMs: number | undefined): { deadline?: number } {
    return timeoutMs === undefined ? {} : { deadline: this.#clock.now() + timeoutMs };
  }
}

function closedError(): CriError {
  return new CriError("Canceled", "the client connection is closing");
}

function metadataOf(headers: Readonly<Record<string, string>> = {}): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  return metadata;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function asItIs(bytes: Buffer): Uint8Array {
  return bytes;
}
