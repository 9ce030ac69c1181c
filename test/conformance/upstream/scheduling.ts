import assert from "node:assert/strict";
import { before, test } from "node:test";
import { eventually } from "../../support/eventually.ts";
import { Refusal, type Thing, type TypedResource } from "../../support/typed-client.ts";
import { describeUpstream } from "../../support/upstream.ts";

const scarce = "scheduling.k8s.io/foo";
const classes = { low: 1, medium: 100, high: 1_000, p1: 1, p2: 2, p3: 3, p4: 4 };
const onNode = (node: string): object => ({
  nodeAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [{ matchFields: [{ key: "metadata.name", operator: "In", values: [node] }] }],
    },
  },
});
/** The spec of a pod that takes so much of a node. */
const taking = (resources: Readonly<Record<string, string>>, more: object = {}): object => ({
  terminationGracePeriodSeconds: 0,
  containers: [{ name: "pause", image: "pause:1", resources: { limits: resources, requests: resources } }],
  ...more,
});

describeUpstream(
  "Scheduling",
  (use) => {
    const nodeNames = ["node-1", "node-2"];
    /** A resource that the kubelet does not know, as upstream's tests add it. */
    const advertise = async (resource: string, amount: string): Promise<void> => {
      const name = resource.replaceAll("/", "~1");
      const patch = ["capacity", "allocatable"].map((list) => ({
        op: "add",
        path: `/status/${list}/${name}`,
        value: amount,
      }));
      for (const node of nodeNames) await use.typed("nodes").patch(node, "json", patch, { subresource: "status" });
    };
    before(async () => {
      const amounts = { cpu: "4", memory: "8Gi", pods: "110" };
      for (const node of nodeNames) {
        const status = { capacity: amounts, allocatable: amounts };
        await use.typed("nodes").patch(node, "strategic", { status }, { subresource: "status" });
      }
      for (const [name, value] of Object.entries(classes)) {
        await use.typed("priorityclasses").create({ metadata: { name }, value });
      }
    });
    const podsOf = async (): Promise<{ readonly pods: TypedResource; readonly namespace: string }> => {
      const namespace = await use.makeNamespace();
      return { namespace, pods: use.typed("pods", namespace) };
    };
    const runs = (pods: TypedResource, name: string): Promise<Thing> =>
      eventually(async () => {
        const pod = await pods.get(name);
        assert.equal(pod["status"].phase, "Running");
        return pod;
      });
    /** How upstream's tests see what the scheduler made of a pod: by an event whose name begins with the pod's. */
    const reported = (namespace: string, pod: string, reason: string): Promise<Thing> =>
      eventually(async () => {
        const { items } = await use.typed("events", namespace).list();
        const found = items.find((event) => event.metadata.name.startsWith(pod) && event["reason"] === reason);
        assert.ok(found);
        return found;
      });
    const isUnschedulable = async (pods: TypedResource, namespace: string, name: string): Promise<string> => {
      const { type, message } = await reported(namespace, name, "FailedScheduling");
      assert.equal(type, "Warning");
      const pod = await pods.get(name);
      const [condition] = pod["status"].conditions;
      assert.deepEqual(
        [condition.type, condition.status, condition.reason],
        ["PodScheduled", "False", "Unschedulable"],
      );
      assert.equal(pod["spec"].nodeName ?? "", "");
      return message as string;
    };
    const empty = async (pods: TypedResource): Promise<void> => {
      await pods.deleteCollection({}, { gracePeriodSeconds: 0 });
      await eventually(async () => assert.deepEqual((await pods.list()).items, []));
    };

    test("validates resource limits of pods that are allowed to run", async () => {
      const { pods, namespace } = await podsOf();
      for (const node of nodeNames) {
        await pods.create({
          metadata: { name: `filler-${node}` },
          spec: taking({ cpu: "2800m" }, { affinity: onNode(node) }),
        });
        assert.equal((await runs(pods, `filler-${node}`))["spec"].nodeName, node);
        const { type, message } = await reported(namespace, `filler-${node}`, "Scheduled");
        assert.deepEqual([type, message], ["Normal", `Successfully assigned ${namespace}/filler-${node} to ${node}`]);
      }
      await pods.create({ metadata: { name: "additional-pod" }, spec: taking({ cpu: "2" }) });
      const message = await isUnschedulable(pods, namespace, "additional-pod");
      assert.match(message, /^0\/2 nodes are available: 2 Insufficient cpu\./);
      await empty(pods);
    });

    test("validates that NodeSelector is respected if not matching", async () => {
      const { pods, namespace } = await podsOf();
      const spec = taking({}, { nodeSelector: { label: "nonempty" } });
      await pods.create({ metadata: { name: "restricted-pod", labels: { name: "restricted" } }, spec });
      const message = await isUnschedulable(pods, namespace, "restricted-pod");
      assert.match(message, /^0\/2 nodes are available: 2 node\(s\) didn't match Pod's node affinity\/selector\./);
      await empty(pods);
    });

    test("validates that NodeSelector is respected if matching", async () => {
      const { pods } = await podsOf();
      const label = "kubernetes.io/e2e-1";
      await use.typed("nodes").patch("node-2", "strategic", { metadata: { labels: { [label]: "42" } } });
      await pods.create({ metadata: { name: "with-labels" }, spec: taking({}, { nodeSelector: { [label]: "42" } }) });
      assert.equal((await runs(pods, "with-labels"))["spec"].nodeName, "node-2");
      await empty(pods);
    });

    test("validates that there exists conflict between pods with same hostPort and protocol but one using 0.0.0.0 hostIP", async () => {
      const { pods, namespace } = await podsOf();
      const on = (hostIP: string): object => {
        const ports = [{ hostPort: 54_322, containerPort: 8080, protocol: "TCP", hostIP }];
        const selector = { "kubernetes.io/hostname": "node-1" };
        return { containers: [{ name: "agnhost", image: "agnhost:1", ports }], nodeSelector: selector };
      };
      await pods.create({ metadata: { name: "pod4" }, spec: on("") });
      await runs(pods, "pod4");
      await pods.create({ metadata: { name: "pod5" }, spec: on("198.18.0.9") });
      const message = await isUnschedulable(pods, namespace, "pod5");
      assert.match(message, /1 node\(s\) didn't have free ports for the requested pod ports/);
      await empty(pods);
    });

    /** Four fifths of each node: one pod of low priority, all others of medium. */
    const fill = async (pods: TypedResource): Promise<void> => {
      await advertise(scarce, "5");
      for (const [index, name] of ["pod0-0", "pod0-1", "pod1-0", "pod1-1"].entries()) {
        const priorityClassName = index === 0 ? "low" : "medium";
        const affinity = onNode(nodeNames[index >> 1]!);
        await pods.create({ metadata: { name }, spec: taking({ [scarce]: "2" }, { priorityClassName, affinity }) });
      }
      for (const name of ["pod0-0", "pod0-1", "pod1-0", "pod1-1"]) await runs(pods, name);
    };
    const lowestGaveWay = async (pods: TypedResource): Promise<void> => {
      const victim = await pods.get("pod0-0").catch((error: unknown) => {
        assert.ok(error instanceof Refusal && error.code === 404);
      });
      assert.ok(victim === undefined || victim.metadata.deletionTimestamp !== undefined);
      for (const name of ["pod0-1", "pod1-0", "pod1-1"]) {
        assert.equal((await pods.get(name)).metadata.deletionTimestamp, undefined);
      }
    };

    test("validates basic preemption works", async () => {
      const { pods, namespace } = await podsOf();
      await fill(pods);
      const spec = taking({ [scarce]: "2" }, { priorityClassName: "high" });
      await pods.create({ metadata: { name: "preemptor-pod" }, spec });
      assert.equal((await runs(pods, "preemptor-pod"))["spec"].nodeName, "node-1");
      await lowestGaveWay(pods);
      assert.equal((await reported(namespace, "pod0-0", "Preempted"))["type"], "Normal");
      await empty(pods);
    });

    test("validates lower priority pod preemption by critical pod", async () => {
      const { pods } = await podsOf();
      await fill(pods);
      const system = use.typed("pods", "kube-system");
      const spec = taking({ [scarce]: "2" }, { priorityClassName: "system-cluster-critical" });
      await system.create({ metadata: { name: "critical-pod" }, spec });
      assert.equal((await runs(system, "critical-pod"))["spec"].priority, 2_000_000_000);
      await lowestGaveWay(pods);
      await system.delete("critical-pod", { gracePeriodSeconds: 0 });
      await empty(pods);
    });

    test("validates pod disruption condition is added to the preempted pod", async () => {
      const { pods } = await podsOf();
      await advertise(scarce, "1");
      const finalizers = ["example.com/test-finalizer"];
      const of = (priorityClassName: string): object =>
        taking({ [scarce]: "1" }, { priorityClassName, affinity: onNode("node-1") });
      await pods.create({ metadata: { name: "victim-pod", finalizers }, spec: of("low") });
      await runs(pods, "victim-pod");
      await pods.create({ metadata: { name: "preemptor-pod" }, spec: of("high") });
      const victim = await eventually(async () => {
        const pod = await pods.get("victim-pod");
        assert.ok(pod.metadata.deletionTimestamp);
        return pod;
      });
      const told = (victim["status"].conditions as Thing[]).find(
        (condition) => condition["type"] === "DisruptionTarget",
      );
      assert.deepEqual([told?.["status"], told?.["reason"]], ["True", "PreemptionByScheduler"]);
      const free = ({ metadata }: Thing): void => {
        Object.assign(metadata, { finalizers: [] });
      };
      await pods.change("victim-pod", free);
      await empty(pods);
    });

    test("runs ReplicaSets to verify preemption running path", async () => {
      const { pods, namespace } = await podsOf();
      const fake = "example.com/fakecpu";
      await advertise(fake, "1000");
      const nodeSelector = { "kubernetes.io/hostname": "node-1" };
      const { resourceVersion } = (await pods.list()).metadata;
      const watch = await pods.watch({ resourceVersion });
      const sets = use.typed("replicasets", namespace);
      for (const [name, priorityClassName, amount] of [
        ["rs-pod1", "p1", "200"],
        ["rs-pod2", "p2", "300"],
        ["rs-pod3", "p3", "450"],
      ] as const) {
        const labels = { name };
        const spec = taking({ [fake]: amount }, { priorityClassName, nodeSelector });
        const template = { metadata: { labels }, spec };
        await sets.create({ metadata: { name }, spec: { replicas: 1, selector: { matchLabels: labels }, template } });
        await eventually(async () => assert.equal((await sets.get(name))["status"].readyReplicas, 1));
      }
      const spec = taking({ [fake]: "500" }, { priorityClassName: "p4", nodeSelector });
      await pods.create({ metadata: { name: "pod4" }, spec });
      await runs(pods, "pod4");
      // The two that gave way are replaced, each once; their replacements find no room.
      const replacement =
        (name: string) =>
        ({ type, object }: { readonly type: string; readonly object: Thing }) =>
          type === "ADDED" && object.metadata.name.startsWith(name);
      const added = (name: string): number => watch.seen.filter(replacement(name)).length;
      await eventually(async () => {
        const { items } = await pods.list();
        assert.equal(items.length, 4);
      });
      await new Promise((resolve) => setTimeout(resolve, 300));
      await use
        .typed("pods", namespace)
        .create({ metadata: { name: "last" }, spec: taking({ [fake]: "1" }, { nodeSelector }) });
      await watch.until(replacement("last"));
      assert.deepEqual(["rs-pod1", "rs-pod2", "rs-pod3"].map(added), [2, 2, 1]);
      watch.stop();
      for (const name of ["rs-pod1", "rs-pod2", "rs-pod3"])
        await sets.delete(name, { propagationPolicy: "Background" });
      await pods.deleteCollection({}, { gracePeriodSeconds: 0 });
    });
  },
  { nodes: ["node-1", "node-2"], scheduler: true },
);
