import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeOf, podOf } from "../testing/objects.ts";
import { nodeChanges, podChanges } from "./changes.ts";

const events = (changes: readonly { readonly event: string }[]): string => changes.map(({ event }) => event).join();

test("an update of a node is what of it could let a pod go", () => {
  const node = nodeOf("a", { labels: { a: "1" } });
  const taints = [{ key: "t", effect: "NoSchedule" }];
  const conditions = (status: string, lastHeartbeatTime: string) => ({
    ...node,
    status: { ...node.status, conditions: [{ type: "Ready", status, lastHeartbeatTime }] },
  });
  assert.equal(events(nodeChanges(node, nodeOf("a", { labels: { a: "2" } }))), "NodeLabel");
  assert.equal(events(nodeChanges(nodeOf("a", { taints }), nodeOf("a"))), "NodeTaint");
  assert.equal(events(nodeChanges(nodeOf("a", { unschedulable: true }), nodeOf("a"))), "NodeTaint");
  assert.equal(events(nodeChanges(nodeOf("a"), nodeOf("a", { unschedulable: true }))), "");
  assert.equal(
    events(nodeChanges(nodeOf("a"), nodeOf("a", { allocatable: { cpu: "5", memory: "8Gi", pods: "110" } }))),
    "NodeAllocatable",
  );
  assert.equal(events(nodeChanges(conditions("True", "1"), conditions("False", "1"))), "NodeCondition");
  // Heartbeats are not news.
  assert.equal(events(nodeChanges(conditions("True", "1"), conditions("True", "2"))), "");
});

test("an update of a pod is what of it could let a pod go, or else just that", () => {
  const gates = { spec: { schedulingGates: [{ name: "x" }] } };
  const tolerations = { spec: { tolerations: [{ operator: "Exists" }] } };
  assert.equal(events(podChanges(podOf("a"), podOf("a", { labels: { a: "1" } }))), "PodLabel");
  assert.equal(events(podChanges(podOf("a"), podOf("a", tolerations))), "PodToleration");
  assert.equal(events(podChanges(podOf("a", gates), podOf("a"))), "PodGatesEliminated");
  assert.equal(
    events(podChanges(podOf("a", { requests: { cpu: "2" } }), podOf("a", { requests: { cpu: "1" } }))),
    "PodScaleDown",
  );
  assert.equal(
    events(podChanges(podOf("a", { requests: { cpu: "1" } }), podOf("a", { requests: { cpu: "2" } }))),
    "PodUpdate",
  );
  assert.equal(
    events(podChanges(podOf("a", gates), podOf("a", { labels: { a: "1" }, ...tolerations }))),
    "PodLabel,PodGatesEliminated,PodToleration",
  );
});
