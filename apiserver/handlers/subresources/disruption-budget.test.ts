import assert from "node:assert/strict";
import { test } from "node:test";
import type { PodDisruptionBudget } from "../../../api/generated/types/policy-v1.ts";
import { ApiError } from "../../../apimachinery/errors/api-error.ts";
import { takeDisruption } from "./disruption-budget.ts";

type BudgetStatus = NonNullable<PodDisruptionBudget["status"]>;

function budget(status: Partial<BudgetStatus>): PodDisruptionBudget {
  const metadata = { name: "guard", namespace: "default", generation: 2 };
  const counted = {
    observedGeneration: 2,
    currentHealthy: 3,
    desiredHealthy: 2,
    expectedPods: 3,
    disruptionsAllowed: 1,
  };
  return {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata,
    spec: {},
    status: { ...counted, ...status },
  };
}

function refusal(status: Partial<BudgetStatus>): {
  readonly code: number | undefined;
  readonly cause: string | undefined;
} {
  try {
    takeDisruption(budget(status), "a", 0);
  } catch (error) {
    assert.ok(error instanceof ApiError);
    return { code: error.status.code, cause: error.status.details?.causes?.[0]?.message ?? error.status.message };
  }
  assert.fail("it was allowed");
}

test("a disruption is taken from the budget, and the pod noted in it", () => {
  const before = budget({ disruptionsAllowed: 2, disruptedPods: { b: "1970-01-01T00:00:00Z" } });
  const { status } = takeDisruption(before, "a", 1_000);
  assert.equal(status?.disruptionsAllowed, 1);
  assert.deepEqual(status?.disruptedPods, { a: "1970-01-01T00:00:01Z", b: "1970-01-01T00:00:00Z" });
  assert.equal(status?.conditions, undefined);
  assert.equal(before.status?.disruptionsAllowed, 2, "what was given stays as it was");
});

test("the last disruption says in a condition that there is no more", () => {
  const [condition] = takeDisruption(budget({}), "a", 1_000).status?.conditions ?? [];
  assert.deepEqual(condition, {
    type: "DisruptionAllowed",
    status: "False",
    reason: "InsufficientPods",
    message: "",
    observedGeneration: 2,
    lastTransitionTime: "1970-01-01T00:00:01Z",
  });
});

test("an exhausted budget says why", () => {
  const none = { disruptionsAllowed: 0 };
  const condition = (reason: string, message: string): Partial<BudgetStatus> => ({
    ...none,
    conditions: [
      { type: "DisruptionAllowed", status: "False", reason, message, lastTransitionTime: "1970-01-01T00:00:00Z" },
    ],
  });
  const budgetSays = "The disruption budget guard does not allow evicting pods currently";
  const cases: readonly (readonly [Partial<BudgetStatus>, string])[] = [
    [{ ...none, currentHealthy: 2 }, "The disruption budget guard needs 2 healthy pods and has 2 currently"],
    [none, budgetSays],
    [condition("SyncFailed", "no scale"), `${budgetSays} because it failed sync: no scale`],
    [condition("Other", "because"), `${budgetSays} (Other): because`],
    [{ observedGeneration: 1 }, "The disruption budget guard is still being processed by the server."],
  ];
  for (const [status, cause] of cases) {
    assert.deepEqual(refusal(status), { code: 429, cause });
  }
});

test("a budget that nobody keeps up with refuses", () => {
  const disruptedPods = Object.fromEntries(Array.from({ length: 2_001 }, (_, i) => [`p${i}`, "1970-01-01T00:00:00Z"]));
  assert.equal(refusal({ disruptedPods }).code, 403);
  assert.equal(refusal({ disruptionsAllowed: -1 }).code, 403);
});
