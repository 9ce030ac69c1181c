import assert from "node:assert/strict";
import { test } from "node:test";
import { ReplicaSet } from "../api/apps/v1/replicaset.ts";
import { Pod } from "../api/core/v1/pod.ts";
import { ReplicationController } from "../api/core/v1/replication-controller.ts";
import { SeededRandom } from "../base/mod.ts";
import { withWorkloads } from "./testing/workloads.ts";

const timeout = 60_000;

const labels = { app: "web" };
const template = { metadata: { labels }, spec: { containers: [{ name: "c", image: "nginx" }] } };
const replicaSet = (replicas: number, more: object = {}) => ({
  metadata: { name: "web" },
  spec: { replicas, selector: { matchLabels: labels }, template, ...more },
});

test("a ReplicaSet gets its pods, replaces one that goes, and tells how many are ready", { timeout }, async () => {
  await withWorkloads({}, async ({ cluster, until, pods, events }) => {
    const sets = cluster.client.resource(ReplicaSet, "default");
    await sets.create(replicaSet(10));
    const tookMs = await until(async () => (await sets.get("web")).status.readyReplicas === 10);
    assert.ok(tookMs < 200, `${tookMs} ms`);
    const { status } = await sets.get("web");
    assert.deepEqual(status, {
      replicas: 10,
      fullyLabeledReplicas: 10,
      readyReplicas: 10,
      availableReplicas: 10,
      terminatingReplicas: 0,
      observedGeneration: 1,
    });
    const [victim] = await pods();
    assert.match(victim!.metadata.name ?? "", /^web-[a-z0-9]{5}$/);
    await cluster.client.resource(Pod, "default").delete(victim!.metadata.name!);
    assert.ok((await until(async () => (await sets.get("web")).status.readyReplicas === 10)) < 1000);
    await until(async () => (await pods()).length === 10);
    await until(async () => (await events("web")).length > 0);
    assert.ok((await events("web")).some((line) => line.startsWith("SuccessfulCreate: Created pod: web-")));
  });
});

test("scaling down removes what is missed least, and pods that end are replaced", { timeout }, async () => {
  await withWorkloads({ healthy: (pod) => pod.metadata.annotations?.["sick"] === undefined }, async (subject) => {
    const { cluster, until, pods, events } = subject;
    const sets = cluster.client.resource(ReplicaSet, "default");
    await sets.create(replicaSet(4));
    await until(async () => (await sets.get("web")).status.readyReplicas === 4);
    const cheap = (await pods())[2]!;
    const annotations = { "controller.kubernetes.io/pod-deletion-cost": "-5" };
    const all = cluster.client.resource(Pod, "default");
    await all.patch(cheap.metadata.name!, { type: "merge", body: { metadata: { annotations } } });
    await sets.scale("web").patch({ type: "merge", body: { spec: { replicas: 3 } } });
    await until(async () => (await sets.get("web")).status.replicas === 3 && (await pods()).length === 3);
    assert.equal(
      (await pods()).some(({ metadata }) => metadata.uid === cheap.metadata.uid),
      false,
    );
    await until(async () => (await events("web")).includes(`SuccessfulDelete: Deleted pod: ${cheap.metadata.name}`));
    const ended = (await pods())[0]!;
    await all.patch(
      ended.metadata.name!,
      { type: "merge", body: { status: { phase: "Failed" } } },
      { subresource: "status" },
    );
    await until(async () => (await pods()).filter(({ status }) => status?.phase === "Running").length === 3);
    assert.equal((await sets.get("web")).status.replicas, 3);
  });
});

test("orphans that match are adopted, and pods whose labels change are let go and replaced", { timeout }, async () => {
  await withWorkloads({}, async ({ cluster, until, pods }) => {
    const all = cluster.client.resource(Pod, "default");
    await all.create({ metadata: { name: "orphan", labels }, spec: template.spec });
    const sets = cluster.client.resource(ReplicaSet, "default");
    const { metadata } = await sets.create(replicaSet(2));
    await until(async () => (await sets.get("web")).status.readyReplicas === 2);
    assert.equal((await pods()).length, 2);
    assert.equal((await all.get("orphan")).metadata.ownerReferences?.[0]?.uid, metadata.uid);
    await all.patch("orphan", { type: "merge", body: { metadata: { labels: { app: "other" } } } });
    await until(async () => (await pods()).length === 3);
    await until(async () => (await all.get("orphan")).metadata.ownerReferences === undefined);
    await until(async () => (await sets.get("web")).status.readyReplicas === 2);
  });
});

test("a pod is available once it has been ready for minReadySeconds, and no later", { timeout }, async () => {
  await withWorkloads({}, async ({ cluster, until, clock }) => {
    const sets = cluster.client.resource(ReplicaSet, "default");
    await sets.create(replicaSet(1, { minReadySeconds: 10 }));
    await until(async () => (await sets.get("web")).status.readyReplicas === 1);
    await clock.advance(8_500);
    assert.equal((await sets.get("web")).status.availableReplicas, undefined);
    await clock.advance(1_600);
    assert.equal((await sets.get("web")).status.availableReplicas, 1);
  });
});

test("a refusal is told in a condition and an event, and is gone with its cause", { timeout }, async () => {
  await withWorkloads({}, async ({ cluster, until, events }) => {
    const sets = cluster.client.resource(ReplicaSet, "default");
    await sets.create(
      replicaSet(2, { template: { ...template, spec: { ...template.spec, serviceAccountName: "none" } } }),
    );
    await until(async () => (await sets.get("web")).status.conditions?.length === 1);
    const [condition] = (await sets.get("web")).status.conditions ?? [];
    assert.deepEqual(
      [condition?.type, condition?.status, condition?.reason],
      ["ReplicaFailure", "True", "FailedCreate"],
    );
    assert.match(condition?.message ?? "", /error looking up service account default\/none/);
    await until(async () =>
      (await events("web")).some((line) => line.startsWith("FailedCreate: Error creating: pods ")),
    );
    await sets.patch("web", {
      type: "merge",
      body: { spec: { template: { spec: { serviceAccountName: null, serviceAccount: null } } } },
    });
    await until(async () => (await sets.get("web")).status.readyReplicas === 2);
    assert.equal((await sets.get("web")).status.conditions, undefined);
  });
});

test("a ReplicationController does the same", { timeout }, async () => {
  await withWorkloads({}, async ({ cluster, until, pods }) => {
    const controllers = cluster.client.resource(ReplicationController, "default");
    await controllers.create({ metadata: { name: "web" }, spec: { replicas: 3, template } });
    await until(async () => (await controllers.get("web")).status.readyReplicas === 3);
    await controllers.scale("web").patch({ type: "merge", body: { spec: { replicas: 1 } } });
    await until(async () => (await pods()).length === 1);
    await until(async () => (await controllers.get("web")).status.replicas === 1);
  });
});

test("whatever happens to its pods, a ReplicaSet ends with as many as it wants and never made more", {
  timeout,
}, async () => {
  for (let seed = 1; seed <= 5; seed++) {
    await withWorkloads({ seed }, async ({ cluster, clock, pods, until }) => {
      const random = new SeededRandom(seed);
      const sets = cluster.client.resource(ReplicaSet, "default");
      const all = cluster.client.resource(Pod, "default");
      await sets.create(replicaSet(3));
      let wanted = 3;
      for (let step = 0; step < 20; step++) {
        const there = await pods();
        const active = there.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
        assert.ok(active.length <= Math.max(wanted, 6), `seed ${seed}: ${active.length} pods`);
        const victim = there[random.below(Math.max(1, there.length))];
        if (random.below(3) === 0) {
          wanted = random.below(7);
          await sets.scale("web").patch({ type: "merge", body: { spec: { replicas: wanted } } });
        } else if (victim !== undefined) await all.delete(victim.metadata.name!).catch(() => undefined);
        await clock.advance(random.below(40));
      }
      await until(
        async () => ((await sets.get("web")).status.readyReplicas ?? 0) === wanted && (await pods()).length === wanted,
      );
    });
  }
});
