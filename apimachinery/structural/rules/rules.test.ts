import assert from "node:assert/strict";
import { test } from "node:test";
import { formatFieldError } from "../../field/errors.ts";
import { path } from "../../field/path.ts";
import type { JsonValue } from "../../json/json.ts";
import { Correlation } from "../correlation.ts";
import { findField } from "../field-path.ts";
import type { Props, ValidationRule } from "../props.ts";
import { compileRules } from "./compile.ts";
import { compiledRuleErrors, innerScope, rootScope, totalCostErrors } from "./rule-errors.ts";
import { ruleTypeOf } from "./schema.ts";
import { ruleValidator } from "./validator.ts";

const ruled = (props: Props, ...rules: readonly ValidationRule[]): Props => ({
  ...props,
  "x-kubernetes-validations": rules,
});

function ask(props: Props, value: JsonValue, old?: JsonValue, budget?: number): readonly string[] {
  const correlation = old === undefined ? undefined : new Correlation(value, old, props);
  const options = { place: "", correlation, ...(budget === undefined ? {} : { budget }) };
  return (ruleValidator(props, false)?.(value, old, options) ?? []).map(formatFieldError);
}

const integer: Props = { type: "integer" };
const text: Props = { type: "string", maxLength: 20 };

test("a rule is asked where it stands, and names the place", () => {
  const props: Props = {
    type: "object",
    properties: {
      list: { type: "array", items: ruled(integer, { rule: "self > 0" }) },
      map: {
        type: "object",
        additionalProperties: ruled(text, { rule: "self != 'no'", message: "no is not allowed" }),
      },
      "with-dash": ruled(text, { rule: "self.size() < 3", reason: "FieldValueForbidden" }),
    },
  };
  assert.deepEqual(ask(props, { list: [1, -1], map: { a: "no" }, "with-dash": "long" }), [
    "list[1]: Invalid value: -1: failed rule: self > 0",
    'map[a]: Invalid value: "no": no is not allowed',
    "with-dash: Forbidden: failed rule: self.size() < 3",
  ]);
  assert.deepEqual(ask(props, { list: [null] }), []);
});

test("a rule about a change is asked where there was something, or of whatever there was", () => {
  const props: Props = {
    type: "object",
    properties: {
      kept: ruled(text, { rule: "self == oldSelf", message: "kept is kept" }),
      list: {
        type: "array",
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["name"],
        items: ruled(
          { type: "object", properties: { name: text, size: integer } },
          { rule: "self.size >= oldSelf.size", message: "sizes only grow" },
        ),
      },
      perhaps: ruled(integer, { rule: "oldSelf.orValue(0) + 1 == self", optionalOldSelf: true, message: "one by one" }),
    },
  };
  assert.deepEqual(ask(props, { kept: "a", perhaps: 2 }), ["perhaps: Invalid value: 2: one by one"]);
  const old = { kept: "a", perhaps: 1, list: [{ name: "x", size: 5 }] };
  assert.deepEqual(
    ask(
      props,
      {
        kept: "b",
        perhaps: 2,
        list: [
          { name: "y", size: 1 },
          { name: "x", size: 4 },
        ],
      },
      old,
    ),
    ['kept: Invalid value: "b": kept is kept', "list[1]: Invalid value: sizes only grow"],
  );
});

test("what was as wrong before an update is let be, but a rule about changes never is", () => {
  const props: Props = {
    type: "object",
    properties: { a: ruled(integer, { rule: "self > 0" }), b: ruled(integer, { rule: "self != oldSelf" }) },
  };
  assert.deepEqual(ask(props, { a: -1 }, { a: -1 }), []);
  assert.deepEqual(ask(props, { a: -2 }, { a: -1 }), ["a: Invalid value: -2: failed rule: self > 0"]);
  assert.deepEqual(ask(props, { b: 1 }, { b: 1 }), ["b: Invalid value: 1: failed rule: self != oldSelf"]);
});

test("a message may be made, and where it cannot be shown the fixed one is", () => {
  const rule = {
    rule: "self.size() > 5",
    message: "too short",
    messageExpression: "self == 'x' ? '' : 'only ' + self",
  };
  assert.deepEqual(ask(ruled(text, rule), "abc"), ['<nil>: Invalid value: "abc": only abc']);
  assert.deepEqual(ask(ruled(text, rule), "x"), ['<nil>: Invalid value: "x": too short']);
});

test("rules that fail say why, and a spent budget ends them", () => {
  const failing = ruled({ type: "object", properties: { a: integer } }, { rule: "self.a / 0 == 1" });
  assert.deepEqual(ask(failing, { a: 1 }), [
    '<nil>: Invalid value: "object": division by zero evaluating rule: self.a / 0 == 1',
  ]);
  const two = ruled(integer, { rule: "self > 0" }, { rule: "self > 1" });
  const spent = "validation failed due to running out of cost budget, no further validation rules will be run";
  assert.deepEqual(ask(two, 0, undefined, 3), [
    "<nil>: Invalid value: 0: failed rule: self > 0",
    `<nil>: Invalid value: "integer": ${spent}`,
  ]);
});

function errorsOf(props: Props, ...inner: readonly Props[]): readonly string[] {
  let scope = rootScope(inner[0] ?? props);
  for (const one of [...inner.slice(1), ...(inner.length > 0 ? [props] : [])]) scope = innerScope(scope, one)!;
  const options = { suppressCost: false, uncorrelatable: undefined };
  return [...compiledRuleErrors(scope, path("schema"), options), ...totalCostErrors(scope.total, path("all"))].map(
    formatFieldError,
  );
}

test("what rules may cost counts every value that fits into a request", () => {
  const list: Props = { type: "array", items: text };
  const linear = ruled(list, { rule: "self.all(x, x.startsWith('a'))" });
  assert.deepEqual(errorsOf(linear), []);
  const hint =
    "(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)";
  assert.deepEqual(errorsOf(linear, { type: "array", items: linear }), [
    `schema.x-kubernetes-validations[0].rule: Forbidden: estimated rule cost exceeds budget by factor of more than 100x ${hint}`,
    "schema.x-kubernetes-validations[0].rule: Forbidden: contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema",
    `all: Forbidden: x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema exceeds budget by factor of more than 100x ${hint}`,
  ]);
  assert.deepEqual(errorsOf({ ...linear, maxItems: 5 }, { type: "array", maxItems: 5, items: linear }), []);
});

test("rules that make no sense are told", () => {
  const [wrong] = errorsOf(ruled(integer, { rule: "self" }));
  assert.match(wrong!, /cel expression must evaluate to a bool$/);
  const [message] = errorsOf(ruled(integer, { rule: "self > 0", messageExpression: "self" }));
  assert.match(message!, /messageExpression must evaluate to a string$/);
  assert.deepEqual(errorsOf(ruled(integer, { rule: "self > 0", optionalOldSelf: true })), [
    "schema.x-kubernetes-validations[0].optionalOldSelf: Invalid value: true: may not be set if oldSelf is not used in rule",
  ]);
});

test("fields that are called like words of the language are asked for as they are, or escaped", () => {
  const spec: Props = { type: "object", properties: { if: text, namespace: text } };
  for (const rule of ["self.if == 'a'", "self.__if__ == 'a'", "has(self.namespace)", "self.namespace == 'b'"]) {
    assert.deepEqual(ask(ruled(spec, { rule }), { if: "a", namespace: "b" }), [], rule);
  }
});

test("metadata of an embedded object is seen as far as the schema says it", () => {
  const names: Props = { type: "object", properties: { name: text, generateName: text, namespace: text } };
  const whole: Props = {
    type: "object",
    "x-kubernetes-embedded-resource": true,
    properties: { kind: text, apiVersion: text, metadata: names },
  };
  const rule = "self.e.metadata.namespace == 'n'";
  const object = { e: { kind: "A", apiVersion: "v1", metadata: { namespace: "n" } } };
  assert.deepEqual(ask(ruled({ type: "object", properties: { e: whole } }, { rule }), object), []);
  const less: Props = { ...whole, properties: { metadata: names } };
  assert.match(ask(ruled({ type: "object", properties: { e: less } }, { rule }), object)[0]!, /undefined field/);
});

test("a value of another kind than the schema's is told where it is looked at, by Go's name of it", () => {
  const rule = "has(self.o) && self.n > 1";
  const props: Props = ruled({ type: "object", properties: { o: { type: "object" }, n: integer } }, { rule });
  assert.match(
    ask(props, { o: [], n: 2 })[0]!,
    /invalid data, expected a map for the provided schema with type=object/,
  );
  assert.match(ask(props, { o: {}, n: [] })[0]!, /invalid data, expected int, got \[\]interface \{\}/);
});

test("a type's name costs what its length in the schema's root allows", () => {
  const props = ruled(
    { type: "object", properties: { d: { type: "string", format: "duration" } } },
    { rule: "type(self.d) == google.protobuf.Duration" },
  );
  assert.equal(compileRules(props, ruleTypeOf(props, false)!)[0]!.maxCost, 4);
  const either: Props = ruled({ "x-kubernetes-int-or-string": true }, { rule: "type(self) == int" });
  assert.equal(compileRules(either, ruleTypeOf(either, false)!)[0]!.maxCost, 314_576);
});

test("objects are compared with what the schema does not say of them, and cost as much", () => {
  const open: Props = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
  const props = ruled({ type: "array", items: open }, { rule: "self[0] == self[1]" });
  const twice = [
    { a: 1, b: 2 },
    { a: 1, b: 2 },
  ];
  assert.deepEqual(ask(props, twice, undefined, 5), []);
  assert.match(ask(props, twice, undefined, 4)[0]!, /running out of cost budget/);
  assert.equal(ask(props, [{ a: 1 }, { a: 2 }]).length, 1);
});

test("a regular expression that is none is told without saying that it does not compile", () => {
  const props = ruled(text, { rule: "self.find(')') == ''" });
  const [compiled] = compileRules(props, ruleTypeOf(props, false)!);
  assert.equal(compiled!.error, "program instantiation failed: error parsing regexp: unexpected ): `)`");
});

test("a quote within a name of a path is part of it", () => {
  const props: Props = { type: "object", properties: { "foo's": integer } };
  assert.equal(String(findField(".foo's", props).path), "foo's");
});
