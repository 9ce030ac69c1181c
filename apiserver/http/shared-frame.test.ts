import assert from "node:assert/strict";
import { test } from "node:test";
import { frameOf } from "./test-frames.ts";

test("frames that follow one another are one piece, in both shapes", () => {
  const all = frameOf("a\n").followedBy(frameOf("é\n")).followedBy(frameOf("ccc\n"));
  assert.equal(all.bytes.toString(), "a\né\nccc\n");
  assert.equal(all.chunk.toString(), "2\r\na\n\r\n3\r\né\n\r\n4\r\nccc\n\r\n");
  assert.equal(all.byteLength, 9);
});

test("receivers of the same frames share one piece, and none gets another's", () => {
  const [a, b, c] = [frameOf("a"), frameOf("b"), frameOf("c")];
  assert.equal(a.followedBy(b).followedBy(c).chunk, a.followedBy(b).followedBy(c).chunk);
  const ab = a.followedBy(b);
  assert.equal(a.followedBy(c).bytes.toString(), "ac");
  assert.equal(ab.bytes.toString(), "ab");
  assert.equal(a.followedBy(b).bytes.toString(), "ab");
});
