const startSize = 64 * 1024;
/** A larger buffer is given back once it is written. */
const keptSize = 1024 * 1024;
/** Below it, a loop over ASCII is faster than the call into the runtime. */
const shortString = 40;

let spare: Buffer | undefined;

/**
 * Writes protobuf from its end towards its beginning, as gogo does: the length of a message is known once its bytes stand,
 * so nothing is measured first or moved later. Each method writes before what is there.
 */
export class ReverseWriter {
  #buffer: Buffer;
  /** Index of the first byte written. */
  #at: number;
  /** Nesting of the message being written. */
  depth = 0;

  constructor() {
    this.#buffer = spare ?? Buffer.allocUnsafeSlow(startSize);
    spare = undefined;
    this.#at = this.#buffer.length;
  }

  /** Bytes written so far. */
  get size(): number {
    return this.#buffer.length - this.#at;
  }

  /** A copy of all bytes. The writer is done with. */
  finish(): Uint8Array {
    const result = Buffer.allocUnsafe(this.size);
    this.#buffer.copy(result, 0, this.#at);
    if (this.#buffer.length <= keptSize) spare = this.#buffer;
    return result;
  }

  #reserve(count: number): void {
    if (this.#at >= count) return;
    const used = this.size;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, used + count));
    this.#buffer.copy(grown, grown.length - used, this.#at);
    this.#buffer = grown;
    this.#at = grown.length - used;
  }

  /** A whole number from 0 to 2^53. */
  unsigned(value: number): void {
    this.#reserve(10);
    if (value < 0x80) {
      this.#buffer[--this.#at] = value;
      return;
    }
    let count = 1;
    for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) count++;
    this.#at -= count;
    let at = this.#at;
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.#buffer[at++] = (rest % 0x80) | 0x80;
    this.#buffer[at] = rest;
  }

  /** An int32 or int64: negative ones take ten bytes. */
  integer(value: number | bigint): void {
    if (typeof value === "number" && value >= 0) {
      this.unsigned(value);
      return;
    }
    this.#reserve(10);
    const bytes: number[] = [];
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
    bytes.push(Number(rest));
    this.#at -= bytes.length;
    this.#buffer.set(bytes, this.#at);
  }

  double(value: number): void {
    this.#reserve(8);
    this.#at -= 8;
    this.#buffer.writeDoubleLE(value, this.#at);
  }

  uint32BigEndian(value: number): void {
    this.#reserve(4);
    this.#at -= 4;
    this.#buffer.writeUInt32BE(value, this.#at);
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#at -= bytes.length;
    this.#buffer.set(bytes, this.#at);
  }

  /** UTF-8 with its length before it. */
  string(value: string): void {
    const { length } = value;
    if (length <= shortString && this.#ascii(value, length)) {
      this.unsigned(length);
      return;
    }
    const size = Buffer.byteLength(value, "utf8");
    this.#reserve(size);
    this.#at -= size;
    this.#buffer.write(value, this.#at, size, "utf8");
    this.unsigned(size);
  }

  /** Writes nothing and says so where a character is not ASCII. */
  #ascii(value: string, length: number): boolean {
    this.#reserve(length);
    const buffer = this.#buffer;
    const at = this.#at - length;
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i);
      if (code >= 0x80) return false;
      buffer[at + i] = code;
    }
    this.#at = at;
    return true;
  }
}
