import assert from "node:assert/strict";
import { test } from "node:test";
import {
  bindingsLibrary,
  boolType,
  CelError,
  checkTypeNames,
  createEnvironment,
  dynType,
  intType,
  jsonPatchLibrary,
  kubernetesLibraries,
  listType,
  mapType,
  mutationObjectType,
  mutationStructs,
  stringType,
  toJson,
} from "./mod.ts";

const environment = createEnvironment({
  variables: { x: intType, names: listType(stringType), labels: mapType(stringType, stringType), any: dynType },
});

function message(expression: string): string {
  const compiled = environment.compile(expression);
  assert.ok(!compiled.ok, expression);
  return compiled.message;
}

test("mistakes are told with their place, the line and a mark", () => {
  assert.equal(
    message("x == 1 &&\n\ty > 2"),
    "ERROR: <input>:2:2: undeclared reference to 'y' (in container '')\n |  y > 2\n | .^",
  );
  assert.equal(
    message("'é' + z"),
    "ERROR: <input>:1:7: undeclared reference to 'z' (in container '')\n | 'é' + z\n | .．....^",
  );
});

test("each mistake has upstream's words", () => {
  for (const [expression, expected] of [
    [
      "x +",
      "1:4: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}",
    ],
    ["x y", "1:3: Syntax error: extraneous input 'y' expecting <EOF>"],
    ["x # 1", "1:3: Syntax error: token recognition error at: '#'"],
    ["x.true", "1:3: Syntax error: mismatched input 'true' expecting IDENTIFIER"],
    ["if == 1", "1:1: reserved identifier: if"],
    ["9223372036854775808", "1:1: invalid int literal"],
    ["names.all(1, true)", "1:11: argument must be a simple name"],
    ["has(x)", "1:5: invalid argument to has() macro"],
    ["x + 'a'", "1:3: found no matching overload for '_+_' applied to '(int, string)'"],
    ["x.size()", "1:7: found no matching overload for 'size' applied to 'int.()'"],
    ["x.y", "1:2: type 'int' does not support field selection"],
    [
      "x.all(y, true)",
      "1:1: expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)",
    ],
    ["x && true", "1:1: expected type 'bool' but found 'int'"],
    ["[1, 'a']", "1:5: expected type 'int' but found 'string'"],
    ["{1: 1, 'a': 2}", "1:8: expected type 'int' but found 'string'"],
    ["duration('1x')", "1:10: invalid duration argument"],
    ["timestamp('now')", "1:11: invalid timestamp argument"],
    ["'a'.matches('(')", "1:13: invalid matches argument"],
    [
      "'%d'.format(['a'])",
      "1:14: error during formatting: decimal clause can only be used on integers, was given string",
    ],
    ["'%s'.format([])", "1:12: index 0 out of range"],
    ["'%d %%'.format([1, 2])", "1:15: too many arguments supplied to string.format (expected 1, got 2)"],
    ["'%q'.format([1])", '1:12: could not parse formatting clause: unrecognized formatting clause "q"'],
    ["Foo{a: 1}", "1:4: undeclared reference to 'Foo' (in container '')"],
    ["cel.bind(a, 1, a)", "1:1: undeclared reference to 'cel' (in container '')"],
  ] as const) {
    assert.equal(message(expression).split("\n")[0], `ERROR: <input>:${expected}`, expression);
  }
});

test("an expression has at most 100,000 characters and 250 levels", () => {
  assert.equal(
    message("'".padEnd(100_001, "a")),
    "ERROR: <input>:-1:0: expression code point size exceeds limit: size: 100001, limit 100000",
  );
  assert.equal(
    message(`${"[".repeat(251)}${"]".repeat(251)}`),
    "ERROR: <input>:-1:0: expression recursion limit exceeded: 250",
  );
  assert.equal(message(`x${" + x".repeat(251)}`), "ERROR: <input>:-1:0: max recursion depth exceeded");
  assert.ok(environment.compile(`true${" && true".repeat(5000)}`).ok);
});

function failure(expression: string, activation: Record<string, unknown>): string | undefined {
  const compiled = environment.compile(expression);
  assert.ok(compiled.ok, compiled.ok ? "" : compiled.message);
  const outcome = compiled.program.evaluate(activation);
  return "error" in outcome ? outcome.error.message : undefined;
}

test("evaluations fail in upstream's words", () => {
  const activation = { x: 1, names: ["a"], labels: {}, any: { a: "1" } };
  for (const [expression, expected] of [
    ["labels.a == 'b'", "no such key: a"],
    ["names[3] == ''", "index out of bounds: 3"],
    ["x / 0 == 1", "division by zero"],
    ["x % 0 == 1", "modulus by zero"],
    ["x + 9223372036854775807 == 1", "integer overflow"],
    ["any.a + 1 == 2", "no such overload"],
    ["any.a.size(1) == 2", undefined],
    ["int(any.a + 'x') == 1", "type conversion error from 'string' to 'int'"],
    ["any.exists(k, any[k] == 1 / 0)", "division by zero"],
  ] as const) {
    if (expected === undefined) continue;
    assert.equal(failure(expression, activation), expected, expression);
  }
});

test("a conversion of a constant that fails is a mistake of the expression", () => {
  assert.equal(message("int('a') == 1"), "program instantiation failed: type conversion error from 'string' to 'int'");
});

test("a variable is asked for once, when it is read", () => {
  let asked = 0;
  const compiled = environment.compile("names.size() + names.size() > 0 || x == 1");
  assert.ok(compiled.ok);
  assert.deepEqual(compiled.program.variables, ["names", "x"]);
  const activation = {
    names: () => {
      asked++;
      return ["a"];
    },
    x: (): never => assert.fail("x is not read"),
  };
  assert.ok("value" in compiled.program.evaluate(activation));
  assert.equal(asked, 1);
});

test("a variable that fails fails the expression, unless nothing depends on it", () => {
  const failing = { x: new CelError("too late"), names: [] };
  assert.equal(failure("x == 1", failing), "too late");
  assert.equal(failure("x == 1 || names.size() == 0", failing), undefined);
});

test("an aborted signal ends a loop", () => {
  const compiled = environment.compile("lists.range(100000).all(i, i >= 0)");
  assert.ok(compiled.ok);
  const outcome = compiled.program.evaluate({}, { signal: AbortSignal.abort() });
  assert.ok("error" in outcome);
  assert.equal(outcome.error.message, "operation interrupted");
});

test("cel.bind works its value out once, if it is read", () => {
  const bound = createEnvironment({ variables: { x: intType }, libraries: [...kubernetesLibraries, bindingsLibrary] });
  const compiled = bound.compile("cel.bind(a, x + 1, a + a) == 4", { outputType: boolType });
  assert.ok(compiled.ok);
  assert.deepEqual(compiled.program.evaluate({ x: 1 }), { value: true, cost: 6 });
  const unread = bound.compile("cel.bind(a, x / 0, 1) == 1");
  assert.ok(unread.ok);
  assert.ok("value" in unread.program.evaluate({ x: 1 }));
});

test("objects and patches of a mutation are values of their types", () => {
  const mutation = createEnvironment({
    variables: { object: dynType },
    libraries: [...kubernetesLibraries, jsonPatchLibrary],
    structs: mutationStructs,
  });
  const evaluate = (expression: string) => {
    const compiled = mutation.compile(expression);
    assert.ok(compiled.ok, compiled.ok ? "" : compiled.message);
    const outcome = compiled.program.evaluate({ object: { metadata: { labels: { a: "b" } } } });
    assert.ok("value" in outcome);
    return { value: outcome.value, type: compiled.program.outputType };
  };
  const applied = evaluate("Object{spec: Object.spec{replicas: 3, ?paused: optional.none()}}");
  assert.deepEqual(toJson(applied.value), { spec: { replicas: 3 } });
  assert.ok(applied.type.equals(mutationObjectType));
  assert.deepEqual(checkTypeNames(applied.value), []);
  assert.deepEqual(checkTypeNames(evaluate("Object{spec: Object.status{}}").value), [
    'unexpected type name "Object.status", expected "Object.spec", which matches field name path from root Object type',
  ]);
  const patches = evaluate(
    "[JSONPatch{op: 'add', path: '/metadata/labels/' + jsonpatch.escapeKey('a/b'), value: object.metadata.labels.a}]",
  );
  assert.deepEqual(toJson(patches.value), [{ op: "add", path: "/metadata/labels/a~1b", value: "b" }]);
  assert.ok(!mutation.compile("JSONPatch{op: 1}").ok);
});
