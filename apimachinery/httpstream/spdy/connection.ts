import type { Duplex } from "node:stream";
import { encodeFrame, FrameParser, resetStatus, SpdyError, type SpdyFrame } from "./frames.ts";
import { HeaderCompressor, HeaderDecompressor, type SpdyHeaders } from "./header-block.ts";
import { SendWindows } from "./send-windows.ts";
import { SpdyStream, type StreamPort } from "./stream.ts";

export interface SpdyOptions {
  readonly role: "client" | "server";
  /** A stream that the peer opened. Throw to refuse it. It must be read or destroyed, or the connection stands still. */
  readonly onStream?: (stream: SpdyStream) => void;
  /**
   * Windows of 64 KiB a stream (2.6.8). Off by default: Kubernetes' own peers (moby/spdystream) neither send nor heed
   * WINDOW_UPDATE, and rely on TCP alone.
   */
  readonly flowControl?: boolean;
}

/** Streams that a peer may have open at once. */
const maxStreams = 1_000;
const maxDataBytes = 64 * 1024;
const largestId = 0x7fffffff;

/**
 * SPDY/3.1 over a connection that has been upgraded. Reading stops while any stream's reader is behind, so that what is held
 * is bounded: a stream that nobody reads holds up the others.
 */
export class SpdyConnection {
  /** Resolves once the connection is over, with what broke it, if anything did. */
  readonly closed: Promise<Error | undefined>;
  readonly #socket: Duplex;
  readonly #options: SpdyOptions;
  readonly #streams = new Map<number, SpdyStream>();
  readonly #compressor = new HeaderCompressor();
  readonly #decompressor = new HeaderDecompressor();
  readonly #windows: SendWindows | undefined;
  readonly #pings = new Map<number, () => void>();
  readonly #port: StreamPort;
  #nextId: number;
  #nextPing: number;
  #lastReceivedId = 0;
  #ended = false;
  #goneAway = false;

  constructor(socket: Duplex, options: SpdyOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#nextId = options.role === "client" ? 1 : 2;
    this.#nextPing = this.#nextId;
    this.#windows = options.flowControl === true ? new SendWindows() : undefined;
    this.#port = {
      send: (stream, data, fin, done) => this.#send(stream, data, fin, done),
      abandoned: (stream) => this.#abandoned(stream),
      consumed: (stream, bytes) => {
        if (this.#windows !== undefined && !stream.remoteClosed) {
          this.#write(encodeFrame.windowUpdate(stream.id, bytes));
        }
      },
    };
    socket.on("error", () => {});
    this.closed = this.#run().catch((error: unknown) => error as Error);
    void this.closed.then(() => this.#finish());
  }

  /** Opens a stream; data may be written at once. Rejects where the connection is over. */
  async openStream(headers: SpdyHeaders): Promise<SpdyStream> {
    const block = this.#ended ? undefined : await this.#compressor.compress(headers);
    if (block === undefined || this.#ended || this.#goneAway) throw new Error("the connection has ended");
    if (this.#nextId > largestId) throw new Error("the connection has no stream left");
    const stream = new SpdyStream(this.#port, this.#nextId, headers);
    this.#nextId += 2;
    this.#streams.set(stream.id, stream);
    this.#write(encodeFrame.synStream(stream.id, block));
    return stream;
  }

  /** Resolves when the peer has answered, or the connection is over. */
  ping(): Promise<void> {
    const id = this.#nextPing;
    this.#nextPing = id + 2 > largestId ? (id % 2) + 2 - (id % 2) * 2 : id + 2;
    if (this.#ended) return Promise.resolve();
    return new Promise((resolve) => {
      this.#pings.set(id, resolve);
      this.#write(encodeFrame.ping(id));
    });
  }

  /** Says goodbye: streams that are open are reset, what has been written still leaves. */
  close(): void {
    if (this.#ended) return;
    for (const stream of [...this.#streams.values()]) stream.destroy();
    this.#write(encodeFrame.goAway(this.#lastReceivedId));
    this.#ended = true;
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  async #run(): Promise<undefined> {
    const parser = new FrameParser();
    try {
      for await (const chunk of this.#socket) {
        for (const frame of parser.push(chunk as Buffer)) {
          const wait = this.#handle(frame);
          if (wait !== undefined) await wait;
        }
      }
    } catch (error) {
      if (this.#ended) return;
      if (error instanceof SpdyError) this.#write(encodeFrame.goAway(this.#lastReceivedId, resetStatus.protocolError));
      throw error;
    }
  }

  #finish(): void {
    this.#ended = true;
    for (const stream of [...this.#streams.values()]) stream.receiveEnd();
    this.#windows?.close();
    for (const resolve of this.#pings.values()) resolve();
    this.#pings.clear();
    this.#streams.clear();
    this.#compressor.close();
    this.#decompressor.close();
    this.#socket.end();
    if (this.#socket.readableEnded || this.#socket.destroyed) return;
    this.#socket.destroy();
  }

  #write(bytes: Buffer, done?: () => void): void {
    if (this.#ended || this.#socket.destroyed || this.#socket.writableEnded) done?.();
    else this.#socket.write(bytes, () => done?.());
  }

  #handle(frame: SpdyFrame): Promise<void> | undefined {
    switch (frame.type) {
      case "data":
        return this.#data(frame.streamId, frame.data, frame.fin);
      case "synStream":
        return this.#synStream(frame);
      case "synReply":
      case "headers":
        return this.#headers(frame);
      case "rstStream":
        this.#windows?.forget(frame.streamId);
        this.#streams.get(frame.streamId)?.receiveReset(frame.status);
        this.#streams.delete(frame.streamId);
        return;
      case "ping":
        this.#ping(frame.id);
        return;
      case "goAway":
        this.#goneAway = true;
        return;
      case "windowUpdate":
        this.#windows?.grow(frame.streamId, frame.delta);
        return;
      case "settings":
        if (frame.initialWindow !== undefined) this.#windows?.setInitial(frame.initialWindow);
        return;
    }
  }

  #data(streamId: number, data: Buffer, fin: boolean): Promise<void> | undefined {
    const stream = this.#streams.get(streamId);
    // What was under way when a stream was closed here says nothing about the connection.
    if (stream === undefined) return;
    const room = data.length === 0 || stream.receive(data);
    if (fin) this.#receivedFin(stream);
    return room || fin ? undefined : stream.room();
  }

  #receivedFin(stream: SpdyStream): void {
    stream.receiveFin();
    this.#forgetIfDone(stream);
  }

  async #synStream(frame: Extract<SpdyFrame, { type: "synStream" }>): Promise<void> {
    const headers = await this.#decompressor.decompress(frame.block);
    const theirs = this.#options.role === "client" ? 0 : 1;
    if (frame.streamId % 2 !== theirs || frame.streamId <= this.#lastReceivedId) {
      throw new SpdyError(`stream ${frame.streamId} may not be opened by the peer`);
    }
    this.#lastReceivedId = frame.streamId;
    const stream = new SpdyStream(this.#port, frame.streamId, headers);
    if (this.#options.onStream === undefined || this.#streams.size >= maxStreams) {
      this.#write(encodeFrame.rstStream(frame.streamId, resetStatus.refusedStream));
      return;
    }
    // The reply leaves before whatever the receiver writes.
    if (!frame.unidirectional) {
      const block = await this.#compressor.compress({});
      this.#write(encodeFrame.synReply(frame.streamId, block));
    }
    this.#streams.set(frame.streamId, stream);
    try {
      this.#options.onStream(stream);
    } catch {
      this.#streams.delete(frame.streamId);
      this.#write(encodeFrame.rstStream(frame.streamId, resetStatus.refusedStream));
      return;
    }
    if (frame.fin) this.#receivedFin(stream);
  }

  /** Every block is decompressed, wanted or not: those after it build on it. */
  async #headers({ type, streamId, fin, block }: Extract<SpdyFrame, { type: "synReply" | "headers" }>): Promise<void> {
    const headers = await this.#decompressor.decompress(block);
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return;
    if (type === "synReply") stream.receiveAccept(headers);
    if (fin) this.#receivedFin(stream);
  }

  #ping(id: number): void {
    const ours = id % 2 === this.#nextPing % 2;
    if (!ours) {
      this.#write(encodeFrame.ping(id));
      return;
    }
    this.#pings.get(id)?.();
    this.#pings.delete(id);
  }

  #send(stream: SpdyStream, data: Buffer, fin: boolean, done: (error?: Error | null) => void): void {
    const gone = this.#ended || this.#streams.get(stream.id) !== stream;
    if (gone || data.length === 0) {
      if (!gone && fin) this.#sendFin(stream);
      done();
      return;
    }
    const allowed = this.#windows?.take(stream.id, data.length) ?? data.length;
    if (allowed === 0) {
      this.#windows!.wait(stream.id, () => this.#send(stream, data, fin, done));
      return;
    }
    const piece = data.subarray(0, Math.min(allowed, maxDataBytes));
    if (piece.length < allowed) this.#windows?.grow(stream.id, allowed - piece.length);
    this.#socket.cork();
    this.#write(encodeFrame.dataHead(stream.id, piece.length, false));
    this.#write(piece, () => this.#send(stream, data.subarray(piece.length), fin, done));
    this.#socket.uncork();
  }

  #sendFin(stream: SpdyStream): void {
    this.#write(encodeFrame.dataHead(stream.id, 0, true));
    this.#forgetIfDone(stream, true);
  }

  #forgetIfDone(stream: SpdyStream, sent = stream.writableFinished): void {
    if (stream.remoteClosed && sent) {
      this.#streams.delete(stream.id);
      this.#windows?.forget(stream.id);
    }
  }

  #abandoned(stream: SpdyStream): void {
    if (this.#streams.get(stream.id) !== stream) return;
    this.#streams.delete(stream.id);
    this.#windows?.forget(stream.id);
    // Whole on both sides: there is nothing to break off.
    if (!(stream.remoteClosed && stream.writableFinished)) {
      this.#write(encodeFrame.rstStream(stream.id, resetStatus.cancel));
    }
  }
}
