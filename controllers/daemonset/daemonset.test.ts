import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { DaemonSet } from "../../api/apps/v1/daemonset.ts";
import type { Node } from "../../api/core/v1/node.ts";
import type { Pod } from "../../api/core/v1/pod.ts";
import { FailedPods } from "./failed-pods.ts";
import { daemonTolerations, fitOf } from "./fits.ts";
import { boundsOf, roll } from "./rolling.ts";

const now = Date.parse("2026-01-01T01:00:00Z");

const daemonSet = (rollingUpdate: object, spec: object = {}): DaemonSet =>
  ({
    metadata: { name: "agent" },
    spec: { updateStrategy: { type: "RollingUpdate", rollingUpdate }, template: { spec } },
  }) as unknown as DaemonSet;

const node = (labels: object, taints: readonly object[] = []): Node =>
  ({ metadata: { name: "n1", labels }, spec: { taints } }) as unknown as Node;

const pod = (name: string, hash: string, available: boolean): Pod =>
  ({
    metadata: { name, labels: { "controller-revision-hash": hash } },
    status: { conditions: available ? [{ type: "Ready", status: "True" }] : [] },
  }) as unknown as Pod;

test("a node fits by name, selector, affinity and taints", () => {
  const fits = (spec: object, subject: Node) => {
    const set = daemonSet({}, spec);
    return fitOf(set, daemonTolerations(set.spec.template.spec), subject);
  };
  const term = (operator: string, values: readonly string[]) => ({
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: "size", operator, values }] }],
        },
      },
    },
  });
  const yes = { run: true, stay: true };
  const no = { run: false, stay: false };
  assert.deepEqual(fits({}, node({})), yes);
  assert.deepEqual(fits({ nodeName: "n2" }, node({})), no);
  assert.deepEqual(fits({ nodeSelector: { a: "b" } }, node({ a: "c" })), no);
  assert.deepEqual(fits(term("Gt", ["5"]), node({ size: "7" })), yes);
  assert.deepEqual(fits(term("NotIn", ["7"]), node({ size: "7" })), no);
  assert.deepEqual(fits(term("DoesNotExist", []), node({})), yes);
  const taint = (key: string, effect: string) => [{ key, effect }];
  assert.deepEqual(fits({}, node({}, taint("own", "NoSchedule"))), { run: false, stay: true });
  assert.deepEqual(fits({}, node({}, taint("own", "NoExecute"))), no);
  assert.deepEqual(fits({}, node({}, taint("own", "PreferNoSchedule"))), yes);
  assert.deepEqual(fits({}, node({}, taint("node.kubernetes.io/unschedulable", "NoSchedule"))), yes);
});

test("a pod that fails is replaced at once, then later each time", () => {
  const failed = new FailedPods();
  assert.equal(failed.mayDelete("d/a/n1", "1", now), true);
  assert.equal(failed.mayDelete("d/a/n1", "1", now), true);
  assert.equal(failed.mayDelete("d/a/n1", "2", now + 500), now + 1_000);
  assert.equal(failed.mayDelete("d/a/n1", "2", now + 1_000), true);
  assert.equal(failed.mayDelete("d/a/n1", "3", now + 1_500), now + 3_000);
  assert.equal(failed.mayDelete("d/a/n2", "4", now + 1_500), true);
  failed.forget("d/a/");
  assert.equal(failed.mayDelete("d/a/n1", "5", now + 1_600), true);
});

const places = fc.array(
  fc.record({
    old: fc.constantFrom("none", "broken", "available"),
    next: fc.constantFrom("none", "broken", "available"),
  }),
  { maxLength: 8 },
);

test("laws of rolling: no more are made unavailable, and no more surge, than is allowed; new pods never go", () => {
  fc.assert(
    fc.property(places, fc.nat(3), fc.boolean(), (list, bound, surges) => {
      const set = daemonSet(surges ? { maxSurge: bound + 1, maxUnavailable: 0 } : { maxUnavailable: bound });
      const byNode = new Map(
        list.map(({ old, next }, i): [string, readonly Pod[]] => [
          `n${i}`,
          [
            ...(old === "none" ? [] : [pod(`old${i}`, "1", old === "available")]),
            ...(next === "none" ? [] : [pod(`new${i}`, "2", next === "available")]),
          ],
        ]),
      );
      const wanted = new Set(byNode.keys());
      const { create, remove } = roll({ daemonSet: set, hash: "2", byNode, wanted, now });
      const { surge, unavailable } = boundsOf(set, wanted.size);
      assert.ok(remove.every(({ metadata }) => metadata.name?.startsWith("old")));
      const serves = (i: number, gone: ReadonlySet<string>) =>
        (list[i]!.old === "available" && !gone.has(`old${i}`)) || list[i]!.next === "available";
      const gone = new Set(remove.map(({ metadata }) => metadata.name ?? ""));
      const lost = list.filter((_, i) => serves(i, new Set()) && !serves(i, gone)).length;
      const down = list.filter((_, i) => !serves(i, new Set())).length;
      if (surges) {
        assert.equal(lost, 0);
        const surging = list.filter(({ old, next }) => old !== "none" && next === "broken").length;
        const beside = create.filter((name) => list[Number(name.slice(1))]!.old === "available").length;
        assert.ok(beside <= Math.max(0, surge - surging));
      } else {
        assert.deepEqual(create, []);
        assert.ok(lost <= Math.max(0, unavailable - down));
      }
    }),
  );
});
