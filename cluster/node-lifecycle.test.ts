import assert from "node:assert/strict";
import { test } from "node:test";
import { Deployment } from "../api/apps/v1/deployment.ts";
import { Event } from "../api/core/v1/event.ts";
import { Node } from "../api/core/v1/node.ts";
import { Pod } from "../api/core/v1/pod.ts";
import { type Workloads, withWorkloads } from "./testing/workloads.ts";

const timeout = 60_000;
const labels = { app: "web" };

async function makeWeb({ cluster: { client }, until }: Workloads, replicas: number): Promise<void> {
  const template = { metadata: { labels }, spec: { containers: [{ name: "c", image: "nginx" }] } };
  const deployments = client.resource(Deployment, "default");
  await deployments.create({
    metadata: { name: "web" },
    spec: { replicas, selector: { matchLabels: labels }, template },
  });
  await until(async () => (await deployments.get("web")).status.availableReplicas === replicas);
}

const taints = ({ spec }: Node) => (spec.taints ?? []).map(({ key, effect }) => `${key}:${effect}`).sort();

const isReady = (pod: Pod) => pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True");

test("a node that falls silent is told unknown, its pods not ready, and they leave it after five minutes", {
  timeout,
}, async () => {
  const dead = new Set<string>();
  await withWorkloads({ names: ["n1", "n2", "n3"], alive: (name) => !dead.has(name) }, async (subject) => {
    const { cluster, clock, until, pods } = subject;
    const nodes = cluster.client.resource(Node);
    await makeWeb(subject, 6);
    dead.add("n2");
    const status = async () => (await nodes.get("n2")).status.conditions?.find(({ type }) => type === "Ready");
    const tookMs = await until(async () => (await status())?.status === "Unknown");
    assert.ok(tookMs > 39_000 && tookMs <= 51_000, `${tookMs} ms`);
    assert.deepEqual(
      [(await status())?.reason, (await status())?.message],
      ["NodeStatusUnknown", "Kubelet stopped posting node status."],
    );
    await clock.advance(50);
    assert.deepEqual(taints(await nodes.get("n2")), [
      "node.kubernetes.io/unreachable:NoExecute",
      "node.kubernetes.io/unreachable:NoSchedule",
    ]);
    const there = (await pods()).filter(({ spec }) => spec.nodeName === "n2");
    assert.equal(there.length, 2);
    assert.ok(there.every((pod) => !isReady(pod)));
    await clock.advance(290_000);
    assert.ok((await pods()).every(({ metadata }) => metadata.deletionTimestamp === undefined));
    await clock.advance(12_000);
    const going = (await pods()).filter(({ metadata }) => metadata.deletionTimestamp !== undefined);
    assert.deepEqual(
      going.map(({ metadata }) => metadata.name).sort(),
      there.map(({ metadata }) => metadata.name).sort(),
    );
    const target = going[0]?.status?.conditions?.find(({ type }) => type === "DisruptionTarget");
    assert.deepEqual(
      [target?.status, target?.reason, target?.message],
      ["True", "DeletionByTaintManager", "Taint manager: deleting due to NoExecute taint"],
    );
    const { items } = await cluster.client.resource(Event, "default").list();
    const lines = items.map(({ reason, message }) => `${reason}: ${message}`);
    const name = going[0]!.metadata.name;
    for (const line of [
      "RegisteredNode: Node n1 event: Registered Node n1 in Controller",
      "NodeNotReady: Node n2 status is now: NodeNotReady",
      "NodeNotReady: Node is not ready",
      `TaintManagerEviction: Marking for deletion Pod default/${name}`,
    ]) {
      assert.ok(lines.includes(line), line);
    }
    // It comes back.
    dead.clear();
    const lastTransitionTime = "2026-01-01T01:00:00Z";
    const conditions = [
      {
        type: "Ready",
        status: "True",
        reason: "KubeletReady",
        lastTransitionTime,
        lastHeartbeatTime: lastTransitionTime,
      },
    ];
    await nodes.patch("n2", { type: "strategic", body: { status: { conditions } } }, { subresource: "status" });
    assert.ok((await until(async () => taints(await nodes.get("n2")).length === 0)) < 1000);
  });
});

test("where all nodes fall silent nobody is evicted: it is this side that is cut off", { timeout }, async () => {
  let alive = true;
  await withWorkloads({ names: ["n1", "n2"], alive: () => alive }, async (subject) => {
    const { cluster, clock, pods, until } = subject;
    const nodes = cluster.client.resource(Node);
    await makeWeb(subject, 2);
    alive = false;
    await until(async () => (await nodes.list()).items.every((node) => taints(node).length > 0));
    await clock.advance(1_000);
    for (const node of (await nodes.list()).items) {
      assert.deepEqual(taints(node), ["node.kubernetes.io/unreachable:NoSchedule"]);
    }
    await clock.advance(400_000);
    assert.ok((await pods()).every(({ metadata }) => metadata.deletionTimestamp === undefined));
  });
});

test("conditions and cordons are taints, and labels keep their old names", { timeout }, async () => {
  await withWorkloads({ names: ["n1"] }, async ({ cluster, until }) => {
    const nodes = cluster.client.resource(Node);
    await nodes.patch("n1", {
      type: "merge",
      body: { spec: { unschedulable: true }, metadata: { labels: { "kubernetes.io/os": "linux" } } },
    });
    await until(async () => taints(await nodes.get("n1")).join() === "node.kubernetes.io/unschedulable:NoSchedule");
    await until(async () => (await nodes.get("n1")).metadata.labels?.["beta.kubernetes.io/os"] === "linux");
    const conditions = [{ type: "DiskPressure", status: "True" }];
    await nodes.patch("n1", { type: "strategic", body: { status: { conditions } } }, { subresource: "status" });
    await until(async () => taints(await nodes.get("n1")).includes("node.kubernetes.io/disk-pressure:NoSchedule"));
    await nodes.patch("n1", { type: "merge", body: { spec: { unschedulable: null } } });
    await until(async () => taints(await nodes.get("n1")).join() === "node.kubernetes.io/disk-pressure:NoSchedule");
  });
});

test("a taint NoExecute drives out who does not tolerate it, at once or when its time is over; who does stays", {
  timeout,
}, async () => {
  await withWorkloads({ names: ["n1"] }, async ({ cluster, until, pods, clock, events }) => {
    const all = cluster.client.resource(Pod, "default");
    await until(async () => (await cluster.client.resource(Node).list()).items.length === 1);
    const make = (name: string, tolerations: object[]) =>
      all.create({ metadata: { name }, spec: { containers: [{ name: "c", image: "i" }], tolerations } } as never);
    const toleration = { key: "broken", operator: "Exists", effect: "NoExecute" };
    await until(() =>
      make("none", []).then(
        () => true,
        () => false,
      ),
    );
    await make("some-time", [{ ...toleration, tolerationSeconds: 60 }]);
    await make("for-ever", [toleration]);
    await make("reprieved", [{ ...toleration, tolerationSeconds: 200 }]);
    await until(async () => (await pods()).every(isReady));
    const nodes = cluster.client.resource(Node);
    const mark = (taints: object[] | null) => nodes.patch("n1", { type: "merge", body: { spec: { taints } } });
    await mark([{ key: "broken", effect: "NoExecute" }]);
    const names = async () => (await pods()).map(({ metadata }) => metadata.name).sort();
    assert.ok((await until(async () => !(await names()).includes("none"))) < 1000);
    await clock.advance(58_000);
    assert.deepEqual(await names(), ["for-ever", "reprieved", "some-time"]);
    await clock.advance(3_000);
    assert.deepEqual(await names(), ["for-ever", "reprieved"]);
    await mark(null);
    await until(async () =>
      (await events("reprieved")).includes("TaintManagerEviction: Cancelling deletion of Pod default/reprieved"),
    );
    await clock.advance(200_000);
    assert.deepEqual(await names(), ["for-ever", "reprieved"]);
  });
});
