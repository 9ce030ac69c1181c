/** SPDY/3.1 frames (SPDY Protocol Draft 3.1, 2.2 and 2.6). Header blocks stay compressed here. */
export type SpdyFrame =
  | {
      readonly type: "synStream";
      readonly streamId: number;
      readonly fin: boolean;
      /** The peer may not answer on this stream. */
      readonly unidirectional: boolean;
      readonly block: Buffer;
    }
  | { readonly type: "synReply" | "headers"; readonly streamId: number; readonly fin: boolean; readonly block: Buffer }
  | { readonly type: "rstStream"; readonly streamId: number; readonly status: number }
  | { readonly type: "settings"; readonly initialWindow: number | undefined }
  | { readonly type: "ping"; readonly id: number }
  | { readonly type: "goAway"; readonly lastStreamId: number; readonly status: number }
  | { readonly type: "windowUpdate"; readonly streamId: number; readonly delta: number }
  /** A piece of a DATA frame, as it came; `fin` is on the last. */
  | { readonly type: "data"; readonly streamId: number; readonly data: Buffer; readonly fin: boolean };

/** The peer does not speak SPDY as it should: the connection is of no use any more. */
export class SpdyError extends Error {
  override readonly name = "SpdyError";
}

const version = 3;
const finFlag = 0x01;
const unidirectionalFlag = 0x02;
const initialWindowSetting = 7;
/** Control frames carry headers at most; data frames are never gathered. */
const maxControlBytes = 64 * 1024;
const idMask = 0x7fffffff;

const types = { synStream: 1, synReply: 2, rstStream: 3, settings: 4, ping: 6, goAway: 7, headers: 8, windowUpdate: 9 };

export const resetStatus = {
  protocolError: 1,
  invalidStream: 2,
  refusedStream: 3,
  cancel: 5,
  internalError: 6,
  flowControlError: 7,
} as const;

function control(type: number, flags: number, length: number): Buffer {
  const bytes = Buffer.alloc(8 + length);
  bytes.writeUInt16BE(0x8000 | version, 0);
  bytes.writeUInt16BE(type, 2);
  bytes.writeUInt32BE(length, 4);
  bytes[4] = flags;
  return bytes;
}

function words(type: number, ...values: readonly number[]): Buffer {
  const bytes = control(type, 0, values.length * 4);
  values.forEach((value, index) => {
    bytes.writeUInt32BE(value >>> 0, 8 + index * 4);
  });
  return bytes;
}

export const encodeFrame = {
  synStream(streamId: number, block: Buffer, { fin = false }: { readonly fin?: boolean } = {}): Buffer {
    const head = control(types.synStream, fin ? finFlag : 0, 10 + block.length);
    head.writeUInt32BE(streamId, 8);
    block.copy(head, 18);
    return head;
  },
  synReply(streamId: number, block: Buffer): Buffer {
    const head = control(types.synReply, 0, 4 + block.length);
    head.writeUInt32BE(streamId, 8);
    block.copy(head, 12);
    return head;
  },
  headers(streamId: number, block: Buffer): Buffer {
    const head = control(types.headers, 0, 4 + block.length);
    head.writeUInt32BE(streamId, 8);
    block.copy(head, 12);
    return head;
  },
  rstStream: (streamId: number, status: number): Buffer => words(types.rstStream, streamId, status),
  ping: (id: number): Buffer => words(types.ping, id),
  goAway: (lastStreamId: number, status = 0): Buffer => words(types.goAway, lastStreamId, status),
  windowUpdate: (streamId: number, delta: number): Buffer => words(types.windowUpdate, streamId, delta),
  /** The eight bytes before `length` bytes of data; at most 16 MiB. */
  dataHead(streamId: number, length: number, fin: boolean): Buffer {
    const head = Buffer.allocUnsafe(8);
    head.writeUInt32BE(streamId & idMask, 0);
    head.writeUInt32BE(length, 4);
    head[4] = fin ? finFlag : 0;
    return head;
  },
};

/** Cuts bytes into frames, however they arrive. Holds at most one control frame; data passes through. */
export class FrameParser {
  #pending: Buffer = Buffer.alloc(0);
  #data: { readonly streamId: number; readonly fin: boolean; remaining: number } | undefined;

  /** Frames that are complete with `chunk`. Throws SpdyError. */
  *push(chunk: Buffer): Generator<SpdyFrame> {
    let bytes = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    this.#pending = Buffer.alloc(0);
    for (;;) {
      if (this.#data !== undefined) {
        if (bytes.length === 0) return;
        bytes = yield* this.#dataPiece(this.#data, bytes);
        continue;
      }
      if (bytes.length < 8) break;
      const length = bytes.readUIntBE(5, 3);
      if ((bytes[0]! & 0x80) === 0) {
        bytes = yield* this.#startData(bytes, length);
        continue;
      }
      if (length > maxControlBytes) throw new SpdyError(`a control frame of ${length} bytes is too large`);
      if (bytes.length < 8 + length) break;
      const frame = controlFrame(bytes.subarray(0, 8), bytes.subarray(8, 8 + length));
      bytes = bytes.subarray(8 + length);
      if (frame !== undefined) yield frame;
    }
    // A copy: what is left over must not keep the whole chunk alive.
    this.#pending = Buffer.from(bytes);
  }

  *#startData(bytes: Buffer, length: number): Generator<SpdyFrame, Buffer> {
    const streamId = bytes.readUInt32BE(0) & idMask;
    const fin = (bytes[4]! & finFlag) !== 0;
    if (length === 0) yield { type: "data", streamId, data: Buffer.alloc(0), fin };
    else this.#data = { streamId, fin, remaining: length };
    return bytes.subarray(8);
  }

  *#dataPiece(
    frame: { streamId: number; fin: boolean; remaining: number },
    bytes: Buffer,
  ): Generator<SpdyFrame, Buffer> {
    const data = bytes.subarray(0, frame.remaining);
    frame.remaining -= data.length;
    const last = frame.remaining === 0;
    if (last) this.#data = undefined;
    yield { type: "data", streamId: frame.streamId, data, fin: last && frame.fin };
    return bytes.subarray(data.length);
  }
}

/** Undefined: a frame of a kind that may be passed over. */
function controlFrame(head: Buffer, body: Buffer): SpdyFrame | undefined {
  if ((head.readUInt16BE(0) & 0x7fff) !== version) throw new SpdyError("a control frame of another version");
  const type = head.readUInt16BE(2);
  const fin = (head[4]! & finFlag) !== 0;
  const word = (at: number): number => {
    if (body.length < at + 4) throw new SpdyError("a control frame is too short");
    return body.readUInt32BE(at);
  };
  const id = (at = 0): number => word(at) & idMask;
  switch (type) {
    case types.synStream: {
      if (body.length < 10) throw new SpdyError("a SYN_STREAM is too short");
      const unidirectional = (head[4]! & unidirectionalFlag) !== 0;
      return { type: "synStream", streamId: id(), fin, unidirectional, block: body.subarray(10) };
    }
    case types.synReply:
      return { type: "synReply", streamId: id(), fin, block: body.subarray(4) };
    case types.headers:
      return { type: "headers", streamId: id(), fin, block: body.subarray(4) };
    case types.rstStream:
      return { type: "rstStream", streamId: id(), status: word(4) };
    case types.settings:
      return { type: "settings", initialWindow: initialWindowOf(body) };
    case types.ping:
      return { type: "ping", id: word(0) };
    case types.goAway:
      return { type: "goAway", lastStreamId: id(), status: word(4) };
    case types.windowUpdate:
      return { type: "windowUpdate", streamId: id(), delta: id(4) };
    default:
      return undefined;
  }
}

function initialWindowOf(body: Buffer): number | undefined {
  for (let at = 4; at + 8 <= body.length; at += 8) {
    if ((body.readUInt32BE(at) & 0xffffff) === initialWindowSetting) return body.readUInt32BE(at + 4) & idMask;
  }
  return undefined;
}
