import assert from "node:assert/strict";
import { test } from "node:test";
import { isRefused } from "../../support/api-operations.ts";
import { eventually } from "../../support/eventually.ts";
import type { Thing } from "../../support/typed-client.ts";
import { describeUpstream } from "../../support/upstream.ts";
import { deploymentTools, type Place, revisionKey } from "./deployment-tools.ts";
import { controllerOf, hasPods, reaches, setAllReady, takesOver } from "./pods.ts";

// test/integration/deployment/deployment_test.go

const labels = { name: "test" };
const desiredKey = "deployment.kubernetes.io/desired-replicas";
const maxKey = "deployment.kubernetes.io/max-replicas";
const hashKey = "pod-template-hash";
const rolling = (maxSurge: number | string, maxUnavailable: number | string): object => ({
  strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge, maxUnavailable } },
});
const setImage =
  (image: string, more: object = {}) =>
  ({ spec }: Thing): void => {
    spec.template.spec.containers[0].image = image;
    Object.assign(spec, more);
  };

describeUpstream("Deployments as integration tests ask of them", (use) => {
  const { place, make, hasRevision, observed, completes, stable, hasReason } = deploymentTools(use);

  test("TestNewDeployment", async () => {
    const at = await place();
    const lastApplied = "kubectl.kubernetes.io/last-applied-configuration";
    const annotations = { test: "should-copy-to-replica-set", [lastApplied]: "should-not-copy-to-replica-set" };
    await make(at, 20, { annotations, minReadySeconds: 1 });
    await hasRevision(at, "1", "fakeimage");
    await completes(at);
    const set = await hasRevision(at, "1", "fakeimage");
    assert.equal(set.metadata.annotations?.["test"], "should-copy-to-replica-set");
    assert.equal(set.metadata.annotations?.[lastApplied], undefined);
    const hash = set.metadata.labels?.[hashKey] as string;
    assert.ok(hash && set.metadata.name === `d-${hash}`);
    assert.equal(set["spec"].selector.matchLabels[hashKey], hash);
    assert.equal(set["spec"].template.metadata.labels[hashKey], hash);
    const pods = await hasPods(at.pods, 20);
    for (const { metadata } of pods) assert.equal(metadata.labels?.[hashKey], hash);
  });

  test("TestDeploymentRollingUpdate", async () => {
    const at = await place();
    await make(at, 20, { minReadySeconds: 1, ...rolling("25%", "25%") });
    await completes(at);
    const bounds = ({ status }: Thing): void => {
      assert.ok((status.replicas ?? 0) <= 25, `${status.replicas} of at most 25`);
      assert.ok((status.availableReplicas ?? 0) >= 15, `${status.availableReplicas} available of at least 15`);
    };
    let broken: unknown;
    const look = (deployment: Thing): void => {
      try {
        bounds(deployment);
      } catch (error) {
        broken ??= error;
      }
    };
    await at.deployments.change("d", setImage("new-image"));
    await hasRevision(at, "2", "new-image");
    await completes(at, "d", look);
    await at.deployments.change("d", setImage("dont-finish"));
    await hasRevision(at, "3", "dont-finish");
    await at.deployments.change("d", setImage("rollover"));
    const newest = await hasRevision(at, "4", "rollover");
    await completes(at, "d", look);
    assert.equal(broken, undefined);
    for (const { metadata, spec } of (await at.sets.list()).items) {
      assert.equal(spec.replicas, metadata.uid === newest.metadata.uid ? 20 : 0);
    }
  });

  test("TestDeploymentSelectorImmutability", async () => {
    const at = await place();
    await make(at, 20);
    const other = { name_apps_v1: "test_apps_v1" };
    const change = ({ spec }: Thing): void => {
      spec.selector.matchLabels = other;
      spec.template.metadata.labels = other;
    };
    await isRefused(at.deployments.change("d", change), 422, /spec\.selector: Invalid value: .*: field is immutable$/);
  });

  test("TestPausedDeployment", async () => {
    const at = await place();
    const made = await make(at, 1, { paused: true, pod: { terminationGracePeriodSeconds: 1 } });
    await observed(at, made);
    assert.deepEqual((await at.sets.list()).items, []);
    await observed(at, await at.deployments.change("d", ({ spec }) => delete spec.paused));
    await hasRevision(at, "1", "fakeimage");
    await completes(at);
    await observed(at, await at.deployments.change("d", ({ spec }) => Object.assign(spec, { paused: true })));
    await hasReason(at, "Progressing", "DeploymentPaused");
    const change = ({ spec }: Thing): void => Object.assign(spec.template.spec, { terminationGracePeriodSeconds: 0 });
    await observed(at, await at.deployments.change("d", change));
    const { items } = await at.sets.list();
    assert.deepEqual(
      items.map(({ spec }) => spec.template.spec.terminationGracePeriodSeconds),
      [1],
    );
  });

  test("TestScalePausedDeployment", async () => {
    const at = await place();
    await make(at, 1);
    await completes(at);
    await observed(at, await at.deployments.change("d", ({ spec }) => Object.assign(spec, { paused: true })));
    await observed(at, await at.deployments.change("d", ({ spec }) => Object.assign(spec, { replicas: 10 })));
    const [set] = (await at.sets.list()).items;
    assert.equal(set?.["spec"].replicas, 10);
    await completes(at);
  });

  test("TestDeploymentHashCollision", async () => {
    const at = await place();
    await make(at, 1);
    const set = await hasRevision(at, "1", "fakeimage");
    const change = ({ spec }: Thing): void => Object.assign(spec.template.spec, { terminationGracePeriodSeconds: 5 });
    await at.sets.change(set.metadata.name, change);
    await reaches(at.deployments, "d", { collisionCount: 1 });
    const newer = await hasRevision(at, "2", "fakeimage");
    assert.notEqual(newer.metadata.name, set.metadata.name);
  });

  test("TestFailedDeployment", async () => {
    const at = await place();
    await make(at, 1, { progressDeadlineSeconds: 2 });
    await reaches(at.deployments, "d", { updatedReplicas: 1 });
    const { message, status } = await hasReason(at, "Progressing", "ProgressDeadlineExceeded");
    const [set] = (await at.sets.list()).items;
    assert.deepEqual([status, message], ["False", `ReplicaSet "${set!.metadata.name}" has timed out progressing.`]);
    await completes(at);
    await hasReason(at, "Progressing", "NewReplicaSetAvailable");
  });

  test("TestOverlappingDeployments", async () => {
    const at = await place();
    const sets: Thing[] = [];
    for (const name of ["first-deployment", "second-deployment"]) {
      await make(at, 1, { name });
      sets.push(await hasRevision(at, "1", "fakeimage", name));
      await completes(at, name);
    }
    assert.notEqual(sets[0]!.metadata.uid, sets[1]!.metadata.uid);
    await at.deployments.change("first-deployment", ({ spec }) => Object.assign(spec, { replicas: 2 }));
    await completes(at, "first-deployment");
    const counts = await Promise.all(
      sets.map(async ({ metadata }) => (await at.sets.get(metadata.name))["spec"].replicas),
    );
    assert.deepEqual(counts, [2, 1]);
  });

  test("TestScaledRolloutDeployment", async () => {
    const at = await place();
    await make(at, 10, { ...rolling(3, 2) });
    await completes(at);
    const sets: Thing[] = [await hasRevision(at, "1", "fakeimage")];
    for (const [revision, replicas, least] of [
      [2, 20, 8],
      [4, 5, 18],
    ] as const) {
      await at.deployments.change("d", setImage(`fakeimage${revision}`));
      sets.push(await hasRevision(at, `${revision}`, `fakeimage${revision}`));
      await stable(at, sets.at(-2)!);
      await stable(at, sets.at(-1)!);
      const { availableReplicas } = (await at.deployments.get("d"))["status"];
      assert.ok(availableReplicas >= least, `${availableReplicas} of at least ${least}`);
      await at.deployments.change("d", setImage(`fakeimage${revision + 1}`, { replicas }));
      sets.push(await hasRevision(at, `${revision + 1}`, `fakeimage${revision + 1}`));
      await completes(at);
      for (const { metadata } of sets.slice(-3)) {
        assert.equal((await at.sets.get(metadata.name)).metadata.annotations?.[desiredKey], `${replicas}`);
      }
    }
  });

  test("TestSpecReplicasChange", async () => {
    const at = await place();
    await make(at, 1, { strategy: { type: "Recreate" } });
    const [set] = await eventually(async () => {
      const { items } = await at.sets.list();
      assert.equal(items.length, 1);
      return items;
    });
    for (const replicas of [2, 0, 1]) {
      await at.deployments.change("d", ({ spec }) => Object.assign(spec, { replicas }));
      await eventually(async () => assert.equal((await at.sets.get(set!.metadata.name))["spec"].replicas, replicas));
      await stable(at, set!);
    }
    const before = await at.deployments.get("d");
    const after = await at.deployments.change("d", ({ spec }) => Object.assign(spec, { revisionHistoryLimit: 4 }));
    assert.equal(after.metadata.generation, before.metadata.generation! + 1);
    await observed(at, after);
  });

  test("TestDeploymentAvailableCondition", async () => {
    const at = await place();
    await make(at, 10, { minReadySeconds: 3600, progressDeadlineSeconds: 7200 });
    const counts = (readyReplicas?: number, availableReplicas?: number, unavailableReplicas?: number): object => ({
      ...{ replicas: 10, updatedReplicas: 10, readyReplicas, availableReplicas, unavailableReplicas },
      terminatingReplicas: 0,
    });
    await reaches(at.deployments, "d", counts(undefined, undefined, 10));
    await hasReason(at, "Available", "MinimumReplicasUnavailable");
    await setAllReady(at.pods);
    await reaches(at.deployments, "d", counts(10, undefined, 10));
    await hasReason(at, "Available", "MinimumReplicasUnavailable");
    await observed(at, await at.deployments.change("d", ({ spec }) => Object.assign(spec, { minReadySeconds: 1 })));
    await hasReason(at, "Available", "MinimumReplicasAvailable");
    await reaches(at.deployments, "d", counts(10, 10, undefined));
  });

  test("TestGeneralReplicaSetAdoption", async () => {
    const at = await place();
    const made = await make(at, 1);
    await completes(at);
    const [set] = (await at.sets.list()).items;
    await takesOver(at.sets, set!.metadata.name, made, await at.configMaps.create({ metadata: { name: "other" } }));
  });

  test("TestDeploymentScaleSubresource", async () => {
    const at = await place();
    await make(at, 2);
    await completes(at);
    for (const replicas of [3, 0]) {
      const scale = await at.deployments.get("d/scale");
      assert.equal(scale["spec"].replicas, (await at.deployments.get("d"))["spec"].replicas);
      await at.deployments.updateAs({ ...scale, spec: { replicas } } as Thing, "scale");
      assert.equal((await at.deployments.get("d"))["spec"].replicas, replicas);
    }
  });

  test("TestReplicaSetOrphaningAndAdoptionWhenLabelsChange", async () => {
    const at = await place();
    const made = await make(at, 1);
    await completes(at);
    const set = await hasRevision(at, "1", "fakeimage");
    assert.equal(controllerOf(set)?.["uid"], made.metadata.uid);
    const relabel = (to: object): Promise<Thing> =>
      at.sets.change(set.metadata.name, ({ metadata }) => Object.assign(metadata, { labels: to }));
    await relabel({ "new-name": "new-test" });
    await eventually(async () => assert.equal(controllerOf(await at.sets.get(set.metadata.name)), undefined));
    await eventually(async () => {
      const others = (await at.sets.list()).items.filter((one) => controllerOf(one)?.["uid"] === made.metadata.uid);
      assert.equal(others.length, 1);
      assert.notEqual(others[0]!.metadata.name, set.metadata.name);
    });
    assert.equal((await at.deployments.get("d"))["status"].collisionCount, 1);
    await relabel(labels);
    await eventually(async () =>
      assert.equal(controllerOf(await at.sets.get(set.metadata.name))?.["uid"], made.metadata.uid),
    );
  });

  /** On a node that nobody is, pods that are asked to go stay for long. */
  const slow = { nodeName: "fake-node", terminationGracePeriodSeconds: 300 };
  const counts = (replicas: number, ready: number, terminatingReplicas: number): object => ({
    replicas: replicas || undefined,
    updatedReplicas: replicas || undefined,
    readyReplicas: ready || undefined,
    availableReplicas: ready || undefined,
    terminatingReplicas,
  });

  test("TestTerminatingReplicasDeploymentStatus", async () => {
    const at = await place();
    await make(at, 6, { strategy: { type: "Recreate" }, pod: slow });
    await completes(at);
    await reaches(at.deployments, "d", counts(6, 6, 0));
    await at.deployments.change("d", ({ spec }) => Object.assign(spec, { replicas: 3 }));
    await reaches(at.deployments, "d", counts(3, 3, 3));
  });

  const remove = async ({ pods }: Place, set: Thing, gracePeriodSeconds: number, count = 1_000): Promise<void> => {
    const isMeant = (pod: Thing): boolean =>
      controllerOf(pod)?.["uid"] === set.metadata.uid &&
      (gracePeriodSeconds === 0) === (pod.metadata.deletionTimestamp !== undefined);
    const meant = (await pods.list()).items.filter(isMeant).slice(0, count);
    for (const { metadata } of meant) await pods.delete(metadata.name, { gracePeriodSeconds });
  };

  test("TestRecreateDeploymentForPodReplacement", async () => {
    const at = await place();
    await make(at, 6, { strategy: { type: "Recreate" }, pod: slow });
    await completes(at);
    const first = await hasRevision(at, "1", "fakeimage");
    await at.deployments.change("d", setImage("fakeimage2"));
    await reaches(at.deployments, "d", counts(0, 0, 6));
    assert.equal((await at.sets.list()).items.length, 1);
    await remove(at, first, 0);
    const second = await hasRevision(at, "2", "fakeimage2");
    await reaches(at.deployments, "d", counts(6, 0, 0));
    await remove(at, second, 300, 1);
    await reaches(at.deployments, "d", counts(6, 0, 1));
    await at.deployments.change("d", ({ spec }) => Object.assign(spec, { replicas: 7 }));
    await reaches(at.deployments, "d", counts(7, 0, 1));
    await at.deployments.change("d", ({ spec }) => Object.assign(spec, { replicas: 5 }));
    await reaches(at.deployments, "d", counts(5, 0, 3));
    await completes(at);
    await reaches(at.deployments, "d", counts(5, 5, 3));
    await remove(at, second, 0);
    await reaches(at.deployments, "d", counts(5, 5, 0));
  });

  test("TestRollingUpdateAndProportionalScalingForDeploymentPodReplacement", async () => {
    const at = await place();
    await make(at, 100, { ...rolling(20, 0), pod: slow });
    await completes(at);
    const first = await hasRevision(at, "1", "fakeimage");
    await remove(at, first, 300, 15);
    await completes(at);
    await at.deployments.change("d", setImage("fakeimage2"));
    const second = await hasRevision(at, "2", "fakeimage2");
    await reaches(at.deployments, "d", { replicas: 120, updatedReplicas: 20, terminatingReplicas: 15 });
    await remove(at, second, 300, 1);
    await at.deployments.change("d", ({ spec }) => Object.assign(spec, { replicas: 120 }));
    for (const [set, replicas, revision] of [
      [first, 117, "1"],
      [second, 23, "2"],
    ] as const) {
      const { metadata } = await eventually(async () => {
        const one = await at.sets.get(set.metadata.name);
        assert.equal(one["spec"].replicas, replicas);
        return one;
      });
      const {
        [desiredKey]: desired,
        [maxKey]: max,
        [revisionKey]: own,
      } = metadata.annotations as Record<string, string>;
      assert.deepEqual([desired, max, own], ["120", "140", revision]);
    }
    await reaches(at.deployments, "d", { replicas: 140, terminatingReplicas: 16 });
  });
});
