import { Duplex } from "node:stream";
import type { SpdyHeaders } from "./header-block.ts";

/** What a stream asks of its connection. */
export interface StreamPort {
  /** Calls back once the bytes have left for the socket. */
  send(stream: SpdyStream, data: Buffer, fin: boolean, done: (error?: Error | null) => void): void;
  /** The stream is destroyed on this side. */
  abandoned(stream: SpdyStream): void;
  /** The receiver took this many bytes. */
  consumed(stream: SpdyStream, bytes: number): void;
}

/** How much a stream holds for a reader that is behind, before its connection stops reading. */
const highWaterMark = 64 * 1024;

/**
 * One stream of a SPDY connection. `end()` closes this side alone: the peer may go on sending. The peer's end is `end`.
 *
 * A stream that its peer resets ends like one that it finishes, after what had come before (spdystream does the same), with
 * `resetStatus` saying so; what is written to it from then on is dropped.
 */
export class SpdyStream extends Duplex {
  readonly id: number;
  /** Those that opened the stream. */
  readonly headers: SpdyHeaders;
  /** Resolves with the peer's headers once it has accepted the stream; rejects where it refuses, or the connection ends. */
  readonly accepted: Promise<SpdyHeaders>;
  /** Why the peer reset the stream (RST_STREAM status); undefined where it did not. */
  resetStatus: number | undefined;
  /** The peer said that nothing more comes: by FIN or by reset. False after `end` where the connection broke. */
  remoteClosed = false;
  readonly #port: StreamPort;
  readonly #accept: PromiseWithResolvers<SpdyHeaders>;
  #unread = 0;
  #room: (() => void) | undefined;

  constructor(port: StreamPort, id: number, headers: SpdyHeaders) {
    super({ allowHalfOpen: true, readableHighWaterMark: highWaterMark, writableHighWaterMark: highWaterMark });
    this.#port = port;
    this.id = id;
    this.headers = headers;
    this.#accept = Promise.withResolvers();
    this.accepted = this.#accept.promise;
    this.accepted.catch(() => {});
    // Whoever cares listens too; a broken connection must not end the process.
    this.on("error", () => {});
  }

  /** By the connection: data came. False: wait for `room`. */
  receive(data: Buffer): boolean {
    if (this.destroyed || this.remoteClosed) return true;
    this.#unread += data.length;
    return this.push(data);
  }

  /** By the connection: resolves when the reader has caught up, or is gone. */
  room(): Promise<void> {
    if (this.destroyed) return Promise.resolve();
    return new Promise((resolve) => {
      this.#room = resolve;
    });
  }

  receiveAccept(headers: SpdyHeaders): void {
    this.#accept.resolve(headers);
  }

  receiveFin(): void {
    if (!this.remoteClosed && !this.destroyed) {
      this.remoteClosed = true;
      this.push(null);
    }
  }

  receiveReset(status: number): void {
    this.resetStatus ??= status;
    this.#accept.reject(new Error(`the stream was reset with status ${status}`));
    this.receiveFin();
  }

  /** By the connection, which has ended. */
  receiveEnd(): void {
    this.#accept.reject(new Error("the connection has ended"));
    if (!this.remoteClosed && !this.destroyed) this.push(null);
  }

  override _read(): void {
    if (this.#unread > 0) {
      this.#port.consumed(this, this.#unread);
      this.#unread = 0;
    }
    const room = this.#room;
    this.#room = undefined;
    room?.();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#port.send(this, chunk, false, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#port.send(this, Buffer.alloc(0), true, done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const room = this.#room;
    this.#room = undefined;
    room?.();
    this.#accept.reject(error ?? new Error("the stream was closed"));
    this.#port.abandoned(this);
    done(error);
  }
}
