import assert from "node:assert/strict";
import { test } from "node:test";
import { Deployment } from "../api/apps/v1/deployment.ts";
import { ReplicaSet } from "../api/apps/v1/replicaset.ts";
import { Pod } from "../api/core/v1/pod.ts";
import { SeededRandom } from "../base/mod.ts";
import { type Workloads, withWorkloads } from "./testing/workloads.ts";

const timeout = 60_000;
const revision = "deployment.kubernetes.io/revision";

const labels = { app: "web" };
const template = (image: string) => ({ metadata: { labels }, spec: { containers: [{ name: "c", image }] } });
const deployment = (replicas: number, more: object = {}) => ({
  metadata: { name: "web" },
  spec: { replicas, selector: { matchLabels: labels }, template: template("nginx:1"), ...more },
});

interface Subject extends Workloads {
  get(): Promise<Deployment>;
  sets(): Promise<readonly ReplicaSet[]>;
  patch(spec: object): Promise<unknown>;
  condition(type: string): Promise<readonly (string | undefined)[]>;
  /** Waits until kubectl rollout status would say that it is done. */
  rolledOut(): Promise<number>;
}

async function withDeployment(
  initial: object,
  fn: (subject: Subject) => Promise<void>,
  options: Parameters<typeof withWorkloads>[0] = {},
): Promise<void> {
  await withWorkloads(options, async (workloads) => {
    const { client } = workloads.cluster;
    const deployments = client.resource(Deployment, "default");
    await deployments.create(initial as never);
    const get = () => deployments.get("web");
    await fn({
      ...workloads,
      get,
      sets: async () => (await client.resource(ReplicaSet, "default").list()).items,
      patch: (spec) => deployments.patch("web", { type: "strategic", body: { spec } }),
      condition: async (type) => {
        const found = (await get()).status.conditions?.find((condition) => condition.type === type);
        return [found?.status, found?.reason, found?.message];
      },
      rolledOut: () =>
        workloads.until(async () => {
          const { spec, status, metadata } = await get();
          return (
            status.observedGeneration === metadata.generation &&
            status.updatedReplicas === spec.replicas &&
            status.replicas === spec.replicas &&
            status.availableReplicas === spec.replicas
          );
        }, "the rollout"),
    });
  });
}

test("a Deployment makes a ReplicaSet of its template, and tells of it as upstream does", { timeout }, async () => {
  await withDeployment(deployment(10), async ({ rolledOut, get, sets, condition, events, until, pods }) => {
    const tookMs = await rolledOut();
    assert.ok(tookMs < 200, `${tookMs} ms`);
    const [set] = await sets();
    const hash = set!.metadata.labels?.["pod-template-hash"];
    assert.equal(set!.metadata.name, `web-${hash}`);
    assert.equal((await pods())[0]!.metadata.labels?.["pod-template-hash"], hash);
    assert.deepEqual(set!.metadata.annotations, {
      [revision]: "1",
      "deployment.kubernetes.io/desired-replicas": "10",
      "deployment.kubernetes.io/max-replicas": "13",
    });
    const { status, metadata } = await get();
    assert.equal(metadata.annotations?.[revision], "1");
    const { conditions: _, ...counts } = status;
    assert.deepEqual(counts, {
      observedGeneration: 1,
      replicas: 10,
      updatedReplicas: 10,
      readyReplicas: 10,
      availableReplicas: 10,
      terminatingReplicas: 0,
    });
    assert.deepEqual(await condition("Available"), [
      "True",
      "MinimumReplicasAvailable",
      "Deployment has minimum availability.",
    ]);
    const message = `ReplicaSet "${set!.metadata.name}" has successfully progressed.`;
    assert.deepEqual(await condition("Progressing"), ["True", "NewReplicaSetAvailable", message]);
    const scaled = `ScalingReplicaSet: Scaled up replica set ${set!.metadata.name} from 0 to 10`;
    await until(async () => (await events("web")).includes(scaled));
  });
});

test("a new template rolls within its bounds, old revisions stay to go back to", { timeout }, async () => {
  await withDeployment(deployment(10), async ({ rolledOut, get, sets, patch, pods, clock, cluster, until }) => {
    await rolledOut();
    await patch({ template: template("nginx:2") });
    let least = 10;
    let most = 10;
    await until(async () => {
      const there = await pods();
      least = Math.min(
        least,
        there.filter((pod) => pod.metadata.deletionTimestamp === undefined && isReady(pod)).length,
      );
      most = Math.max(most, there.filter((pod) => pod.metadata.deletionTimestamp === undefined).length);
      const { status, metadata } = await get();
      return (
        status.observedGeneration === metadata.generation && status.updatedReplicas === 10 && status.replicas === 10
      );
    });
    assert.ok(least >= 8 && most <= 13, `between ${least} and ${most} pods`);
    await rolledOut();
    assert.equal((await get()).metadata.annotations?.[revision], "2");
    assert.deepEqual((await sets()).map(({ spec }) => spec.replicas).sort(), [0, 10]);
    // kubectl rollout undo: the old template again.
    await patch({ template: template("nginx:1") });
    await rolledOut();
    assert.equal((await get()).metadata.annotations?.[revision], "3");
    const back = (await sets()).find(({ spec }) => spec.replicas === 10)!;
    assert.deepEqual(
      [back.metadata.annotations?.[revision], back.metadata.annotations?.["deployment.kubernetes.io/revision-history"]],
      ["3", "1"],
    );
    assert.equal((await sets()).length, 2);
    // kubectl rollout restart.
    await patch({
      template: { metadata: { annotations: { "kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z" } } },
    });
    await rolledOut();
    assert.equal((await sets()).length, 3);
    await cluster.client
      .resource(Deployment, "default")
      .patch("web", { type: "merge", body: { spec: { revisionHistoryLimit: 1 } } });
    await until(async () => (await sets()).length === 2);
    await clock.advance(1000);
  });
});

function isReady(pod: Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") === true;
}

test("Recreate ends all old pods before it starts a new one", { timeout }, async () => {
  await withDeployment(
    deployment(3, { strategy: { type: "Recreate" } }),
    async ({ rolledOut, patch, pods, until, sets }) => {
      await rolledOut();
      await patch({ template: template("nginx:2") });
      await until(async () => {
        const images = new Set((await pods()).map(({ spec }) => spec.containers[0]!.image));
        assert.ok(images.size <= 1, "old and new pods at once");
        return images.has("nginx:2");
      });
      await rolledOut();
      assert.equal((await sets()).length, 2);
    },
  );
});

test("a paused Deployment scales and does not roll; resumed it does", { timeout }, async () => {
  await withDeployment(deployment(2), async ({ rolledOut, patch, pods, sets, until, condition, clock }) => {
    await rolledOut();
    await patch({ paused: true });
    await until(async () => (await condition("Progressing"))[1] === "DeploymentPaused");
    assert.deepEqual(await condition("Progressing"), ["Unknown", "DeploymentPaused", "Deployment is paused"]);
    await patch({ template: template("nginx:2"), replicas: 4 });
    await until(async () => (await pods()).length === 4);
    await clock.advance(1000);
    assert.equal((await sets()).length, 1);
    await patch({ paused: false });
    await rolledOut();
    await until(async () => (await sets()).length === 2);
    await until(async () => (await pods()).every(({ spec }) => spec.containers[0]!.image === "nginx:2"));
    assert.equal((await condition("Progressing"))[1], "NewReplicaSetAvailable");
  });
});

test("a rollout that stands still is told after its deadline, and ends well once it goes on", { timeout }, async () => {
  const sick = new Set(["nginx:2"]);
  const healthy = (pod: Pod) => !sick.has(pod.spec.containers[0]!.image ?? "");
  await withDeployment(
    deployment(4, { progressDeadlineSeconds: 30 }),
    async ({ rolledOut, patch, until, condition, sets, clock, pods }) => {
      await rolledOut();
      await patch({ template: template("nginx:2") });
      const tookMs = await until(async () => (await condition("Progressing"))[0] === "False");
      assert.ok(tookMs >= 29_000 && tookMs < 33_000, `${tookMs} ms`);
      const name = (await sets()).find(({ spec }) => spec.template.spec.containers[0]!.image === "nginx:2")!.metadata
        .name;
      const message = `ReplicaSet "${name}" has timed out progressing.`;
      assert.deepEqual(await condition("Progressing"), ["False", "ProgressDeadlineExceeded", message]);
      assert.equal((await pods()).filter(isReady).length, 3);
      await patch({ template: template("nginx:3") });
      await rolledOut();
      await clock.advance(100);
      assert.equal((await condition("Progressing"))[1], "NewReplicaSetAvailable");
    },
    { healthy },
  );
});

test("what cannot be created is told in the Deployment's conditions", { timeout }, async () => {
  const spec = { ...template("nginx:1").spec, serviceAccountName: "none" };
  await withDeployment(deployment(1, { template: { metadata: { labels }, spec } }), async ({ until, condition }) => {
    await until(async () => (await condition("ReplicaFailure"))[0] === "True");
    assert.equal((await condition("ReplicaFailure"))[1], "FailedCreate");
    assert.deepEqual((await condition("Available")).slice(0, 2), ["False", "MinimumReplicasUnavailable"]);
  });
});

test("a name taken by another template is a collision, and another name is found", { timeout }, async () => {
  await withDeployment(deployment(1, { paused: true }), async ({ cluster, sets, rolledOut, get, patch, until }) => {
    await until(async () => (await get()).status.observedGeneration === 1);
    const { newReplicaSetName } = await import("../controllers/deployment/new-replica-set.ts");
    const others = cluster.client.resource(ReplicaSet, "default");
    const other = { app: "other" };
    const spec = {
      replicas: 0,
      selector: { matchLabels: other },
      template: { ...template("x"), metadata: { labels: other } },
    };
    await others.create({ metadata: { name: newReplicaSetName(await get()), labels: other }, spec });
    await patch({ paused: false });
    await rolledOut();
    assert.equal((await get()).status.collisionCount, 1);
    assert.equal((await sets()).length, 2);
  });
});

test("whatever its users do, a Deployment stays within its bounds and ends as it was last wanted", {
  timeout,
}, async () => {
  for (let seed = 1; seed <= 4; seed++) {
    await withDeployment(
      deployment(4),
      async ({ rolledOut, patch, pods, clock, get, cluster }) => {
        const random = new SeededRandom(seed);
        await rolledOut();
        let replicas = 4;
        let image = "nginx:1";
        for (let step = 0; step < 15; step++) {
          const action = random.below(4);
          if (action === 0) image = `nginx:${random.below(3)}`;
          if (action === 1) replicas = 1 + random.below(6);
          if (action === 2) {
            const there = await pods();
            const victim = there[random.below(Math.max(1, there.length))];
            if (victim)
              await cluster.client
                .resource(Pod, "default")
                .delete(victim.metadata.name!)
                .catch(() => undefined);
          }
          await patch({ template: template(image), replicas });
          await clock.advance(random.below(60));
          const active = (await pods()).filter(({ metadata }) => metadata.deletionTimestamp === undefined).length;
          assert.ok(active <= 8, `seed ${seed}: ${active} pods`);
        }
        await rolledOut();
        await clock.advance(200);
        const there = await pods();
        assert.equal(there.length, replicas);
        assert.ok(there.every(({ spec }) => spec.containers[0]!.image === image));
        assert.equal((await get()).status.unavailableReplicas, undefined);
      },
      { seed },
    );
  }
});
