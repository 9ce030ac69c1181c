import type { Random } from "../../base/random.ts";
import { fromAnywhere, portBand, staticBandOf } from "./bands.ts";

export interface PortRange {
  readonly first: number;
  readonly last: number;
}

export function portRangeText({ first, last }: PortRange): string {
  return `${first}-${last}`;
}

/** As flags and the store have it: `30000-32767`, `30000+2767` or one port. Undefined for what is none. */
export function parsePortRange(text: string): PortRange | undefined {
  const match = /^(\d+)(?:([-+])(\d+))?$/.exec(text.trim());
  if (match === null) return undefined;
  const first = Number(match[1]);
  const last = match[2] === undefined ? first : Number(match[3]) + (match[2] === "+" ? first : 0);
  return last <= 65_535 && first <= last ? { first, last } : undefined;
}

/** Which ports of a range are taken: a bit each. As bytes it is what upstream keeps, Go's `big.Int`. */
export class PortSet {
  readonly range: PortRange;
  readonly #taken: Uint8Array;
  #size = 0;

  constructor(range: PortRange) {
    this.range = range;
    this.#taken = new Uint8Array(range.last - range.first + 1);
  }

  /** The first bit of the last byte is the first port; more bits than ports are left out. */
  static fromBytes(range: PortRange, bytes: Uint8Array): PortSet {
    const set = new PortSet(range);
    for (let i = 0; i < set.#taken.length; i++) {
      const byte = bytes[bytes.length - 1 - (i >> 3)] ?? 0;
      if ((byte & (1 << (i & 7))) !== 0) set.add(range.first + i);
    }
    return set;
  }

  toBytes(): Uint8Array {
    const highest = this.#taken.lastIndexOf(1);
    const bytes = new Uint8Array(highest < 0 ? 0 : (highest >> 3) + 1);
    for (let i = 0; i <= highest; i++) {
      if (this.#taken[i] === 1) bytes[bytes.length - 1 - (i >> 3)]! |= 1 << (i & 7);
    }
    return bytes;
  }

  copy(): PortSet {
    const copy = new PortSet(this.range);
    copy.#taken.set(this.#taken);
    copy.#size = this.#size;
    return copy;
  }

  get size(): number {
    return this.#size;
  }

  covers(port: number): boolean {
    return port >= this.range.first && port <= this.range.last;
  }

  has(port: number): boolean {
    return this.#taken[port - this.range.first] === 1;
  }

  /** False where it is taken already. The range must cover it. */
  add(port: number): boolean {
    if (this.has(port)) return false;
    this.#taken[port - this.range.first] = 1;
    this.#size++;
    return true;
  }

  /** Ports that are not taken, or not of the range, change nothing. */
  delete(port: number): void {
    if (!this.has(port)) return;
    this.#taken[port - this.range.first] = 0;
    this.#size--;
  }

  *[Symbol.iterator](): Generator<number> {
    for (let i = this.#taken.indexOf(1); i >= 0; i = this.#taken.indexOf(1, i + 1)) yield this.range.first + i;
  }

  equals(other: PortSet): boolean {
    const { first, last } = other.range;
    return (
      first === this.range.first && last === this.range.last && this.#taken.every((bit, i) => bit === other.#taken[i])
    );
  }

  /** Takes a port that nobody has, of those that are not for static use first; undefined where all are taken. */
  takeAny(random: Random): number | undefined {
    if (this.#size === this.#taken.length) return undefined;
    const size = BigInt(this.#taken.length);
    const first = BigInt(this.range.first);
    const band = staticBandOf(size, portBand);
    const candidates = [fromAnywhere(first + band, size - band, random), fromAnywhere(first, band, random)];
    for (const values of candidates) {
      for (const value of values) {
        if (this.add(Number(value))) return Number(value);
      }
    }
    return undefined;
  }
}
