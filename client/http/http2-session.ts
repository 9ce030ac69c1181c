import * as http2 from "node:http2";
import type { Socket } from "node:net";
import { onAbort } from "../../base/cancellation.ts";
import type { Clock, Timer } from "../../base/clock.ts";
import { NotProcessedError, type RawRequest, type RawResponse } from "./connection.ts";

/** A connection that says nothing for this long is asked whether it is alive, and given up when it does not answer (client-go). */
const pingAfterMs = 30_000;
const pingTimeoutMs = 15_000;
/** Bytes a stream, and the whole connection, may have on the way: large lists arrive without waiting for acknowledgements. */
const streamWindowBytes = 4 << 20;
const connectionWindowBytes = 32 << 20;
/** Streams that a server allows where it does not say. */
const usualStreams = 100;

const { NGHTTP2_CANCEL, NGHTTP2_REFUSED_STREAM, HTTP2_HEADER_STATUS } = http2.constants;

export interface SessionOptions {
  readonly origin: string;
  /** Connected, TLS done. */
  readonly socket: Socket;
  readonly clock: Clock;
  /** Called once, when no further request may be opened here. */
  readonly onDraining: () => void;
}

/** One HTTP/2 connection. After a GOAWAY it takes no more requests, and closes when the last of those under way has ended. */
export class Http2Session {
  readonly #session: http2.ClientHttp2Session;
  readonly #clock: Clock;
  readonly #onDraining: () => void;
  #active = 0;
  #draining = false;
  #ping: Timer | undefined;

  constructor({ origin, socket, clock, onDraining }: SessionOptions) {
    this.#clock = clock;
    this.#onDraining = onDraining;
    this.#session = http2.connect(origin, {
      createConnection: () => socket,
      settings: { enablePush: false, initialWindowSize: streamWindowBytes },
      maxSessionMemory: 256,
    });
    this.#session.on("connect", () => this.#session.setLocalWindowSize(connectionWindowBytes));
    for (const event of ["goaway", "error", "close"]) this.#session.on(event, () => this.#drain());
    this.#schedulePing();
    this.#session.unref();
  }

  get draining(): boolean {
    return this.#draining || this.#session.closed || this.#session.destroyed;
  }

  get full(): boolean {
    return this.#active >= (this.#session.remoteSettings.maxConcurrentStreams ?? usualStreams);
  }

  open({ method, path, headers, body, signal }: RawRequest): Promise<RawResponse> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const stream = this.#request(method, path, headers, body === undefined);
      this.#opened();
      let abort: Disposable | undefined;
      stream.on("close", () => {
        abort?.[Symbol.dispose]();
        this.#closed();
        // Nothing to those who have the answer already.
        const refused = stream.rstCode === NGHTTP2_REFUSED_STREAM;
        reject(
          refused
            ? new NotProcessedError("the server refused the stream")
            : new Error("the connection closed before the answer came"),
        );
      });
      stream.on("error", (error) => {
        if (stream.rstCode === NGHTTP2_REFUSED_STREAM)
          reject(new NotProcessedError("the server refused the stream", { cause: error }));
        else reject(error);
      });
      stream.on("response", (head) => {
        resolve({ status: Number(head[HTTP2_HEADER_STATUS]), headers: head, body: stream });
      });
      if (signal !== undefined)
        abort = onAbort(signal, (reason) => {
          reject(reason);
          stream.close(NGHTTP2_CANCEL);
          stream.destroy();
        });
      if (body !== undefined) stream.end(body);
    });
  }

  /** Ends the connection, and with it the requests under way. */
  close(): Promise<void> {
    this.#drain();
    return new Promise((resolve) => {
      if (this.#session.destroyed) return resolve();
      // Idle sessions keep no process alive; the end of this one is waited for.
      this.#session.ref();
      this.#session.once("close", resolve);
      this.#session.destroy();
    });
  }

  #request(method: string, path: string, headers: RawRequest["headers"], endStream: boolean): http2.ClientHttp2Stream {
    try {
      return this.#session.request({ ":method": method, ":path": path, ...headers }, { endStream });
    } catch (cause) {
      // The session was told to go away between being chosen and used.
      this.#drain();
      throw new NotProcessedError("the connection takes no more requests", { cause });
    }
  }

  #opened(): void {
    if (this.#active++ === 0) this.#session.ref();
  }

  #closed(): void {
    if (--this.#active === 0 && !this.#session.destroyed) this.#session.unref();
  }

  #drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    this.#onDraining();
    if (!this.#session.closed) this.#session.close();
    if (this.#session.destroyed) this.#ping?.clear();
  }

  #schedulePing(): void {
    this.#ping = this.#clock.setTimer(pingAfterMs, () => this.#sendPing()).unref();
  }

  #sendPing(): void {
    if (this.#session.destroyed) return;
    if (this.#active === 0) {
      this.#schedulePing();
      return;
    }
    this.#ping = this.#clock
      .setTimer(pingTimeoutMs, () => this.#session.destroy(new Error("the server did not answer a ping")))
      .unref();
    this.#session.ping((error) => {
      this.#ping?.clear();
      if (error === null) this.#schedulePing();
    });
  }
}
