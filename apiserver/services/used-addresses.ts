import { isIPv4, parseIP } from "../../apimachinery/net/ip.ts";
import type { AddressRange } from "./address-range.ts";
import { bigintOfIP } from "./ip-number.ts";

type Family = AddressRange["family"];

/** An address as what it is counted by; undefined for what is none. */
export function addressOf(text: string): { readonly family: Family; readonly value: bigint } | undefined {
  const ip = parseIP(text);
  return ip === undefined ? undefined : { family: isIPv4(ip) ? "IPv4" : "IPv6", value: bigintOfIP(ip) };
}

/** Which addresses have an IPAddress, and how many of each range: so a full range is known for one without a look at each. */
export class UsedAddresses {
  readonly #used: Readonly<Record<Family, Set<bigint>>> = { IPv4: new Set(), IPv6: new Set() };
  readonly #counts = new Map<AddressRange, bigint>();

  has(family: Family, value: bigint): boolean {
    return this.#used[family].has(value);
  }

  add(name: string): void {
    const address = addressOf(name);
    if (address === undefined || this.#used[address.family].has(address.value)) return;
    this.#used[address.family].add(address.value);
    this.#change(address.family, address.value, 1n);
  }

  delete(name: string): void {
    const address = addressOf(name);
    if (address === undefined || !this.#used[address.family].delete(address.value)) return;
    this.#change(address.family, address.value, -1n);
  }

  isFull(range: AddressRange): boolean {
    return this.count(range) >= range.size;
  }

  count(range: AddressRange): bigint {
    const known = this.#counts.get(range);
    if (known !== undefined) return known;
    let count = 0n;
    for (const value of this.#used[range.family]) if (range.has(value)) count++;
    this.#counts.set(range, count);
    return count;
  }

  forget(range: AddressRange): void {
    this.#counts.delete(range);
  }

  #change(family: Family, value: bigint, by: bigint): void {
    for (const [range, count] of this.#counts) {
      if (range.family === family && range.has(value)) this.#counts.set(range, count + by);
    }
  }
}
