import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Clock } from "../../base/clock.ts";
import type { SharedFrame } from "./shared-frame.ts";

/**
 * One HTTP exchange, of either version: the request as it was read, and the answer as it is written. An answer is either
 * one `send`, or `begin`, any number of `write`, and `end`.
 */
export interface Exchange {
  readonly method: string;
  /** Path and query as they were sent. */
  readonly url: string;
  readonly socket: Socket | undefined;
  /** HTTP/1.1 or later frames of its own; false means that a length or chunks are needed (HTTP/1). */
  readonly multiplexed: boolean;
  header(name: string): string | undefined;
  /** Every header field, one pair each, names in lower case. */
  headerPairs(): Iterable<readonly [name: string, value: string]>;
  readBody(limitBytes: number): Promise<Buffer>;
  /** Instead of `readBody`: the body as it comes. */
  bodyStream(): AsyncIterable<Uint8Array>;
  /** The client asks for another protocol, and can be given the connection: instead of an answer, once. */
  readonly takeConnection?: () => TakenConnection;
  send(status: number, headers: Headers, body: Uint8Array | string): void;
  begin(status: number, headers: Headers): void;
  /** False where the receiver is behind: wait for `drained` unless `pendingBytes` may grow. */
  write(chunk: Uint8Array): boolean;
  /** Writes; resolves when the chunk's memory may be used for something else, or the receiver is gone. */
  writeAndRelease(chunk: Uint8Array): Promise<void>;
  /** After `begin` without a length: writes what many exchanges are sent, in the shape it was given for each. */
  writeShared(frame: SharedFrame): void;
  /** The rest of the body will not be read: the connection gives up on it soon after the answer. */
  abandonBody(clock: Clock): void;
  end(): void;
  /** Resolves when the receiver has caught up, or is gone. */
  drained(): Promise<void>;
  /** Of the body, handed over so far. */
  readonly sentBytes: number;
  /** Bytes handed over that have not left yet. */
  readonly pendingBytes: number;
  /** Breaks the exchange off: the receiver sees that the answer is not whole. */
  destroy(): void;
  /** Aborts when the client goes away before the answer is complete, or the server stops. */
  readonly signal: AbortSignal;
}

/** A connection that HTTP has let go of. */
export interface TakenConnection {
  readonly socket: Duplex;
  /** What came behind the request. */
  readonly head: Buffer;
}

export type Headers = Record<string, string | number | string[]>;

/** Why `exchange.signal` aborts. One for all: where it was made says nothing. */
export class ClientGoneError extends Error {
  override readonly name = "ClientGoneError";
  constructor() {
    super("the client closed the connection before the request was answered");
  }
}

export const clientGone: ClientGoneError = new ClientGoneError();
