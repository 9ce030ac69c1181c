import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod } from "../../api/core/v1/pod.ts";
import { formatTime } from "../../apimachinery/time/time.ts";
import { podsToDelete } from "./deletion-order.ts";

const now = Date.parse("2026-01-01T01:00:00Z");

interface Shape {
  readonly node?: string;
  readonly phase?: string;
  readonly readyForMs?: number;
  readonly cost?: string;
  readonly restarts?: number;
  readonly ageMs?: number;
}

function pod(
  name: string,
  { node = name, phase = "Running", readyForMs, cost, restarts = 0, ageMs = 1e6 }: Shape,
): Pod {
  const lastTransitionTime = formatTime(now - (readyForMs ?? 0));
  return {
    metadata: {
      name,
      uid: name,
      creationTimestamp: formatTime(now - ageMs),
      annotations: cost === undefined ? {} : { "controller.kubernetes.io/pod-deletion-cost": cost },
    },
    spec: { nodeName: node },
    status: {
      phase,
      containerStatuses: [{ restartCount: restarts }],
      conditions: readyForMs === undefined ? [] : [{ type: "Ready", status: "True", lastTransitionTime }],
    },
  } as unknown as Pod;
}

test("each rule decides where those before it do not", () => {
  const ready = { readyForMs: 100_000 };
  const pairs: readonly (readonly [string, Shape, Shape])[] = [
    ["on no node", { node: "", ...ready }, { phase: "Pending" }],
    ["pending", { phase: "Pending", ...ready }, { phase: "Running" }],
    ["not ready", { cost: "5" }, { ...ready }],
    ["cheaper", { ...ready, cost: "-1" }, { ...ready, cost: "x" }],
    ["ready for a shorter time", { readyForMs: 5_000 }, { readyForMs: 50_000, restarts: 3 }],
    ["restarted more often", { ...ready, restarts: 2 }, { ...ready, restarts: 1, ageMs: 10 }],
    ["younger", { ...ready, ageMs: 1_000 }, { ...ready, ageMs: 1_000_000 }],
  ];
  for (const [rule, first, second] of pairs) {
    const [a, b] = [pod("a", first), pod("b", second)];
    for (const pods of [
      [a, b],
      [b, a],
    ]) {
      assert.deepEqual(podsToDelete(pods, 1, { related: pods, now }), [a], rule);
    }
  }
});

test("of equals, one with more neighbours on its node goes first", () => {
  const shape = { readyForMs: 100_000 };
  const pods = [
    pod("a", { ...shape, node: "n1" }),
    pod("b", { ...shape, node: "n2" }),
    pod("c", { ...shape, node: "n2" }),
  ];
  assert.notEqual(podsToDelete(pods, 1, { related: pods, now })[0], pods[0]);
});
