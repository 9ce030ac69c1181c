import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Container } from "../../api/generated/types/core-v1.ts";
import { newestContainer, runningContainers } from "../runtime/runtime-pod.ts";
import type { Action } from "./actions.ts";
import { isSidecar } from "./restart-policy.ts";
import { modelContainer, modelPod, PlanModel } from "./testing/plan-model.ts";

/** Something that happens to a pod, in any order. */
type Happening =
  | { readonly kind: "finish"; readonly index: number }
  | { readonly kind: "exit"; readonly index: number; readonly exitCode: number }
  | { readonly kind: "time"; readonly ms: number }
  | { readonly kind: "sick"; readonly index: number }
  | { readonly kind: "lose-sandbox" }
  | { readonly kind: "forget-memory" }
  | { readonly kind: "terminate"; readonly graceSeconds: number };

const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant("finish" as const), index: fc.nat(9) }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("exit" as const), index: fc.nat(5), exitCode: fc.constantFrom(0, 0, 1) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("time" as const), ms: fc.constantFrom(1, 900, 5_000, 700_000) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("sick" as const), index: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("lose-sandbox" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("forget-memory" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("terminate" as const), graceSeconds: fc.constantFrom(1, 30) }),
  },
);

const hook = { preStop: { exec: { command: ["x"] } } };

const spec = fc.record({
  restartPolicy: fc.constantFrom("Always", "OnFailure", "Never"),
  init: fc.array(fc.record({ sidecar: fc.boolean(), hooked: fc.boolean() }), { maxLength: 3 }),
  regular: fc.array(fc.record({ hooked: fc.boolean() }), { minLength: 1, maxLength: 3 }),
});

function podOf({ restartPolicy, init, regular }: typeof spec extends fc.Arbitrary<infer T> ? T : never) {
  const lifecycle = (hooked: boolean) => (hooked ? { lifecycle: hook } : {});
  return modelPod({
    restartPolicy,
    initContainers: init.map(({ sidecar, hooked }, i) =>
      modelContainer(`i${i}`, { ...(sidecar ? { restartPolicy: "Always", ...lifecycle(hooked) } : {}) }),
    ),
    containers: regular.map(({ hooked }, i) => modelContainer(`r${i}`, lifecycle(hooked))),
  });
}

/** What holds of every plan, whatever has happened before. */
function checkLaws(model: PlanModel, actions: readonly Action[]): void {
  const { pod, runtime, termination, memory } = model;
  const { initContainers = [], containers } = pod.spec;
  const keys = actions.map(({ key }) => key);
  assert.equal(new Set(keys).size, keys.length, "no key twice");
  for (const action of actions) {
    if (action.kind === "create-sandbox") {
      assert.ok(!runtime.sandboxes.some(({ ready, id }) => ready && !memory.stoppedSandboxes.has(id)), "one sandbox");
      const stale = runtime.containers.some(({ name }) => initContainers.some((one) => one.name === name));
      assert.ok(!stale, "init containers of an earlier sandbox are gone");
    }
    if (termination !== undefined) {
      const starts = ["prepare", "mount-volumes", "create-sandbox", "start-container"];
      assert.ok(!starts.includes(action.kind), `${action.kind} of a pod that ends`);
    }
    if (["create-sandbox", "stop-sandbox", "finish"].includes(action.kind)) {
      assert.equal(runningContainers(runtime).length, 0, `${action.kind} under running containers`);
      const starting = model.begunBefore.some((key) => key.startsWith("start/"));
      assert.ok(!starting, `${action.kind} under a container that is being started`);
    }
    if (action.kind === "remove-container") {
      const removed = runtime.containers.find(({ id }) => id === action.containerId);
      assert.notEqual(removed?.state, "running", "no running container is removed");
    }
    if (action.kind !== "start-container") continue;
    const name = action.container;
    const isLive = runtime.containers.some((one) => one.name === name && one.state !== "exited");
    assert.ok(!isLive, `two of ${name}`);
    const [sandbox] = runtime.sandboxes;
    assert.ok(sandbox?.ready && sandbox.id === action.sandboxId && memory.volumesReady, `${name} without its ground`);
    if (containers.some((one) => one.name === name)) checkInitialized(model, initContainers, action.sandboxId);
    checkMayRestart(model, name);
  }
}

/** Init containers that are through: with success, in this sandbox, unless a regular one has run in it since. */
function checkInitialized({ runtime, pod }: PlanModel, init: readonly Container[], sandboxId: string): void {
  const hasRun = pod.spec.containers.some(({ name }) => newestContainer(runtime, name)?.sandboxId === sandboxId);
  if (hasRun) return;
  for (const container of init) {
    const newest = newestContainer(runtime, container.name);
    assert.equal(newest?.sandboxId, sandboxId, `${container.name} belongs to another sandbox`);
    if (isSidecar(container)) continue;
    assert.ok(newest?.state === "exited" && newest.exitCode === 0, `${container.name} is not through`);
  }
}

function checkMayRestart({ runtime, pod, memory }: PlanModel, name: string): void {
  const newest = newestContainer(runtime, name);
  if (newest === undefined || pod.spec.initContainers?.some((one) => one.name === name && isSidecar(one))) return;
  if (memory.stops.get(newest.id)?.restart) return;
  const { restartPolicy } = pod.spec;
  assert.notEqual(restartPolicy, "Never", `${name} is not to run again`);
  if (restartPolicy === "OnFailure") assert.notEqual(newest.exitCode, 0, `${name} has done its work`);
}

function happen(model: PlanModel, event: Happening): void {
  const names = [...(model.pod.spec.initContainers ?? []), ...model.pod.spec.containers].map(({ name }) => name);
  const at = <T>(items: readonly T[], index: number): T | undefined => items[index % Math.max(items.length, 1)];
  switch (event.kind) {
    case "finish":
      model.finish(at([...model.busy.keys()], event.index) ?? "");
      return;
    case "exit":
      model.exit(at(names, event.index) ?? "", event.exitCode);
      return;
    case "time":
      model.nowMs += event.ms;
      return;
    case "sick": {
      const running = at(runningContainers(model.runtime), event.index);
      if (running !== undefined) model.verdicts.set(running.id, { alive: false });
      return;
    }
    case "lose-sandbox": {
      const [newest, ...others] = model.runtime.sandboxes;
      if (newest !== undefined)
        model.runtime = { ...model.runtime, sandboxes: [{ ...newest, ready: false }, ...others] };
      return;
    }
    case "forget-memory":
      model.restartKubelet();
      return;
    case "terminate":
      model.termination ??= { graceSeconds: event.graceSeconds, sinceMs: model.nowMs, gone: false };
  }
}

test("whatever happens, no plan breaks a law, and a pod that is to end does", () => {
  fc.assert(
    fc.property(spec, fc.array(happening, { maxLength: 80, size: "max" }), (shape, happenings) => {
      const model = new PlanModel(podOf(shape));
      for (const event of happenings) {
        checkLaws(model, model.turn().actions);
        happen(model, event);
      }
      model.termination ??= { graceSeconds: 1, sinceMs: model.nowMs, gone: true };
      model.termination = { ...model.termination, gone: true };
      for (let i = 0; i < 60 && model.history.at(-1)?.kind !== "forget"; i++) {
        checkLaws(model, model.turn().actions);
        for (const key of [...model.busy.keys()]) model.finish(key);
        model.nowMs += 1_000;
      }
      assert.equal(model.history.at(-1)?.kind, "forget");
      assert.deepEqual(model.runtime.containers, []);
    }),
    { numRuns: 2_000 },
  );
});

test("left alone, a pod that always restarts comes to run all its containers", () => {
  fc.assert(
    fc.property(spec, fc.array(happening, { maxLength: 40, size: "max" }), (shape, happenings) => {
      const model = new PlanModel(podOf({ ...shape, restartPolicy: "Always" }));
      for (const event of happenings) {
        model.turn();
        if (event.kind !== "terminate") happen(model, event);
      }
      for (let i = 0; i < 100; i++) {
        model.turn();
        for (const key of [...model.busy.keys()]) model.finish(key);
        for (const { name } of model.pod.spec.initContainers?.filter((one) => !isSidecar(one)) ?? [])
          model.exit(name, 0);
        model.verdicts.clear();
        model.nowMs += 60_000;
      }
      const expected = [...model.pod.spec.containers, ...(model.pod.spec.initContainers?.filter(isSidecar) ?? [])];
      const running = runningContainers(model.runtime).map(({ name }) => name);
      assert.deepEqual(running.sort(), expected.map(({ name }) => name).sort());
    }),
    { numRuns: 1_000 },
  );
});
