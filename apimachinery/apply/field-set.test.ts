import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  differenceOf,
  emptySet,
  equalSets,
  type FieldSet,
  fieldSet,
  hasPath,
  intersectionOf,
  isEmptySet,
  leavesOf,
  parseFieldSet,
  pathsOf,
  recursiveDifferenceOf,
  singleton,
  unionOf,
} from "./field-set.ts";
import { formatPath, keyElement } from "./path-element.ts";

const element = fc.constantFrom(
  "f:a",
  "f:b",
  "f:c",
  "f:constructor",
  "f:__proto__",
  'k:{"name":"x"}',
  'k:{"name":"y"}',
  'k:{"port":9,"protocol":"TCP"}',
  'k:{"port":80,"protocol":"TCP"}',
  "v:1",
  "v:20",
  'v:"s"',
  "v:true",
  "i:0",
  "i:10",
);
const paths = fc.array(fc.array(element, { minLength: 1, maxLength: 3 }), { maxLength: 6 });
const sets = paths.map((list) => list.reduce((set, path) => unionOf(set, singleton(path)), emptySet));

/** What a set means: its members, whatever its shape. */
function members(set: FieldSet): Set<string> {
  return new Set(pathsOf(set).map((path) => JSON.stringify(path)));
}

describe("a field set", () => {
  it("reads and writes the wire's form, byte for byte", () => {
    const text =
      '{"f:metadata":{"f:labels":{".":{},"f:app":{}}},"f:spec":{"f:ports":{"k:{\\"port\\":80}":{".":{},"f:port":{}},"k:{\\"port\\":443}":{}},"f:tags":{"v:1":{},"v:\\"x\\"":{}}}}';
    const fields: unknown = JSON.parse(text);
    assert.equal(parseFieldSet(fields), fields);
    assert.equal(JSON.stringify(fields), text);
  });

  it("puts what clients wrote otherwise into the one right form", () => {
    const set = parseFieldSet({
      "f:b": null,
      "f:a": { "f:x": {}, ".": {} },
      'k:{"port": 80, "name": "n"}': {},
      "v: 1": {},
      "z:future": { "f:x": {} },
    });
    assert.equal(
      JSON.stringify(set),
      '{"f:a":{".":{},"f:x":{}},"f:b":{},"k:{\\"name\\":\\"n\\",\\"port\\":80}":{},"v:1":{}}',
    );
  });

  it("refuses what is no set", () => {
    for (const fields of [{ f: {} }, { name: {} }, { "f:a": "x" }, { "k:[]": {} }, { "i:x": {} }, "x", []]) {
      assert.throws(() => parseFieldSet(fields), `${JSON.stringify(fields)}`);
    }
  });

  it("orders items by the values of their keys and not by their text", () => {
    const port = (n: number) => [keyElement(["port"], [n])];
    const set = unionOf(unionOf(singleton(port(443)), singleton(port(9))), singleton(port(80)));
    assert.deepEqual(Object.keys(set), ['k:{"port":9}', 'k:{"port":80}', 'k:{"port":443}']);
  });

  it("tells a field from what lies within", () => {
    const set = fieldSet(["spec", "a"], ["spec", "a", "b"], ["spec", "c", "d"]);
    assert.equal(hasPath(set, ["f:spec", "f:a"]), true);
    assert.equal(hasPath(set, ["f:spec", "f:c"]), false);
    assert.equal(hasPath(set, ["f:spec", "f:c", "f:d"]), true);
    assert.equal(hasPath(set, []), false);
    assert.deepEqual(pathsOf(set).map(formatPath), [".spec.a", ".spec.a.b", ".spec.c.d"]);
    assert.deepEqual(leavesOf(set), fieldSet(["spec", "a", "b"], ["spec", "c", "d"]));
  });

  it("loses a whole branch only by the recursive difference", () => {
    const set = fieldSet(["spec"], ["spec", "a", "b"]);
    assert.deepEqual(differenceOf(set, fieldSet(["spec"])), fieldSet(["spec", "a", "b"]));
    assert.deepEqual(recursiveDifferenceOf(set, fieldSet(["spec"])), emptySet);
  });

  it("obeys the laws of sets", () => {
    fc.assert(
      fc.property(sets, sets, sets, (a, b, c) => {
        const [x, y] = [members(a), members(b)];
        assert.deepEqual(members(unionOf(a, b)), new Set([...x, ...y]));
        assert.deepEqual(members(intersectionOf(a, b)), new Set([...x].filter((path) => y.has(path))));
        assert.deepEqual(members(differenceOf(a, b)), new Set([...x].filter((path) => !y.has(path))));
        assert.ok(equalSets(unionOf(a, b), unionOf(b, a)));
        assert.ok(equalSets(unionOf(unionOf(a, b), c), unionOf(a, unionOf(b, c))));
        assert.ok(equalSets(unionOf(differenceOf(a, b), intersectionOf(a, b)), a));
        assert.equal(isEmptySet(a), x.size === 0);
      }),
      { numRuns: 1000 },
    );
  });

  it("removes recursively exactly what has a removed field above it or is one", () => {
    fc.assert(
      fc.property(sets, sets, (a, b) => {
        const expected = pathsOf(a).filter((path) => !path.some((_, i) => hasPath(b, path.slice(0, i + 1))));
        assert.deepEqual(members(recursiveDifferenceOf(a, b)), new Set(expected.map((path) => JSON.stringify(path))));
      }),
      { numRuns: 1000 },
    );
  });

  it("survives the way over the wire, and operations leave it in the wire's form", () => {
    fc.assert(
      fc.property(sets, sets, (a, b) => {
        for (const set of [a, unionOf(a, b), differenceOf(a, b), recursiveDifferenceOf(a, b), intersectionOf(a, b)]) {
          const fields: unknown = JSON.parse(JSON.stringify(set));
          // The same value back means: it was canonical.
          assert.equal(parseFieldSet(fields), fields);
          assert.deepEqual(parseFieldSet(fields), set);
        }
      }),
    );
  });

  it("shares what an operation does not change", () => {
    fc.assert(
      fc.property(sets, (a) => {
        assert.equal(unionOf(a, JSON.parse(JSON.stringify(a)) as FieldSet), a);
        assert.equal(differenceOf(a, fieldSet(["nobody"])), a);
        assert.equal(recursiveDifferenceOf(a, emptySet), a);
      }),
    );
  });
});
