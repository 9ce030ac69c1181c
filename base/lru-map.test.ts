import assert from "node:assert/strict";
import { test } from "node:test";
import { LruMap } from "./lru-map.ts";

test("the entry not used for longest goes first", () => {
  const map = new LruMap<string, number>(2);
  map.set("a", 1);
  map.set("b", 2);
  assert.equal(map.get("a"), 1);
  map.set("c", 3);
  assert.deepEqual(
    [...map.entries()],
    [
      ["a", 1],
      ["c", 3],
    ],
  );
  map.set("a", 4);
  map.set("d", 5);
  assert.deepEqual(
    [...map.entries()],
    [
      ["a", 4],
      ["d", 5],
    ],
  );
  assert.equal(map.delete("a"), true);
  assert.equal(map.get("a"), undefined);
  assert.equal(map.size, 1);
});
