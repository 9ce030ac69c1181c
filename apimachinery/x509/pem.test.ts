import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { toPem } from "./certificate.ts";
import { decodePem } from "./pem.ts";

const typeOf = (text: string): string | undefined => decodePem(text)?.type;

test("what is written as PEM is read again, with what stands around it", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const block = decodePem(`words\n${toPem("A B", bytes)}rest`);
      assert.deepEqual(block, { type: "A B", headers: 0, bytes: Buffer.from(bytes), rest: "rest" });
    }),
  );
});

test("lines with a colon are headers", () => {
  const text = "-----BEGIN A-----\nX: 1\nY: 2\n\nMQ==\n-----END A-----\n";
  assert.deepEqual(decodePem(text), { type: "A", headers: 2, bytes: Buffer.from("1"), rest: "" });
});

test("a block without content is one", () => {
  assert.deepEqual(decodePem("-----BEGIN A-----\n-----END A-----"), {
    type: "A",
    headers: 0,
    bytes: Buffer.alloc(0),
    rest: "",
  });
});

test("what is no block is skipped", () => {
  const good = "-----BEGIN B-----\nMQ==\n-----END B-----\n";
  for (const bad of [
    "-----BEGIN A-----\n",
    "-----BEGIN A-----\nMQ==\n-----END C-----\n",
    "-----BEGIN A-----\nM!==\n-----END A-----\n",
    "-----BEGIN A-----\nMQ=\n-----END A-----\n",
    "-----BEGIN A-----\nMQ==\n-----END A----- x\n",
    "-----BEGIN A\nMQ==\n-----END A-----\n",
    " -----BEGIN A-----\nMQ==\n-----END A-----\n",
  ]) {
    assert.equal(typeOf(bad), undefined, bad);
    assert.equal(typeOf(bad + good), "B", bad);
  }
});

test("no text takes long", () => {
  const half = 20_000;
  for (const text of [
    "-----BEGIN A-----\n".repeat(half),
    "\n-----END A-----".repeat(half),
    "-----BEGIN ".repeat(half),
  ]) {
    assert.equal(decodePem(text), undefined);
  }
});
