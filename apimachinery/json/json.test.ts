import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { equalJson, semanticEqual } from "./equal.ts";
import { parseExactly } from "./exact-parser.ts";
import { readJson } from "./read-json.ts";
import {
  countKeys,
  findDuplicateFields,
  findFaultyFields,
  hasDuplicateKeys,
  JsonSyntaxError,
  maxDepth,
  parseJson,
  stringifyJson,
} from "./strict-json.ts";

function failure(text: string): string {
  try {
    parseJson(text);
  } catch (error) {
    assert.ok(error instanceof JsonSyntaxError);
    return error.message;
  }
  return assert.fail(`parsed: ${text}`);
}

test("mistakes are explained in Go's words", () => {
  const table: Readonly<Record<string, string>> = {
    "": "unexpected end of JSON input",
    " ": "unexpected end of JSON input",
    "{": "unexpected end of JSON input",
    '{"a"': "unexpected end of JSON input",
    '"abc': "unexpected end of JSON input",
    "-": "unexpected end of JSON input",
    tru: "unexpected end of JSON input",
    x: "invalid character 'x' looking for beginning of value",
    "{x": "invalid character 'x' looking for beginning of object key string",
    '{"a":1,}': "invalid character '}' looking for beginning of object key string",
    "[1,]": "invalid character ']' looking for beginning of value",
    '{"a" 1}': "invalid character '1' after object key",
    '{"a":1 "b"}': "invalid character '\"' after object key:value pair",
    "[1 2]": "invalid character '2' after array element",
    "1 2": "invalid character '2' after top-level value",
    "01": "invalid character '1' after top-level value",
    '"\n"': "invalid character '\\n' in string literal",
    '"\\x"': "invalid character 'x' in string escape code",
    '"\\u12g4"': "invalid character 'g' in \\u hexadecimal character escape",
    trUe: "invalid character 'U' in literal true (expecting 'u')",
    nul1: "invalid character '1' in literal null (expecting 'l')",
    "1.x": "invalid character 'x' after decimal point in numeric literal",
    "1e+": "unexpected end of JSON input",
    "-a": "invalid character 'a' in numeric literal",
    é: "invalid character 'Ã' looking for beginning of value",
    "'a'": "invalid character '\\'' looking for beginning of value",
    "1e400": "json: cannot unmarshal number 1e400 into Go value of type float64",
  };
  for (const [text, message] of Object.entries(table)) assert.equal(failure(text), message, text);
});

test("depth has an end, and what is below it can be written again", () => {
  assert.equal(failure("[".repeat(maxDepth + 1)), "invalid character '[' exceeded max depth");
  assert.match(failure('{"a":'.repeat(1_000_000)), /exceeded max depth/);
  const deep = "[".repeat(maxDepth) + "]".repeat(maxDepth);
  assert.equal(JSON.stringify(parseJson(deep).value), deep);
});

test("64-bit integers survive, larger ones become floats as in Go", () => {
  const text = '{"a":9223372036854775807,"b":-9223372036854775808,"c":9007199254740993,"d":9007199254740991}';
  assert.equal(stringifyJson(parseJson(text).value), text);
  assert.equal(parseJson("9223372036854775808").value, 2 ** 63);
  assert.equal(parseJson(`${"9".repeat(300)}`).value, Number("9".repeat(300)));
  assert.equal(parseJson("1e3").value, 1000);
});

test("half a surrogate pair becomes the replacement character", () => {
  assert.equal(parseJson('"\\ud800x"').value, "\ufffdx");
  assert.equal(parseJson('"\\ud83d\\ude00"').value, "😀");
});

test("repeated keys are told apart from colons and quotes in strings", () => {
  const parsed = parseJson('{"a:\\"b":{"x":":"},"c":[{"d\\\\":1}]}');
  assert.equal(parsed.keys, 4);
  assert.ok(!hasDuplicateKeys(parsed));
  const text = '{"a":1,"spec":{"containers":[{"name":"x"},{"name":"y","name":"z","name":"w"}]},"a":{"b":1,"b":2}}';
  assert.ok(hasDuplicateKeys(parseJson(text)));
  assert.deepEqual(findDuplicateFields(text), ["spec.containers[1].name", "a", "a.b"]);
});

test("no key reaches a prototype", () => {
  const { value } = parseExactly('{"__proto__":{"polluted":1},"__proto__":2}');
  assert.deepEqual(Object.keys(value as object), ["__proto__"]);
  assert.equal(({} as { polluted?: number }).polluted, undefined);
});

test("good JSON is read as JSON.parse reads it, by both parsers, and has no repeated keys", () => {
  fc.assert(
    fc.property(fc.json(), fc.constantFrom(0, 2), (text, indent) => {
      const value = JSON.parse(text) as unknown;
      const spaced = JSON.stringify(value, null, indent);
      const parsed = parseJson(spaced);
      assert.equal(stringifyJson(parsed.value), JSON.stringify(value));
      assert.equal(stringifyJson(parseExactly(spaced).value), JSON.stringify(value));
      assert.equal(parsed.keys, countKeys(value));
      assert.deepEqual(findDuplicateFields(spaced), []);
    }),
    { numRuns: 500 },
  );
});

test("damaged JSON is read by both parsers alike or refused by both, with the documented error", () => {
  const piece = fc.constantFrom(
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    '"',
    "\\",
    "a",
    "0",
    "1",
    ".",
    "e",
    "-",
    "+",
    "null",
    "true",
    " ",
    '"a":',
    "\\u",
    "\n",
    "é",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const text = pieces.join("");
      let expected: string | undefined;
      try {
        expected = JSON.stringify(JSON.parse(text));
      } catch {
        expected = undefined;
      }
      try {
        const { value, duplicates } = parseExactly(text);
        assert.equal(stringifyJson(value), expected);
        assert.equal(hasDuplicateKeys(parseJson(text)), duplicates.length > 0);
      } catch (error) {
        if (!(error instanceof JsonSyntaxError)) throw error;
        if (!error.message.startsWith("json: ")) assert.equal(expected, undefined, `${text}: ${error.message}`);
      }
    }),
    { numRuns: 20_000 },
  );
});

test("a key of one escaped character is that character, wherever it stands", () => {
  const escapes = {
    "\\n": "\n",
    "\\/": "/",
    "\\u0041": "A",
    "\\u00e9": "é",
    "\\u0000": "\0",
    "\\\\": "\\",
    '\\"': '"',
  };
  for (const [written, key] of Object.entries(escapes)) {
    for (const text of [
      `{"${written}":1}`,
      `{"a":[],"${written}" : 1}`,
      `[{"b":{"\\u0001":0,"${written}":{"c":1}}}]`,
    ]) {
      for (const value of [readJson(text), parseJson(text).value]) {
        assert.ok(stringifyJson(value).includes(`${JSON.stringify(key)}:`), `${text} became ${stringifyJson(value)}`);
      }
    }
  }
});

test("long hostile texts are judged soon", { timeout: 10_000 }, () => {
  for (const text of [
    '"'.repeat(1_000_001),
    `"${"\\".repeat(1_000_000)}`,
    `[${"1,".repeat(500_000)}`,
    "9".repeat(1_000_000),
    `{${'"a":1,'.repeat(200_000)}"a":2}`,
  ]) {
    try {
      hasDuplicateKeys(parseJson(text));
    } catch (error) {
      assert.ok(error instanceof JsonSyntaxError);
    }
  }
});

test("JSON data is equal whatever the order of its keys, and null is not absent", () => {
  assert.ok(equalJson({ a: 1, b: [{ c: null }] }, { b: [{ c: null }], a: 1, d: undefined }));
  assert.ok(equalJson({ a: 9007199254740993n, b: 5n }, { a: 9007199254740993n, b: 5 }));
  assert.ok(!equalJson({ a: 9007199254740993n, b: 1.5 }, { a: 9007199254740992n, b: 1.5 }));
  for (const [a, b] of [
    [{ a: null }, {}],
    [{ a: [] }, {}],
    [
      [1, 2],
      [2, 1],
    ],
    [[1], { 0: 1 }],
    [{}, JSON.parse('{"__proto__":{}}')],
    [{ constructor: "x" }, {}],
    ["1", 1n],
  ]) {
    assert.ok(
      !equalJson(a, b),
      JSON.stringify(a, (_, value) => (typeof value === "bigint" ? `${value}n` : value)),
    );
    assert.ok(!equalJson(b, a));
  }
});

test("equality takes nothing, null and the empty list for one", () => {
  assert.ok(semanticEqual({ a: [], b: null, c: { d: 1 } }, { c: { d: 1 }, e: undefined }));
  assert.ok(!semanticEqual({ a: {} }, {}));
  assert.ok(!semanticEqual({ a: [1, 2] }, { a: [2, 1] }));
  assert.ok(!semanticEqual([1], { 0: 1 }));
});

test("repeated and unknown fields are told in the order of the text, nothing of what is below an unknown one", () => {
  const text = '{"spec":{"u":{"x":1,"x":2},"r":1,"r":2,"l":[{"k":1,"k":2,"v":1},{"v":2}]},"r":1,"u":2}';
  const unknown = new Set(["spec.u", "spec.l[1].v", "u"]);
  assert.deepEqual(
    findFaultyFields(text, unknown).map(({ fault, path }) => `${fault} ${path}`),
    ["unknown spec.u", "duplicate spec.r", "duplicate spec.l[0].k", "unknown spec.l[1].v", "unknown u"],
  );
});
