import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { isRefused } from "../../support/api-operations.ts";
import { eventually } from "../../support/eventually.ts";
import type { Thing, TypedResource } from "../../support/typed-client.ts";
import { describeUpstream } from "../../support/upstream.ts";
import { controllerOf, hasPods, reaches, secondsAgo, setAllReady, setReady, takesOver, template } from "./pods.ts";

// test/integration/replicaset/replicaset_test.go, test/integration/replicationcontroller/replicationcontroller_test.go

const labels = { foo: "bar" };

for (const [resource, kind, apiVersion] of [
  ["replicasets", "ReplicaSet", "apps/v1"],
  ["replicationcontrollers", "ReplicationController", "v1"],
] as const) {
  describeUpstream(`${kind}s as integration tests ask of them`, (use) => {
    interface Place {
      readonly all: TypedResource;
      readonly pods: TypedResource;
      readonly configMaps: TypedResource;
    }
    const place = async (): Promise<Place> => {
      const namespace = await use.makeNamespace();
      const [all, pods] = [use.typed(resource, namespace), use.typed("pods", namespace)];
      return { all, pods, configMaps: use.typed("configmaps", namespace) };
    };
    const make = (
      { all }: Place,
      replicas: number,
      {
        name = "r",
        pod = {},
        finalizers = [] as string[],
        ...spec
      }: { name?: string; pod?: object; finalizers?: string[]; [field: string]: unknown } = {},
    ): Promise<Thing> => {
      const selector = kind === "ReplicaSet" ? { matchLabels: labels } : labels;
      return all.create({
        metadata: { name, finalizers },
        spec: { replicas, selector, template: template(labels, pod), ...spec },
      });
    };
    const stable = ({ all }: Place, name = "r"): Promise<Thing> =>
      eventually(async () => {
        const object = await all.get(name);
        const { status, spec, metadata } = object;
        assert.deepEqual([status.replicas, status.observedGeneration], [spec.replicas, metadata.generation]);
        return object;
      });
    const scaled = async (at: Place, replicas: number): Promise<void> => {
      await at.all.change("r", ({ spec }) => Object.assign(spec, { replicas }));
      await stable(at);
    };

    for (const [title, owners, expected] of [
      ["owned and not controlled", (own: object, _: object) => [own], (own: object) => [own]],
      ["without owners", () => [], (own: object) => [own]],
      ["with another owner", (_: object, other: object) => [other], (own: object, other: object) => [own, other]],
      ["with another controller", (_: object, other: object) => [{ ...other, controller: true }], undefined],
      [
        "owned beside another controller",
        (own: object, other: object) => [own, { ...other, controller: true }],
        undefined,
      ],
    ] as const) {
      test(`TestAdoption: a pod ${title}`, async () => {
        const at = await place();
        const made = await make(at, 1);
        await hasPods(at.pods, 1);
        const { metadata } = await at.configMaps.create({ metadata: { name: "other" } });
        const own = { apiVersion, kind, name: "r", uid: made.metadata.uid };
        const other = { apiVersion: "v1", kind: "ConfigMap", name: "other", uid: metadata.uid };
        const ownerReferences = owners(own, other);
        // What is bound to a node stays, rather than what is not.
        const { spec } = template(labels, { nodeName: "fake-node" }) as Thing;
        await at.pods.create({ metadata: { name: "pod1", labels, ownerReferences }, spec });
        const controller = { controller: true, blockOwnerDeletion: true };
        const wanted = expected?.({ ...own, ...controller }, other) ?? ownerReferences;
        await stable(at);
        await eventually(async () =>
          assert.deepEqual((await at.pods.get("pod1")).metadata.ownerReferences ?? [], wanted),
        );
      });
    }

    if (kind === "ReplicaSet") {
      test("TestRSSelectorImmutability", async () => {
        const at = await place();
        await make(at, 0);
        const change = ({ spec }: Thing): void => {
          spec.selector.matchLabels = { a: "b" };
          spec.template.metadata.labels = { a: "b" };
        };
        await isRefused(at.all.change("r", change), 422, /spec\.selector: Invalid value: .*: field is immutable$/);
      });
    }

    test("TestSpecReplicasChange", async () => {
      const at = await place();
      await make(at, 2);
      await stable(at);
      for (const replicas of [3, 0, 2]) await scaled(at, replicas);
      const before = await at.all.get("r");
      const annotate = ({ spec }: Thing): object =>
        Object.assign(spec.template.metadata, { annotations: { test: "annotation" } });
      const after = await at.all.change("r", annotate);
      assert.equal(after.metadata.generation, before.metadata.generation! + 1);
      await reaches(at.all, "r", { observedGeneration: after.metadata.generation });
    });

    test("TestDeletingAndFailedPods", async () => {
      const at = await place();
      await make(at, 2);
      await stable(at);
      const [going, failed] = await hasPods(at.pods, 2);
      await at.pods.patch(going!.metadata.name, "merge", {
        metadata: { finalizers: ["fake.example.com/blockDeletion"] },
      });
      await at.pods.delete(going!.metadata.name);
      await at.pods.patch(failed!.metadata.name, "merge", { status: { phase: "Failed" } }, { subresource: "status" });
      const names = (await hasPods(at.pods, 4)).map(({ metadata }) => metadata.name);
      for (const { metadata } of [going!, failed!]) assert.ok(names.includes(metadata.name));
      await reaches(at.all, "r", { replicas: 2 });
    });

    for (const [title, costs, remaining] of [
      ["different costs", ["1000", "100"], 0],
      ["same costs", ["100", "100"], 1],
      ["no costs", [], 1],
    ] as const) {
      test(`TestPodDeletionCost: ${title}`, async () => {
        const at = await place();
        await make(at, 2);
        await stable(at);
        const pods = await hasPods(at.pods, 2);
        for (const [i, { metadata }] of pods.entries()) {
          const cost = costs[i];
          if (cost !== undefined) {
            const annotations = { "controller.kubernetes.io/pod-deletion-cost": cost };
            await at.pods.patch(metadata.name, "merge", { metadata: { annotations } });
          }
          const containerStatuses = [
            { name: "c", ready: false, image: "", imageID: "", restartCount: i === 0 ? 5 : 0 },
          ];
          await at.pods.patch(metadata.name, "merge", { status: { containerStatuses } }, { subresource: "status" });
        }
        await at.all.change("r", ({ spec }) => Object.assign(spec, { replicas: 1 }));
        const [left] = await hasPods(at.pods, 1);
        assert.equal(left!.metadata.name, pods[remaining]!.metadata.name);
      });
    }

    test("TestOverlappingRSs, TestOverlappingRCs", async () => {
      const at = await place();
      for (const replicas of [1, 2]) {
        await make(at, replicas, { name: `r-${replicas}` });
        await stable(at, `r-${replicas}`);
      }
      await hasPods(at.pods, 3);
      for (const replicas of [1, 2]) await reaches(at.all, `r-${replicas}`, { replicas });
    });

    test("TestPodOrphaningAndAdoptionWhenLabelsChange", async () => {
      const at = await place();
      const made = await make(at, 1);
      await stable(at);
      const [pod] = await hasPods(at.pods, 1);
      const { name } = pod!.metadata;
      assert.equal(controllerOf(pod!)?.["uid"], made.metadata.uid);
      const relabel = (to: object): Promise<Thing> =>
        at.pods.change(name, ({ metadata }) => Object.assign(metadata, { labels: to }));
      await relabel({ "new-foo": "new-bar" });
      await eventually(async () => assert.equal(controllerOf(await at.pods.get(name)), undefined));
      await hasPods(at.pods, 2);
      await relabel(labels);
      const [left] = await hasPods(at.pods, 1);
      assert.equal(controllerOf(left!)?.["uid"], made.metadata.uid);
    });

    test("TestGeneralPodAdoption", async () => {
      const at = await place();
      const made = await make(at, 1);
      await stable(at);
      const [pod] = await hasPods(at.pods, 1);
      await takesOver(at.pods, pod!.metadata.name, made, await at.configMaps.create({ metadata: { name: "other" } }));
    });

    test("TestReadyAndAvailableReplicas", async () => {
      const at = await place();
      await make(at, 3, { minReadySeconds: 3600 });
      await reaches(at.all, "r", { replicas: 3, availableReplicas: undefined });
      const [first, second, third] = (await hasPods(at.pods, 3)).map(({ metadata }) => metadata.name);
      await setReady(at.pods, first!, { status: "False" });
      await setReady(at.pods, second!);
      await setReady(at.pods, third!, { lastTransitionTime: secondsAgo(7_200) });
      await reaches(at.all, "r", { replicas: 3, readyReplicas: 2, availableReplicas: 1 });
    });

    test("TestRSScaleSubresource, TestRCScaleSubresource", async () => {
      const at = await place();
      await make(at, 1);
      await stable(at);
      for (const replicas of [3, 0]) {
        const scale = await at.all.get("r/scale");
        assert.equal(scale["spec"].replicas, (await at.all.get("r"))["spec"].replicas);
        await at.all.updateAs({ ...scale, spec: { replicas } } as Thing, "scale");
        assert.equal((await at.all.get("r"))["spec"].replicas, replicas);
      }
    });

    test("TestExtraPodsAdoptionAndDeletion", async () => {
      const at = await place();
      const { spec } = template(labels) as Thing;
      for (const i of [1, 2, 3]) await at.pods.create({ metadata: { name: `pod-${i}`, labels }, spec });
      await make(at, 2);
      await stable(at);
      const left = await hasPods(at.pods, 2);
      for (const { metadata } of left) assert.match(metadata.name, /^pod-/);
    });

    test("TestFullyLabeledReplicas", async () => {
      const at = await place();
      await make(at, 2);
      await stable(at);
      const more = { ...labels, extraKey: "extraValue" };
      await at.all.change("r", ({ spec }) => Object.assign(spec.template.metadata, { labels: more }));
      const [pod] = await hasPods(at.pods, 2);
      await at.pods.change(pod!.metadata.name, ({ metadata }) => Object.assign(metadata, { labels: more }));
      await reaches(at.all, "r", { replicas: 2, fullyLabeledReplicas: 1 });
    });

    if (kind === "ReplicaSet") {
      test("TestReplicaSetsAppsV1DefaultGCPolicy", async () => {
        const at = await place();
        const finalizers = ["kube.io/dummy-finalizer"];
        await make(at, 2, { finalizers });
        await stable(at);
        await at.all.delete("r");
        const { metadata } = await at.all.get("r");
        assert.ok(metadata.deletionTimestamp);
        assert.deepEqual(metadata.finalizers, finalizers);
        await at.all.patch("r", "merge", { metadata: { finalizers: null } });
        await isRefused(at.all.get("r"), 404);
      });

      test("TestTerminatingReplicas", async () => {
        const at = await place();
        await make(at, 5, { pod: { nodeName: "fake-node", terminationGracePeriodSeconds: 300 } });
        await reaches(at.all, "r", { replicas: 5, terminatingReplicas: 0 });
        const pods = await hasPods(at.pods, 5);
        await setAllReady(at.pods);
        await at.pods.delete(pods[0]!.metadata.name);
        await at.pods.delete(pods[1]!.metadata.name);
        await reaches(at.all, "r", { replicas: 5, terminatingReplicas: 2 });
        await at.pods.delete(pods[0]!.metadata.name, { gracePeriodSeconds: 0 });
        await reaches(at.all, "r", { replicas: 5, terminatingReplicas: 1 });
      });
    } else {
      test("TestLogarithmicScaleDown", async () => {
        const at = await place();
        await make(at, 2);
        await stable(at);
        const before = (await hasPods(at.pods, 2)).map(({ metadata }) => metadata.name);
        await delay(4_000);
        await scaled(at, 3);
        await scaled(at, 2);
        assert.deepEqual(
          (await hasPods(at.pods, 2)).map(({ metadata }) => metadata.name),
          before,
        );
      });
    }
  });
}
