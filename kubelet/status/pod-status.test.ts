import assert from "node:assert/strict";
import { test } from "node:test";
import type { RuntimeContainer } from "../runtime/runtime-pod.ts";
import { modelContainer, modelPod } from "../worker/testing/plan-model.ts";
import { generateStatus } from "./pod-status.ts";

function ended(name: string, exitCode: number): RuntimeContainer {
  return {
    ...{ id: name, name, sandboxId: "s", state: "exited", restartCount: 0, hash: "", image: "i", imageRef: "r" },
    ...{ createdAtMs: 1, startedAtMs: 2, finishedAtMs: 3, exitCode, reason: exitCode === 0 ? "Completed" : "Error" },
    ...{ message: "", logPath: "" },
  } as RuntimeContainer;
}

function statusAfter(exitCode: number) {
  const pod = modelPod({
    restartPolicy: "Never",
    initContainers: [modelContainer("init")],
    containers: [modelContainer("main")],
  });
  return generateStatus({
    pod,
    old: {},
    runtime: { uid: "u", name: "p", namespace: "n", sandboxes: [], containers: [ended("init", exitCode)] },
    probes: () => ({}),
    waiting: new Map(),
    hooked: new Set(),
    volumesReady: true,
    stage: "terminated",
    terminating: true,
    failed: undefined,
    nodeIPs: ["198.18.0.1"],
    nowMs: 4,
  });
}

test("of a pod whose init container failed, the containers that never began have no end", () => {
  const { phase, containerStatuses } = statusAfter(1);
  assert.equal(phase, "Failed");
  assert.deepEqual(containerStatuses?.[0]?.state, { waiting: { reason: "PodInitializing" } });
});

test("of a pod that was initialized, containers without a trace have ended unknown", () => {
  assert.equal(statusAfter(0).containerStatuses?.[0]?.state.terminated?.reason, "ContainerStatusUnknown");
});

test("a container counts as running once its post-start hook has ended", () => {
  const main: RuntimeContainer = { ...ended("main", 0), state: "running" };
  const stateWhile = (hooked: readonly string[]) =>
    generateStatus({
      pod: modelPod({ containers: [modelContainer("main")] }),
      old: {},
      runtime: { uid: "u", name: "p", namespace: "n", sandboxes: [], containers: [main] },
      probes: () => ({}),
      waiting: new Map(),
      hooked: new Set(hooked),
      volumesReady: true,
      stage: "running",
      terminating: false,
      failed: undefined,
      nodeIPs: ["198.18.0.1"],
      nowMs: 4,
    });
  const { phase, containerStatuses } = stateWhile(["main"]);
  assert.equal(phase, "Pending");
  assert.deepEqual(containerStatuses?.[0]?.state, { waiting: { reason: "ContainerCreating" } });
  assert.equal(containerStatuses?.[0]?.ready, false);
  assert.equal(stateWhile([]).containerStatuses?.[0]?.ready, true);
});
