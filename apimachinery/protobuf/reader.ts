/** Bytes that end within a value, in the words of Go's io package. */
function unexpectedEnd(): SyntaxError {
  return new SyntaxError("unexpected EOF");
}

/** The runtime copies substrings up to this length; a longer one would keep the whole text in memory. */
const copiedLength = 12;

/** Reads protobuf from front to back. Throws SyntaxError, worded as gogo words it, on bytes that are none. */
export class Reader {
  readonly #buffer: Buffer;
  /** The bytes as text, one character each: the cheapest place to take short strings from. */
  readonly #text: string;
  /** Index of the next byte. */
  at: number;
  /** Nesting of the message being read. */
  depth = 0;

  constructor(bytes: Uint8Array, at = 0) {
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#text = this.#buffer.toString("latin1");
    this.at = at;
  }

  get length(): number {
    return this.#buffer.length;
  }

  /** The lower 32 bits of a varint, as a signed number. */
  int32(end: number): number {
    const first = this.#buffer[this.at]!;
    if (this.at < end && first < 0x80) {
      this.at++;
      return first;
    }
    return Number(BigInt.asIntN(32, BigInt(this.int64(end))));
  }

  bool(end: number): boolean {
    return this.int64(end) !== 0;
  }

  /** A varint as a signed number; beyond 2^53 a bigint, untyped here as in strict-json.ts. */
  int64(end: number): number {
    let low = 0;
    let high = 0;
    for (let shift = 0; ; shift += 7) {
      if (shift >= 64) throw new SyntaxError("proto: integer overflow");
      if (this.at >= end) throw unexpectedEnd();
      const byte = this.#buffer[this.at++]!;
      if (shift < 28) low |= (byte & 0x7f) << shift;
      else if (shift === 28) {
        low |= (byte & 0x0f) << 28;
        high = (byte & 0x7f) >> 4;
      } else high |= (byte & 0x7f) << (shift - 32);
      if (byte < 0x80) break;
    }
    const value = (high | 0) * 0x1_0000_0000 + (low >>> 0);
    if (Number.isSafeInteger(value)) return value;
    return ((BigInt(high | 0) << 32n) | BigInt(low >>> 0)) as unknown as number;
  }

  double(end: number): number {
    if (this.at + 8 > end) throw unexpectedEnd();
    const value = this.#buffer.readDoubleLE(this.at);
    this.at += 8;
    return value;
  }

  /** Reads a length and returns the index after as many bytes. */
  span(end: number): number {
    const size = this.int64(end);
    if (typeof size !== "number" || size < 0) {
      throw new SyntaxError("proto: negative length found during unmarshaling");
    }
    if (this.at + size > end) throw unexpectedEnd();
    return this.at + size;
  }

  string(end: number): string {
    const until = this.span(end);
    const from = this.at;
    this.at = until;
    if (until - from <= copiedLength && this.#isAscii(from, until)) return this.#text.slice(from, until);
    return this.#buffer.toString("utf8", from, until);
  }

  #isAscii(from: number, until: number): boolean {
    for (let i = from; i < until; i++) if (this.#buffer[i]! >= 0x80) return false;
    return true;
  }

  base64(end: number): string {
    const until = this.span(end);
    const value = this.#buffer.toString("base64", this.at, until);
    this.at = until;
    return value;
  }

  /** A view of bytes with their length before them. */
  bytes(end: number): Buffer {
    const until = this.span(end);
    const value = this.#buffer.subarray(this.at, until);
    this.at = until;
    return value;
  }

  /** Passes over the value of a field nobody knows, whose tag has been read. */
  skip(wireType: number, end: number): void {
    for (let groups = 0, type = wireType; ; type = this.int32(end) & 7) {
      switch (type) {
        case 0:
          this.int64(end);
          break;
        case 1:
          this.at += 8;
          break;
        case 2:
          this.at = this.span(end);
          break;
        case 3:
          groups++;
          break;
        case 4:
          if (groups === 0) throw new SyntaxError("proto: unexpected end of group");
          groups--;
          break;
        case 5:
          this.at += 4;
          break;
        default:
          throw new SyntaxError(`proto: illegal wireType ${type}`);
      }
      if (this.at > end) throw unexpectedEnd();
      if (groups === 0) return;
    }
  }
}
