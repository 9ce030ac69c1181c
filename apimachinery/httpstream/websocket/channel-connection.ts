import { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import { type ChannelProtocol, decodeMessage, encodeClose, encodeMessage } from "./channel-protocol.ts";

/** What a channel of this side may do: what is not read is dropped as it comes. */
export type ChannelMode = "ignore" | "read" | "write" | "duplex";

const highWaterMark = 64 * 1024;

/**
 * Numbered streams over one WebSocket. While a channel's reader is behind, nothing is read from the socket. A channel ends
 * where the peer closes it (v5), and all of them with the connection.
 */
export class ChannelConnection {
  /** Resolves when the WebSocket is closed, by whichever side. */
  readonly closed: Promise<void>;
  /** Both ends kept to the protocol. */
  violation: string | undefined;
  readonly #socket: WebSocket;
  readonly #protocol: ChannelProtocol;
  readonly #channels: readonly Channel[];
  readonly #behind = new Set<number>();

  constructor(socket: WebSocket, protocol: ChannelProtocol, modes: readonly ChannelMode[]) {
    this.#socket = socket;
    this.#protocol = protocol;
    this.#channels = modes.map((mode, number) => new Channel(mode, number, this));
    this.closed = new Promise((resolve) => {
      socket.once("close", () => {
        for (const channel of this.#channels) channel.receiveEnd();
        resolve();
      });
    });
    socket.on("error", () => {}); // `close` follows.
    socket.on("message", (data, isBinary) => this.#receive(data as Buffer, isBinary));
  }

  channel(number: number): Duplex {
    return this.#channels[number]!;
  }

  /** Ends the connection in order. */
  close(): void {
    this.#socket.close(1000);
  }

  destroy(): void {
    this.#socket.terminate();
  }

  #receive(bytes: Buffer, _isBinary: boolean): void {
    const message = decodeMessage(this.#protocol, bytes);
    switch (message.type) {
      case "data":
        this.#channels[message.channel]?.receive(message.data);
        return;
      case "close": {
        const channel = this.#channels[message.channel];
        if (channel === undefined) this.#violated("a channel that is not there is closed");
        else channel.receiveEnd();
        return;
      }
      case "violation":
        this.#violated(message.reason);
        return;
      case "nothing":
        return;
    }
  }

  #violated(reason: string): void {
    this.violation = reason;
    this.#socket.close(1002);
  }

  /** By a channel. */
  send(channel: number, data: Buffer, done: (error?: Error | null) => void): void {
    if (this.#socket.readyState !== this.#socket.OPEN) {
      done(); // Nobody is there to hear of it.
      return;
    }
    this.#socket.send(encodeMessage(this.#protocol, channel, data), (error) => done(error ?? null));
  }

  /** By a channel whose writer has ended. */
  sendClose(channel: number): void {
    if (this.#protocol.closes && this.#socket.readyState === this.#socket.OPEN) this.#socket.send(encodeClose(channel));
  }

  /** By a channel: whether its reader keeps up. */
  keepsUp(channel: number, keeps: boolean): void {
    const before = this.#behind.size;
    if (keeps) this.#behind.delete(channel);
    else this.#behind.add(channel);
    if (before > 0 && this.#behind.size === 0) this.#socket.resume();
    if (before === 0 && this.#behind.size > 0) this.#socket.pause();
  }
}

class Channel extends Duplex {
  readonly #connection: ChannelConnection;
  readonly #number: number;
  readonly #mode: ChannelMode;
  #ended = false;

  constructor(mode: ChannelMode, number: number, connection: ChannelConnection) {
    super({ allowHalfOpen: true, readableHighWaterMark: highWaterMark, writableHighWaterMark: highWaterMark });
    this.#mode = mode;
    this.#number = number;
    this.#connection = connection;
    this.on("error", () => {});
    if (mode === "ignore" || mode === "write") this.receiveEnd();
  }

  receive(data: Buffer): void {
    if (this.#ended || this.destroyed || data.length === 0) return;
    if (!this.push(data)) this.#connection.keepsUp(this.#number, false);
  }

  receiveEnd(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#connection?.keepsUp(this.#number, true);
    if (!this.destroyed) this.push(null);
  }

  override _read(): void {
    this.#connection.keepsUp(this.#number, true);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#mode === "write" || this.#mode === "duplex") this.#connection.send(this.#number, chunk, done);
    else done();
  }

  override _final(done: () => void): void {
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#connection.keepsUp(this.#number, true);
    done(error);
  }
}
