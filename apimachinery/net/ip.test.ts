import assert from "node:assert/strict";
import net from "node:net";
import { test } from "node:test";
import fc from "fast-check";
import { formatFieldError } from "../field/errors.ts";
import { path } from "../field/path.ts";
import * as addresses from "../validation/addresses.ts";
import { containsIP, formatCIDR, formatIP, isStrictIP, parseCIDR, parseIP } from "./ip.ts";

test("an address is parsed and shown canonically", () => {
  const table: Readonly<Record<string, string>> = {
    "1.2.3.4": "1.2.3.4",
    "010.1.1.1": "10.1.1.1",
    "::": "::",
    "0:0:0:0:0:0:0:1": "::1",
    "2001:DB8::ABCD": "2001:db8::abcd",
    "1:0:0:2:0:0:0:3": "1:0:0:2::3",
    "1:0:2:3:4:5:6:7": "1:0:2:3:4:5:6:7",
    "::ffff:1.2.3.4": "1.2.3.4",
    "::1.2.3.4": "::102:304",
    "1::": "1::",
  };
  for (const [text, canonical] of Object.entries(table)) assert.equal(formatIP(parseIP(text)!), canonical, text);
  for (const bad of [
    "",
    "a",
    "1.2.3",
    "1.2.3.256",
    "1.2.3.4.5",
    "1:2",
    ":::",
    "1::2::3",
    "::1%eth0",
    "1.2.3.4:80",
    "12345::",
    "1:2:3:4:5:6:7:8:9",
    "::1.2.3",
  ])
    assert.equal(parseIP(bad), undefined, bad);
});

test("what the strict parser accepts is what node accepts", () => {
  const piece = fc.constantFrom(
    "0",
    "1",
    "ffff",
    "00",
    "01",
    "12345",
    "255",
    "256",
    ":",
    "::",
    ".",
    "1.2.3.4",
    "::ffff:",
    "/",
    "%",
    "g",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const text = pieces.join("");
      const mine = parseIP(text) !== undefined && isStrictIP(text);
      assert.equal(mine, net.isIP(text) !== 0 && !text.includes("%"), text);
    }),
    { numRuns: 3000 },
  );
});

test("any address survives being shown and parsed", () => {
  const bytes = fc.oneof(
    fc.uint8Array({ minLength: 4, maxLength: 4 }),
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
  );
  fc.assert(
    fc.property(bytes, fc.nat(128), (value, bits) => {
      const text = formatIP({ bytes: value, mapped: false });
      assert.deepEqual([...parseIP(text)!.bytes], [...value]);
      const prefix = Math.min(bits, value.length * 8);
      const cidr = parseCIDR(`${text}/${prefix}`)!;
      assert.equal(cidr.prefix, prefix);
      assert.ok(containsIP(cidr, cidr.ip));
      assert.equal(formatCIDR(parseCIDR(formatCIDR(cidr))!), formatCIDR(cidr));
    }),
  );
});

const place = path("ip");
const last = (errors: readonly { detail: string }[]): string => errors.map((error) => error.detail).join("|");

test("strict fields want unambiguous canonical addresses, legacy fields want less", () => {
  assert.equal(last(addresses.isValidIP(place, "1.2.3.4")), "");
  assert.equal(last(addresses.isValidIP(place, "1.1.1.01")), "must not have leading 0s");
  assert.equal(last(addresses.isValidIP(place, "::ffff:1.1.1.1")), "must not be an IPv4-mapped IPv6 address");
  assert.equal(last(addresses.isValidIP(place, "0:0::0")), 'must be in canonical form ("::")');
  assert.equal(last(addresses.isValidIP(place, "x")), "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
  assert.equal(last(addresses.isValidIPForLegacyField(place, "1.1.1.01", { strict: false })), "");
  assert.equal(
    last(addresses.isValidIPForLegacyField(place, "1.1.1.01", { strict: true })),
    "must not have leading 0s",
  );
  assert.equal(last(addresses.isValidIPForLegacyField(place, "x", { strict: true, validOld: ["x"] })), "");
});

test("blocks are judged likewise", () => {
  assert.equal(last(addresses.isValidCIDR(place, "10.0.0.0/8")), "");
  assert.equal(last(addresses.isValidCIDR(place, "::ffff:1.1.1.0/24")), "must not have an IPv4-mapped IPv6 address");
  assert.equal(last(addresses.isValidCIDR(place, "1.2.3.4/24")), "must not have bits set beyond the prefix length");
  assert.equal(
    last(addresses.isValidCIDR(place, "192.168.0.0/016")),
    "must not have leading 0s in IP or prefix length",
  );
  assert.equal(last(addresses.isValidCIDR(place, "2001:DB8::/64")), 'must be in canonical form ("2001:db8::/64")');
  for (const bad of ["1.2.3.4", "1.2.3.0/33", "1.2.3.0/-1", "1.2.3.0/+1", "1.2.3.0/8/9", "::/129"]) {
    assert.match(addresses.isValidCIDR(place, bad).map(formatFieldError).join(), /must be a valid CIDR value/);
  }
  assert.equal(last(addresses.isValidInterfaceAddress(place, "10.9.8.7/24")), "");
  assert.equal(
    last(addresses.isValidInterfaceAddress(place, "010.9.8.7/24")),
    'must be in canonical form ("10.9.8.7/24")',
  );
});

test("what is accepted for old times' sake is warned of", () => {
  assert.deepEqual(addresses.warningsForIP("spec.ip", "1.1.1.01"), [
    'spec.ip: non-standard IP address "1.1.1.01" is invalid: use "1.1.1.1"',
  ]);
  assert.deepEqual(addresses.warningsForIP("spec.ip", "2001:DB8::1"), [
    'spec.ip: IPv6 address "2001:DB8::1" should be in RFC 5952 canonical format ("2001:db8::1")',
  ]);
  assert.deepEqual(addresses.warningsForCIDR("c", "1.2.3.4/24"), [
    'c: CIDR value "1.2.3.4/24" is ambiguous in this context (should be "1.2.3.0/24" or "1.2.3.4/32"?)',
  ]);
  assert.deepEqual(addresses.warningsForCIDR("c", "10.0.0.0/8"), []);
});
