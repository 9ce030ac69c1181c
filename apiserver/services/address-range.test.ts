import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatIP } from "../../apimachinery/net/ip.ts";
import { SeededRandom } from "../../base/seeded-random.ts";
import { AddressRange } from "./address-range.ts";
import { addressBand, portBand, staticBandOf } from "./bands.ts";
import { ipOfBigint } from "./ip-number.ts";

const range = (text: string): AddressRange => AddressRange.of(text)!;
const textOf = (value: bigint, { family }: AddressRange): string => formatIP(ipOfBigint(value, family));

test("the network's own address is nobody's, and in IPv4 the last one neither", () => {
  for (const [text, first, last, size] of [
    ["10.96.0.0/16", "10.96.0.1", "10.96.255.254", 65_534n],
    ["192.168.0.0/30", "192.168.0.1", "192.168.0.2", 2n],
    ["2001:db8::/112", "2001:db8::1", "2001:db8::ffff", 65_535n],
    ["2001:db8::/127", "2001:db8::1", "2001:db8::1", 1n],
  ] as const) {
    const it = range(text);
    assert.deepEqual([textOf(it.first, it), textOf(it.first + it.size - 1n, it), it.size], [first, last, size]);
    assert.ok(!it.has(it.network) && !it.has(it.first + it.size));
  }
  for (const text of ["10.0.0.1/32", "10.0.0.0/31", "2001:db8::1/128"]) assert.equal(range(text).size, 0n, text);
});

test("an IPv6 range wider than 64 bits gives no addresses, nor does what is no range", () => {
  assert.equal(AddressRange.of("2001:db8::/63"), undefined);
  assert.equal(AddressRange.of("10.0.0.0"), undefined);
  assert.equal(range("2001:db8::/64").size, (1n << 64n) - 1n);
});

test("the static bands are upstream's", () => {
  for (const [bits, band] of [
    [4n, 0n],
    [5n, 16n],
    [8n, 16n],
    [9n, 32n],
    [12n, 256n],
    [16n, 256n],
  ] as const) {
    assert.equal(staticBandOf(1n << bits, addressBand), band, `${bits} bits`);
  }
  for (const [size, band] of [
    [16n, 0n],
    [17n, 16n],
    [2768n, 86n],
    [65_536n, 128n],
  ] as const) {
    assert.equal(staticBandOf(size, portBand), band, `${size} ports`);
  }
});

test("every address is a candidate once, and those of the static band come last", () => {
  fc.assert(
    fc.property(fc.integer({ min: 20, max: 32 }), fc.integer({ min: 1, max: 1_000 }), (prefix, seed) => {
      const it = range(`10.0.0.0/${prefix}`);
      const all = [...it.candidates(new SeededRandom(seed))];
      assert.equal(new Set(all).size, Number(it.size));
      assert.ok(all.every((value) => it.has(value)));
      const band = staticBandOf(1n << BigInt(32 - prefix), addressBand);
      const isStatic = (value: bigint): boolean => value < it.first + band;
      const statics = all.filter(isStatic).length;
      if (statics < all.length) assert.ok(all.slice(0, all.length - statics).every((value) => !isStatic(value)));
    }),
    { numRuns: 30 },
  );
});
