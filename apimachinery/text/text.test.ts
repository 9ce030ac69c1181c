import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { goJson } from "./go-json.ts";
import { byteLength, compareText, goQuote } from "./go-quote.ts";

test("quoting escapes what Go escapes", () => {
  assert.equal(goQuote('a"\\'), '"a\\"\\\\"');
  assert.equal(goQuote("\x00\x07\n\t\x7f"), '"\\x00\\a\\n\\t\\x7f"');
  assert.equal(goQuote("é漢😀"), '"é漢😀"');
  assert.equal(goQuote("\u00a0\u200b\u{e0001}"), '"\\u00a0\\u200b\\U000e0001"');
});

test("texts are ordered by their UTF-8 bytes", () => {
  const text = fc.string({ unit: "grapheme", maxLength: 5 });
  fc.assert(
    fc.property(text, text, (a, b) => {
      assert.equal(Math.sign(compareText(a, b)), Buffer.compare(Buffer.from(a), Buffer.from(b)));
      assert.equal(byteLength(a), Buffer.byteLength(a));
    }),
  );
});

test("JSON in messages escapes as Go does and shows big integers whole", () => {
  assert.equal(
    goJson({ a: "<&>", n: 9007199254740993n, u: undefined }),
    '{"a":"\\u003c\\u0026\\u003e","n":9007199254740993}',
  );
  assert.equal(goJson(undefined), "null");
});
