import assert from "node:assert/strict";
import { test } from "node:test";
import type { DaemonSet } from "../../../api/apps/v1/daemonset.ts";
import { revisionName } from "../../../controllers/daemonset/revisions.ts";
import { eventually } from "../../support/eventually.ts";
import type { Thing, TypedResource } from "../../support/typed-client.ts";
import { describeUpstream } from "../../support/upstream.ts";
import { controllerOf, hasPods, reaches, secondsAgo, setReady, template } from "./pods.ts";

// test/integration/daemonset/daemonset_test.go

const labels = { name: "test" };
const onDelete = { type: "OnDelete" };
const rolling = { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1 } };
const hashLabel = "controller-revision-hash";

describeUpstream(
  "DaemonSets as integration tests ask of them",
  (use) => {
    interface Place {
      readonly daemons: TypedResource;
      readonly pods: TypedResource;
      readonly revisions: TypedResource;
      readonly quotas: TypedResource;
    }
    const nodes = (): TypedResource => use.typed("nodes");
    /** Nodes are the whole cluster's: each test begins with none, and no daemons of another one. */
    const place = async (): Promise<Place> => {
      const [daemonSets, allPods] = [use.typed("daemonsets"), use.typed("pods")];
      for (const { metadata } of (await daemonSets.list()).items) {
        await use.typed("daemonsets", metadata.namespace).delete(metadata.name);
      }
      for (const { metadata } of (await nodes().list()).items) await nodes().delete(metadata.name);
      await eventually(async () => {
        const { items } = await allPods.list();
        for (const { metadata } of items.filter((pod) => pod.metadata.finalizers)) {
          const body = { metadata: { finalizers: null } };
          await use
            .typed("pods", metadata.namespace)
            .patch(metadata.name, "merge", body)
            .catch(() => {});
        }
        assert.deepEqual(items, []);
      });
      const namespace = await use.makeNamespace();
      const open = (resource: string): TypedResource => use.typed(resource, namespace);
      const [daemons, pods] = [open("daemonsets"), open("pods")];
      return { daemons, pods, revisions: open("controllerrevisions"), quotas: open("resourcequotas") };
    };
    const make = ({ daemons }: Place, updateStrategy: object, pod: object = {}, finalizers: string[] = []) => {
      const { metadata, spec } = template(labels, pod) as Thing;
      const own = { metadata: { ...metadata, finalizers }, spec };
      const rest = { revisionHistoryLimit: 2, updateStrategy };
      return daemons.create({
        metadata: { name: "foo" },
        spec: { selector: { matchLabels: labels }, template: own, ...rest },
      });
    };
    interface NodeOptions {
      readonly own?: object;
      readonly ready?: "True" | "False";
      readonly taints?: readonly object[];
      readonly allocatable?: object;
      readonly conditions?: readonly object[];
    }
    const makeNode = async (name: string, { own = {}, taints = [], ...options }: NodeOptions = {}): Promise<void> => {
      const { ready = "True", allocatable = { pods: "100" }, conditions = [] } = options;
      await nodes().create({ metadata: { name, labels: own }, spec: { taints } });
      const condition = {
        type: "Ready",
        status: ready,
        lastHeartbeatTime: secondsAgo(0),
        lastTransitionTime: secondsAgo(0),
      };
      const status = { conditions: [condition, ...conditions], allocatable, capacity: allocatable };
      await nodes().patch(name, "strategic", { status }, { subresource: "status" });
    };
    const active = ({ status }: Thing): boolean => status.phase === "Pending" || status.phase === "Running";
    /** So many pods are at work; those that are bound become ready. */
    const ready = ({ pods }: Place, count: number): Promise<readonly Thing[]> =>
      eventually(async () => {
        const { items } = await pods.list();
        for (const pod of items) {
          assert.deepEqual([pod.metadata.ownerReferences?.length, controllerOf(pod)?.["kind"]], [1, "DaemonSet"]);
          if (!active(pod) || pod["spec"].nodeName === undefined || pod.metadata.deletionTimestamp) continue;
          if (pod["status"].phase === "Pending") await setReady(pods, pod.metadata.name);
        }
        const working = items.filter(active);
        assert.equal(working.length, count);
        return working;
      });

    for (const strategy of [onDelete, rolling]) {
      const title = strategy.type;

      test(`TestOneNodeDaemonLaunchesPod, TestSimpleDaemonSetLaunchesPods: ${title}`, async () => {
        const at = await place();
        await make(at, strategy);
        await makeNode("node-0");
        await ready(at, 1);
        await reaches(at.daemons, "foo", { numberReady: 1 });
        for (const i of [1, 2, 3, 4]) await makeNode(`node-${i}`);
        await ready(at, 5);
        await reaches(at.daemons, "foo", { numberReady: 5, desiredNumberScheduled: 5 });
      });

      for (const [phase, finalizers] of [
        ["Succeeded", []],
        ["Failed", []],
        ["Succeeded", ["test.k8s.io/finalizer"]],
      ] as const) {
        test(`TestSimpleDaemonSetRestartsPodsOnTerminalPhase: ${title}, ${phase}, ${finalizers.length}`, async () => {
          const at = await place();
          await make(at, strategy, {}, [...finalizers]);
          for (const i of [0, 1, 2]) await makeNode(`node-${i}`);
          const [ended] = await ready(at, 3);
          await at.pods.patch(ended!.metadata.name, "merge", { status: { phase } }, { subresource: "status" });
          await eventually(async () => {
            const { items } = await at.pods.list();
            const one = items.find(({ metadata }) => metadata.uid === ended!.metadata.uid);
            assert.ok(one === undefined || (finalizers.length > 0 && one.metadata.deletionTimestamp));
          });
          await ready(at, 3);
          await reaches(at.daemons, "foo", { numberReady: 3 });
        });
      }

      test(`TestDaemonSetWithNodeSelectorLaunchesPods: ${title}`, async () => {
        const at = await place();
        const zone = { matchExpressions: [{ key: "zone", operator: "In", values: ["test"] }] };
        const name = { matchFields: [{ key: "metadata.name", operator: "In", values: ["node-1"] }] };
        const required = { nodeSelectorTerms: [zone, name] };
        await make(at, strategy, {
          affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } },
        });
        for (let i = 0; i < 6; i++) await makeNode(`node-${i}`, { own: i === 2 || i === 3 ? { zone: "test" } : {} });
        const pods = await ready(at, 3);
        await reaches(at.daemons, "foo", { numberReady: 3, desiredNumberScheduled: 3 });
        assert.deepEqual(pods.map(({ spec }) => spec.nodeName).sort(), ["node-1", "node-2", "node-3"]);
      });

      test(`TestNotReadyNodeDaemonDoesLaunchPod: ${title}`, async () => {
        const at = await place();
        await make(at, strategy);
        await makeNode("single-node", { ready: "False" });
        await ready(at, 1);
        await reaches(at.daemons, "foo", { numberReady: 1 });
      });

      test(`TestInsufficientCapacityNode: ${title}`, async () => {
        const at = await place();
        const resources = { requests: { memory: "120M", cpu: "75m" } };
        await make(at, strategy, { containers: [{ name: "foo", image: "bar", resources }] });
        await makeNode("node-with-limited-memory", { allocatable: { memory: "100M", cpu: "200m", pods: "100" } });
        const [pod] = await hasPods(at.pods, 1);
        await eventually(async () => {
          const { status } = await at.pods.get(pod!.metadata.name);
          const scheduled = status.conditions?.find((one: Thing) => one["type"] === "PodScheduled");
          assert.deepEqual([scheduled?.status, scheduled?.reason], ["False", "Unschedulable"]);
        });
        await makeNode("node-with-enough-memory", { allocatable: { memory: "200M", cpu: "2000m", pods: "100" } });
        await ready(at, 2);
        await eventually(async () => {
          await ready(at, 2);
          assert.equal((await at.daemons.get("foo"))["status"].numberReady, 1);
        });
      });

      test(`TestTaintedNode: ${title}`, async () => {
        const at = await place();
        await make(at, strategy);
        await makeNode("node-with-taint", { taints: [{ key: "key1", value: "val1", effect: "NoSchedule" }] });
        await makeNode("node-without-taint");
        await ready(at, 1);
        await reaches(at.daemons, "foo", { numberReady: 1, desiredNumberScheduled: 1 });
        await nodes().change("node-with-taint", ({ spec }) => {
          spec.taints = (spec.taints ?? []).filter(({ key }: { key: string }) => key !== "key1");
        });
        await ready(at, 2);
        await reaches(at.daemons, "foo", { numberReady: 2 });
      });

      test(`TestUnschedulableNodeDaemonDoesLaunchPod: ${title}`, async () => {
        const at = await place();
        await make(at, strategy, { hostNetwork: true });
        await makeNode("unschedulable-node", {
          taints: [{ key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" }],
        });
        await nodes().patch("unschedulable-node", "merge", { spec: { unschedulable: true } });
        const taints = [{ key: "node.kubernetes.io/network-unavailable", effect: "NoSchedule" }];
        const conditions = [{ type: "NetworkUnavailable", status: "True" }];
        await makeNode("network-unavailable-node", { ready: "False", taints, conditions });
        await ready(at, 2);
        await reaches(at.daemons, "foo", { numberReady: 2 });
      });

      test(`TestUpdateStatusDespitePodCreationFailure: ${title}`, async () => {
        const at = await place();
        await at.quotas.create({ metadata: { name: "two" }, spec: { hard: { pods: "2" } } });
        await eventually(async () => assert.ok((await at.quotas.get("two"))["status"].hard));
        await make(at, strategy);
        for (let i = 0; i < 5; i++) await makeNode(`node-${i}`);
        await ready(at, 2);
        await reaches(at.daemons, "foo", { numberReady: 2, desiredNumberScheduled: 5 });
      });
    }

    /** The revision that somebody else made of what the DaemonSet is about to be. */
    const foreignRevision = async (at: Place): Promise<string> => {
      const daemonSet = await at.daemons.get("foo");
      const [own] = await eventually(async () => {
        const { items } = await at.revisions.list();
        assert.equal(items.length, 1);
        return items;
      });
      const next = structuredClone(daemonSet);
      next["spec"].template.spec.terminationGracePeriodSeconds = 1;
      const name = revisionName(next as unknown as DaemonSet);
      const { ownerReferences } = own!.metadata;
      const revisionLabels = { ...labels, [hashLabel]: name.slice("foo-".length) };
      const metadata = { name, labels: revisionLabels, ownerReferences };
      await at.revisions.create({ metadata, data: own!["data"], revision: own!["revision"] + 1 });
      return name;
    };

    test("TestLaunchWithHashCollision", async () => {
      const at = await place();
      await makeNode("single-node");
      await make(at, rolling);
      await foreignRevision(at);
      await at.daemons.change("foo", ({ spec }) =>
        Object.assign(spec.template.spec, { terminationGracePeriodSeconds: 1 }),
      );
      await eventually(async () => {
        const { items } = await at.pods.list();
        assert.ok(items.some(({ spec }) => spec.terminationGracePeriodSeconds === 1));
      });
      await reaches(at.daemons, "foo", { collisionCount: 1 });
    });

    test("TestDSCUpdatesPodLabelAfterDedupCurHistories", async () => {
      const at = await place();
      await makeNode("single-node");
      await make(at, rolling);
      await hasPods(at.pods, 1);
      const name = await foreignRevision(at);
      await makeNode("second-node");
      await eventually(async () => {
        for (const { metadata } of (await at.pods.list()).items)
          assert.equal(`foo-${metadata.labels?.[hashLabel]}`, name);
        assert.deepEqual(
          (await at.revisions.list()).items.map(({ metadata }) => metadata.name),
          [name],
        );
      });
    });

    test("TestDaemonSetRollingUpdateWithTolerations", async () => {
      const at = await place();
      for (const [i, key] of ["zone-y", "zone-y", "zone-z", "zone-z", "zone-common", "zone-common"].entries()) {
        await makeNode(`node-${i}`, { taints: [{ key, effect: "NoSchedule" }] });
      }
      const tolerations = (...keys: string[]): object[] =>
        [...keys, "zone-common"].map((key) => ({ key, operator: "Exists" }));
      const surging = { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } };
      await make(at, surging, { tolerations: tolerations("zone-y") });
      const done = async (count: number, wanted: readonly object[]): Promise<void> => {
        const pods = await ready(at, count);
        await reaches(at.daemons, "foo", { numberReady: count, updatedNumberScheduled: count || undefined });
        for (const { spec } of pods) {
          const own = spec.tolerations.filter(({ key = "" }: { key?: string }) => key.startsWith("zone-"));
          assert.deepEqual(own, wanted);
        }
      };
      await done(4, tolerations("zone-y"));
      for (const [keys, during, after] of [
        [["zone-z"], 7, 4],
        [["zone-y", "zone-z"], 7, 6],
      ] as const) {
        const next = tolerations(...keys);
        await at.daemons.change("foo", ({ spec }) => Object.assign(spec.template.spec, { tolerations: next }));
        await eventually(async () => assert.equal((await at.pods.list()).items.filter(active).length, during));
        await done(after, next);
      }
      await at.daemons.change("foo", ({ spec }) => delete spec.template.spec.tolerations);
      await hasPods(at.pods, 0);
      await reaches(at.daemons, "foo", { numberReady: 0 });
    });
  },
  {
    nodes: [],
    scheduler: true,
    // As upstream's: taints are the test's own.
    controllers: ["*", "-node-lifecycle-controller"],
    more: { admission: { disable: ["TaintNodesByCondition"] } },
  },
);
