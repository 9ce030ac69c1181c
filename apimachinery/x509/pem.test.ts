import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { toPem } from "./certificate.ts";
import { decodePem, pemBlocks } from "./pem.ts";

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

test("blanks end a line and nothing else does; a carriage return only before its end", () => {
  const bytes = Buffer.from("1");
  for (const text of [
    "-----BEGIN A----- \t\r\nMQ==\r\n-----END A----- \t\r\n",
    "-----BEGIN A-----\nM \tQ=\n=\n-----END A-----  ",
    "-----BEGIN A-----\n\n\nMQ==\n\n-----END A-----",
  ]) {
    assert.deepEqual(decodePem(text), { type: "A", headers: 0, bytes, rest: "" }, text);
  }
  for (const space of ["\u00a0", "\v", "\f", "\u2028", "\r"]) {
    assert.equal(decodePem(`-----BEGIN A-----${space} \nMQ==\n-----END A-----\n`), undefined, JSON.stringify(space));
    assert.equal(decodePem(`-----BEGIN A-----\nMQ==\n-----END A-----${space}`), undefined, JSON.stringify(space));
  }
});

test("behind headers there is a line, though it be empty", () => {
  assert.equal(decodePem("-----BEGIN A-----\nX: 1\n-----END A-----\n"), undefined);
  assert.deepEqual(decodePem("-----BEGIN A-----\nX: 1\n\n-----END A-----\n")?.headers, 1);
});

test("of several beginnings before an end, the last counts", () => {
  const text = "-----BEGIN A-----\nMQ==\n-----BEGIN B-----\nMg==\n-----END B-----\nrest";
  assert.deepEqual(decodePem(text), { type: "B", headers: 0, bytes: Buffer.from("2"), rest: "rest" });
});

test("blocks among anything are found, in their order, with their bytes", () => {
  const noise = fc.stringMatching(/^[a-z:\- \t\r\n=]{0,40}$/).filter((text) => !text.includes("-----"));
  const block = fc.record({ label: fc.stringMatching(/^[A-Z]{1,3}$/), bytes: fc.uint8Array({ maxLength: 80 }) });
  const crlf = (text: string, yes: boolean): string => (yes ? text.replaceAll("\n", "\r\n") : text);
  fc.assert(
    fc.property(fc.array(fc.tuple(noise, block, fc.boolean()), { maxLength: 5 }), noise, (parts, last) => {
      const text = parts
        .map(([before, { label, bytes }, yes]) => `${before}\n${crlf(toPem(label, bytes), yes)}`)
        .join("");
      const found = [...pemBlocks(text + last)];
      assert.deepEqual(
        found.map(({ type, bytes }) => [type, new Uint8Array(bytes)]),
        parts.map(([, { label, bytes }]) => [label, bytes]),
      );
      assert.equal(found.at(-1)?.rest ?? last, last);
    }),
  );
});

test("whatever is put together from PEM's pieces, what is found was there, and is found again alone", () => {
  const piece = fc.constantFrom(
    "-----BEGIN ",
    "-----END ",
    "A",
    "B",
    "-----",
    "\n",
    "\r\n",
    "MQ==",
    "M",
    "=",
    ":",
    " ",
    "\t",
    "x: y\n",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const text = pieces.join("");
      let left = text.length;
      for (const { type, headers, bytes, rest } of pemBlocks(text)) {
        assert.ok(rest.length < left && text.endsWith(rest));
        left = rest.length;
        assert.ok(text.includes(`-----BEGIN ${type}-----`) && text.includes(`\n-----END ${type}-----`));
        if (headers === 0) assert.deepEqual(decodePem(toPem(type, bytes))?.bytes, bytes);
      }
    }),
    { numRuns: 2000 },
  );
});
