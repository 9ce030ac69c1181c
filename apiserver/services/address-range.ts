import { formatCIDR, isIPv4, parseCIDR } from "../../apimachinery/net/ip.ts";
import type { Random } from "../../base/random.ts";
import { addressBand, fromAnywhere, staticBandOf } from "./bands.ts";
import { bigintOfIP } from "./ip-number.ts";

/** The shortest prefix of an IPv6 range whose addresses are given out (NewIPAllocator). */
const shortestPrefix6 = 64;

/**
 * The addresses of one CIDR that services may have: all but the first, the network's, and in IPv4 the last, which is for
 * broadcast (pkg/registry/core/service/ipallocator/ipallocator.go).
 */
export class AddressRange {
  /** Canonical: `10.96.0.0/16`. */
  readonly text: string;
  readonly family: "IPv4" | "IPv6";
  readonly network: bigint;
  readonly first: bigint;
  readonly size: bigint;
  /** The first of those that are given to whoever asks for any. */
  readonly #dynamic: bigint;

  private constructor(text: string, family: "IPv4" | "IPv6", network: bigint, bits: bigint) {
    this.text = text;
    this.family = family;
    this.network = network;
    this.first = network + 1n;
    const whole = 1n << bits;
    const usable = whole - (family === "IPv4" ? 2n : 1n);
    this.size = usable < 0n ? 0n : usable;
    const band = staticBandOf(whole, addressBand);
    this.#dynamic = band < this.size ? band : 0n;
  }

  /** Undefined for what is no CIDR, and for an IPv6 range that is too wide to give addresses of. */
  static of(text: string): AddressRange | undefined {
    const cidr = parseCIDR(text);
    if (cidr === undefined) return undefined;
    const { network, prefix } = cidr;
    const family = isIPv4(network) ? "IPv4" : "IPv6";
    if (family === "IPv6" && prefix < shortestPrefix6) return undefined;
    return new AddressRange(
      formatCIDR(cidr),
      family,
      bigintOfIP(network),
      BigInt((family === "IPv4" ? 32 : 128) - prefix),
    );
  }

  has(address: bigint): boolean {
    return address >= this.first && address < this.first + this.size;
  }

  /** Every address once, in the order in which they are to be tried: the dynamic band from anywhere on, then the static one. */
  *candidates(random: Random): Generator<bigint> {
    yield* fromAnywhere(this.first + this.#dynamic, this.size - this.#dynamic, random);
    yield* fromAnywhere(this.first, this.#dynamic, random);
  }
}
