import assert from "node:assert/strict";
import { test } from "node:test";
import { PolicyExpressions } from "../../../api/admissionregistration/v1/expressions.ts";
import { compileAll, conditionsMatch } from "./compile-conditions.ts";
import { Evaluator } from "./evaluate.ts";

function outcome(failurePolicy: string, budget: number, ...conditions: readonly string[]) {
  const compiled = compileAll(
    new PolicyExpressions({ composes: false }),
    conditions.map((expression, i) => ({ name: `c${i}`, expression })),
    false,
  );
  const objects = { kind: { group: "", version: "v1", kind: "Pod" }, object: undefined, oldObject: undefined };
  const evaluator = new Evaluator({ objects, request: {} as never }, new Map(), budget);
  return conditionsMatch(compiled, evaluator, failurePolicy);
}

const broken = "object.none == 1";

test("one that is false decides, and else one that fails", () => {
  assert.deepEqual(outcome("Fail", 1_000, "true", "true"), { matches: true });
  assert.deepEqual(outcome("Fail", 1_000, broken, "true", "false"), { matches: false, failed: 1 });
  assert.deepEqual(outcome("Fail", 1_000, "false", broken), { matches: false });
  assert.deepEqual(outcome("Ignore", 1_000, broken, "true"), { matches: false, failed: 1 });
  assert.match((outcome("Fail", 1_000, broken, "true") as { error: string }).error, /resulted in error/);
});

test("what all of them cost counts, even behind one that is false", () => {
  const loop = "[1, 2, 3].all(x, x < oldObject.y || x > 0)";
  const error = "validation failed due to running out of cost budget, no further validation rules will be run";
  assert.deepEqual(outcome("Fail", 5, "false", loop), { error });
  assert.deepEqual(outcome("Ignore", 5, "false", loop), { matches: false });
});
