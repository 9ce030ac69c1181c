import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SortedMap } from "./sorted-map.ts";

type Step =
  | { readonly do: "set"; readonly key: string; readonly value: number }
  | { readonly do: "delete"; readonly key: string };

/** Few letters, so that keys collide, are prefixes of one another, and lie on both sides of the slash. */
const key = fc.string({ unit: fc.constantFrom("a", "b", "-", "/", "0"), maxLength: 4 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ do: fc.constant("set" as const), key, value: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("delete" as const), key }) },
);

interface Pair {
  readonly key: string;
  readonly value: number;
}

/** The plainest sorted map: an array, sorted again after every step. */
function model(pairs: readonly Pair[], step: Step): readonly Pair[] {
  const others = pairs.filter((pair) => pair.key !== step.key);
  return step.do === "delete"
    ? others
    : [...others, { key: step.key, value: step.value }].sort((a, b) => (a.key < b.key ? -1 : 1));
}

const plain = (entries: readonly Pair[]): readonly Pair[] => entries.map(({ key, value }) => ({ key, value }));

test("after any writes the map is what a sorted array would be, in whole, in part and by key", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), key, key, (steps, start, end) => {
      const map = new SortedMap<number>();
      let expected: readonly Pair[] = [];
      for (const step of steps) {
        if (step.do === "set") {
          map.set(step.key, step.value);
        } else {
          map.delete(step.key);
        }
        expected = model(expected, step);
        assert.deepEqual(plain(map.all()), expected);
        assert.equal(map.size, expected.length);
        assert.equal(map.get(step.key), step.do === "set" ? step.value : undefined);
      }
      const part = expected.filter((pair) => start <= pair.key && pair.key < end);
      assert.deepEqual(plain(map.slice(start, end)), part);
      assert.equal(map.count(start, end), part.length);
    }),
  );
});

test("a range that ends before it starts is empty", () => {
  const map = new SortedMap<number>();
  for (const key of ["a", "b", "c"]) {
    map.set(key, 1);
  }
  assert.deepEqual(map.slice("c", "a"), []);
  assert.equal(map.count("c", "a"), 0);
});

test("a slice keeps its keys when the map gains and loses others", () => {
  const map = new SortedMap<number>();
  map.set("b", 2);
  map.set("c", 3);
  const slice = map.slice("a", "z");
  map.set("a", 1);
  map.delete("c");
  assert.deepEqual(plain(slice), [
    { key: "b", value: 2 },
    { key: "c", value: 3 },
  ]);
});
