import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createEnvironment, dynType, intType, listType } from "./mod.ts";
import { type Expression, operators } from "./syntax/ast.ts";
import { standardMacros } from "./syntax/macros.ts";
import { parse } from "./syntax/parser.ts";
import { Source } from "./syntax/source.ts";
import { unparse } from "./syntax/unparse.ts";

const pieces = [
  "a",
  "b.c",
  "(",
  ")",
  "[",
  "]",
  "{",
  "}",
  "'x'",
  '"',
  "1",
  "2u",
  "3.5",
  "+",
  "-",
  "!",
  "?",
  ":",
  ",",
  ".",
  "&&",
  "||",
  "in",
  "==",
  "all",
  "\\",
  "`",
  "\n",
  "//",
  "é",
  "😀",
  "b'",
  "0x",
  "e",
  "@",
  "true",
];
const soup = fc
  .array(fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 3 })), { maxLength: 60 })
  .map((parts) => parts.join(""));
const options = { macros: standardMacros, optionalSyntax: true };

test("the parser answers with an expression or with its mistakes, whatever it is given", () => {
  fc.assert(
    fc.property(soup, (text) => {
      const parsed = parse(new Source(text), options);
      assert.ok(parsed.ok || parsed.issues.length > 0);
    }),
    { numRuns: 500 },
  );
});

test("the parser is linear: ten times the text takes nowhere near a hundred times as long", () => {
  for (const piece of ["a.b(", "a.b.c.d,", "'", "{", "!", "-", "x in y ? ", "a{b:", "1 + ", "a || b && "]) {
    const started = process.cpuUsage().user;
    parse(new Source(piece.repeat(Math.floor(100_000 / piece.length))), options);
    assert.ok(process.cpuUsage().user - started < 2_000_000, piece);
  }
});

let lastId = 0;
const id = (): number => lastId++;
const name = fc.constantFrom("a", "b", "items");
const binaries = [
  operators.add,
  operators.subtract,
  operators.multiply,
  operators.less,
  operators.equals,
  operators.in,
];

const { expression } = fc.letrec<{ expression: Expression }>((tie) => {
  const inner = tie("expression");
  return {
    expression: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      fc.oneof(
        fc
          .oneof(
            fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
            fc.string(),
            fc.boolean(),
            fc.double({ noNaN: true, noDefaultInfinity: true }),
          )
          .map((value): Expression => ({ kind: "literal", id: id(), value: Object.is(value, -0) ? 0 : value })),
        name.map((each): Expression => ({ kind: "identifier", id: id(), name: each })),
      ),
      fc
        .tuple(inner, name)
        .map(([operand, field]): Expression => ({ kind: "select", id: id(), operand, field, testOnly: false })),
      fc.tuple(fc.constantFrom(...binaries), inner, inner).map(
        ([fn, left, right]): Expression => ({
          kind: "call",
          id: id(),
          function: fn,
          target: undefined,
          args: [left, right],
        }),
      ),
      fc
        .tuple(fc.constantFrom(operators.and, operators.or), fc.array(inner, { minLength: 2, maxLength: 3 }))
        .map(([fn, args]): Expression => ({ kind: "call", id: id(), function: fn, target: undefined, args })),
      fc
        .tuple(inner, inner, inner)
        .map(
          (args): Expression => ({ kind: "call", id: id(), function: operators.conditional, target: undefined, args }),
        ),
      fc
        .tuple(inner, inner)
        .map((args): Expression => ({ kind: "call", id: id(), function: operators.index, target: undefined, args })),
      inner.map(
        (operand): Expression => ({
          kind: "call",
          id: id(),
          function: operators.not,
          target: undefined,
          args: [operand],
        }),
      ),
      fc
        .tuple(inner, fc.array(inner, { maxLength: 2 }))
        .map(([target, args]): Expression => ({ kind: "call", id: id(), function: "size", target, args })),
      fc
        .array(inner, { maxLength: 3 })
        .map((items): Expression => ({ kind: "list", id: id(), items, optional: new Set() })),
      fc.array(fc.tuple(inner, inner), { maxLength: 2 }).map(
        (entries): Expression => ({
          kind: "map",
          id: id(),
          entries: entries.map(([key, value]) => ({ id: id(), key, value, optional: false })),
        }),
      ),
    ),
  };
});

/** The expression without its ids, chains of one operator flat, as the parser has them. */
function shape(e: Expression): unknown {
  return JSON.parse(
    JSON.stringify(e, (key, value: unknown) => {
      if (key === "id" || key === "optional") return undefined;
      return typeof value === "bigint" ? `${value}n` : value;
    }),
  );
}

test("what is written out parses to the same again", () => {
  fc.assert(
    fc.property(expression, (e) => {
      const text = unparse(e);
      const parsed = parse(new Source(text), { macros: new Map(), optionalSyntax: true });
      assert.ok(parsed.ok, text);
      const again = unparse(parsed.parsed.expression);
      assert.equal(again, text);
      const twice = parse(new Source(again), { macros: new Map(), optionalSyntax: true });
      assert.ok(twice.ok);
      assert.deepEqual(shape(twice.parsed.expression), shape(parsed.parsed.expression));
    }),
    { numRuns: 300 },
  );
});

const environment = createEnvironment({
  variables: { a: dynType, b: intType, items: listType(intType) },
  homogeneousLiterals: false,
});
const loops = ["all(i, E)", "exists(i, E)", "map(i, E)", "filter(i, E)", "map(i, items.map(j, E))", "sort()", "sum()"];

test("no evaluation throws, and none costs much more than its limit", () => {
  fc.assert(
    fc.property(expression, fc.constantFrom(...loops), fc.nat(500), (e, loop, costLimit) => {
      const compiled = environment.compile(`items.${loop.replace("E", unparse(e))}`, { unchecked: true });
      if (!compiled.ok) return;
      const items = Array.from({ length: 50 }, (_, index) => index);
      const outcome = compiled.program.evaluate({ a: { b: [1, "x"] }, b: 3, items }, { costLimit });
      // One step may exceed the limit by what it costs itself, and none here works on more than 50 items.
      assert.ok("error" in outcome ? outcome.cost <= costLimit + 5100 : outcome.cost <= costLimit);
    }),
    { numRuns: 300 },
  );
});
