import assert from "node:assert/strict";
import { test } from "node:test";
import { Node } from "../api/core/v1/node.ts";
import { Pod } from "../api/core/v1/pod.ts";
import { ServiceAccount } from "../api/core/v1/service-account.ts";
import { Event } from "../api/events/v1/event.ts";
import { PriorityClass } from "../api/scheduling/v1/priority-class.ts";
import { isNotFound } from "../apimachinery/errors/api-error.ts";
import { CapturingLogger, type VirtualClock } from "../base/mod.ts";
import { type Cluster, startCluster } from "./cluster.ts";

const timeout = 30_000;

interface Subject {
  readonly cluster: Cluster;
  readonly clock: VirtualClock;
  /** A node that is ready, of 4 CPUs unless told otherwise. */
  addNode(name: string, fields?: { readonly cpu?: string; readonly labels?: Record<string, string> }): Promise<void>;
  addPod(name: string, spec?: object, metadata?: object): Promise<void>;
  pod(name: string): Promise<Pod>;
  /** `node-1`, or the condition's `reason: message`. */
  fate(name: string): Promise<string>;
}

/** A cluster with a scheduler on virtual time; nothing it logs may be worse than information. */
async function withScheduler(fn: (subject: Subject) => Promise<void>): Promise<void> {
  const logger = new CapturingLogger();
  const cluster = await startCluster({ time: "virtual", scheduler: true, logger });
  const clock = cluster.virtualClock!;
  const { client } = cluster;
  const pods = client.resource(Pod, "default");
  try {
    await client.resource(ServiceAccount, "default").create({ metadata: { name: "default" } });
    await fn({
      cluster,
      clock,
      async addNode(name, { cpu = "4", labels = {} } = {}) {
        const allocatable = { cpu, memory: "8Gi", pods: "110" };
        const nodes = client.resource(Node);
        await nodes.create({ metadata: { name, labels }, status: { capacity: allocatable, allocatable } });
        await nodes.patch(name, { type: "merge", body: { spec: { taints: null } } });
      },
      async addPod(name, spec = {}, metadata = {}) {
        await pods.create({
          metadata: { name, ...metadata },
          spec: { containers: [{ name: "main", image: "app" }], ...spec },
        });
      },
      pod: (name) => pods.get(name),
      async fate(name) {
        const { spec, status } = await pods.get(name);
        const condition = status.conditions?.find(({ type }) => type === "PodScheduled");
        return spec.nodeName ?? `${condition?.reason}: ${condition?.message}`;
      },
    });
  } finally {
    await cluster.close();
  }
  assert.deepEqual(
    logger.records.filter(({ level }) => level === "error" || level === "warn"),
    [],
  );
}

function asking(cpu: string): { containers: object[] } {
  return { containers: [{ name: "main", image: "app", resources: { requests: { cpu } } }] };
}

const notHelpful = (count: number): string =>
  `no new claims to deallocate, preemption: 0/${count} nodes are available: ${count} Preemption is not helpful for scheduling.`;

test("a pod gets a node, its condition, and an event that says so", { timeout }, async () => {
  await withScheduler(async ({ cluster, clock, addNode, addPod, pod }) => {
    await addNode("node-1");
    await addPod("web");
    await clock.advance(100);
    const { spec, status } = await pod("web");
    assert.equal(spec.nodeName, "node-1");
    assert.equal(status.conditions?.find(({ type }) => type === "PodScheduled")?.status, "True");
    const { items } = await cluster.client.resource(Event, "default").list();
    assert.deepEqual(
      items.map(({ type, reason, action, note, reportingController, regarding }) => [
        [type, reason, action, note, reportingController],
        [regarding?.kind, regarding?.name],
      ]),
      [
        [
          ["Normal", "Scheduled", "Binding", "Successfully assigned default/web to node-1", "default-scheduler"],
          ["Pod", "web"],
        ],
      ],
    );
  });
});

test("pods of another scheduler are left alone", { timeout }, async () => {
  await withScheduler(async ({ clock, addNode, addPod, pod }) => {
    await addNode("node-1");
    await addPod("theirs", { schedulerName: "another" });
    await clock.advance(60_000);
    assert.equal((await pod("theirs")).spec.nodeName, undefined);
  });
});

test("a pod that came before any node goes to the first one at once", { timeout }, async () => {
  await withScheduler(async ({ clock, addNode, addPod, fate }) => {
    await addPod("early");
    await clock.advance(60_000);
    assert.equal(await fate("early"), "Unschedulable: no nodes available to schedule pods");
    await addNode("node-1");
    await clock.advance(50);
    assert.equal(await fate("early"), "node-1");
  });
});

test("a pod that fits nowhere says why, by node, and how often", { timeout }, async () => {
  await withScheduler(async ({ cluster, clock, addNode, addPod, fate }) => {
    for (const name of ["a", "b", "c", "d", "e"]) await addNode(name);
    const nodes = cluster.client.resource(Node);
    await nodes.patch("a", { type: "merge", body: { spec: { unschedulable: true } } });
    const taints = [{ key: "team", value: "x", effect: "NoSchedule" }];
    await nodes.patch("b", { type: "merge", body: { spec: { taints } } });
    await clock.advance(100);
    await addPod("big", asking("5"));
    await clock.advance(100);
    assert.equal(
      await fate("big"),
      `Unschedulable: 0/5 nodes are available: 1 node(s) had untolerated taint(s), 1 node(s) were unschedulable, 3 Insufficient cpu. ${notHelpful(5)}`,
    );
    const { items } = await cluster.client.resource(Event, "default").list();
    assert.deepEqual(
      items.map(({ type, reason, action }) => [type, reason, action]),
      [["Warning", "FailedScheduling", "Scheduling"]],
    );
  });
});

test("where pods fill the nodes and none is less important, preemption finds no victims", { timeout }, async () => {
  await withScheduler(async ({ clock, addNode, addPod, fate }) => {
    await addNode("node-1");
    await addPod("first", asking("3"));
    await clock.advance(100);
    await addPod("second", asking("3"));
    await clock.advance(100);
    assert.equal(
      await fate("second"),
      "Unschedulable: 0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.",
    );
  });
});

test("a label, a taint taken away, an uncordoned node and a freed CPU each let a pod go at once", {
  timeout,
}, async () => {
  await withScheduler(async ({ cluster, clock, addNode, addPod, fate }) => {
    const nodes = cluster.client.resource(Node);
    const patch = (name: string, body: object) => nodes.patch(name, { type: "merge", body });
    await addNode("node-1", { cpu: "1" });
    await addPod("full", asking("1"));
    await clock.advance(100);
    assert.equal(await fate("full"), "node-1");
    await addNode("node-2");
    await patch("node-2", { spec: { taints: [{ key: "team", value: "x", effect: "NoSchedule" }] } });
    await patch("node-2", { metadata: { labels: { disk: "hdd" } } });
    await clock.advance(100);
    await addPod("waits-for-cpu", asking("1"));
    await addPod("waits-for-label", { nodeSelector: { disk: "ssd" }, tolerations: [{ operator: "Exists" }] });
    await addPod("waits-for-taint", { nodeSelector: { disk: "hdd" } });
    // Longer than any backoff, shorter than the five minutes after which all are tried again.
    await clock.advance(30_000);
    assert.match(await fate("waits-for-cpu"), /1 Insufficient cpu, 1 node\(s\) had untolerated taint\(s\)/);
    assert.match(await fate("waits-for-label"), /2 node\(s\) didn't match Pod's node affinity\/selector/);
    assert.match(await fate("waits-for-taint"), /1 node\(s\) had untolerated taint\(s\)/);
    await patch("node-2", { spec: { taints: null } });
    await clock.advance(50);
    assert.equal(await fate("waits-for-taint"), "node-2");
    assert.equal(await fate("waits-for-cpu"), "node-2");
    await patch("node-2", { metadata: { labels: { disk: "ssd" } } });
    await clock.advance(50);
    assert.equal(await fate("waits-for-label"), "node-2");
    await patch("node-2", { spec: { unschedulable: true } });
    await clock.advance(50);
    await addPod("waits-for-room", asking("1"));
    await addPod("waits-for-uncordon", { nodeSelector: { disk: "ssd" } });
    await clock.advance(30_000);
    assert.match(await fate("waits-for-uncordon"), /1 node\(s\) were unschedulable/);
    await cluster.client.resource(Pod, "default").delete("full", { gracePeriodSeconds: 0 });
    await clock.advance(50);
    assert.equal(await fate("waits-for-room"), "node-1");
    await patch("node-2", { spec: { unschedulable: null } });
    await clock.advance(50);
    assert.equal(await fate("waits-for-uncordon"), "node-2");
  });
});

test("a gated pod waits for its last gate", { timeout }, async () => {
  await withScheduler(async ({ cluster, clock, addNode, addPod, fate, pod }) => {
    await addNode("node-1");
    await addPod("gated", { schedulingGates: [{ name: "quota" }, { name: "review" }] });
    await clock.advance(600_000);
    assert.match(await fate("gated"), /^SchedulingGated: /);
    const pods = cluster.client.resource(Pod, "default");
    const open = (gates: readonly string[]) =>
      pods.patch("gated", {
        type: "json",
        body: [{ op: "replace", path: "/spec/schedulingGates", value: gates.map((name) => ({ name })) }],
      });
    await open(["review"]);
    await clock.advance(60_000);
    assert.equal((await pod("gated")).spec.nodeName, undefined);
    await open([]);
    await clock.advance(50);
    assert.equal(await fate("gated"), "node-1");
  });
});

test("a more important pod takes the room of the least important, with notice", { timeout }, async () => {
  await withScheduler(async ({ cluster, clock, addNode, addPod, fate, pod }) => {
    const { client } = cluster;
    for (const [name, value] of [
      ["low", 1],
      ["middle", 5],
      ["high", 10],
    ] as const) {
      await client.resource(PriorityClass).create({ metadata: { name }, value });
    }
    await addNode("node-1");
    await addPod("cheap", { ...asking("2"), priorityClassName: "low" });
    await addPod("dear", { ...asking("2"), priorityClassName: "middle" });
    await clock.advance(100);
    await addPod("urgent", { ...asking("2"), priorityClassName: "high" });
    await clock.advance(1_000);
    assert.equal((await pod("urgent")).status.nominatedNodeName, "node-1");
    const victim = await pod("cheap");
    assert.notEqual(victim.metadata.deletionTimestamp, undefined);
    const target = victim.status.conditions?.find(({ type }) => type === "DisruptionTarget");
    assert.deepEqual(
      [target?.reason, target?.message],
      ["PreemptionByScheduler", "default-scheduler: preempting to accommodate a higher priority pod"],
    );
    assert.equal((await pod("dear")).metadata.deletionTimestamp, undefined);
    // While the victim ends, its room is kept: a pod of less importance does not take it.
    await addPod("sly", { ...asking("2"), priorityClassName: "low" });
    await client.resource(Pod, "default").delete("cheap", { gracePeriodSeconds: 0 });
    await clock.advance(1_000);
    assert.equal(await fate("urgent"), "node-1");
    assert.match(await fate("sly"), /^Unschedulable/);
    await assert.rejects(pod("cheap"), isNotFound);
  });
});

test("a thousand pods on ten nodes: all placed, none where it does not fit", { timeout }, async () => {
  await withScheduler(async ({ cluster, clock, addNode, addPod }) => {
    for (let i = 0; i < 10; i++) await addNode(`node-${i}`, { cpu: "10" });
    for (let i = 0; i < 1_000; i++) await addPod(`pod-${i}`, asking("100m"));
    await clock.advance(10_000);
    const perNode = new Map<string, number>();
    for (const { spec } of (await cluster.client.resource(Pod, "default").listAll()).items) {
      perNode.set(spec.nodeName ?? "", (perNode.get(spec.nodeName ?? "") ?? 0) + 1);
    }
    assert.deepEqual(
      [...perNode.entries()].sort(),
      Array.from({ length: 10 }, (_, i) => [`node-${i}`, 100]),
    );
  });
});
