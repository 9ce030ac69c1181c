import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeGnostic } from "./gnostic.ts";
import { documentV2Shape } from "./gnostic-v2.ts";
import { documentV3Shape } from "./gnostic-v3.ts";

/** One field of bytes: number, length, content. */
const field = (number: number, ...content: readonly (string | Buffer)[]): Buffer => {
  const bytes = Buffer.concat(content.map((part) => Buffer.from(part)));
  assert.ok(bytes.length < 128);
  const tag = (number << 3) | 2;
  return Buffer.from([...(tag < 128 ? [tag] : [(tag & 0x7f) | 0x80, tag >> 7]), bytes.length, ...bytes]);
};
const hex = (...parts: readonly Buffer[]): string => Buffer.concat(parts).toString("hex");

test("a v3 schema is a named schema or reference of the components", () => {
  const bytes = encodeGnostic(
    { components: { schemas: { A: { type: "object", "x-a": [1] }, B: { $ref: "#/x" } } } },
    documentV3Shape,
  );
  const schema = field(1, field(25, "object"), field(36, field(1, "x-a"), field(2, field(2, "[1]"))));
  const a = field(1, field(1, "A"), field(2, schema));
  const b = field(1, field(1, "B"), field(2, field(2, field(1, "#/x"))));
  assert.equal(Buffer.from(bytes).toString("hex"), hex(field(5, field(1, a, b))));
});

test("a v3 default is a scalar; of an object there is no trace", () => {
  const encode = (value: string | boolean | object) =>
    Buffer.from(
      encodeGnostic({ components: { schemas: { A: { default: value as string } } } }, documentV3Shape),
    ).toString("hex");
  const around = (content: Buffer) => hex(field(5, field(1, field(1, field(1, "A"), field(2, field(1, content))))));
  assert.equal(encode("x"), around(field(33, field(3, "x"))));
  assert.equal(encode(true), around(field(33, Buffer.from([0x10, 1]))));
  assert.equal(encode({}), around(field(33)));
});

test("v2 parameters differ by where they stand", () => {
  const bytes = encodeGnostic(
    {
      parameters: {
        b: { in: "body", name: "body", schema: { $ref: "#/d" } },
        q: { in: "query", name: "limit", type: "integer", uniqueItems: true },
        p: { in: "path", name: "name", required: true, type: "string" },
      },
    },
    documentV2Shape,
  );
  const named = (name: string, value: Buffer): Buffer => field(1, field(1, name), field(2, value));
  const body = field(1, field(2, "body"), field(3, "body"), field(5, field(1, "#/d")));
  const unique = Buffer.from([0xa0, 0x01, 1]);
  const query = field(2, field(3, field(2, "query"), field(4, "limit"), field(6, "integer"), unique));
  const required = Buffer.from([0x08, 1]);
  const path = field(2, field(4, required, field(2, "path"), field(4, "name"), field(5, "string")));
  const all = field(10, named("b", body), named("q", query), named("p", path));
  assert.equal(Buffer.from(bytes).toString("hex"), hex(all));
});
