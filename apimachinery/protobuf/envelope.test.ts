import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isNotAcceptable } from "../errors/api-error.ts";
import type { JsonObject, JsonValue } from "../json/json.ts";
import { readJson } from "../json/read-json.ts";
import { isProtobuf, protobufEnvelope } from "./envelope.ts";
import { sampleTable } from "./testing.ts";

const { encode, decode, encodeWatchFrame } = protobufEnvelope(sampleTable);
const typeMeta = { apiVersion: "shop/v1", kind: "Order" };

/** An envelope around the bytes of an Order. */
function envelope(...raw: readonly number[]): Uint8Array {
  const type = [0x0a, 7, ...Buffer.from("shop/v1"), 0x12, 5, ...Buffer.from("Order")];
  return Uint8Array.from([...Buffer.from("k8s\0"), 0x0a, type.length, ...type, 0x12, raw.length, ...raw]);
}

/** The same around the bytes of its spec. */
const specOf = (...raw: readonly number[]): JsonValue =>
  (decode(envelope(0x12, raw.length, ...raw)) as { spec: JsonValue }).spec;

test("what begins with k8s and a zero byte is protobuf", () => {
  assert.equal(isProtobuf(Buffer.from("k8s\0")), true);
  assert.equal(isProtobuf(Buffer.from("k8s")), false);
  assert.equal(isProtobuf(Buffer.from('{"kind":"Pod"}')), false);
});

test("plain fields are written even when empty, pointers only where they are", () => {
  const bytes = Buffer.from(encode({ ...typeMeta, metadata: {}, spec: { title: "" } })).toString("latin1");
  const spec = "\x0a\0" + "\x18\0" + '"\0' + "Y\0\0\0\0\0\0\0\0" + "\xc0\x0c\0";
  const metadata = "\x0a\0" + "B\0";
  const raw = `\x0a${String.fromCharCode(metadata.length)}${metadata}\x12${String.fromCharCode(spec.length)}${spec}`;
  const type = "\x0a\x07shop/v1\x12\x05Order";
  const whole = `k8s\0\x0a${String.fromCharCode(type.length)}${type}\x12${String.fromCharCode(raw.length)}${raw}\x1a\0"\0`;
  assert.equal(bytes, whole);
});

test("empty plain values are not shown in JSON unless Go shows them", () => {
  assert.deepEqual(decode(encode({ ...typeMeta })), { ...typeMeta, metadata: {}, spec: { title: "" } });
  assert.deepEqual(specOf(0x10, 0, 0x50, 0), { title: "", replicas: 0, express: false });
});

test("what the bytes lack is shown as Go shows what nobody set", () => {
  assert.deepEqual(decode(envelope()), { ...typeMeta, metadata: {}, spec: { title: "" } });
});

test("an embedded message's fields stand among its parent's", () => {
  const spec = { title: "x", path: "/a", meta: { name: "n" } };
  assert.deepEqual(decode(encode({ ...typeMeta, metadata: {}, spec })), { ...typeMeta, metadata: {}, spec });
});

test("fields in any order, repeated ones and unknown ones are read as protobuf has it", () => {
  assert.deepEqual(specOf(0x18, 5, 0x0a, 1, 97, 0x18, 0, 0x0a, 1, 98), { title: "b" });
  assert.deepEqual(specOf(0x62, 3, 1, 2, 3, 0x60, 4, 0xf8, 0xff, 3, 9, 0x0a, 0), { title: "", sizes: [1, 2, 3, 4] });
  assert.deepEqual(specOf(0xfb, 0x7f, 0x08, 1, 0xfc, 0x7f, 0x0a, 1, 97), { title: "a" });
});

test("messages that come twice are merged, embedded ones too", () => {
  const meta = [0x0a, 3, 0x0a, 1, 97];
  const labels = [0x0a, 8, 0x5a, 6, 0x0a, 1, 107, 0x12, 1, 118];
  assert.deepEqual(specOf(0x22, meta.length, ...meta, 0x22, labels.length, ...labels), {
    title: "",
    meta: { name: "a", labels: { k: "v" } },
  });
});

test("a key named __proto__ is a key", () => {
  const labels = JSON.parse('{"__proto__":"x","a":"b"}') as JsonObject;
  const back = decode(encode({ ...typeMeta, metadata: { labels }, spec: { title: "" } })) as { metadata: JsonObject };
  assert.equal(JSON.stringify(back.metadata["labels"]), '{"__proto__":"x","a":"b"}');
});

test("integers of 64 bits survive beyond 2^53 as bigints", () => {
  for (const serial of [2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n, -(2n ** 53n) - 1n]) {
    const spec = (decode(encode({ ...typeMeta, spec: { title: "", serial } })) as { spec: { serial: unknown } }).spec;
    assert.equal(spec.serial, serial);
  }
});

test("times that nobody set are empty, and the last second of the calendar is the last", () => {
  const created = (text: string) =>
    (decode(encode({ ...typeMeta, metadata: { created: text } })) as { metadata: JsonObject }).metadata["created"];
  assert.equal(created("0001-01-01T00:00:00Z"), undefined);
  assert.equal(created("9999-12-31T23:59:59Z"), "9999-12-31T23:59:59Z");
  assert.equal(created("2026-01-31T12:00:00+02:00"), "2026-01-31T10:00:00Z");
  const endless = [0x0a, 13, 0x42, 11, 0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0];
  assert.throws(() => decode(envelope(...endless.slice(0, -1), 0x10)), SyntaxError);
});

test("bytes that are none are refused in upstream's words", () => {
  const refused = (body: Uint8Array, message: string) =>
    assert.throws(() => decode(body), { name: "SyntaxError", message });
  refused(new Uint8Array(0), "empty data");
  refused(Buffer.from("{}"), "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]");
  refused(Buffer.from("k8s\0"), "empty body");
  refused(envelope(0x0a, 9), "unexpected EOF");
  refused(envelope(0x08, 1), "proto: wrong wireType = 0 for field Metadata");
  refused(envelope(0), "proto: Order: illegal tag 0 (wire type 0)");
  refused(envelope(0x0c), "proto: Order: wiretype end group for non-group");
  refused(envelope(0x7f), "proto: illegal wireType 7");
  refused(envelope(...new Array<number>(11).fill(0xff)), "proto: integer overflow");
  refused(
    Buffer.from("k8s\0\x0a\x04\x0a\0\x12\0\x12\0"),
    `Object 'Kind' is missing in 'runtime.TypeMeta{APIVersion:"", Kind:""}'`,
  );
  refused(Buffer.from("k8s\0\x0a\x09\x0a\x02v9\x12\x03Pod\x12\0"), 'no kind "Pod" is registered for version "v9"');
});

test("nesting is bounded", () => {
  let bytes: number[] = [];
  const varint = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...varint(value >> 7)]);
  for (let i = 0; i < 1200; i++) bytes = [0x2a, ...varint(bytes.length), ...bytes];
  const raw = [0x12, ...varint(bytes.length), ...bytes];
  const head = [...envelope().slice(0, -1), ...varint(raw.length)];
  assert.throws(() => decode(Uint8Array.from([...head, ...raw])), { message: "proto: message nested too deeply" });
});

test("options of a deletion are known in every group", () => {
  const options = { apiVersion: "example.com/v1", kind: "DeleteOptions", gracePeriodSeconds: 0 };
  assert.deepEqual(decode(encode(options)), options);
});

test("a kind without a message is not acceptable", () => {
  assert.throws(() => encode({ apiVersion: "meta.k8s.io/v1", kind: "Table" }), isNotAcceptable);
});

test("a watch frame is four bytes of length, then type and object", () => {
  const frame = Buffer.from(encodeWatchFrame("ADDED", { ...typeMeta, metadata: { name: "a" } }));
  const object = encode({ ...typeMeta, metadata: { name: "a" } });
  assert.equal(frame.readUInt32BE(0), frame.length - 4);
  const raw = [0x0a, object.length, ...object];
  assert.deepEqual([...frame.subarray(4)], [0x0a, 5, ...Buffer.from("ADDED"), 0x12, raw.length, ...raw]);
});

const text = fc.string({
  unit: fc.oneof(fc.constantFrom("a", "é", "😀", "\0"), fc.string({ minLength: 1, maxLength: 1 })),
  maxLength: 60,
});
const spec = fc.letrec((tie) => ({
  spec: fc.record(
    {
      title: text,
      replicas: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
      serial: fc.maxSafeInteger().filter((value) => value !== 0),
      path: text,
      parts: fc.array(tie("spec"), { minLength: 1, maxLength: 2 }),
      limits: fc.dictionary(text, fc.constantFrom("1", "100m", "2Gi"), { minKeys: 1 }),
      port: fc.oneof(text, fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
      secret: fc.uint8Array({ minLength: 1 }).map((bytes) => Buffer.from(bytes).toString("base64")),
      data: fc.dictionary(
        text,
        fc.uint8Array().map((bytes) => Buffer.from(bytes).toString("base64")),
        { minKeys: 1 },
      ),
      express: fc.boolean(),
      ratio: fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => value !== 0),
      sizes: fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), { minLength: 1 }),
      extra: fc
        .jsonValue({ maxDepth: 2 })
        .filter((value) => value !== null && !/-0|\d{16}/.test(JSON.stringify(value))),
      tags: fc.dictionary(text, fc.array(text), { minKeys: 1 }),
      renewed: fc.constantFrom("2026-01-31T23:59:59.123456Z", "1969-12-31T23:59:59.999999Z"),
      notes: fc.array(text, { minLength: 1 }),
      done: fc.constant(true),
    },
    { requiredKeys: ["title"] },
  ),
})).spec;

test("any object comes back from its bytes as it was", () => {
  fc.assert(
    fc.property(spec, (value) => {
      const object = { ...typeMeta, metadata: {}, spec: value as JsonObject };
      assert.deepEqual(plain(decode(encode(object))), plain(object));
    }),
    { numRuns: 300 },
  );
});

/** Without prototypes, which fast-check's dictionaries lack. */
function plain(value: unknown): unknown {
  return readJson(JSON.stringify(value));
}

test("damaged bytes are read or refused with a SyntaxError, and nothing else", () => {
  fc.assert(
    fc.property(spec, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }), fc.nat(), (value, edits, cut) => {
      const bytes = encode({ ...typeMeta, metadata: {}, spec: value as JsonObject });
      for (const [at, byte] of edits) bytes[at % bytes.length] = byte;
      const damaged = bytes.subarray(0, bytes.length - (cut % 3 === 0 ? cut % bytes.length : 0));
      try {
        decode(damaged);
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
      }
    }),
    { numRuns: 600 },
  );
});

test("random bytes are read or refused with a SyntaxError", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (raw) => {
      try {
        decode(envelope(...raw));
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
      }
    }),
    { numRuns: 2000 },
  );
});
