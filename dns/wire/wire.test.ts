import assert from "node:assert/strict";
import { test } from "node:test";
import dnsPacket from "dns-packet";
import fc from "fast-check";
import { rcodes, types } from "./constants.ts";
import { FrameReader, frame } from "./frame.ts";
import { readShape } from "./message.ts";
import { nameBytes, readName, WireError } from "./name.ts";
import { parseQuery, type Query } from "./query.ts";
import { encodeAnswer, type ResourceRecord } from "./response.ts";

const anyLabel = fc.stringMatching(/^[a-z0-9_-]{1,20}$/);
const anyName = fc.array(anyLabel, { minLength: 1, maxLength: 6 }).map((labels) => labels.join("."));

function queryOf(name: string, type: "A" | "SRV" = "A"): Query {
  const parsed = parseQuery(dnsPacket.encode({ type: "query", id: 7, questions: [{ type, name }] }));
  assert.equal(parsed.kind, "query");
  return (parsed as { readonly query: Query }).query;
}

test("any bytes but the root's final zero, as labels, survive being a name's text", () => {
  const anyLabels = fc.array(fc.uint8Array({ minLength: 1, maxLength: 20 }), { maxLength: 8 });
  fc.assert(
    fc.property(anyLabels, (labels) => {
      const lower = labels.map((label) => label.map((byte) => (byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte)));
      const bytes = Uint8Array.from([...lower.flatMap((label) => [label.length, ...label]), 0]);
      const { name, end } = readName(bytes, 0);
      assert.equal(end, bytes.length);
      assert.deepEqual(nameBytes(name), bytes);
    }),
  );
});

test("names that point at themselves, forwards or past the end are refused", () => {
  for (const bytes of [[0xc0, 0], [1, 0x61, 0xc0, 9], [0xc0], [5, 1, 2], [0x80, 0], []])
    assert.throws(() => readName(Uint8Array.from(bytes), 0), WireError);
});

test("what is encoded, another implementation reads back; pointers are right", () => {
  const anyRecord = fc.oneof(
    fc.record({
      name: anyName,
      ttl: fc.nat(),
      type: fc.constant("A" as const),
      address: fc.uint8Array({ minLength: 4, maxLength: 4 }),
    }),
    fc.record({
      name: anyName,
      ttl: fc.nat(),
      type: fc.constantFrom("CNAME" as const, "PTR" as const),
      target: anyName,
    }),
    fc.record({
      name: anyName,
      ttl: fc.nat(),
      type: fc.constant("SRV" as const),
      priority: fc.nat(9),
      weight: fc.nat(99),
      port: fc.nat(65535),
      target: anyName,
    }),
  );
  fc.assert(
    fc.property(
      anyName,
      fc.array(anyRecord, { maxLength: 8 }),
      fc.array(anyRecord, { maxLength: 3 }),
      (name, answers, additionals) => {
        const bytes = encodeAnswer(queryOf(name), { rcode: rcodes.NOERROR, authoritative: true, answers, additionals });
        const packet = dnsPacket.decode(Buffer.from(bytes));
        assert.equal(packet.questions![0]!.name, name);
        assert.deepEqual(packet.answers!.map(plain), answers.map(expected));
        assert.deepEqual(packet.additionals!.map(plain), additionals.map(expected));
      },
    ),
  );
});

function plain(record: dnsPacket.Answer): string {
  const { name, ttl, type, data } = record as { name: string; ttl: number; type: string; data: unknown };
  if (type !== "SRV") return `${name} ${ttl} ${type} ${data}`;
  const { priority, weight, port, target } = data as dnsPacket.SrvData;
  return `${name} ${ttl} SRV ${priority} ${weight} ${port} ${target}`;
}

function expected(record: ResourceRecord): string {
  const { name, ttl, type } = record;
  if (record.type === "SRV")
    return `${name} ${ttl} SRV ${record.priority} ${record.weight} ${record.port} ${record.target}`;
  const data = "address" in record ? record.address.join(".") : "target" in record ? record.target : "";
  return `${name} ${ttl} ${type} ${data}`;
}

test("a message is never longer than the client takes, and says what it left out", () => {
  const record = (i: number): ResourceRecord => ({
    name: `n${i}.example`,
    ttl: 1,
    type: "A",
    address: Uint8Array.of(1, 2, 3, i),
  });
  fc.assert(
    fc.property(fc.nat(60), fc.nat(60), fc.integer({ min: 60, max: 900 }), (answers, additionals, maxBytes) => {
      const answer = {
        rcode: rcodes.NOERROR,
        authoritative: true,
        answers: Array.from({ length: answers }, (_, i) => record(i)),
        additionals: Array.from({ length: additionals }, (_, i) => record(100 + i)),
      };
      const bytes = encodeAnswer(queryOf("q.example"), answer, maxBytes);
      const shape = readShape(bytes);
      assert.ok(bytes.length <= maxBytes);
      assert.equal(shape.truncated, shape.answers < answers);
    }),
  );
});

test("no bytes make parsing or reading throw anything unforeseen", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      parseQuery(bytes);
      try {
        readShape(bytes);
      } catch (error) {
        assert.ok(error instanceof WireError || error instanceof RangeError, String(error));
      }
    }),
    { numRuns: 2_000 },
  );
});

test("responses are not answered, several questions are malformed, other opcodes are not implemented", () => {
  const query = dnsPacket.encode({ type: "query", id: 7, questions: [{ type: "A", name: "a.b" }] });
  const changed = (at: number, value: number) =>
    parseQuery(Uint8Array.from(query, (byte, i) => (i === at ? value : byte)));
  assert.equal(changed(2, 0x80).kind, "nothing");
  assert.deepEqual(changed(5, 2), { kind: "refusal", id: 7, flags: 0, rcode: rcodes.FORMERR });
  assert.deepEqual(changed(2, 0x28), { kind: "refusal", id: 7, flags: 0x2800, rcode: rcodes.NOTIMP });
  assert.equal(changed(12, 0xc0).kind, "refusal");
  assert.equal(queryOf("x.y", "SRV").type, types.SRV);
});

test("messages come out of a stream however it is cut", () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 5 }),
      fc.integer({ min: 1, max: 30 }),
      (messages, size) => {
        const stream = Buffer.concat(messages.map(frame));
        const reader = new FrameReader();
        const got: Uint8Array[] = [];
        for (let at = 0; at < stream.length; at += size)
          got.push(...reader.push(stream.subarray(at, at + size)).map((message) => Uint8Array.from(message)));
        assert.deepEqual(
          got,
          messages.map((message) => Uint8Array.from(message)),
        );
      },
    ),
  );
});
