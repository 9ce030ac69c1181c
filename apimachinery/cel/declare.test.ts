import assert from "node:assert/strict";
import { test } from "node:test";
import type { Field, ObjectSchema, Schema } from "../schema/schema.ts";
import {
  boolType,
  createEnvironment,
  declareFields,
  declTypeOf,
  escapeFieldName,
  stringType,
  toJson,
  unescapeFieldName,
} from "./mod.ts";

function object(
  fields: Record<string, Schema>,
  rest: Partial<ObjectSchema> = {},
  required: readonly string[] = [],
): ObjectSchema {
  const entries = Object.entries(fields).map(([name, schema]): [string, Field] => [
    name,
    { name, schema, required: required.includes(name), empty: "keep" },
  ]);
  return { type: "object", fields: new Map(entries), ...rest };
}

const text: Schema = { type: "string" };
const integer: Schema = { type: "integer" };
const list = (items: Schema, listType: "atomic" | "set" | "map" = "atomic", mapKeys: string[] = []): Schema => ({
  type: "list",
  items,
  listType,
  mapKeys,
});

const schema = object({
  spec: object({
    replicas: integer,
    ratio: { type: "number" },
    "a-b": text,
    namespace: text,
    port: { type: "int-or-string" },
    when: { type: "string", format: "date-time" },
    wait: { type: "string", format: "duration" },
    data: { type: "string", format: "byte" },
    labels: { type: "map", values: text },
    names: list(text, "set"),
    items: list(object({ key: text, value: integer }), "map", ["key"]),
    anything: { type: "any" },
    short: { type: "string", constraints: { maxLength: 10 } },
  }),
});

const environment = createEnvironment({ variables: { self: declTypeOf(schema)!, oldSelf: declTypeOf(schema)! } });

function evaluate(expression: string, spec: unknown, oldSpec: unknown = spec): unknown {
  const compiled = environment.compile(expression);
  if (!compiled.ok) return compiled.message.split("\n")[0];
  const outcome = compiled.program.evaluate({ self: { spec }, oldSelf: { spec: oldSpec } });
  if ("error" in outcome) return outcome.error.message;
  return toJson(outcome.value);
}

test("a schema says what JSON values are", () => {
  const spec = {
    replicas: 3,
    ratio: 1,
    "a-b": "x",
    namespace: "n",
    port: "80%",
    when: "2024-02-29T00:00:00Z",
    wait: "90s",
    data: "aGk=",
    labels: { a: "b" },
  };
  for (const [expression, expected] of [
    ["self.spec.replicas + 1", 4],
    ["self.spec.ratio == 1.0 && type(self.spec.ratio) == double", true],
    ["self.spec.a__dash__b", "x"],
    ["self.spec.__namespace__", "n"],
    ["type(self.spec.port) == string", true],
    ["self.spec.when.getDayOfMonth()", 28],
    ["self.spec.wait > duration('1m')", true],
    ["self.spec.data == b'hi'", true],
    ["self.spec.labels.a", "b"],
    ["'a' in self.spec.labels", true],
    ["has(self.spec.names)", false],
    ["self.spec.?replicas.orValue(1)", 3],
    ["self.spec.labels.exists(k, k == 'a')", true],
  ] as const) {
    assert.deepEqual(evaluate(expression, spec), expected, expression);
  }
});

test("what a schema does not declare cannot be named", () => {
  assert.equal(evaluate("self.spec.nothing", {}), "ERROR: <input>:1:10: undefined field 'nothing'");
  assert.equal(evaluate("self.spec.anything", {}), "ERROR: <input>:1:10: undefined field 'anything'");
  assert.equal(evaluate("self.metadata", {}), "ERROR: <input>:1:5: undefined field 'metadata'");
  assert.equal(
    evaluate("self.spec.replicas == 'a'", {}),
    "ERROR: <input>:1:20: found no matching overload for '_==_' applied to '(int, string)'",
  );
});

test("an absent field is no such key", () => {
  assert.equal(evaluate("self.spec.replicas == 1", {}), "no such key: replicas");
  assert.equal(
    evaluate("self.spec.when == self.spec.when", { when: "noon" }),
    "Invalid date-time formatted string noon",
  );
});

test("a field that is null is absent, an item that is null is null", () => {
  assert.equal(evaluate("has(self.spec.replicas)", { replicas: null }), false);
  assert.equal(evaluate("self.spec.replicas == 1", { replicas: null }), "no such key: replicas");
  assert.equal(evaluate("dyn(self.spec.labels).a == null", { labels: { a: null } }), true);
});

test("durations and times of a schema may be written as its formats allow", () => {
  assert.equal(evaluate("self.spec.wait == duration('48h')", { wait: "2 days" }), true);
  assert.equal(evaluate("self.spec.when.getHours()", { when: "2024-01-01T05:00:00" }), 5);
  assert.equal(
    evaluate("self.spec.wait == self.spec.wait", { wait: "soon" }),
    "Invalid duration soon: unable to parse soon as duration",
  );
});

test("objects that differ in fields the schema does not declare differ", () => {
  const expression = "self.spec == oldSelf.spec";
  assert.equal(evaluate(expression, { replicas: 1, extra: { a: 1 } }, { extra: { a: 1 }, replicas: 1 }), true);
  assert.equal(evaluate(expression, { replicas: 1, extra: { a: 1 } }, { replicas: 1, extra: { a: 2 } }), false);
});

test("names that every object inherits are not fields", () => {
  for (const name of ["constructor", "__proto__", "toString"]) {
    assert.equal(evaluate(`'${name}' in self.spec.labels`, { labels: {} }), false, name);
  }
});

test("sets and lists by key compare and join without order", () => {
  const items = [
    { key: "a", value: 1 },
    { key: "b", value: 2 },
  ];
  assert.equal(evaluate("self.spec.names == oldSelf.spec.names", { names: ["a", "b"] }, { names: ["b", "a"] }), true);
  assert.equal(evaluate("self.spec.items == oldSelf.spec.items", { items }, { items: [...items].reverse() }), true);
  assert.deepEqual(evaluate("self.spec.names + oldSelf.spec.names", { names: ["a", "b"] }, { names: ["b", "c"] }), [
    "a",
    "b",
    "c",
  ]);
  const joined = evaluate(
    "(self.spec.items + oldSelf.spec.items).map(i, i.value)",
    { items },
    { items: [{ key: "a", value: 9 }] },
  );
  assert.deepEqual(joined, [9, 2]);
});

test("a whole resource has its names, and no more of its metadata", () => {
  const root = createEnvironment({ variables: { self: declTypeOf(schema, { resourceRoot: true })! } });
  assert.ok(root.compile("self.metadata.name == self.kind && self.apiVersion != ''", { outputType: boolType }).ok);
  assert.ok(!root.compile("self.metadata.labels").ok);
});

test("sizes of a schema bound the estimated cost", () => {
  const cost = (expression: string): number => {
    const compiled = environment.compile(expression);
    assert.ok(compiled.ok, expression);
    return compiled.program.estimateCost().max;
  };
  assert.equal(cost("self.spec.short.startsWith('a')"), 4);
  assert.equal(cost("self.spec.short.contains('a')"), 7);
  assert.ok(cost("self.spec.names.all(n, n == 'a')") < 2 ** 64);
});

test("fields can be declared by hand", () => {
  const handmade = createEnvironment({ variables: { request: declareFields("Request", { operation: stringType }) } });
  const compiled = handmade.compile("request.operation == 'CREATE'", { outputType: boolType });
  assert.ok(compiled.ok);
  assert.deepEqual(compiled.program.evaluate({ request: { operation: "CREATE" } }), { value: true, cost: 3 });
});

test("an expression of another type is told so", () => {
  const compiled = environment.compile("self.spec.replicas", { outputType: boolType });
  assert.ok(!compiled.ok);
  assert.equal(compiled.message, "must evaluate to bool");
});

test("field names are escaped and unescaped as upstream does", () => {
  for (const [name, escaped] of [
    ["a.b", "a__dot__b"],
    ["a-b/c", "a__dash__b__slash__c"],
    ["a__b", "a__underscores__b"],
    ["namespace", "__namespace__"],
    ["_if", "_if"],
    ["namespace_", "namespace_"],
  ] as const) {
    assert.equal(escapeFieldName(name), escaped);
    assert.equal(unescapeFieldName(escaped), name);
  }
  assert.equal(escapeFieldName("1a"), undefined);
  assert.equal(escapeFieldName("a$"), undefined);
  assert.equal(unescapeFieldName("__illegal__"), undefined);
});
