import { type Cidr, containsIP, formatCIDR, parseCIDR } from "../../apimachinery/net/ip.ts";

/** Index of a first and a last block. */
export type Span = readonly [first: number, last: number];

/** Upstream's bound on how many blocks a range may have (cidrset: 16 bits for IPv6). */
const maxBits = 16;

/** A range of addresses cut into blocks of one size, counted from 0 (pkg/controller/nodeipam/ipam/cidrset). Immutable. */
export class Blocks {
  readonly #range: Cidr;
  readonly #prefix: number;
  readonly count: number;

  /** Throws where the range is none, or cannot be cut so. Default prefixes: 24 for IPv4, 64 for IPv6, at most the range's 65,536th part. */
  constructor(range: string, prefix?: number) {
    const parsed = parseCIDR(range);
    if (parsed === undefined) throw new Error(`${range} is no range of addresses`);
    this.#range = parsed;
    const v4 = parsed.network.bytes.length === 4;
    this.#prefix = prefix ?? Math.max(parsed.prefix, Math.min(v4 ? 24 : 64, parsed.prefix + maxBits));
    const bits = this.#prefix - parsed.prefix;
    if (bits < 0 || bits > maxBits || this.#prefix > parsed.network.bytes.length * 8) {
      throw new Error(`${range} cannot be cut into blocks of /${this.#prefix}`);
    }
    this.count = 2 ** bits;
  }

  /** `10.244.3.0/24` */
  textOf(index: number): string {
    const bytes = Uint8Array.from(this.#range.network.bytes);
    for (let bit = this.#prefix - 1, rest = index; bit >= this.#range.prefix; bit--, rest >>>= 1) {
      bytes[bit >> 3]! |= (rest & 1) << (7 - (bit & 7));
    }
    const network = { bytes, mapped: false };
    return formatCIDR({ ip: network, network, prefix: this.#prefix });
  }

  /** The blocks that a range has addresses of; undefined where none, or where it is no range. */
  spanOf(text: string): Span | undefined {
    const cidr = parseCIDR(text);
    if (cidr === undefined) return undefined;
    if (cidr.prefix <= this.#range.prefix) {
      return containsIP(cidr, this.#range.network) ? [0, this.count - 1] : undefined;
    }
    if (!containsIP(this.#range, cidr.network)) return undefined;
    const { bytes } = cidr.network;
    let first = 0;
    for (let bit = this.#range.prefix; bit < this.#prefix; bit++) {
      first = (first << 1) | ((bytes[bit >> 3]! >> (7 - (bit & 7))) & 1);
    }
    return [first, first + 2 ** Math.max(0, this.#prefix - cidr.prefix) - 1];
  }
}
