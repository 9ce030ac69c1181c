import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { canonicalBase64 } from "./base64.ts";

test("what any encoder writes is canonical already", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 50 }), (bytes) => {
      const text = Buffer.from(bytes).toString("base64");
      assert.equal(canonicalBase64(text), text);
    }),
  );
});

test("line breaks are removed and spare bits cleared", () => {
  assert.equal(canonicalBase64("aGVs\nbG8=\r\n"), "aGVsbG8=");
  assert.equal(canonicalBase64("QQ=\n="), "QQ==");
  assert.equal(canonicalBase64("QR=="), "QQ==");
});

// Go 1.24: encoding/base64, StdEncoding.Decode.
const illegal: readonly [string, number][] = [
  ["@@@@", 0],
  ["aGVs*G8=", 4],
  ["abc", 0],
  ["aGVsbG", 4],
  ["a===", 1],
  ["=abc", 0],
  ["aG=s", 2],
  ["aG=", 3],
  ["aGVsbG8=a", 8],
  ["aGVs bG8=", 4],
  ["aGVsbG8_", 7],
];

for (const [text, at] of illegal) {
  test(`${JSON.stringify(text)} is illegal at byte ${at}`, () => assert.equal(canonicalBase64(text), at));
}
