import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatFieldError } from "../field/errors.ts";
import { path } from "../field/path.ts";
import type { JsonObject, JsonValue } from "../json/json.ts";
import { thaw } from "../resource/thaw.ts";
import { applyStructuralDefaults, dropNulls } from "./defaults.ts";
import { FieldPathError, findField } from "./field-path.ts";
import { listTypeErrors } from "./list-types.ts";
import type { Props } from "./props.ts";
import { prune } from "./prune.ts";
import { structuralErrors, unsupported } from "./structure.ts";

const text: Props = { type: "string" };
const open: Props = { type: "object", "x-kubernetes-preserve-unknown-fields": true };

function pruned(value: JsonValue, props: Props): { readonly value: JsonValue; readonly dropped: readonly string[] } {
  const copy = thaw(value) as JsonValue;
  const dropped = prune(copy, props, true);
  return { value: copy, dropped };
}

test("what the schema does not specify is dropped, at every depth, and told", () => {
  const props: Props = {
    type: "object",
    properties: {
      a: { type: "object", properties: { b: text } },
      list: { type: "array", items: { type: "object", properties: { b: text } } },
      map: { type: "object", additionalProperties: { type: "object", properties: { b: text } } },
      open: { ...open, properties: { known: { type: "object", properties: { b: text } } } },
    },
  };
  const inner = { b: "1", x: 1 };
  const value = {
    kind: "K",
    metadata: {},
    a: inner,
    list: [inner],
    map: { k: inner },
    open: { any: inner, known: inner },
    x: 1,
  };
  assert.deepEqual(pruned(value, props), {
    value: {
      kind: "K",
      metadata: {},
      a: { b: "1" },
      list: [{ b: "1" }],
      map: { k: { b: "1" } },
      open: { any: inner, known: { b: "1" } },
    },
    dropped: ["a.x", "list[0].x", "map.k.x", "open.known.x", "x"],
  });
});

test("an embedded object keeps its kind, version and metadata", () => {
  const props: Props = {
    type: "object",
    properties: { inner: { type: "object", "x-kubernetes-embedded-resource": true, properties: { spec: open } } },
  };
  const inner = { apiVersion: "v1", kind: "Pod", metadata: { name: "a" }, spec: { x: 1 }, status: {} };
  assert.deepEqual(pruned({ inner }, props).dropped, ["inner.status"]);
});

function defaulted(value: JsonObject, props: Props): JsonObject {
  const copy = thaw(value) as JsonObject;
  dropNulls(copy, props);
  applyStructuralDefaults(copy, props);
  return copy;
}

test("defaults stand where a field is absent, or null though it may not be", () => {
  const props: Props = {
    type: "object",
    properties: {
      a: { type: "integer", default: 1 },
      b: { type: "object", default: {}, properties: { c: { type: "string", default: "x" } } },
      n: { type: "string", nullable: true, default: "y" },
      list: { type: "array", items: { type: "object", properties: { d: { type: "integer", default: 2 } } } },
      map: { type: "object", additionalProperties: { type: "integer", default: 3 } },
      plain: text,
    },
  };
  assert.deepEqual(defaulted({}, props), { a: 1, b: { c: "x" }, n: "y" });
  assert.deepEqual(defaulted({ a: null, n: null, plain: null, list: [{}], map: { k: null } }, props), {
    a: 1,
    b: { c: "x" },
    n: null,
    list: [{ d: 2 }],
    map: { k: 3 },
  });
});

test("defaults are set once: again changes nothing", () => {
  const props: Props = {
    type: "object",
    properties: {
      a: {
        type: "object",
        default: { b: {} },
        properties: { b: { type: "object", properties: { c: { type: "integer", default: 5 } } } },
      },
    },
  };
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom("a", "x"), fc.constantFrom({}, { b: {} }, null, 1)), (value) => {
      const once = defaulted(value as JsonObject, props);
      assert.equal(applyStructuralDefaults(thaw(once) as JsonObject, props), false);
      assert.deepEqual(defaulted(once, props), once);
    }),
  );
});

test("items of a set or keyed list that stand twice are told once", () => {
  const set: Props = {
    type: "object",
    properties: { s: { type: "array", "x-kubernetes-list-type": "set", items: text } },
  };
  assert.deepEqual(listTypeErrors({ s: ["a", "b", "a", "a"] }, set).map(formatFieldError), [
    's[2]: Duplicate value: "a"',
  ]);
  const map: Props = {
    type: "object",
    properties: {
      m: {
        type: "array",
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["port", "protocol"],
        items: { type: "object", properties: { port: { type: "integer" }, protocol: text } },
      },
    },
  };
  const items = [{ port: 1 }, { port: 1, protocol: "UDP" }, { protocol: "UDP", port: 1 }];
  assert.deepEqual(listTypeErrors({ m: items }, map).map(formatFieldError), [
    'm[2]: Duplicate value: {"port":1,"protocol":"UDP"}',
  ]);
});

const problems = (props: Props): readonly string[] => structuralErrors(props, path("schema")).map(formatFieldError);

test("a schema that is not structural says what of it is not, sorted", () => {
  assert.deepEqual(problems({ type: "object", properties: { a: { type: "array", items: {} }, b: {} } }), [
    "schema.properties[a].items.type: Required value: must not be empty for specified array items",
    "schema.properties[b].type: Required value: must not be empty for specified object fields",
  ]);
  assert.deepEqual(problems({ type: "string" }), ['schema.type: Invalid value: "string": must be object at the root']);
  assert.deepEqual(
    problems({ type: "object", properties: { metadata: { type: "object", properties: { labels: open } } } }),
    [
      "schema.properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified",
    ],
  );
  assert.deepEqual(
    problems({ type: "object", properties: { metadata: { type: "object", properties: { name: text } } } }),
    [],
  );
  assert.deepEqual(
    problems({
      type: "object",
      properties: { p: { "x-kubernetes-int-or-string": true, anyOf: [{ type: "integer" }, { type: "string" }] } },
    }),
    [],
  );
  assert.deepEqual(problems({ type: "object", properties: { p: { type: "string", pattern: "(" } } }).length, 1);
  assert.equal(unsupported({ type: "object", $ref: "#/x" }), "OpenAPIV3Schema '$ref' is not supported");
});

test("a path is followed through fields and maps, or leads nowhere", () => {
  const props: Props = {
    type: "object",
    properties: {
      spec: { type: "object", properties: { "a.b": text, map: { type: "object", additionalProperties: text } } },
    },
  };
  assert.equal(String(findField(".spec['a.b']", props).path), "spec.a.b");
  assert.equal(String(findField(".spec.map.x", props).path), "spec.map[x]");
  for (const bad of ["spec", ".spec.none", ".spec[0]", ".", ".spec['a.b'"]) {
    assert.throws(() => findField(bad, props), FieldPathError);
  }
});
