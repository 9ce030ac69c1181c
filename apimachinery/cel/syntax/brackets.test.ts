import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { standardMacros } from "./macros.ts";
import { parse } from "./parser.ts";
import { Source } from "./source.ts";

function issuesOf(expression: string): readonly string[] {
  const result = parse(new Source(expression), { macros: standardMacros, optionalSyntax: true });
  return result.ok ? [] : result.issues.map(({ line, column, message }) => `${line}:${column + 1}: ${message}`);
}

const literals = "'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";
const eof = (place: string, symbols: string): string =>
  `${place}: Syntax error: mismatched input '<EOF>' expecting {${symbols}, ${literals}`;

test("a bracket or colon that is missing is told where what is there may follow it", () => {
  for (const [expression, issue] of [
    ["object.x in [1, 2,", "1:19: Syntax error: missing ']' at '<EOF>'"],
    ["'asdf'.contains('x'", "1:20: Syntax error: missing ')' at '<EOF>'"],
    ["(1 + 2", "1:7: Syntax error: missing ')' at '<EOF>'"],
    ["{'a': 1,", "1:9: Syntax error: missing '}' at '<EOF>'"],
    ["x[1", "1:4: Syntax error: missing ']' at '<EOF>'"],
    ["a ? b c", "1:7: Syntax error: missing ':' at 'c'"],
    ["a ? (b : c", "1:8: Syntax error: missing ')' at ':'"],
    ["f([1, 2,)", "1:9: Syntax error: missing ']' at ')'"],
  ] as const) {
    assert.deepEqual(issuesOf(expression), [issue], expression);
  }
});

test("it is no more than not expected where something else would have to follow", () => {
  for (const [expression, issue] of [
    ["[1, 2", "1:6: Syntax error: mismatched input '<EOF>' expecting {']', ','}"],
    ["{'a': 1", "1:8: Syntax error: mismatched input '<EOF>' expecting {'}', ','}"],
    ["f(g(x", "1:6: Syntax error: mismatched input '<EOF>' expecting ')'"],
    ["a ? b", "1:6: Syntax error: mismatched input '<EOF>' expecting ':'"],
    ["{a}", "1:3: Syntax error: mismatched input '}' expecting ':'"],
    ["[1,,2]", "1:4: Syntax error: mismatched input ',' expecting ']'"],
    ["f(", eof("1:3", "'[', '{', '(', ')', '.', '-', '!'")],
    ["[", eof("1:2", "'[', ']', '{', '(', '.', ',', '-', '!', '?'")],
    ["{", eof("1:2", "'[', '{', '}', '(', '.', ',', '-', '!', '?'")],
    ["x[", eof("1:3", "'[', '{', '(', '.', '-', '!', '?'")],
  ] as const) {
    assert.deepEqual(issuesOf(expression), [issue], expression);
  }
});

test("what is too much is passed over, and what comes then is told as well", () => {
  const inMap = `{'[', '{', '}', '(', '.', ',', '-', '!', '?', ${literals}`;
  const inMessage = "{'}', ',', '?', IDENTIFIER, ESC_IDENTIFIER}";
  for (const [expression, ...issues] of [
    ["f(a b)", "1:5: Syntax error: extraneous input 'b' expecting ')'"],
    [
      "{:a}",
      `1:2: Syntax error: extraneous input ':' expecting ${inMap}`,
      "1:4: Syntax error: mismatched input '}' expecting ':'",
    ],
    [
      "msg{:a}",
      `1:5: Syntax error: extraneous input ':' expecting ${inMessage}`,
      "1:7: Syntax error: mismatched input '}' expecting ':'",
    ],
  ] as const) {
    assert.deepEqual(issuesOf(expression), issues, expression);
  }
});

test("lists, maps and messages may be empty, with a comma in them or behind", () => {
  for (const expression of ["[]", "[,]", "[1,]", "{}", "{,}", "{1: 2,}", "T{}", "T{,}", "T{a: 1,}"]) {
    assert.deepEqual(issuesOf(expression), [], expression);
  }
});

test("no text of tokens keeps the parser from an end", () => {
  const token = fc.constantFrom(..."[ ] { } ( ) . , - ! ? : + == in true a 1 'x' && ||".split(" "));
  fc.assert(
    fc.property(fc.array(token, { maxLength: 12 }), (tokens) => {
      const expression = tokens.join(" ");
      const result = parse(new Source(expression), { macros: standardMacros, optionalSyntax: true });
      assert.ok(result.ok || result.issues.length > 0, expression);
    }),
    { numRuns: 500 },
  );
});
