import assert from "node:assert/strict";
import { test } from "node:test";
import { ControllerRevision } from "../api/apps/v1/controller-revision.ts";
import { DaemonSet } from "../api/apps/v1/daemonset.ts";
import { Node } from "../api/core/v1/node.ts";
import { Pod } from "../api/core/v1/pod.ts";
import { type Workloads, withWorkloads } from "./testing/workloads.ts";

const timeout = 60_000;
const labels = { app: "agent" };
const template = (image: string, more: object = {}) => ({
  metadata: { labels },
  spec: { containers: [{ name: "c", image }], ...more },
});
const names = ["n1", "n2", "n3"];

interface Subject extends Workloads {
  get(): Promise<DaemonSet>;
  patch(spec: object): Promise<unknown>;
  rolledOut(count: number): Promise<number>;
  revisions(): Promise<readonly ControllerRevision[]>;
}

async function withDaemonSet(
  spec: object,
  fn: (subject: Subject) => Promise<void>,
  options: Parameters<typeof withWorkloads>[0] = {},
): Promise<void> {
  await withWorkloads({ names, ...options }, async (workloads) => {
    const { client } = workloads.cluster;
    const sets = client.resource(DaemonSet, "default");
    await sets.create({ metadata: { name: "agent" }, spec: { selector: { matchLabels: labels }, ...spec } } as never);
    await fn({
      ...workloads,
      get: () => sets.get("agent"),
      patch: (change) => sets.patch("agent", { type: "strategic", body: { spec: change } }),
      revisions: async () => (await client.resource(ControllerRevision, "default").list()).items,
      rolledOut: (count) =>
        workloads.until(async () => {
          const { status, metadata } = await sets.get("agent");
          const all = await workloads.pods();
          return (
            all.every((pod) => pod.metadata.deletionTimestamp === undefined) &&
            status.observedGeneration === metadata.generation &&
            status.desiredNumberScheduled === count &&
            (status.updatedNumberScheduled ?? 0) === count &&
            (status.numberAvailable ?? 0) === count &&
            all.length === count
          );
        }, "the rollout"),
    });
  });
}

const isReady = (pod: Pod) =>
  pod.metadata.deletionTimestamp === undefined &&
  pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") === true;

test("a DaemonSet has a pod on each node, also on one that comes later, and again where one goes", {
  timeout,
}, async () => {
  await withDaemonSet({ template: template("i:1") }, async ({ rolledOut, pods, cluster, get, until, events }) => {
    assert.ok((await rolledOut(3)) < 500);
    assert.deepEqual((await pods()).map(({ spec }) => spec.nodeName).sort(), names);
    const { status } = await get();
    assert.deepEqual(status, {
      currentNumberScheduled: 3,
      numberMisscheduled: 0,
      desiredNumberScheduled: 3,
      numberReady: 3,
      observedGeneration: 1,
      updatedNumberScheduled: 3,
      numberAvailable: 3,
    });
    const pod = (await pods())[0]!;
    assert.ok(
      pod.spec.tolerations?.some(
        ({ key, effect }) => key === "node.kubernetes.io/unschedulable" && effect === "NoSchedule",
      ),
    );
    assert.ok(pod.metadata.labels?.["controller-revision-hash"]);
    const all = cluster.client.resource(Pod, "default");
    await all.delete(pod.metadata.name!);
    await rolledOut(3);
    await all.patch(
      (await pods())[0]!.metadata.name!,
      { type: "merge", body: { status: { phase: "Failed" } } },
      { subresource: "status" },
    );
    await until(async () =>
      (await events("agent")).some((line) =>
        line.startsWith("FailedDaemonPod: Found failed daemon pod default/agent-"),
      ),
    );
    await rolledOut(3);
    await cluster.client.resource(Node).create({ metadata: { name: "late" } });
    await until(async () => (await get()).status.desiredNumberScheduled === 4);
    await until(async () => (await pods()).some(({ spec }) => spec.nodeName === "late"));
  });
});

test("it keeps to the nodes that its template chooses, and leaves those that no longer fit", { timeout }, async () => {
  await withDaemonSet({ template: template("i:1", { nodeSelector: { disk: "ssd" } }) }, async (subject) => {
    const { cluster, until, pods, rolledOut, get } = subject;
    const nodes = cluster.client.resource(Node);
    const label = (name: string, disk: string | null) =>
      nodes.patch(name, { type: "merge", body: { metadata: { labels: { disk } } } });
    await until(async () => (await get()).status.observedGeneration === 1);
    assert.equal((await pods()).length, 0);
    await label("n2", "ssd");
    await rolledOut(1);
    assert.equal((await pods())[0]!.spec.nodeName, "n2");
    await label("n2", null);
    await label("n3", "ssd");
    await until(async () => (await pods()).map(({ spec }) => spec.nodeName).join() === "n3");
    await nodes.patch("n3", { type: "merge", body: { spec: { taints: [{ key: "own", effect: "NoExecute" }] } } });
    await until(async () => (await pods()).length === 0);
    await until(async () => (await get()).status.desiredNumberScheduled === 0);
  });
});

for (const [what, rollingUpdate] of [
  ["one after the other", { maxUnavailable: 1 }],
  ["beside the old ones", { maxSurge: 1, maxUnavailable: 0 }],
] as const) {
  test(`a new template's pods come ${what}, each revision is kept to go back to`, { timeout }, async () => {
    const updateStrategy = { type: "RollingUpdate", rollingUpdate };
    await withDaemonSet({ template: template("i:1"), updateStrategy }, async (subject) => {
      const { rolledOut, patch, pods, until, revisions, get } = subject;
      await rolledOut(3);
      await patch({ template: template("i:2") });
      let least = 3;
      await until(async () => {
        least = Math.min(least, (await pods()).filter(isReady).length);
        const { status, metadata } = await get();
        return (
          status.observedGeneration === metadata.generation &&
          status.updatedNumberScheduled === 3 &&
          status.numberAvailable === 3
        );
      });
      await rolledOut(3);
      assert.ok(least >= ("maxSurge" in rollingUpdate ? 3 : 2), `${least} ready`);
      assert.deepEqual((await revisions()).map(({ revision }) => revision).sort(), [1, 2]);
      // kubectl rollout undo: the first revision's template again.
      const first = (await revisions()).find(({ revision }) => revision === 1)!;
      await subject.cluster.client
        .resource(DaemonSet, "default")
        .patch("agent", { type: "strategic", body: first.data! });
      await rolledOut(3);
      assert.ok((await pods()).every(({ spec }) => spec.containers[0]!.image === "i:1"));
      assert.deepEqual((await revisions()).map(({ revision }) => revision).sort(), [2, 3]);
      await patch({ revisionHistoryLimit: 0 });
      await until(async () => (await revisions()).length === 1);
    });
  });
}

test("OnDelete replaces a pod when somebody deletes it", { timeout }, async () => {
  await withDaemonSet({ template: template("i:1"), updateStrategy: { type: "OnDelete" } }, async (subject) => {
    const { rolledOut, patch, pods, clock, cluster, until } = subject;
    await rolledOut(3);
    await patch({ template: template("i:2") });
    await clock.advance(1_000);
    assert.ok((await pods()).every(({ spec }) => spec.containers[0]!.image === "i:1"));
    await cluster.client.resource(Pod, "default").delete((await pods())[0]!.metadata.name!);
    await until(
      async () => (await pods()).filter(isReady).filter(({ spec }) => spec.containers[0]!.image === "i:2").length === 1,
    );
  });
});
