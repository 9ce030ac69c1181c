import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod } from "../../api/core/v1/pod.ts";
import { newestContainer, runningContainers } from "../runtime/runtime-pod.ts";
import type { Action } from "./actions.ts";
import { modelContainer as container, modelPod, PlanModel } from "./testing/plan-model.ts";

function started(model: PlanModel): readonly string[] {
  return model.history.flatMap((action) => (action.kind === "start-container" ? [action.container] : []));
}

function kinds(actions: readonly Action[]): readonly string[] {
  return actions.map(({ kind }) => kind);
}

function running(pod: Pod): PlanModel {
  const model = new PlanModel(pod);
  model.settle();
  return model;
}

test("a new pod gets its ground, then volumes and sandbox at once, then its containers at once", () => {
  const model = new PlanModel(modelPod({ containers: [container("a"), container("b")] }));
  assert.deepEqual(kinds(model.turn().actions), ["prepare"]);
  model.finish("prepare");
  assert.deepEqual(kinds(model.turn().actions), ["mount-volumes", "create-sandbox"]);
  model.finish("sandbox");
  assert.deepEqual(kinds(model.turn().actions), []);
  model.finish("volumes");
  assert.deepEqual(kinds(model.turn().actions), ["start-container", "start-container"]);
  assert.deepEqual(kinds(model.turn().actions), []);
});

test("init containers run one after the other, sidecars between them stay", () => {
  const initContainers = [container("one"), container("side", { restartPolicy: "Always" }), container("two")];
  const model = running(modelPod({ initContainers, containers: [container("main")] }));
  assert.deepEqual(started(model), ["one"]);
  model.exit("one", 0);
  model.settle();
  assert.deepEqual(started(model), ["one", "side", "two"]);
  model.exit("two", 0);
  model.settle();
  assert.deepEqual(started(model), ["one", "side", "two", "main"]);
  model.exit("side", 1);
  model.settle();
  assert.deepEqual(started(model).slice(4), ["side"]);
});

test("a sidecar with a startup probe holds up what follows until it has started", () => {
  const startupProbe = { exec: { command: ["x"] } } as never;
  const initContainers = [container("side", { restartPolicy: "Always", startupProbe })];
  const model = running(modelPod({ initContainers, containers: [container("main")] }));
  assert.deepEqual(started(model), ["side"]);
  model.verdicts.set(newestContainer(model.runtime, "side")?.id ?? "", { started: true });
  model.settle();
  assert.deepEqual(started(model), ["side", "main"]);
});

test("a post-start hook under way holds up the containers after it", () => {
  const lifecycle = { postStart: { exec: { command: ["x"] } } };
  const model = new PlanModel(modelPod({ containers: [container("a", { lifecycle }), container("b")] }));
  for (const key of ["prepare", "volumes", "sandbox"]) {
    model.turn();
    model.finish(key);
  }
  model.turn();
  assert.deepEqual(started(model), ["a"]);
  model.finish("start/a");
  model.turn();
  assert.deepEqual(started(model), ["a", "b"]);
});

test("an ended container is replaced at once, then after 1 s, 2 s, 4 s, and says why it waits", () => {
  const model = running(modelPod({ containers: [container("a")] }));
  for (const delayMs of [0, 1_000, 2_000, 4_000]) {
    model.exit("a", 1);
    const before = started(model).length;
    if (delayMs > 0) {
      const { waiting, wakeAfterMs } = model.turn();
      assert.equal(started(model).length, before);
      assert.equal(wakeAfterMs, delayMs);
      assert.deepEqual(waiting.get("a"), {
        reason: "CrashLoopBackOff",
        message: `back-off ${delayMs / 1_000}s restarting failed container=a pod=p_n(u)`,
      });
      model.nowMs += delayMs;
    }
    model.settle();
    assert.equal(started(model).length, before + 1);
  }
  model.nowMs += 600_000;
  model.exit("a", 1);
  model.settle();
  assert.equal(runningContainers(model.runtime).length, 1, "ten minutes of health are forgiven everything");
});

test("a pod that is not to be restarted ends with its containers, sidecars last", () => {
  const initContainers = ["s1", "s2"].map((name) => container(name, { restartPolicy: "Always" }));
  const model = running(
    modelPod({ restartPolicy: "Never", initContainers, containers: [container("a"), container("b")] }),
  );
  model.exit("a", 0);
  model.settle();
  assert.equal(runningContainers(model.runtime).length, 3);
  model.exit("b", 1);
  model.settle();
  const stopped = model.history.flatMap((action) => (action.kind === "stop-container" ? [action.container] : []));
  assert.deepEqual(stopped, ["s2", "s1"]);
  assert.equal(runningContainers(model.runtime).length, 0);
});

test("a failed init container ends a pod that is not to be restarted", () => {
  const pod = modelPod({
    restartPolicy: "Never",
    initContainers: [container("init")],
    containers: [container("main")],
  });
  const model = running(pod);
  model.exit("init", 1);
  model.settle();
  assert.deepEqual(started(model), ["init"]);
});

test("a pod whose sandbox is gone begins anew, from its first init container", () => {
  const model = running(modelPod({ initContainers: [container("init")], containers: [container("main")] }));
  model.exit("init", 0);
  model.settle();
  const [sandbox] = model.runtime.sandboxes;
  assert.ok(sandbox);
  model.runtime = { ...model.runtime, sandboxes: [{ ...sandbox, ready: false }] };
  model.settle();
  assert.deepEqual(started(model), ["init", "main", "init"]);
  assert.equal(model.runtime.sandboxes[0]?.attempt, 1);
  model.exit("init", 0);
  model.settle();
  assert.deepEqual(started(model), ["init", "main", "init", "main"]);
});

test("a container whose image changes, or whose probe fails, is ended and started anew", () => {
  const model = running(modelPod({ restartPolicy: "OnFailure", containers: [container("a")] }));
  const id = newestContainer(model.runtime, "a")?.id ?? "";
  model.verdicts.set(id, { alive: false });
  model.settle();
  const begun = model.history.find(({ kind }) => kind === "begin-stop") as Extract<Action, { kind: "begin-stop" }>;
  assert.equal(begun.message, "Container a failed liveness probe, will be restarted");
  assert.deepEqual(started(model), ["a", "a"]);
});

test("a pod that ends: pre-stop hooks first, sidecars after the others, then sandbox, then the rest", () => {
  const lifecycle = { preStop: { exec: { command: ["x"] } } };
  const initContainers = [container("side", { restartPolicy: "Always", lifecycle })];
  const model = running(modelPod({ initContainers, containers: [container("a", { lifecycle })] }));
  model.history.length = 0;
  model.termination = { graceSeconds: 30, sinceMs: model.nowMs, gone: false };
  model.settle();
  const told = model.history.map((action) =>
    "container" in action ? `${action.kind} ${action.container}` : action.kind,
  );
  assert.deepEqual(told.slice(0, 2).sort(), ["begin-stop a", "begin-stop side"]);
  assert.deepEqual(told.slice(2, 4).sort(), ["run-pre-stop a", "run-pre-stop side"]);
  assert.deepEqual(told.slice(4), ["stop-container a", "stop-container side", "stop-sandbox", "finish"]);
  model.termination = { ...model.termination, gone: true };
  assert.deepEqual(kinds(model.turn().actions), ["forget"]);
});

test("a hook that hangs does not outlive the grace period, and less patience counts at once", () => {
  const lifecycle = { preStop: { exec: { command: ["x"] } } };
  const model = running(modelPod({ containers: [container("a", { lifecycle })] }));
  model.termination = { graceSeconds: 30, sinceMs: model.nowMs, gone: false };
  assert.equal(model.turn().wakeAfterMs, 30_000);
  assert.deepEqual(
    [...model.busy.keys()].map((key) => key.split("/")[0]),
    ["pre-stop"],
  );
  model.termination = { ...model.termination, graceSeconds: 1 };
  assert.equal(model.turn().wakeAfterMs, 1_000);
  model.nowMs += 1_000;
  const [stop] = model.turn().actions;
  assert.equal(stop?.kind === "stop-container" && stop.timeoutSeconds, 2);
});

test("only the newest container of a name and the one before it are kept", () => {
  const model = running(modelPod({ containers: [container("a")] }));
  for (let i = 0; i < 5; i++) {
    model.exit("a", 1);
    model.nowMs += 300_000;
    model.settle();
  }
  assert.equal(model.runtime.containers.length, 2);
  assert.equal(model.runtime.containers[0]?.restartCount, 5);
});

test("a container that was made and could not be run waits as one that has ended does", () => {
  const model = running(modelPod({ containers: [container("a")] }));
  model.exit("a", 128);
  model.settle();
  model.exit("a", 128);
  const failure = { reason: "RunContainerError", message: "no such file", retryAtMs: model.nowMs + 10_000, count: 5 };
  model.memory = { ...model.memory, failures: new Map([["a", failure]]) };
  const { waiting, wakeAfterMs } = model.turn();
  assert.equal(waiting.get("a")?.reason, "CrashLoopBackOff");
  assert.equal(wakeAfterMs, 1_000);
  model.nowMs += 1_000;
  assert.deepEqual(model.turn().waiting.get("a"), failure, "while it is tried again");
});

test("a sandbox that is lost is not replaced while a container is still being started in it", () => {
  const initContainers = [container("side", { restartPolicy: "Always" })];
  const model = new PlanModel(modelPod({ initContainers, containers: [container("main")] }));
  for (const key of ["prepare", "volumes", "sandbox"]) {
    model.turn();
    model.finish(key);
  }
  assert.deepEqual(kinds(model.turn().actions), ["start-container"]);
  const [lost] = model.runtime.sandboxes;
  model.runtime = { ...model.runtime, sandboxes: lost === undefined ? [] : [{ ...lost, ready: false }] };
  assert.deepEqual(kinds(model.turn().actions), []);
  model.settle();
  const [sandbox] = model.runtime.sandboxes;
  assert.deepEqual(started(model), ["side", "side", "main"]);
  assert.deepEqual(
    runningContainers(model.runtime).map(({ sandboxId }) => sandboxId),
    [sandbox?.id, sandbox?.id],
  );
});

test("where an init container has failed for good, sidecars are ended once and not started again", () => {
  const initContainers = [container("side", { restartPolicy: "Always" }), container("setup")];
  const model = running(modelPod({ restartPolicy: "Never", initContainers, containers: [container("main")] }));
  model.exit("setup", 1);
  assert.deepEqual(kinds(model.turn().actions), ["stop-container"]);
  model.exit("side", 0);
  assert.deepEqual(kinds(model.turn().actions), []);
});

test("a pod that is not to be restarted, and loses its sandbox before it has worked, begins anew", () => {
  const pod = { restartPolicy: "Never", initContainers: [container("setup")], containers: [container("main")] };
  const model = running(modelPod(pod));
  model.exit("setup", 0);
  const [lost] = model.runtime.sandboxes;
  model.runtime = { ...model.runtime, sandboxes: lost === undefined ? [] : [{ ...lost, ready: false }] };
  model.settle();
  model.exit("setup", 0);
  model.settle();
  assert.deepEqual(started(model), ["setup", "setup", "main"]);
});
