import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { jsonDiff } from "./json-diff.ts";

test("a diff shows changed lines among three of their neighbours", () => {
  assert.equal(jsonDiff({ a: 1 }, { a: 1 }), "");
  const before = { a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7, h: 8 };
  assert.equal(
    jsonDiff(before, { ...before, e: "x" }),
    '@@ -3,7 +3,7 @@\n  "b": 2,\n  "c": 3,\n  "d": 4,\n- "e": 5,\n+ "e": "x",\n  "f": 6,\n  "g": 7,\n  "h": 8\n',
  );
});

test("changes far apart stand in hunks of their own", () => {
  const before = Array.from({ length: 30 }, (_, i) => i);
  const after = before.with(2, 100).with(25, 200);
  assert.deepEqual(jsonDiff(before, after).match(/^@@.*@@$/gm), ["@@ -1,7 +1,7 @@", "@@ -24,7 +24,7 @@"]);
});

test("removed and added lines, applied to the old text, make the new one", () => {
  const value = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(value, value, (before, after) => {
      const lines = JSON.stringify(before, null, 1).split("\n");
      const result: string[] = [];
      let at = 0;
      for (const line of jsonDiff(before, after).split("\n").slice(0, -1)) {
        const head = /^@@ -(\d+)(?:,(\d+))? /.exec(line);
        if (head !== null) {
          const start = Number(head[1]) - (head[2] === "0" ? 0 : 1);
          while (at < start) result.push(lines[at++]!);
        } else if (line.startsWith("+")) result.push(line.slice(1));
        else {
          assert.equal(line.slice(1), lines[at]);
          if (line.startsWith(" ")) result.push(line.slice(1));
          at++;
        }
      }
      assert.equal([...result, ...lines.slice(at)].join("\n"), JSON.stringify(after, null, 1));
    }),
  );
});

test("keys that stand elsewhere are no difference, at any depth; new ones keep their places", () => {
  const before = { a: 1, b: [{ c: 1, d: 2 }], e: 3 };
  assert.equal(jsonDiff(before, { e: 3, b: [{ d: 2, c: 1 }], a: 1 }), "");
  assert.equal(
    jsonDiff(before, { e: 3, new: 0, b: [{ d: 2, c: 1 }], a: 1 }),
    jsonDiff(before, { a: 1, new: 0, b: before.b, e: 3 }),
  );
});
