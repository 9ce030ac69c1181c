import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { tests as root } from "@bufbuild/cel-spec/testdata/conformance.js";
import { createEnvironment } from "./environment.ts";
import { kubernetesLibraries } from "./libraries/kubernetes.ts";
import { bindingsLibrary } from "./libraries/loops.ts";
import { latestStringsLibrary, stringsLibrary } from "./libraries/strings.ts";
import { wellKnownLibrary } from "./libraries/well-known.ts";
import { readFunctions, readType, readValue } from "./testing/conformance.ts";
import { type CelType, dynType, formatType } from "./types/type.ts";
import { equal } from "./values/equal.ts";
import { typeOf } from "./values/kind.ts";
import type { Value } from "./values/value.ts";

type Json = Record<string, unknown>;
interface Vector {
  readonly name?: string;
  readonly expr: string;
  readonly disableCheck?: boolean;
  readonly disableMacros?: boolean;
  readonly checkOnly?: boolean;
  readonly container?: string;
  readonly locale?: string;
  readonly typeEnv?: readonly Json[];
  readonly bindings?: Readonly<Record<string, { value: Json }>>;
  readonly value?: Json;
  readonly typedResult?: { result?: Json; deducedType?: Json };
  readonly evalError?: Json;
}
interface Suite {
  readonly name: string;
  readonly suites?: readonly Suite[];
  readonly tests?: readonly { original: Vector }[];
}

/** Vectors of google/cel-spec that do not apply to Kubernetes, and why. */
const leftOut: Readonly<Record<string, string>> = {
  proto2: "protobuf messages: Kubernetes has none",
  proto3: "protobuf messages: Kubernetes has none",
  proto2_ext: "protobuf extensions: Kubernetes has none",
  enums: "protobuf enums: Kubernetes has none",
  wrappers: "fields of protobuf messages: Kubernetes has none",
  block_ext: "cel.@block: made by an optimizer that Kubernetes does not run",
  math_ext: "library that Kubernetes does not enable",
  encoders_ext: "library that Kubernetes does not enable",
};

/** Vectors where the cel-go that Kubernetes 1.36 is built with answers otherwise; its answer is ours. */
const differs: Readonly<Record<string, string>> = {
  map_null_entry_no_such_key: "selecting from null is no error where the selection is optional",
  map_present_key_invalid_field: "selecting from a number is no error where the selection is optional",
  indexof_out_of_range: "-1, not an error",
  lastindexof_out_of_range: "-1, not an error",
  get_milliseconds: "of a duration: all of its milliseconds, not the rest of its seconds",
  null_assignable_to_abstract_parameter_candidate: "the type of [optional.of(1), null] is list(null)",
};

const libraries = [
  wellKnownLibrary,
  bindingsLibrary,
  latestStringsLibrary,
  ...kubernetesLibraries.filter((library) => library !== stringsLibrary),
];

function usesMessages({ expr, value, typedResult, bindings, typeEnv }: Vector): boolean {
  if (
    /TestAllTypes|GlobalEnum|NestedTestAllTypes|TestRequired|google\.protobuf\.(Any|FieldMask|Empty)|NullValue\./.test(
      expr,
    )
  )
    return true;
  const expected = value ?? typedResult?.result;
  if (expected !== undefined && readValue(expected) === undefined) return true;
  if (Object.values(bindings ?? {}).some((binding) => readValue(binding.value) === undefined)) return true;
  return (typeEnv ?? []).some(
    ({ ident }) => ident !== undefined && readType((ident as { type: Json }).type) === undefined,
  );
}

function same(left: Value, right: Value): boolean {
  if (typeof left === "number" && Number.isNaN(left)) return typeof right === "number" && Number.isNaN(right);
  return typeOf(left).kind === typeOf(right).kind && equal(left, right);
}

function run(vector: Vector): void {
  const { expr, typeEnv = [], bindings = {}, container, disableCheck = false } = vector;
  const variables: Record<string, CelType> = {};
  for (const [name] of Object.entries(bindings)) variables[name] = dynType;
  for (const each of typeEnv) {
    if ("ident" in each) variables[each["name"] as string] = readType((each["ident"] as { type: Json }).type)!;
  }
  const environment = createEnvironment({
    variables,
    libraries: [...libraries, { name: "declared", functions: readFunctions(typeEnv) }],
    homogeneousLiterals: false,
    escapedIdentifiers: true,
    ...(container === undefined ? {} : { container }),
  });
  const compiled = environment.compile(expr, { unchecked: disableCheck, macros: vector.disableMacros !== true });
  const failed = vector.evalError !== undefined;
  if (!compiled.ok) {
    assert.ok(failed, compiled.message);
    return;
  }
  const { deducedType, result } = vector.typedResult ?? {};
  if (deducedType !== undefined)
    assert.equal(formatType(compiled.program.outputType), formatType(readType(deducedType)!));
  if (vector.checkOnly === true) return;
  const activation = Object.fromEntries(Object.entries(bindings).map(([name, { value }]) => [name, readValue(value)]));
  const outcome = compiled.program.evaluate(activation, { costLimit: Number.POSITIVE_INFINITY });
  if (failed) {
    assert.ok("error" in outcome, `expected an error, got ${String("value" in outcome && outcome.value)}`);
    return;
  }
  assert.ok("value" in outcome, "error" in outcome ? outcome.error.message : "");
  const expected = readValue(vector.value ?? result ?? { boolValue: true })!;
  assert.ok(same(outcome.value, expected), `got ${show(outcome.value)}, not ${show(expected)}`);
}

function show(value: Value): string {
  return `${formatType(typeOf(value))} ${JSON.stringify(value, (_key, part) => (typeof part === "bigint" ? String(part) : part))}`;
}

const counts = { run: 0, leftOut: 0 };

function declare(suite: Suite): void {
  describe(suite.name, () => {
    for (const inner of suite.suites ?? []) declare(inner);
    for (const [index, { original }] of (suite.tests ?? []).entries()) {
      const known = differs[original.name ?? ""];
      if (known !== undefined || usesMessages(original)) {
        counts.leftOut++;
        continue;
      }
      counts.run++;
      test(`${original.name ?? index}: ${original.expr.slice(0, 80)}`, () => run(original));
    }
  });
}

function size({ suites = [], tests = [] }: Suite): number {
  return tests.length + suites.reduce((sum, suite) => sum + size(suite), 0);
}

for (const suite of (root as Suite).suites ?? []) {
  if (leftOut[suite.name] === undefined) declare(suite);
  else counts.leftOut += size(suite);
}

test("nearly all conformance vectors that need no protobuf message are run", () => {
  assert.ok(counts.run >= 1500, `${counts.run} run, ${counts.leftOut} left out`);
});
