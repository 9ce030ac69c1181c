import { failure } from "../../../support/conformance.ts";
import { notDNS1035Label } from "../messages.ts";
import {
  type Cause,
  type Change,
  duplicate,
  invalid,
  type Json,
  type JsonObject,
  type KindRules,
  notSupported,
  type Rule,
  refused,
  refusedWith,
  required,
  tooLong,
  tooMany,
  typeInvalid,
} from "../rule.ts";
import { customFormats } from "./custom-formats.ts";
import { customKind, pathOf } from "./custom-kinds.ts";

// Every keyword of the schema of a custom resource, by what it allows and what it does not (kube-openapi pkg/validation,
// apiextensions-apiserver pkg/apiserver).

const text = { type: "string" };
const integer = { type: "integer" };
const number = { type: "number" };
const preserves = { "x-kubernetes-preserve-unknown-fields": true };

interface Keyword {
  readonly schema: JsonObject;
  readonly good: readonly Json[];
  readonly bad: readonly (readonly [Json, ...Cause[]])[];
}

const at = (name: string): string => `spec.${name}`;
const inBody = (name: string, text: string): string => `${at(name)} in body ${text}`;
const wrong = (name: string, value: Json, text: string): Cause => invalid(at(name), value, inBody(name, text));
const mistyped = (name: string, wanted: string, given: string): Cause =>
  typeInvalid(at(name), given, inBody(name, `must be of type ${wanted}: ${JSON.stringify(given)}`));
/** What has no place of its own. */
const told = (text: string): Cause => invalid("<nil>", "", text);

const typed: Readonly<Record<string, Keyword>> = {
  aString: { schema: text, good: [""], bad: [[1, mistyped("aString", "string", "integer")]] },
  aBoolean: { schema: { type: "boolean" }, good: [false], bad: [["true", mistyped("aBoolean", "boolean", "string")]] },
  anInteger: {
    schema: integer,
    good: [0, -9],
    bad: [
      ["1", mistyped("anInteger", "integer", "string")],
      [
        1.5,
        mistyped("anInteger", "integer", "number"),
        told("Checked value must be of type integer (default format) in spec.anInteger"),
      ],
    ],
  },
  aNumber: { schema: number, good: [0, 1.5], bad: [[true, mistyped("aNumber", "number", "boolean")]] },
  anArray: {
    schema: { type: "array", items: text },
    good: [[], ["a"]],
    bad: [[{}, mistyped("anArray", "array", "object")]],
  },
  anObject: { schema: { type: "object" }, good: [{}], bad: [[[], mistyped("anObject", "object", "array")]] },
  nothing: {
    schema: { ...text, nullable: true },
    good: [null, "a"],
    bad: [[1, mistyped("nothing", "string", "integer")]],
  },
  // Null is as good as nothing in an object, not so in a list.
  something: { schema: text, good: ["a", null], bad: [] },
  intOrString: {
    schema: { "x-kubernetes-int-or-string": true },
    good: [1, "1"],
    bad: [[true, mistyped("intOrString", "integer,string", "boolean")]],
  },
  anything: { schema: preserves, good: [1, "a", { b: [{}] }], bad: [] },
};

const numbers: Readonly<Record<string, Keyword>> = {
  minimum: {
    schema: { ...integer, minimum: 2 },
    good: [2],
    bad: [[1, wrong("minimum", 1, "should be greater than or equal to 2")]],
  },
  above: {
    schema: { ...number, minimum: 2, exclusiveMinimum: true },
    good: [2.1],
    bad: [[2, wrong("above", 2, "should be greater than 2")]],
  },
  maximum: {
    schema: { ...number, maximum: 2.5 },
    good: [2.5],
    bad: [
      [2.6, wrong("maximum", 2.6, "should be less than or equal to 2.5")],
      [3, wrong("maximum", 3, "should be less than or equal to 2")],
    ],
  },
  below: {
    schema: { ...integer, maximum: 2, exclusiveMaximum: true },
    good: [1],
    bad: [[2, wrong("below", 2, "should be less than 2")]],
  },
  multiple: {
    schema: { ...integer, multipleOf: 3 },
    good: [0, 6],
    bad: [[4, wrong("multiple", 4, "should be a multiple of 3")]],
  },
  halves: {
    schema: { ...number, multipleOf: 0.5 },
    good: [1.5],
    bad: [
      [1.7, wrong("halves", 1.7, "should be a multiple of 0.5")],
      [1, invalid("spec.halves", 0, "factor MultipleOf declared for spec.halves must be positive: 0")],
    ],
  },
  between: {
    schema: { ...integer, minimum: 1.5 },
    good: [],
    bad: [[2, told("Minimum boundary value must be of type integer (default format) in spec.between")]],
  },
  int32: {
    schema: { ...integer, format: "int32" },
    good: [2 ** 31 - 1, -(2 ** 31)],
    bad: [[2 ** 31, told("Checked value must be of type integer with format int32 in spec.int32")]],
  },
};

const sizes: Readonly<Record<string, Keyword>> = {
  minLength: {
    schema: { ...text, minLength: 2 },
    good: ["ab"],
    bad: [["é", wrong("minLength", "é", "should be at least 2 chars long")]],
  },
  maxLength: {
    schema: { ...text, maxLength: 2 },
    good: ["éé"],
    bad: [["abc", tooLong("spec.maxLength", "may not be more than 2 bytes")]],
  },
  pattern: {
    schema: { ...text, pattern: "^a+$" },
    good: ["aa"],
    bad: [["ab", wrong("pattern", "ab", "should match '^a+$'")]],
  },
  enum: {
    schema: { ...text, enum: ["a", "b"] },
    good: ["a", "b"],
    bad: [["c", notSupported("spec.enum", "c", ["a", "b"])]],
  },
  numbers: {
    schema: { ...integer, enum: [1, 2] },
    good: [2],
    bad: [[3, notSupported("spec.numbers", 3, ["1", "2"])]],
  },
  minItems: {
    schema: { type: "array", items: text, minItems: 1 },
    good: [["a"]],
    bad: [[[], wrong("minItems", 0, "should have at least 1 items")]],
  },
  maxItems: {
    schema: { type: "array", items: text, maxItems: 1 },
    good: [["a"]],
    bad: [[["a", "b"], tooMany("spec.maxItems", 2, "must have at most 1 item")]],
  },
  items: {
    schema: { type: "array", items: integer },
    good: [[1, 2]],
    bad: [
      [[1, "2"], mistyped("items[1]", "integer", "string")],
      [[null], mistyped("items[0]", "integer", "null")],
    ],
  },
  minProperties: {
    schema: { type: "object", additionalProperties: text, minProperties: 1 },
    good: [{ a: "b" }],
    bad: [[{}, wrong("minProperties", 0, "should have at least 1 properties")]],
  },
  maxProperties: {
    schema: { type: "object", additionalProperties: text, maxProperties: 1 },
    good: [{ a: "b" }],
    bad: [[{ a: "b", c: "d" }, tooMany("spec.maxProperties", 2, "must have at most 1 item")]],
  },
  additional: {
    schema: { type: "object", additionalProperties: integer },
    good: [{ a: 1 }],
    bad: [[{ a: "b" }, mistyped("additional.a", "integer", "string")]],
  },
  properties: {
    schema: { type: "object", required: ["a"], properties: { a: integer, b: text } },
    good: [{ a: 1 }, { a: 1, b: "" }],
    bad: [
      [{ b: "" }, required("spec.properties.a")],
      [{ a: "1" }, mistyped("properties.a", "integer", "string")],
    ],
  },
};

const alternatives: Readonly<Record<string, Keyword>> = {
  anyOf: {
    schema: { ...integer, anyOf: [{ minimum: 9 }, { multipleOf: 2 }] },
    good: [9, 2, 10],
    bad: [
      [
        3,
        told('"spec.anyOf" must validate at least one schema (anyOf)'),
        wrong("anyOf", 3, "should be greater than or equal to 9"),
      ],
    ],
  },
  oneOf: {
    schema: { ...integer, oneOf: [{ minimum: 9 }, { multipleOf: 2 }] },
    good: [9, 2],
    bad: [
      [
        3,
        told('"spec.oneOf" must validate one and only one schema (oneOf). Found none valid'),
        wrong("oneOf", 3, "should be greater than or equal to 9"),
      ],
      [10, told('"spec.oneOf" must validate one and only one schema (oneOf). Found 2 valid alternatives')],
    ],
  },
  allOf: {
    schema: { ...integer, allOf: [{ minimum: 9 }, { multipleOf: 2 }] },
    good: [10],
    bad: [
      [
        3,
        wrong("allOf", 3, "should be greater than or equal to 9"),
        wrong("allOf", 3, "should be a multiple of 2"),
        told('"spec.allOf" must validate all the schemas (allOf). None validated'),
      ],
      [9, wrong("allOf", 9, "should be a multiple of 2"), told('"spec.allOf" must validate all the schemas (allOf)')],
    ],
  },
  not: {
    schema: { ...integer, not: { minimum: 9 } },
    good: [8],
    bad: [[9, told('"spec.not" must not validate the schema (not)')]],
  },
};

const pairs = { type: "object", required: ["a"], properties: { a: text, b: { ...text, default: "" }, c: text } };
const lists: Readonly<Record<string, Keyword>> = {
  set: {
    schema: { type: "array", items: text, "x-kubernetes-list-type": "set" },
    good: [["a", "b"]],
    bad: [[["a", "b", "a", "a"], duplicate("spec.set[2]", "a")]],
  },
  map: {
    schema: { type: "array", items: pairs, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["a"] },
    good: [[{ a: "1" }, { a: "2" }]],
    bad: [
      [[{ a: "1" }, { a: "2" }, { a: "1", c: "d" }], duplicate("spec.map[2]", { a: "1" })],
      [
        ["a"],
        mistyped("map[0]", "object", "string"),
        invalid("spec.map[0]", "a", "must be an object for an array of list-type map"),
      ],
    ],
  },
  maps: {
    schema: { type: "array", items: pairs, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["a", "b"] },
    good: [[{ a: "1", b: "1" }, { a: "1" }]],
    bad: [[[{ a: "1" }, { a: "1", b: "" }], duplicate("spec.maps[1]", { a: "1", b: "" })]],
  },
};

const setOfTexts = { type: "array", items: text, "x-kubernetes-list-type": "set" };
const within: Readonly<Record<string, Keyword>> = {
  setsInMap: {
    schema: { type: "object", additionalProperties: setOfTexts },
    good: [{ b: ["a"], c: ["a"] }],
    bad: [[{ b: ["a", "a"] }, duplicate("spec.setsInMap[b][1]", "a")]],
  },
  setsInList: {
    schema: { type: "array", items: setOfTexts },
    good: [[["a"], ["a"]]],
    bad: [[[["a"], ["a", "a"]], duplicate("spec.setsInList[1][1]", "a")]],
  },
};

const whole = { apiVersion: "v1", kind: "Pod" };
const mixed = "may have mixed case, but should otherwise match";
const embedded: Readonly<Record<string, Keyword>> = {
  embedded: {
    schema: { type: "object", "x-kubernetes-embedded-resource": true, ...preserves },
    good: [whole, { ...whole, metadata: { name: "a", labels: { b: "c" } }, spec: { d: 1 } }],
    bad: [
      [{ kind: "Pod" }, required("spec.embedded.apiVersion")],
      [{ apiVersion: "v1" }, required("spec.embedded.kind")],
      [{ ...whole, apiVersion: "" }, invalid("spec.embedded.apiVersion", "", "must not be empty")],
      [
        { ...whole, apiVersion: "a/b/c" },
        invalid("spec.embedded.apiVersion", "a/b/c", "unexpected GroupVersion string: a/b/c"),
      ],
      [{ ...whole, kind: "" }, invalid("spec.embedded.kind", "", "must not be empty")],
      [{ ...whole, kind: "9" }, invalid("spec.embedded.kind", "9", `${mixed}: ${notDNS1035Label}`)],
      [{ ...whole, metadata: { name: ".." } }, invalid("spec.embedded.metadata.name", "..", "may not be '..'")],
      [
        { ...whole, metadata: { generation: -1 } },
        invalid("spec.embedded.metadata.generation", -1, "must be greater than or equal to 0"),
      ],
      [
        { ...whole, metadata: { managedFields: [{ operation: "Edit" }] } },
        invalid("spec.embedded.metadata.managedFields[0].operation", "Edit", "must be `Apply` or `Update`"),
      ],
      [
        { ...whole, metadata: { namespace: "a.b" } },
        invalid("spec.embedded.metadata.namespace", "a.b", "must not contain dots"),
      ],
    ],
  },
};

const named = (format: string): string => `format${format.replaceAll("-", "")}`;
const formatted = Object.entries(customFormats).map(([format, [good, bad]]): readonly [string, Keyword] => {
  const name = format === "date-time" ? "formatDashed" : named(format);
  return [name, { schema: { ...text, format }, good: [good], bad: [[bad, mistyped(name, format, bad)]] }];
});

const keywords = new Map<string, Keyword>([
  ...[typed, numbers, sizes, alternatives, lists, within, embedded].flatMap((some) => Object.entries(some)),
  ...formatted,
]);

const rules: readonly Rule[] = [...keywords].map(([name, { good, bad }]) => {
  const set = (value: Json): Change => ({ [at(name)]: value });
  return {
    says: `a schema's ${name} is kept`,
    accepts: good.map(set),
    refuses: bad.map(([value, ...causes]) => refused(set(value), ...causes)),
  };
});

const spec: JsonObject = {
  type: "object",
  properties: Object.fromEntries([...keywords].map(([name, { schema }]) => [name, schema])),
};

/** Named by what it says it is. */
const ofAnotherKind = failure(
  422,
  "Invalid",
  'Fancy.custom.example "rules" is invalid: kind: Invalid value: "Fancy": must be Plain',
  {
    name: "rules",
    group: "custom.example",
    kind: "Fancy",
    causes: [{ reason: "FieldValueInvalid", message: 'Invalid value: "Fancy": must be Plain', field: "kind" }],
  },
);

export const plainDefinition = customKind("Plain", spec, {
  schema: { required: ["spec"] },
});

export const plain: KindRules = {
  group: "custom.example",
  kind: "Plain",
  path: pathOf("plains"),
  valid: { apiVersion: "custom.example/v1", kind: "Plain", metadata: { name: "rules" }, spec: {} },
  create: [
    ...rules,
    {
      says: "an object is of its kind",
      accepts: {},
      refuses: refusedWith({ kind: "Fancy" }, ofAnotherKind),
    },
    {
      says: "what is required of the whole is there",
      accepts: { spec: {} },
      refuses: refused({ spec: undefined }, required("spec")),
    },
  ],
  update: [
    {
      says: "what is changed keeps the schema",
      stored: { "spec.maxLength": "ab" },
      accepts: { "spec.maxLength": "a" },
      refuses: [
        refused({ "spec.maxLength": "abc" }, tooLong("spec.maxLength", "may not be more than 2 bytes")),
        refused({ "spec.set": ["a", "a"] }, duplicate("spec.set[1]", "a")),
        refused({ "spec.embedded": { kind: "Pod" } }, required("spec.embedded.apiVersion")),
      ],
    },
  ],
};
