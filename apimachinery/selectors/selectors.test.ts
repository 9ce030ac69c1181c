import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseFieldSelector, SelectorError } from "./field-selector.ts";
import { formatLabelSelector, fromLabelSelector, parseLabelSelector, selectorFromSet } from "./label-selector.ts";

test("a label selector's text becomes canonical", () => {
  const table: Readonly<Record<string, string>> = {
    "": "",
    "a=b": "a=b",
    "b==c , a": "a,b==c",
    "x in (c,a,b),y notin(a)": "x in (a,b,c),y notin (a)",
    "!z": "!z",
    "a>1,b<2": "a>1,b<2",
    "a=,b": "a=,b",
    "x in ()": "x in ()",
    "x in (,a)": "x in (,a)",
    "x in (a,,b)": "x in (,a,b)",
    "in in (notin)": "in in (notin)",
    "a in (b,)": "a in (,b)",
  };
  for (const [text, canonical] of Object.entries(table))
    assert.equal(parseLabelSelector(text).toString(), canonical, text);
});

test("what is no label selector is refused in upstream's words", () => {
  const table: Readonly<Record<string, string>> = {
    ",": "found ',', expected: !, identifier, or 'end of string'",
    "a,": "found '', expected: identifier after ','",
    "a=b c": "found 'c', expected: ',' or 'end of string'",
    "!a=b": "found '=', expected: ',' or 'end of string'",
    "a b": "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt",
    "!": "unable to parse requirement: found '', expected: identifier",
    "a in": "unable to parse requirement: found '' expected: '('",
    "a in (": "unable to parse requirement: found '', expected: ',', ')' or identifier",
    "a in (b": "unable to parse requirement: found '', expected: ',' or ')'",
    "a in (b,": "unable to parse requirement: found '', expected: ',', or identifier",
    "a==(": "unable to parse requirement: found '(', expected: identifier",
    "a>b":
      "unable to parse requirement: values[0]: Invalid value: \"b\": for 'Gt', 'Lt' operators, the value must be an integer",
    "a=-b":
      "unable to parse requirement: values[0][a]: Invalid value: \"-b\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
    "a/=b":
      "unable to parse requirement: <nil>: Invalid value: \"a/\": name part must be non-empty; name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
  };
  for (const [text, message] of Object.entries(table)) {
    assert.throws(() => parseLabelSelector(text), { name: "SelectorError", message }, text);
  }
});

test("each operator selects what it says", () => {
  const labels = { app: "web", tier: "1", "a.b/c": "" };
  for (const text of [
    "",
    "app=web",
    "app==web",
    "app!=db",
    "app",
    "!x",
    "x!=y",
    "x notin (y)",
    "app in (db,web)",
    "tier>0",
    "tier<2",
    "a.b/c=",
  ]) {
    assert.ok(parseLabelSelector(text).matches(labels), text);
  }
  for (const text of [
    "app=db",
    "app!=web",
    "!app",
    "x",
    "x in (y)",
    "app notin (web)",
    "tier>1",
    "app>0",
    "x=",
    "app=web,tier=2",
    "constructor",
    "toString",
  ]) {
    assert.ok(!parseLabelSelector(text).matches(labels), text);
  }
  assert.ok(parseLabelSelector("!constructor").matches(undefined));
  assert.equal(parseLabelSelector("app in (web)").exactMatch("app"), "web");
  assert.equal(parseLabelSelector("app!=web").exactMatch("app"), undefined);
});

test("an absent metav1.LabelSelector selects nothing, an empty one everything", () => {
  assert.ok(!fromLabelSelector(undefined).matches({ a: "b" }));
  assert.ok(fromLabelSelector({}).matches({ a: "b" }));
  const selector = {
    matchLabels: { b: "c" },
    matchExpressions: [
      { key: "a", operator: "NotIn", values: ["y", "x"] },
      { key: "z", operator: "Exists" },
    ],
  };
  assert.equal(fromLabelSelector(selector).toString(), "a notin (x,y),b=c,z");
  assert.equal(formatLabelSelector(undefined), "<none>");
  assert.equal(formatLabelSelector({ matchExpressions: [{ key: "a", operator: "Like" }] }), "<error>");
  assert.throws(() => fromLabelSelector({ matchExpressions: [{ key: "a", operator: "Like" }] }), {
    message: '"Like" is not a valid label selector operator',
  });
  assert.throws(() => fromLabelSelector({ matchExpressions: [{ key: "a", operator: "In" }] }), {
    message: "values: Invalid value: null: for 'in', 'notin' operators, values set can't be empty",
  });
  assert.equal(selectorFromSet({ b: "1", a: "2" }).toString(), "a=2,b=1");
});

const key = fc.stringMatching(/^[a-z]([a-z0-9./-]{0,6}[a-z0-9])?$/).filter((text) => text.split("/").length < 2);
const value = fc.stringMatching(/^([a-z0-9]([a-z0-9.-]{0,4}[a-z0-9])?)?$/);
const requirement = fc.oneof(
  fc.tuple(key, fc.constantFrom("=", "==", "!="), value).map((parts) => parts.join("")),
  fc
    .tuple(key, fc.constantFrom(" in ", " notin "), fc.array(value, { minLength: 1, maxLength: 4 }))
    .map(([k, o, v]) => `${k}${o}(${v.join(",")})`),
  fc.tuple(key, fc.constantFrom(">", "<"), fc.integer({ min: 0 })).map((parts) => parts.join("")),
  fc.tuple(fc.constantFrom("", "!"), key).map((parts) => parts.join("")),
);

test("a label selector's canonical text parses to the same selector", () => {
  const labels = fc.dictionary(key, value, { maxKeys: 4 });
  fc.assert(
    fc.property(fc.array(requirement, { maxLength: 5 }), labels, (requirements, some) => {
      const selector = parseLabelSelector(requirements.join(","));
      const again = parseLabelSelector(selector.toString());
      assert.equal(again.toString(), selector.toString());
      assert.equal(again.matches(some), selector.matches(some));
      assert.equal(
        selector.matches(some),
        requirements.every((text) => parseLabelSelector(text).matches(some)),
      );
    }),
    { numRuns: 1000 },
  );
});

test("a field selector's text becomes canonical, and its quoted characters survive", () => {
  assert.equal(parseFieldSelector("b==2,a!=1,,").toString(), "a!=1,b=2");
  assert.deepEqual(parseFieldSelector("metadata.name=a\\,b\\=c\\\\").requirements, [
    { field: "metadata.name", operator: "=", value: "a,b=c\\" },
  ]);
  assert.ok(parseFieldSelector("=").empty);
  const phase = (field: string) => (field === "status.phase" ? "Running" : "");
  assert.ok(parseFieldSelector("status.phase=Running,metadata.name!=a").matches(phase));
  assert.ok(!parseFieldSelector("status.phase!=Running").matches(phase));
  assert.equal(parseFieldSelector("metadata.name=x").exactMatch("metadata.name"), "x");
});

test("what is no field selector is refused in upstream's words", () => {
  const table: Readonly<Record<string, string>> = {
    "a=b,c": "invalid selector: 'a=b,c'; can't understand 'c'",
    "a=b=c": "invalid field selector: unescaped character in value: 61",
    "a=\\x": "invalid field selector: invalid escape sequence: \\x",
    "a=\\": "invalid field selector: invalid escape sequence: \\",
  };
  for (const [text, message] of Object.entries(table)) {
    assert.throws(() => parseFieldSelector(text), { name: "SelectorError", message }, text);
  }
});

test("any field value survives being written and read", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.constantFrom("=", "!="), (text, operator) => {
      const selector = parseFieldSelector(`f${operator}${text.replace(/[\\,=]/g, "\\$&")}`);
      assert.equal(selector.requirements[0]?.value, text);
      assert.deepEqual(parseFieldSelector(selector.toString()).requirements, selector.requirements);
    }),
  );
});

test("any text is a selector or refused with a SelectorError", { timeout: 20_000 }, () => {
  const piece = fc.constantFrom(
    "a",
    "in",
    "notin",
    "(",
    ")",
    ",",
    "=",
    "==",
    "!",
    "!=",
    ">",
    "<",
    " ",
    "1",
    "\\",
    "\0",
    "é",
    "a.b/c",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      for (const parse of [parseLabelSelector, parseFieldSelector]) {
        try {
          parse(pieces.join("")).toString();
        } catch (error) {
          assert.ok(error instanceof SelectorError, String(error));
        }
      }
    }),
    { numRuns: 10_000 },
  );
  for (const text of [
    `a in (${"b,".repeat(100_000)}c)`,
    "a,".repeat(100_000),
    "(".repeat(100_000),
    `a=${"\\,".repeat(100_000)}`,
  ]) {
    try {
      parseLabelSelector(text);
    } catch (error) {
      assert.ok(error instanceof SelectorError);
    }
  }
});
