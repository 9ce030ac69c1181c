import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { PodStatus } from "../../api/generated/types/core-v1.ts";
import { runningContainers } from "../runtime/runtime-pod.ts";
import type { Plan } from "../worker/actions.ts";
import { happen, happening, podOf, spec } from "../worker/testing/plan-histories.ts";

import { PlanModel } from "../worker/testing/plan-model.ts";
import { generateStatus } from "./pod-status.ts";

function statusOf(model: PlanModel, { waiting }: Plan, old: PodStatus): PodStatus {
  const { pod, runtime, memory, termination, verdicts, nowMs } = model;
  const stopped = termination !== undefined && runningContainers(runtime).length === 0;
  return generateStatus({
    pod,
    old,
    runtime,
    probes: (id) => verdicts.get(id) ?? {},
    waiting,
    hooked: new Set(),
    volumesReady: memory.volumesReady,
    stage: stopped ? (memory.finished ? "terminated" : "stopped") : "running",
    terminating: termination !== undefined,
    failed: undefined,
    nodeIPs: ["192.0.2.1"],
    nowMs,
  });
}

test("whatever has happened, a status that was said is said again: nothing is written without a cause", () => {
  fc.assert(
    fc.property(spec, fc.array(happening, { maxLength: 80, size: "max" }), (shape, happenings) => {
      const model = new PlanModel(podOf(shape));
      let status: PodStatus = {};
      for (const event of happenings) {
        const plan = model.turn();
        // A container that is lost is spoken of as the last one, then as one to come.
        status = statusOf(model, plan, statusOf(model, plan, status));
        assert.deepEqual(statusOf(model, plan, status), status);
        happen(model, event);
      }
    }),
    { numRuns: 1_000 },
  );
});
