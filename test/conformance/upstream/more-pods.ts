import assert from "node:assert/strict";
import { test } from "node:test";
import { isRefused } from "../../support/api-operations.ts";
import { eventually } from "../../support/eventually.ts";
import type { Thing, TypedResource } from "../../support/typed-client.ts";
import { describeUpstream } from "../../support/upstream.ts";

const container = { name: "agnhost", image: "agnhost:1" };

describeUpstream(
  "Pods, their classes and their endpoints",
  (use) => {
    const runs = (pods: TypedResource, name: string): Promise<Thing> =>
      eventually(async () => {
        const pod = await pods.get(name);
        assert.equal(pod["status"].phase, "Running");
        return pod;
      });

    test("should have at least two untainted nodes", async () => {
      await eventually(async () => {
        const { items } = await use.typed("nodes").list();
        const free = items.filter(({ spec }) => !spec.unschedulable && !spec.taints?.length);
        assert.ok(free.length >= 2);
      });
    });

    test("should be submitted and removed", async () => {
      const pods = use.typed("pods", await use.makeNamespace());
      const selector = { labelSelector: "time=1" };
      const list = await pods.list(selector);
      assert.deepEqual(list.items, []);
      const watch = await pods.watch({ ...selector, resourceVersion: list.metadata.resourceVersion });
      await pods.create({ metadata: { name: "submitted", labels: { time: "1" } }, spec: { containers: [container] } });
      await watch.expect("ADDED");
      await runs(pods, "submitted");
      const answer = await use.admin.call({
        method: "DELETE",
        path: `${pods.path}/submitted`,
        body: { gracePeriodSeconds: 30 },
      });
      const marked = answer.json as Thing;
      assert.equal(answer.status, 200);
      assert.deepEqual([marked.kind, marked.metadata["deletionGracePeriodSeconds"]], ["Pod", 30]);
      const { object } = await watch.until(({ type }) => type === "DELETED");
      assert.ok(object.metadata.deletionTimestamp && object["spec"].terminationGracePeriodSeconds > 0);
      watch.stop();
      assert.deepEqual((await pods.list(selector)).items, []);
    });

    test("should be updated", async () => {
      const pods = use.typed("pods", await use.makeNamespace());
      await pods.create({ metadata: { name: "updated", labels: { time: "1" } }, spec: { containers: [container] } });
      await runs(pods, "updated");
      await pods.change("updated", ({ metadata }) => Object.assign(metadata.labels ?? {}, { time: "2" }));
      assert.equal((await pods.list({ labelSelector: "time=2" })).items.length, 1);
    });

    test("should allow activeDeadlineSeconds to be updated", async () => {
      const pods = use.typed("pods", await use.makeNamespace());
      await pods.create({ metadata: { name: "deadline" }, spec: { containers: [container] } });
      await runs(pods, "deadline");
      const to = (activeDeadlineSeconds: number) => (draft: Thing) =>
        Object.assign(draft["spec"], { activeDeadlineSeconds });
      assert.equal((await pods.change("deadline", to(5)))["spec"].activeDeadlineSeconds, 5);
      await isRefused(pods.change("deadline", to(6)), 422);
    });

    test("should update the ephemeral containers in an existing pod", async () => {
      const pods = use.typed("pods", await use.makeNamespace());
      await pods.create({ metadata: { name: "debugged" }, spec: { containers: [container] } });
      const first = { name: "debugger", image: "busybox", command: ["sleep", "3600"], stdin: true, tty: true };
      const body = { spec: { ephemeralContainers: [first] } };
      await pods.patch("debugged", "strategic", body, { subresource: "ephemeralcontainers" });
      const second = { name: "debugger2", image: "busybox", command: ["sleep", "3600"] };
      const updated = await pods.change(
        "debugged",
        ({ spec }) => void spec.ephemeralContainers.push(second),
        "ephemeralcontainers",
      );
      assert.deepEqual(
        updated["spec"].ephemeralContainers.map(({ name }: Thing) => name),
        ["debugger", "debugger2"],
      );
      assert.deepEqual((await pods.get("debugged"))["spec"].ephemeralContainers, updated["spec"].ephemeralContainers);
    });

    test("resize pod via the replace endpoint", async () => {
      const pods = use.typed("pods", await use.makeNamespace());
      const resources = { requests: { cpu: "10m", memory: "20Mi" }, limits: { cpu: "20m", memory: "30Mi" } };
      await pods.create({ metadata: { name: "resized" }, spec: { containers: [{ ...container, resources }] } });
      const { nodeName } = (await runs(pods, "resized"))["spec"];
      const allocatable = { cpu: "2", memory: "8Gi", pods: "110" };
      await use.typed("nodes").patch(nodeName, "strategic", { status: { allocatable } }, { subresource: "status" });
      const next = { requests: { cpu: "20m", memory: "20Mi" }, limits: { cpu: "30m", memory: "30Mi" } };
      const resized = await pods.change(
        "resized",
        ({ spec }) => Object.assign(spec.containers[0], { resources: next }),
        "resize",
      );
      assert.deepEqual(resized["spec"].containers[0].resources, next);
      assert.equal((await pods.get("resized")).metadata.generation, 2);
    });

    const classed = (name: string, runtimeClassName: string, more: object = {}): object => ({
      metadata: { name },
      spec: { runtimeClassName, containers: [container], ...more },
    });

    test("should reject a Pod requesting a non-existent RuntimeClass", async () => {
      const pods = use.typed("pods", await use.makeNamespace());
      await isRefused(
        pods.create(classed("pod", "nonexistent")),
        403,
        /pod rejected: RuntimeClass "nonexistent" not found$/,
      );
    });

    test("should reject a Pod requesting a deleted RuntimeClass", async () => {
      const pods = use.typed("pods", await use.makeNamespace());
      const classes = use.typed("runtimeclasses");
      await classes.create({ metadata: { name: "short-lived" }, handler: "handler" });
      await classes.delete("short-lived");
      await isRefused(
        pods.create(classed("pod", "short-lived")),
        403,
        /pod rejected: RuntimeClass "short-lived" not found$/,
      );
    });

    for (const [title, overhead] of [
      ["should schedule a Pod requesting a RuntimeClass without PodOverhead", undefined],
      ["should schedule a Pod requesting a RuntimeClass and initialize its Overhead", { cpu: "10m", memory: "1Mi" }],
    ] as const) {
      test(title, async () => {
        const namespace = await use.makeNamespace();
        const pods = use.typed("pods", namespace);
        const more = overhead === undefined ? {} : { overhead: { podFixed: overhead } };
        await use.typed("runtimeclasses").create({ metadata: { name: namespace }, handler: "handler", ...more });
        await pods.create(classed("pod", namespace));
        assert.deepEqual((await runs(pods, "pod"))["spec"].overhead, overhead);
      });
    }

    test("should support CSIVolumeSource in Pod API", async () => {
      const pods = use.typed("pods", await use.makeNamespace());
      await use
        .typed("csidrivers")
        .create({ metadata: { name: "inline.example.com" }, spec: { volumeLifecycleModes: ["Ephemeral"] } });
      const volumes = [{ name: "vol", csi: { driver: "inline.example.com", volumeAttributes: { a: "b" } } }];
      const volumeMounts = [{ name: "vol", mountPath: "/vol" }];
      const spec = { containers: [{ ...container, volumeMounts }], volumes, nodeName: "elsewhere" };
      await pods.create({ metadata: { name: "inline" }, spec });
      const csi = (pod: Thing): unknown =>
        (pod["spec"].volumes as readonly Thing[]).find(({ name }) => name === "vol")?.["csi"];
      const read = await pods.get("inline");
      assert.deepEqual(csi(read), volumes[0]!.csi);
      const { items } = await use.typed("pods").list({ fieldSelector: "metadata.name=inline" });
      assert.equal(items.length, 1);
      assert.equal(
        (await use.dynamic("pods", read.metadata.namespace).get("inline/status")).metadata.uid,
        read.metadata.uid,
      );
      await pods.delete("inline", { gracePeriodSeconds: 0 });
      await isRefused(pods.get("inline"), 404);
    });

    for (const title of [
      "EndpointsController should create Endpoints for Pods matching a Service",
      "EndpointSlice should create Endpoints and EndpointSlices for Pods matching a Service",
    ]) {
      test(title, async () => {
        const namespace = await use.makeNamespace();
        const pods = use.typed("pods", namespace);
        const ports = [{ name: "example-name", containerPort: 3000 }];
        for (const name of ["pod1", "pod2"]) {
          const labels = name === "pod1" ? { foo: "bar", [name]: "true" } : { foo: "bar", [name]: "true" };
          await pods.create({ metadata: { name, labels }, spec: { containers: [{ ...container, ports }] } });
        }
        const services = use.typed("services", namespace);
        const service = (name: string, selector: object, targetPort: string | number): object => ({
          metadata: { name },
          spec: {
            selector,
            publishNotReadyAddresses: true,
            ports: [{ name: "example", port: 80, targetPort, protocol: "TCP" }],
          },
        });
        await services.create(service("example-int-port", { pod1: "true" }, 3000));
        await services.create(service("example-named-port", { foo: "bar" }, "example-name"));
        await services.create(service("example-no-match", { foo: "nothing" }, 3000));
        const ipOf = async (name: string): Promise<string> => (await runs(pods, name))["status"].podIP;
        const [first, second] = [await ipOf("pod1"), await ipOf("pod2")];
        const told = async (name: string): Promise<readonly unknown[]> => {
          const { items } = await use
            .typed("endpointslices", namespace)
            .list({ labelSelector: `kubernetes.io/service-name=${name}` });
          const slices = items
            .flatMap(({ endpoints = [] }) => endpoints.flatMap(({ addresses }: Thing) => addresses))
            .sort();
          const { subsets = [] } = await use.typed("endpoints", namespace).get(name);
          const addresses = subsets.flatMap((subset: Thing) => subset["addresses"].map(({ ip }: Thing) => ip)).sort();
          assert.deepEqual(slices, addresses);
          const numbers = [
            ...items.flatMap(({ ports = [] }) => ports),
            ...subsets.flatMap((subset: Thing) => subset["ports"]),
          ];
          return [...slices, ...new Set(numbers.map(({ port }: Thing) => port))];
        };
        await eventually(async () => assert.deepEqual(await told("example-int-port"), [first, 3000]));
        await eventually(async () =>
          assert.deepEqual(await told("example-named-port"), [...[first, second].sort(), 3000]),
        );
        await eventually(async () => assert.deepEqual(await told("example-no-match"), []));
        await pods.delete("pod1", { gracePeriodSeconds: 0 });
        await eventually(async () => assert.deepEqual(await told("example-named-port"), [second, 3000]));
        await services.delete("example-named-port");
        await eventually(() => isRefused(use.typed("endpoints", namespace).get("example-named-port"), 404));
      });
    }

    test("NoExecuteTaintManager Single Pod removing taint cancels eviction", async () => {
      const pods = use.typed("pods", await use.makeNamespace());
      const tolerations = [
        {
          key: "kubernetes.io/e2e-evict-taint-key",
          operator: "Equal",
          value: "evictTaintVal",
          effect: "NoExecute",
          tolerationSeconds: 1,
        },
      ];
      await pods.create({ metadata: { name: "tolerating" }, spec: { containers: [container], tolerations } });
      const { nodeName } = (await runs(pods, "tolerating"))["spec"];
      const taint = (taints: readonly object[]) =>
        use.typed("nodes").change(nodeName, ({ spec }) => Object.assign(spec, { taints }));
      await taint([{ key: "kubernetes.io/e2e-evict-taint-key", value: "evictTaintVal", effect: "NoExecute" }]);
      await taint([]);
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      assert.equal((await pods.get("tolerating")).metadata.deletionTimestamp, undefined);
    });

    test("NoExecuteTaintManager Multiple Pods evicts pods with minTolerationSeconds", async () => {
      const pods = use.typed("pods", await use.makeNamespace());
      const { name: nodeName } = (await use.typed("nodes").list()).items[0]!.metadata;
      for (const [name, tolerationSeconds] of [
        ["pod1", 1],
        ["pod2", 300],
      ] as const) {
        const tolerations = [
          {
            key: "kubernetes.io/e2e-evict-taint-key",
            operator: "Equal",
            value: "evictTaintVal",
            effect: "NoExecute",
            tolerationSeconds,
          },
        ];
        await pods.create({
          metadata: { name },
          spec: { nodeName, containers: [container], tolerations, terminationGracePeriodSeconds: 1 },
        });
        await runs(pods, name);
      }
      const taint = (taints: readonly object[]) =>
        use.typed("nodes").change(nodeName, ({ spec }) => Object.assign(spec, { taints }));
      await taint([{ key: "kubernetes.io/e2e-evict-taint-key", value: "evictTaintVal", effect: "NoExecute" }]);
      await eventually(() => isRefused(pods.get("pod1"), 404));
      assert.equal((await pods.get("pod2")).metadata.deletionTimestamp, undefined);
      await taint([]);
    });
  },
  { nodes: ["node-1", "node-2"] },
);
