/**
 * A piece of a stream that goes to many receivers, made once for each way of sending it: a frame, or several that leave
 * together.
 */
export interface SharedFrame {
  readonly byteLength: number;
  readonly bytes: Buffer;
  /** The same for HTTP/1.1: chunks, each with its length before it. */
  readonly chunk: Buffer;
  /** This and `next` behind it. Whoever asks for the same gets the same: receivers of equal events share what they are sent. */
  followedBy(next: SharedFrame): SharedFrame;
}

/** Remembers the one that came last: that is what the other receivers ask for. */
abstract class Frame {
  #next: SharedFrame | undefined;
  #joined: SharedFrame | undefined;

  followedBy(this: Frame & SharedFrame, next: SharedFrame): SharedFrame {
    if (this.#joined === undefined || this.#next !== next) {
      this.#next = next;
      this.#joined = new JoinedFrames(this, next);
    }
    return this.#joined;
  }
}

/** A frame in one buffer: the chunk, and within it `byteLength` bytes from `begin` on. */
export class OneFrame extends Frame implements SharedFrame {
  readonly chunk: Buffer;
  readonly bytes: Buffer;

  constructor(chunk: Buffer, begin: number, byteLength: number) {
    super();
    this.chunk = chunk;
    this.bytes = chunk.subarray(begin, begin + byteLength);
  }

  get byteLength(): number {
    return this.bytes.length;
  }
}

/** Joined when it is first asked for, by one copy, however many there are. */
class JoinedFrames extends Frame implements SharedFrame {
  readonly byteLength: number;
  readonly #parts: { readonly before: SharedFrame; readonly last: SharedFrame };
  #bytes: Buffer | undefined;
  #chunk: Buffer | undefined;

  constructor(before: SharedFrame, last: SharedFrame) {
    super();
    this.byteLength = before.byteLength + last.byteLength;
    this.#parts = { before, last };
  }

  get bytes(): Buffer {
    this.#bytes ??= Buffer.concat(this.#all().map(({ bytes }) => bytes));
    return this.#bytes;
  }

  get chunk(): Buffer {
    this.#chunk ??= Buffer.concat(this.#all().map(({ chunk }) => chunk));
    return this.#chunk;
  }

  #all(): SharedFrame[] {
    const frames: SharedFrame[] = [];
    let frame: SharedFrame = this;
    while (frame instanceof JoinedFrames) {
      frames.push(frame.#parts.last);
      frame = frame.#parts.before;
    }
    frames.push(frame);
    return frames.reverse();
  }
}
