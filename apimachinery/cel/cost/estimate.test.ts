import assert from "node:assert/strict";
import { test } from "node:test";
import type { Schema } from "../../schema/schema.ts";
import { createEnvironment } from "../environment.ts";
import { boolean, duration, integer, list, map, number, object, scalar, text } from "../testing/schemas.ts";
import { declTypeOf } from "../types/declare.ts";

/** The most that rules can cost: apiextensions-apiserver/pkg/apiserver/schema/cel/compilation_test.go, TestCostEstimation. */
const estimates: readonly (readonly [schema: Schema, rule: string, max: number])[] = [
  [list(number), "self.all(x, true)", 4718591],
  [list(number, 10), "self.all(x, true)", 32],
  [list(text), "self.all(x, true)", 3145727],
  [list(text, 20), "self.all(x, true)", 62],
  [list(boolean), "self.all(x, true)", 1887437],
  [list(list(number)), "self.all(x, true)", 3145727],
  [map(number), "self.all(x, true)", 1348169],
  [map(text), "self.all(x, true)", 1179647],
  [map(boolean), "self.all(x, true)", 943718],
  [map(boolean, 100), "self.all(x, true)", 302],
  [text, "self.contains('test')", 314574],
  [scalar("string", undefined, 10), "self.contains('test')", 5],
  [text, "self.startsWith('test')", 2],
  [text, 'size(self + "hello") > size("hello")', 314578],
  [scalar("string", undefined, 4), 'size(self + "hello") > size("hello")', 7],
  [list(number), "self[1] == 0.0", 2],
  [list(text), "self[1] == self[1]", 314577],
  [list(number, 10), "self.all(x, self.all(y, true))", 352],
  [text, 'self.matches("x")', 314574],
  [scalar("string", undefined, 50), 'self.matches("x")', 22],
  [text, '"".matches("(((((((((())))))))))[0-9]")', 7],
  [text, 'self.matches("")', 1],
  [list(number), "self.all(x, x == 0.0)", 6291454],
  [map(number), 'self["x"] == 0.0', 2],
  [text, 'self == "x"', 2],
  [list(scalar("int-or-string")), "self.all(x, true)", 4718591],
  [list(scalar("int-or-string")), "self[0] == 5", 3],
  [list(boolean), "self[0] == false", 2],
  [list(duration), "self.all(x, true)", 2359295],
  [object({ x: integer }), "has(self.x)", 1],
];

for (const [schema, rule, max] of estimates) {
  test(`${rule} costs at most ${max}`, () => {
    const environment = createEnvironment({ variables: { self: declTypeOf(schema)! } });
    const compiled = environment.compile(rule);
    assert.ok(compiled.ok);
    assert.equal(compiled.program.estimateCost().max, max);
  });
}
