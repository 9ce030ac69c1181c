import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../../support/eventually.ts";
import type { Thing, TypedResource } from "../../support/typed-client.ts";
import { describeUpstream } from "../../support/upstream.ts";

const hash = "pod-template-hash";
const template = (labels: object, image: string): object => ({
  metadata: { labels },
  spec: { terminationGracePeriodSeconds: 0, containers: [{ name: "main", image }] },
});
const workload = (name: string, labels: object, image: string, more: object = {}): object => ({
  metadata: { name },
  spec: { selector: { matchLabels: labels }, template: template(labels, image), ...more },
});
const imageOf = ({ spec }: Thing): string => (spec.template?.spec ?? spec).containers[0].image as string;

describeUpstream(
  "Rollouts",
  (use) => {
    interface Place {
      readonly deployments: TypedResource;
      readonly sets: TypedResource;
      readonly pods: TypedResource;
      readonly daemons: TypedResource;
    }
    const place = async (): Promise<Place> => {
      const namespace = await use.makeNamespace();
      return {
        deployments: use.typed("deployments", namespace),
        sets: use.typed("replicasets", namespace),
        pods: use.typed("pods", namespace),
        daemons: use.typed("daemonsets", namespace),
      };
    };
    const complete = (deployments: TypedResource, name: string, replicas: number): Promise<Thing> =>
      eventually(async () => {
        const object = await deployments.get(name);
        const { updatedReplicas, replicas: all, availableReplicas, observedGeneration } = object["status"];
        assert.deepEqual([updatedReplicas, all, availableReplicas], [replicas, replicas, replicas]);
        assert.equal(observedGeneration, object.metadata.generation);
        return object;
      });

    test("RollingUpdateDeployment should delete old pods and create new ones", async () => {
      const { deployments, sets, pods } = await place();
      const labels = { name: "sample-pod" };
      const annotations = { "deployment.kubernetes.io/revision": "3546343826724305832" };
      await sets.create({
        ...workload("old", labels, "agnhost", { replicas: 1 }),
        metadata: { name: "old", labels, annotations },
      });
      await eventually(async () => assert.equal((await sets.get("old"))["status"].readyReplicas, 1));
      await deployments.create(workload("new", labels, "nginx", { replicas: 1, strategy: { type: "RollingUpdate" } }));
      const done = await complete(deployments, "new", 1);
      assert.equal(done.metadata.annotations?.["deployment.kubernetes.io/revision"], "3546343826724305833");
      const old = await eventually(async () => {
        const set = await sets.get("old");
        assert.equal(set["spec"].replicas, 0);
        return set;
      });
      assert.deepEqual(
        old.metadata.ownerReferences?.map(({ uid }: { uid: string }) => uid),
        [done.metadata.uid],
      );
      await eventually(async () => {
        const { items } = await pods.list();
        assert.deepEqual(items.map(imageOf), ["nginx"]);
        assert.ok(items[0]?.metadata.labels?.[hash]);
      });
    });

    test("RecreateDeployment should delete old pods and create new ones", async () => {
      const { deployments, pods } = await place();
      await deployments.create(
        workload("recreated", { name: "r" }, "agnhost", { replicas: 1, strategy: { type: "Recreate" } }),
      );
      await complete(deployments, "recreated", 1);
      const watch = await pods.watch();
      await watch.expect("ADDED");
      await deployments.change("recreated", ({ spec }) =>
        Object.assign(spec.template.spec.containers[0], { image: "nginx" }),
      );
      await complete(deployments, "recreated", 1);
      // The old one is gone before a new one comes.
      const { object } = await watch.until(({ type }) => type === "DELETED");
      assert.equal(imageOf(object), "agnhost");
      assert.ok(
        watch.seen.every(({ type, object: seen }, i) => type !== "ADDED" || i === 0 || imageOf(seen) === "agnhost"),
      );
      assert.equal(imageOf((await watch.until(({ type }) => type === "ADDED")).object), "nginx");
      watch.stop();
    });

    test("deployment should delete old replica sets", async () => {
      const { deployments, sets } = await place();
      const labels = { name: "cleanup-pod" };
      const old = workload("test-cleanup-controller", labels, "agnhost", { replicas: 1 });
      await sets.create({ ...old, metadata: { name: "test-cleanup-controller", labels } });
      await eventually(async () =>
        assert.equal((await sets.get("test-cleanup-controller"))["status"].readyReplicas, 1),
      );
      await deployments.create(
        workload("test-cleanup-deployment", labels, "nginx", { replicas: 1, revisionHistoryLimit: 0 }),
      );
      await eventually(async () => {
        const { items } = await sets.list();
        assert.deepEqual(items.map(imageOf), ["nginx"]);
      });
    });

    test("deployment should support rollover", async () => {
      const { deployments, sets } = await place();
      const strategy = { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } };
      await deployments.create(
        workload("rollover", { name: "rollover-pod" }, "never-ready:1", { replicas: 1, strategy }),
      );
      await eventually(async () => assert.equal((await sets.list()).items.length, 1));
      await deployments.change("rollover", ({ spec }) =>
        Object.assign(spec.template.spec.containers[0], { image: "agnhost" }),
      );
      await complete(deployments, "rollover", 1);
      await eventually(async () => {
        const { items } = await sets.list();
        assert.deepEqual(items.map((set) => [imageOf(set), set["spec"].replicas]).sort(), [
          ["agnhost", 1],
          ["never-ready:1", 0],
        ]);
      });
    });

    test("deployment should support proportional scaling", async () => {
      const { deployments, sets } = await place();
      const strategy = { type: "RollingUpdate", rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } };
      await deployments.create(workload("webserver", { name: "web" }, "agnhost", { replicas: 10, strategy }));
      await complete(deployments, "webserver", 10);
      await deployments.change("webserver", ({ spec }) =>
        Object.assign(spec.template.spec.containers[0], { image: "never-ready:404" }),
      );
      const replicas = async (): Promise<Readonly<Record<string, number>>> =>
        Object.fromEntries((await sets.list()).items.map((set) => [imageOf(set), set["spec"].replicas]));
      await eventually(async () => assert.deepEqual(await replicas(), { agnhost: 8, "never-ready:404": 5 }));
      await deployments.patch("webserver", "merge", { spec: { replicas: 30 } }, { subresource: "scale" });
      await eventually(async () => assert.deepEqual(await replicas(), { agnhost: 20, "never-ready:404": 13 }));
    });

    const runsOn = async ({ pods }: Place, names: readonly string[]): Promise<readonly Thing[]> =>
      eventually(async () => {
        const items = (await pods.list()).items.filter(({ metadata }) => !metadata.deletionTimestamp);
        assert.deepEqual(items.map(({ spec }) => spec.nodeName).sort(), names);
        for (const { status } of items) assert.equal(status.phase, "Running");
        return items;
      });
    const both = ["node-1", "node-2"];

    test("should run and stop simple daemon", async () => {
      const where = await place();
      await where.daemons.create(workload("daemon-set", { "daemonset-name": "simple" }, "agnhost"));
      const [first] = await runsOn(where, both);
      await where.pods.delete(first!.metadata.name);
      const revived = await runsOn(where, both);
      assert.ok(revived.every(({ metadata }) => metadata.uid !== first!.metadata.uid));
      await where.daemons.delete("daemon-set", { propagationPolicy: "Background" });
      await eventually(async () => assert.deepEqual((await where.pods.list()).items, []));
    });

    test("should run and stop complex daemon", async () => {
      const where = await place();
      const nodes = use.typed("nodes");
      const color = (node: string, value: string) =>
        nodes.patch(node, "merge", { metadata: { labels: { "daemonset-color": value } } });
      const labels = { "daemonset-name": "complex" };
      const selected = { ...template(labels, "agnhost") } as { spec: object };
      const spec = {
        selector: { matchLabels: labels },
        template: { ...selected, spec: { ...selected.spec, nodeSelector: { "daemonset-color": "blue" } } },
      };
      await where.daemons.create({ metadata: { name: "daemon-set" }, spec });
      await runsOn(where, []);
      await color("node-1", "blue");
      await runsOn(where, ["node-1"]);
      await color("node-1", "green");
      await runsOn(where, []);
      const green = {
        spec: {
          updateStrategy: { type: "RollingUpdate" },
          template: { spec: { nodeSelector: { "daemonset-color": "green" } } },
        },
      };
      await where.daemons.patch("daemon-set", "strategic", green);
      await runsOn(where, ["node-1"]);
    });

    test("should retry creating failed daemon pods", async () => {
      const where = await place();
      await where.daemons.create(workload("daemon-set", { "daemonset-name": "failed" }, "agnhost"));
      const [first] = await runsOn(where, both);
      const { name, uid } = first!.metadata;
      await where.pods.change(name, ({ status }) => Object.assign(status, { phase: "Failed" }), "status");
      await eventually(async () =>
        assert.ok((await where.pods.list()).items.every(({ metadata }) => metadata.uid !== uid)),
      );
      await runsOn(where, both);
    });

    test("should update pod when spec was updated and update strategy is RollingUpdate", async () => {
      const where = await place();
      const labels = { "daemonset-name": "updated" };
      await where.daemons.create(
        workload("daemon-set", labels, "agnhost", { updateStrategy: { type: "RollingUpdate" } }),
      );
      const before = await runsOn(where, both);
      const hashOf = ({ metadata }: Thing): string => metadata.labels?.["controller-revision-hash"] ?? "";
      const containers = [{ name: "main", image: "nginx" }];
      await where.daemons.patch("daemon-set", "strategic", { spec: { template: { spec: { containers } } } });
      await eventually(async () => {
        const after = await runsOn(where, both);
        assert.deepEqual(after.map(imageOf), ["nginx", "nginx"]);
        assert.notEqual(hashOf(after[0]!), hashOf(before[0]!));
      });
    });

    test("should rollback without unnecessary restarts", async () => {
      const where = await place();
      const labels = { "daemonset-name": "rolled-back" };
      await where.daemons.create(
        workload("daemon-set", labels, "agnhost", { updateStrategy: { type: "RollingUpdate" } }),
      );
      const before = await runsOn(where, both);
      const image = (name: string) =>
        where.daemons.change("daemon-set", ({ spec }) =>
          Object.assign(spec.template.spec.containers[0], { image: name }),
        );
      await image("never-ready:1");
      await eventually(async () =>
        assert.ok((await where.pods.list()).items.some((pod) => imageOf(pod) === "never-ready:1")),
      );
      const untouched = (await where.pods.list()).items.filter((pod) => imageOf(pod) === "agnhost");
      assert.ok(untouched.length === 1 && before.some(({ metadata }) => metadata.uid === untouched[0]!.metadata.uid));
      await image("agnhost");
      await eventually(async () => {
        const after = await runsOn(where, both);
        assert.deepEqual(after.map(imageOf), ["agnhost", "agnhost"]);
        assert.ok(after.some(({ metadata }) => metadata.uid === untouched[0]!.metadata.uid));
      });
    });
  },
  {
    nodes: ["node-1", "node-2"],
    healthy: ({ spec }) => spec.containers.every(({ image }) => image?.startsWith("never-ready") !== true),
  },
);
