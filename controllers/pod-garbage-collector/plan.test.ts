import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Node } from "../../api/core/v1/node.ts";
import type { Pod } from "../../api/core/v1/pod.ts";
import { type Observed, plan, summarize, tooMany } from "./plan.ts";

const now = Date.parse("2026-01-01T01:00:00Z");

interface Shape {
  readonly phase?: string;
  readonly going?: boolean;
  readonly nodeName?: string;
  readonly evicted?: boolean;
  readonly created?: number;
}

const pod = (
  name: string,
  { phase = "Running", going = false, nodeName = "n", evicted = false, created = 0 }: Shape = {},
): Pod =>
  ({
    metadata: {
      name,
      namespace: "d",
      uid: name,
      creationTimestamp: `2026-01-01T00:00:${String(created).padStart(2, "0")}Z`,
      ...(going ? { deletionTimestamp: "2026-01-01T00:59:00Z" } : {}),
    },
    spec: { nodeName },
    status: { phase, ...(evicted ? { reason: "Evicted" } : {}) },
  }) as unknown as Pod;

const node = (ready: string, taints: readonly object[] = []): Node =>
  ({
    metadata: { name: "n" },
    spec: { taints },
    status: { conditions: [{ type: "Ready", status: ready }] },
  }) as unknown as Node;

const observed = (of: Pod, more: Partial<Observed> = {}): Observed => ({
  pod: of,
  node: node("True"),
  missingSinceMs: undefined,
  quarantineMs: 40_000,
  nodeIsGone: false,
  terminated: () => [],
  now,
  ...more,
});

const types = (subject: Observed) =>
  plan(subject)
    .map(({ type }) => type)
    .join();

test("a pod whose node is gone has failed, says why, and goes at once", () => {
  const [patch, remove] = plan(observed(pod("a"), { node: undefined, nodeIsGone: true }));
  assert.ok(patch?.type === "patch" && remove?.type === "delete");
  assert.match(
    JSON.stringify(patch.patch.body),
    /"phase":"Failed".*"DeletionByPodGC","message":"PodGC: node no longer exists"/,
  );
  assert.equal(remove.gracePeriodSeconds, 0);
  assert.equal(types(observed(pod("a", { phase: "Succeeded" }), { nodeIsGone: true })), "delete");
  const waiting = observed(pod("a"), { node: undefined, missingSinceMs: now - 10_000 });
  assert.deepEqual([types(waiting), summarize(waiting)], ["", { wakeAtMs: now + 30_000 }]);
});

test("a pod that is to go and has no node, or one out of service, goes at once; others wait for theirs", () => {
  const taint = [{ key: "node.kubernetes.io/out-of-service", effect: "NoExecute" }];
  const going = pod("a", { going: true });
  assert.equal(types(observed(pod("a", { going: true, nodeName: "" }), { node: undefined })), "patch,delete");
  assert.equal(types(observed(going, { node: node("Unknown", taint) })), "patch,delete");
  assert.equal(types(observed(going, { node: node("True", taint) })), "");
  assert.equal(types(observed(going, { node: node("Unknown") })), "");
  assert.equal(types(observed(pod("a"), { node: node("Unknown", taint) })), "");
});

test("of too many that have ended, evicted ones go first, then the oldest, and no more than are too many", () => {
  const shapes = fc.array(fc.record({ evicted: fc.boolean(), created: fc.nat(59) }), { maxLength: 20 });
  fc.assert(
    fc.property(shapes, fc.nat(10), (list, threshold) => {
      const pods = list.map((shape, i) => pod(`p${i}`, { phase: "Failed", ...shape }));
      const going = tooMany(pods, threshold);
      assert.equal(going.length, Math.max(0, pods.length - threshold));
      const rank = (one: Pod) => [one.status?.reason === "Evicted" ? 0 : 1, one.metadata.creationTimestamp!] as const;
      for (const stays of pods.filter((one) => !going.includes(one))) {
        for (const goes of going) {
          const [a, b] = [rank(goes), rank(stays)];
          assert.ok(a[0] < b[0] || (a[0] === b[0] && a[1] <= b[1]));
        }
      }
    }),
  );
});
