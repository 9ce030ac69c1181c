import fc from "fast-check";
import { runningContainers } from "../../runtime/runtime-pod.ts";
import { modelContainer, modelPod, type PlanModel } from "./plan-model.ts";

/** Something that happens to a pod, in any order. */
export type Happening =
  | { readonly kind: "finish"; readonly index: number }
  | { readonly kind: "fail"; readonly index: number }
  | { readonly kind: "exit"; readonly index: number; readonly exitCode: number }
  | { readonly kind: "time"; readonly ms: number }
  | { readonly kind: "sick"; readonly index: number }
  | { readonly kind: "lose-sandbox" }
  | { readonly kind: "forget-memory" }
  | { readonly kind: "terminate"; readonly graceSeconds: number };

export const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant("finish" as const), index: fc.nat(9) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("fail" as const), index: fc.nat(9) }) },
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

/** Of pods: containers of all kinds, with and without hooks. */
export const spec = fc.record({
  restartPolicy: fc.constantFrom("Always", "OnFailure", "Never"),
  init: fc.array(fc.record({ sidecar: fc.boolean(), hooked: fc.boolean() }), { maxLength: 3 }),
  regular: fc.array(fc.record({ hooked: fc.boolean() }), { minLength: 1, maxLength: 3 }),
});

export function podOf({ restartPolicy, init, regular }: typeof spec extends fc.Arbitrary<infer T> ? T : never) {
  const lifecycle = (hooked: boolean) => (hooked ? { lifecycle: hook } : {});
  return modelPod({
    restartPolicy,
    initContainers: init.map(({ sidecar, hooked }, i) =>
      modelContainer(`i${i}`, { ...(sidecar ? { restartPolicy: "Always", ...lifecycle(hooked) } : {}) }),
    ),
    containers: regular.map(({ hooked }, i) => modelContainer(`r${i}`, lifecycle(hooked))),
  });
}

/** Lets it happen, to whatever there is that it can happen to. */
export function happen(model: PlanModel, event: Happening): void {
  const names = [...(model.pod.spec.initContainers ?? []), ...model.pod.spec.containers].map(({ name }) => name);
  const at = <T>(items: readonly T[], index: number): T | undefined => items[index % Math.max(items.length, 1)];
  switch (event.kind) {
    case "finish":
      model.finish(at([...model.busy.keys()], event.index) ?? "");
      return;
    case "fail":
      model.fail(at([...model.busy.keys()], event.index) ?? "");
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
