import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { stringifyJson } from "../json/strict-json.ts";
import { dumpYaml, parseYaml, splitYamlDocuments, YamlError } from "./yaml.ts";

test("plain values are those of YAML 1.1, as sigs.k8s.io/yaml reads them", () => {
  const table: readonly [string, unknown][] = [
    ["yes", true],
    ["y", true],
    ["On", true],
    ["NO", false],
    ["off", false],
    ["yEs", "yEs"],
    ["", null],
    ["~", null],
    ["Null", null],
    ["nULL", "nULL"],
    ["0x1F", 31],
    ["0o17", 15],
    ["017", 15],
    ["08", 8],
    ["0b11", 3],
    ["-0b11", -3],
    ["+1", 1],
    ["1_000", 1000],
    ["1e3", 1000],
    [".5", 0.5],
    ["1.", 1],
    ["1.5.2", "1.5.2"],
    ["1:30", "1:30"],
    ["1e400", "1e400"],
    ["2026-01-01", "2026-01-01"],
    ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"],
    ["9223372036854775807", 9223372036854775807n],
    ["9223372036854775808", 2 ** 63],
    ["18446744073709551616", 2 ** 64],
    ['"yes"', "yes"],
    ["'1'", "1"],
    ["!!str 1", "1"],
    ["!!float 1", 1],
    ["!!binary aGk=", "hi"],
    ["!other x", "x"],
  ];
  for (const [text, value] of table) assert.deepEqual(parseYaml(`a: ${text}`).value, { a: value }, text);
});

test("keys become text, of repeated ones the last counts", () => {
  const { value, duplicates } = parseYaml("1: a\ntrue: b\n1.5: c\nx:\n  k: 1\n  k: 2\nx2: 1\n1: d\n");
  assert.deepEqual(value, { 1: "d", true: "b", 1.5: "c", x: { k: 2 }, x2: 1 });
  assert.deepEqual(duplicates, [
    'yaml: unmarshal errors:\n  line 6: key "k" already set in map\n  line 8: key 1 already set in map',
  ]);
  assert.deepEqual(parseYaml('{"a":1,"a":2}').duplicates, [
    'yaml: unmarshal errors:\n  line 1: key "a" already set in map',
  ]);
});

test("aliases become copies and merges apply where they stand", () => {
  const { value } = parseYaml(
    "a: &x {k: [1]}\nb: *x\nc: {<<: *x, l: 2}\nd: {<<: [{k: 1}, {k: 2, m: 3}]}\ne: &x 5\nf: *x\n",
  );
  const read = value as Record<string, Record<string, unknown>>;
  assert.deepEqual(value, { a: { k: [1] }, b: { k: [1] }, c: { k: [1], l: 2 }, d: { k: 1, m: 3 }, e: 5, f: 5 });
  assert.notEqual(read["a"]?.["k"], read["b"]?.["k"]);
});

test("what cannot be read is refused in go-yaml's words", () => {
  const table: Readonly<Record<string, string>> = {
    "x: 1\na: b: c": "yaml: line 2: mapping values are not allowed in this context",
    "a: b: c": "yaml: mapping values are not allowed in this context",
    "a:\n\tb: c": "yaml: line 2: found character that cannot start any token",
    "a: 'x": "yaml: found unexpected end of stream",
    "k: v\nfoo": "yaml: line 2: could not find expected ':'",
    "a: *x": "yaml: unknown anchor 'x' referenced",
    "a: &a [*a]": "yaml: anchor 'a' value contains itself",
    "a: !!int x": "yaml: cannot decode !!str `x` as a !!int",
    "a: .nan": "json: unsupported value: NaN",
    "a: {<<: 1}": "yaml: map merge requires map or sequence of maps as the value",
    "? ~\n: b": 'unsupported map key of type: %!s(<nil>), key: <nil>, value: "b"',
  };
  for (const [text, message] of Object.entries(table)) {
    assert.throws(() => parseYaml(text), { name: "YamlError", message }, text);
  }
});

test("a document that aliases blow up is refused, soon", { timeout: 10_000 }, () => {
  let text = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n";
  for (let i = 1; i < 12; i++)
    text += `a${i}: &a${i} [${Array(9)
      .fill(`*a${i - 1}`)
      .join(",")}]\n`;
  assert.throws(() => parseYaml(text), { message: "yaml: document contains excessive aliasing" });
  let merges = "a0: &a0 {k: v}\n";
  for (let i = 1; i < 40; i++) merges += `a${i}: &a${i} {<<: [*a${i - 1}, *a${i - 1}]}\n`;
  assert.throws(() => parseYaml(merges), { message: "yaml: document contains excessive aliasing" });
});

test("depth has an end", () => {
  for (const text of ["[".repeat(100_000), "- ".repeat(100_000), "{a: ".repeat(5000)]) {
    assert.throws(() => parseYaml(text), { name: "YamlError" });
  }
  const deep = "[".repeat(900) + "]".repeat(900);
  assert.equal(JSON.stringify(parseYaml(deep).value), deep);
});

test("no key reaches a prototype", () => {
  const { value } = parseYaml("a: &a {__proto__: {polluted: 1}}\nb: {<<: *a}\nc: {<<: [*a]}");
  for (const part of Object.values(value as Record<string, object>)) {
    assert.deepEqual(Object.keys(part), ["__proto__"]);
    assert.equal(Object.getPrototypeOf(part), Object.prototype);
  }
});

test("a text is split at its document marks", () => {
  assert.deepEqual(splitYamlDocuments("a: 1\n---\n# only a comment\n---\nb: 2\r\n--- # x\r\nc: |\n  ---\n---x\n"), [
    "a: 1\n",
    "\nb: 2\r\n",
    "\nc: |\n  ---\n---x\n",
  ]);
  assert.deepEqual(parseYaml("a: 1\n---\nb: 2").value, { a: 1 });
  assert.deepEqual(parseYaml("---\n# nothing\n").value, null);
});

test("objects are printed sorted, and text that looks like another type is quoted", () => {
  assert.equal(
    dumpYaml({
      b: "true",
      a: ["x", { k: "12" }],
      c: "x\ny\n",
      d: 9223372036854775807n,
      e: {},
      f: undefined,
      y: "n",
      z: 1.5,
    }),
    'a:\n- x\n- k: "12"\nb: "true"\nc: |\n  x\n  y\nd: 9223372036854775807\ne: {}\n"y": "n"\nz: 1.5\n',
  );
});

test("any JSON survives being printed and read", { timeout: 30_000 }, () => {
  const scalarText = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 8 }),
    fc.constantFrom(
      "yes",
      "n",
      "0x1",
      "0o7",
      "017",
      "1_0",
      "1e3",
      ".5",
      "2026-01-01",
      "<<",
      "~",
      "null",
      "*a",
      "&a",
      "!x",
      "- a",
      "a: b",
      "# c",
      "%",
      "@",
      "`",
      "1:20",
      " ",
      "a\n\nb",
      "\ta",
      "---",
      "y",
      ".inf",
    ),
  );
  const { json } = fc.letrec((tie) => ({
    json: fc.oneof(
      { depthSize: "small" },
      scalarText,
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie("json"), { maxLength: 4 }),
      fc.dictionary(scalarText, tie("json"), { maxKeys: 4 }),
    ),
  }));
  fc.assert(
    fc.property(fc.dictionary(scalarText, json, { maxKeys: 4 }), (value) => {
      const text = dumpYaml(value);
      assert.equal(stringifyJson(sorted(parseYaml(text).value)), stringifyJson(sorted(value)), text);
    }),
    { numRuns: 1000 },
  );
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]): [string, unknown] => [key, sorted(inner)]);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

test("any text is read or refused with a YamlError", { timeout: 30_000 }, () => {
  const piece = fc.constantFrom(
    "a",
    ":",
    " ",
    "\n",
    "- ",
    "  ",
    "{",
    "}",
    "[",
    "]",
    ",",
    "&a ",
    "*a",
    "<<: ",
    "!!int ",
    "!x ",
    "'",
    '"',
    "\\",
    "|",
    ">",
    "#",
    "%",
    "---",
    "...",
    "?",
    "1",
    "\t",
    "é",
    "~",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      try {
        stringifyJson(parseYaml(pieces.join("")).value);
        splitYamlDocuments(pieces.join(""));
      } catch (error) {
        assert.ok(error instanceof YamlError, String(error));
      }
    }),
    { numRuns: 10_000 },
  );
});
