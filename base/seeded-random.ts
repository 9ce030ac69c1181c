import type { Random } from "./random.ts";
import { suffixFrom, uuidFrom } from "./random-text.ts";

/** A 32-bit hash with good avalanche (FNV-1a, then murmur3's finalizer), to turn text into a seed. */
function hash(text: string, basis: number): number {
  let h = basis >>> 0;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Chance that the same seed repeats exactly: sfc32 (Chris Doty-Humphrey's small fast counter, period at least 2^32). */
export class SeededRandom implements Random {
  readonly seed: string;
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number | string) {
    this.seed = String(seed);
    this.#a = hash(this.seed, 0x811c9dc5) | 0;
    this.#b = hash(this.seed, 0x9e3779b9) | 0;
    this.#c = hash(this.seed, 0x7f4a7c15) | 0;
    for (let i = 0; i < 15; i++) this.#next32();
  }

  /** An independent stream: what one part draws then leaves the others' draws as they were. Takes nothing from this one. */
  fork(name: string): SeededRandom {
    return new SeededRandom(`${this.seed}/${name}`);
  }

  next(): number {
    // 53 bits, as Math.random gives.
    return ((this.#next32() >>> 5) * 67108864 + (this.#next32() >>> 6)) / 9007199254740992;
  }

  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i += 4) {
      const word = this.#next32();
      for (let j = 0; j < 4 && i + j < length; j++) bytes[i + j] = (word >>> (8 * j)) & 0xff;
    }
    return bytes;
  }

  uuid(): string {
    return uuidFrom(this.bytes(16));
  }

  suffix(length: number): string {
    return suffixFrom((bound) => this.below(bound), length);
  }

  #next32(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum;
  }
}
