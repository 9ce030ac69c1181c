import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { isRefused } from "../../support/api-operations.ts";
import { eventually } from "../../support/eventually.ts";
import type { Thing, TypedResource } from "../../support/typed-client.ts";
import { describeUpstream } from "../../support/upstream.ts";

// test/integration/endpoints, test/integration/endpointslice

const labels = { foo: "bar" };
const ports = [
  { name: "port-1338", port: 1338, protocol: "TCP", targetPort: 1338 },
  { name: "port-1337", port: 1337, protocol: "TCP", targetPort: 1337 },
];
const service = (name: string, spec: object = {}): object => ({
  metadata: { name, labels },
  spec: { selector: labels, ports, ...spec },
});
const headlessLabel = "service.kubernetes.io/headless";
const managedBy = "endpointslice.kubernetes.io/managed-by";
const mirroring = "endpointslicemirroring-controller.k8s.io";

describeUpstream("Endpoints as integration tests ask of them", (use) => {
  interface Place {
    readonly pods: TypedResource;
    readonly services: TypedResource;
    readonly endpoints: TypedResource;
    readonly slices: TypedResource;
  }
  const place = async (): Promise<Place> => {
    const namespace = await use.makeNamespace();
    const [pods, services] = [use.typed("pods", namespace), use.typed("services", namespace)];
    return {
      pods,
      services,
      endpoints: use.typed("endpoints", namespace),
      slices: use.typed("endpointslices", namespace),
    };
  };
  const setStatus = ({ pods }: Place, name: string, status: object): Promise<Thing> =>
    pods.patch(name, "merge", { status: { phase: "Running", ...status } }, { subresource: "status" });
  const isReady = (status: "True" | "False"): object => ({ conditions: [{ type: "Ready", status }] });
  const makePod = async (at: Place, name: string, status: object): Promise<Thing> => {
    const spec = { nodeName: "fakenode", containers: [{ name: "fake-name", image: "fakeimage" }] };
    await at.pods.create({ metadata: { name, labels }, spec });
    return setStatus(at, name, status);
  };
  const slicesOf = async ({ slices }: Place, name: string, more = ""): Promise<readonly Thing[]> =>
    (await slices.list({ labelSelector: `kubernetes.io/service-name=${name}${more}` })).items;
  const addressesOf = ({ subsets = [] }: Thing): readonly Thing[] =>
    subsets.flatMap(({ addresses = [] }: { addresses: Thing[] }) => addresses);

  test("TestEndpointUpdates", async () => {
    const at = await place();
    await makePod(at, "test-pod", { podIPs: [{ ip: "1.1.1.1" }, { ip: "2001:db8::" }], podIP: "1.1.1.1" });
    await at.services.create(service("foo1"));
    const { metadata } = await eventually(() => at.endpoints.get("foo1"));
    await at.services.patch("foo1", "merge", { metadata: { annotations: { foo: "bar" } } });
    await at.services.create(service("foo2"));
    await eventually(() => at.endpoints.get("foo2"));
    assert.equal((await at.endpoints.get("foo1")).metadata.resourceVersion, metadata.resourceVersion);
  });

  test("TestEndpointWithMultiplePodUpdates", async () => {
    const at = await place();
    const pod = await makePod(at, "test-pod", { podIPs: [{ ip: "1.1.1.1" }], podIP: "1.1.1.1", ...isReady("True") });
    const names = Array.from({ length: 10 }, (_, i) => `foo${i}`);
    for (const name of names) await at.services.create(service(name));
    for (const name of names) await eventually(() => at.endpoints.get(name));
    await setStatus(at, "test-pod", isReady("False"));
    await setStatus(at, "test-pod", isReady("True"));
    await delay(300);
    const { namespace, name, uid } = pod.metadata;
    const address = { ip: "1.1.1.1", nodeName: "fakenode", targetRef: { kind: "Pod", namespace, name, uid } };
    for (const one of names) {
      await eventually(async () =>
        assert.deepEqual((await at.endpoints.get(one))["subsets"]?.[0]?.addresses, [address]),
      );
    }
  });

  test("TestExternalNameToClusterIPTransition", async () => {
    const at = await place();
    await makePod(at, "test-pod", { podIPs: [{ ip: "1.1.1.1" }], podIP: "1.1.1.1" });
    await at.services.create(service("foo1", { type: "ExternalName", externalName: "google.com" }));
    await delay(500);
    await isRefused(at.endpoints.get("foo1"), 404);
    await at.services.change("foo1", ({ spec }) => Object.assign(spec, { type: "ClusterIP" }));
    const { metadata } = await eventually(() => at.endpoints.get("foo1"));
    assert.equal(metadata.labels?.[headlessLabel], undefined);
  });

  test("TestEndpointWithTerminatingPod, TestEndpointSliceTerminating", async () => {
    await use.typed("nodes").create({ metadata: { name: "fakenode" } });
    for (const status of ["True", "False"] as const) {
      const at = await place();
      await makePod(at, "test-pod", { podIPs: [{ ip: "10.0.0.1" }], podIP: "10.0.0.1", ...isReady(status) });
      await at.services.create(service("test-service"));
      const count = status === "True" ? 1 : 0;
      await eventually(async () => assert.equal(addressesOf(await at.endpoints.get("test-service")).length, count));
      await at.pods.delete("test-pod");
      assert.ok((await at.pods.get("test-pod")).metadata.deletionTimestamp);
      const conditions = { ready: false, serving: status === "True", terminating: true };
      await eventually(async () => {
        assert.deepEqual(addressesOf(await at.endpoints.get("test-service")), []);
        const [slice] = await slicesOf(at, "test-service");
        const [endpoint, ...others] = slice!["endpoints"];
        assert.deepEqual([endpoint.addresses, endpoint.conditions, others], [["10.0.0.1"], conditions, []]);
      });
    }
  });

  test("TestEndpointTruncate", async () => {
    const at = await place();
    const names = Array.from({ length: 1_001 }, (_, i) => `test-pod-${i}`);
    const addressOf = (i: number): string => `10.0.${Math.floor((i + 1) / 256)}.${(i + 1) % 256}`;
    await Promise.all(
      names.map((name, i) =>
        makePod(at, name, { podIP: addressOf(i), podIPs: [{ ip: addressOf(i) }], ...isReady("True") }),
      ),
    );
    await at.services.create(service("test-service"));
    const overCapacity = "endpoints.kubernetes.io/over-capacity";
    const kept = await eventually(async () => {
      const endpoints = await at.endpoints.get("test-service");
      assert.equal(endpoints.metadata.annotations?.[overCapacity], "truncated");
      const addresses = addressesOf(endpoints);
      assert.equal(addresses.length, 1_000);
      return new Set(addresses.map(({ targetRef }) => targetRef.name as string));
    });
    const [left] = names.filter((name) => !kept.has(name));
    for (let i = 0; i < 10; i++) {
      await setStatus(at, left!, isReady("False"));
      await setStatus(at, left!, isReady("True"));
    }
    await Promise.all(names.slice(500).map((name) => at.pods.delete(name)));
    await eventually(async () => {
      const endpoints = await at.endpoints.get("test-service");
      assert.equal(addressesOf(endpoints).length, 500);
      assert.equal(endpoints.metadata.annotations?.[overCapacity], undefined);
    });
  });

  const hasLabels = async (at: Place, name: string, wanted: readonly string[], unwanted: readonly string[]) =>
    eventually(async () => {
      const [slice, ...others] = await slicesOf(at, name);
      assert.deepEqual(others, []);
      for (const { metadata } of [await at.endpoints.get(name), slice!]) {
        for (const label of wanted) assert.ok(label in (metadata.labels ?? {}), label);
        for (const label of unwanted) assert.ok(!(label in (metadata.labels ?? {})), label);
      }
    });

  test("TestEndpointsControllersLabelSemantics", async () => {
    const at = await place();
    const [selector, clusterIP] = [{ app: "test" }, "None"];
    await at.services.create({ ...service("s", { selector, clusterIP }), metadata: { name: "s", labels: selector } });
    await hasLabels(at, "s", [headlessLabel, "app"], []);
    const relabel = ({ metadata }: Thing): object =>
      Object.assign(metadata, { labels: { "new-label": "new-label-value" } });
    await at.services.change("s", relabel);
    await hasLabels(at, "s", [headlessLabel, "new-label"], ["app"]);
  });

  test("TestEndpointsHeadlessLabel", async () => {
    const at = await place();
    for (const [name, own, isHeadless] of [
      ["a", undefined, false],
      ["b", undefined, true],
      ["c", { [headlessLabel]: "" }, false],
      ["d", { [headlessLabel]: "" }, true],
    ] as const) {
      const { spec } = service(name, isHeadless ? { clusterIP: "None" } : {}) as Thing;
      await at.services.create({ metadata: { name, ...(own && { labels: own }) }, spec });
      await hasLabels(at, name, isHeadless ? [headlessLabel] : [], isHeadless ? [] : [headlessLabel]);
    }
  });

  const subset = (name: string, port: number, ip: string): object => ({
    ports: [name === "" ? { port } : { name, port }],
    addresses: [{ ip }],
  });

  for (const [title, spec, subsets, count, manager] of [
    ["a selector", { selector: labels }, [], 1, "endpointslice-controller.k8s.io"],
    ["no selector", {}, [subset("", 80, "10.0.0.1")], 1, mirroring],
    [
      "two subsets of one address",
      {},
      [subset("port1", 80, "10.0.0.1"), subset("port2", 90, "10.0.0.1")],
      1,
      mirroring,
    ],
    ["two subsets", {}, [subset("port1", 80, "10.0.0.1"), subset("port2", 90, "10.0.0.2")], 2, mirroring],
    ["no service", undefined, [subset("", 80, "10.0.0.1")], 0, mirroring],
  ] as const) {
    test(`TestEndpointSliceMirroring: ${title}`, async () => {
      const at = await place();
      const metadata = { name: "test-123" };
      if (spec) await at.services.create({ metadata, spec: { ports: [{ port: 80 }], ...spec } });
      if (subsets.length > 0) await at.endpoints.create({ metadata, subsets });
      if (count === 0) await delay(500);
      await eventually(async () => {
        const slices = await slicesOf(at, "test-123");
        assert.deepEqual(
          slices.map((slice) => slice.metadata.labels?.[managedBy]),
          Array(count).fill(manager),
        );
      });
    });
  }

  test("TestEndpointSliceMirroringUpdates", async () => {
    const at = await place();
    const trigger = "endpoints.kubernetes.io/last-change-trigger-time";
    for (const [name, tweak] of [
      ["labels", ({ metadata }: Thing) => Object.assign(metadata, { labels: { foo: "bar" } })],
      ["annotations", ({ metadata }: Thing) => Object.assign(metadata, { annotations: { foo2: "bar2" } })],
      ["times", ({ metadata }: Thing) => Object.assign(metadata, { annotations: { foo2: "bar2", [trigger]: "date" } })],
      [
        "addresses",
        ({ subsets }: Thing) => Object.assign(subsets[0], { addresses: [{ ip: "1.2.3.4" }, { ip: "1.2.3.6" }] }),
      ],
    ] as const) {
      const metadata = { name };
      await at.services.create({ metadata, spec: { ports: [{ port: 80 }] } });
      await at.endpoints.create({ metadata, subsets: [subset("", 80, "10.0.0.1")] });
      const endpoints = await at.endpoints.change(name, (draft) => void tweak(draft));
      await eventually(async () => {
        const [slice, ...others] = await slicesOf(at, name);
        assert.deepEqual(others, []);
        assert.equal(slice!.metadata.labels?.[managedBy], mirroring);
        const addresses = slice!["endpoints"].flatMap((one: Thing) => one["addresses"]).sort();
        assert.deepEqual(
          addresses,
          addressesOf(endpoints)
            .map(({ ip }) => ip)
            .sort(),
        );
        assert.partialDeepStrictEqual(slice!.metadata.labels, endpoints.metadata.labels ?? {});
        const { [trigger]: _, ...annotations } = endpoints.metadata.annotations ?? {};
        const { [trigger]: __, ...mirrored } = slice!.metadata.annotations ?? {};
        assert.deepEqual(mirrored, annotations);
        assert.notEqual(slice!.metadata.annotations?.[trigger], "date");
      });
    }
  });

  for (const [title, from, to] of [
    ["none to some", undefined, labels],
    ["some to none", labels, undefined],
    ["empty to some", {}, labels],
    ["some to empty", labels, {}],
  ] as const) {
    test(`TestEndpointSliceMirroringSelectorTransition: ${title}`, async () => {
      const at = await place();
      const metadata = { name: "test-123" };
      const count = async (selector: object | undefined): Promise<void> => {
        const wanted = selector === labels ? 0 : 1;
        const mirrored = await slicesOf(at, "test-123", `,${managedBy}=${mirroring}`);
        assert.equal(mirrored.length, wanted);
      };
      const write = (): Promise<Thing> =>
        at.endpoints.patch(
          "test-123",
          "apply",
          {
            ...{ apiVersion: "v1", kind: "Endpoints", metadata },
            subsets: [subset("", 80, "10.0.0.1")],
          },
          { query: { fieldManager: "test", force: true } },
        );
      await at.services.create({ metadata, spec: { ports: [{ port: 80 }], ...(from && { selector: from }) } });
      await write();
      await eventually(() => count(from));
      await at.services.change("test-123", ({ spec }) => {
        delete spec.selector;
        if (to) spec.selector = to;
      });
      await write();
      await eventually(() => count(to));
    });
  }
});
