import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { decodeProtobuf, encodeProtobuf } from "../../api/protobuf.ts";
import { SeededRandom } from "../../base/seeded-random.ts";
import { PortSet, parsePortRange } from "./port-set.ts";
import { decodePorts, encodePorts } from "./range-allocation.ts";

const range = { first: 30_000, last: 32_767 };
const setOf = (ports: readonly number[], within = range): PortSet => {
  const set = new PortSet(within);
  for (const port of ports) set.add(port);
  return set;
};

test("ranges of ports are read as upstream reads them", () => {
  assert.deepEqual(parsePortRange("30000-32767"), range);
  assert.deepEqual(parsePortRange("30000+2767"), range);
  assert.deepEqual(parsePortRange("443"), { first: 443, last: 443 });
  for (const text of ["", "a-b", "2-1", "1-65536", "1-2-3"]) assert.equal(parsePortRange(text), undefined, text);
});

test("the bytes are those of Go's big.Int: the lowest port is the last bit, and nothing leads", () => {
  const hex = (set: PortSet): string => Buffer.from(set.toBytes()).toString("hex");
  assert.equal(hex(setOf([])), "");
  assert.equal(hex(setOf([30_000])), "01");
  assert.equal(hex(setOf([30_000, 30_009])), "0201");
  assert.equal(hex(setOf([30_015])), "8000");
});

test("what is stored is upstream's protobuf, byte for byte, and read back from it and from JSON", () => {
  // proto3 of RangeAllocation{metadata, range "30000-32767", data 0x03} within upstream's envelope.
  const stored = Buffer.from(encodePorts(setOf([30_000, 30_001])));
  assert.equal(
    stored.toString("hex"),
    [
      "6b387300",
      "0a150a027631120f52616e6765416c6c6f636174696f6e",
      "1222",
      "0a100a0012001a0022002a00320038004200",
      "120b33303030302d3332373637",
      "1a0103",
      "1a002200",
    ].join(""),
  );
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: range.first, max: range.last }), { maxLength: 50 }), (ports) => {
      const set = setOf(ports);
      assert.equal(set.size, ports.length);
      assert.deepEqual(
        [...decodePorts(encodePorts(set), range)],
        [...ports].sort((a, b) => a - b),
      );
      assert.ok(decodePorts(Buffer.from(JSON.stringify(decodeProtobuf(encodePorts(set)))), range).equals(set));
    }),
  );
});

const golden = join(import.meta.dirname, "../../../shared/data/golden/core.v1.RangeAllocation");
test("upstream's own example is the same in both forms", { skip: !existsSync(`${golden}.pb`) }, () => {
  const bytes = readFileSync(`${golden}.pb`);
  const json = JSON.parse(readFileSync(`${golden}.json`, "utf8")) as object;
  assert.deepEqual(decodeProtobuf(bytes), json);
  assert.deepEqual(Buffer.from(encodeProtobuf(json)), bytes);
});

test("ports of another range are taken over as far as the new one has them", () => {
  const before = setOf([30_000, 30_500, 32_000]);
  const now = decodePorts(encodePorts(before), { first: 30_400, last: 31_000 });
  assert.deepEqual([...now], [30_500]);
});

test("what is none is refused", () => {
  assert.throws(() => decodePorts(Buffer.from('{"range":"x"}'), range), /the stored range of node ports is none/);
});

test("any port is one of the dynamic band as long as that has one, then one of the static band", () => {
  const small = { first: 100, last: 139 };
  const set = new PortSet(small);
  const random = new SeededRandom(3);
  const taken = Array.from({ length: 40 }, () => set.takeAny(random)!);
  assert.equal(new Set(taken).size, 40);
  assert.ok(taken.slice(0, 24).every((port) => port >= 116));
  assert.ok(taken.slice(24).every((port) => port < 116));
  assert.equal(set.takeAny(random), undefined);
});
