import assert from "node:assert/strict";
import { test } from "node:test";
import { isRefused } from "../../support/api-operations.ts";
import { eventually } from "../../support/eventually.ts";
import type { Thing } from "../../support/typed-client.ts";
import { describeUpstream, hasLabels } from "../../support/upstream.ts";

const spec = { type: "ClusterIP", ports: [{ name: "http", protocol: "TCP", port: 80, targetPort: 80 }] };

describeUpstream("Services and endpoints", (use) => {
  test("should complete a service status lifecycle", async () => {
    const namespace = await use.makeNamespace();
    const services = use.typed("services", namespace);
    const metadata = { name: "test-service", labels: { "test-service-static": "true" } };
    const labelSelector = "test-service-static=true";
    const { resourceVersion } = (await use.typed("services").list({ labelSelector })).metadata;
    const balanced = { ...spec, type: "LoadBalancer", loadBalancerClass: "example.com/internal-vip" };
    await services.create({ metadata, spec: balanced });
    const watch = await services.watch({ labelSelector, resourceVersion });
    const sees = (isIt: (service: Thing) => boolean) => watch.until(({ object }) => isIt(object));
    await sees((service) => hasLabels(service, metadata.labels));
    const read = await use.dynamic("services", namespace).get("test-service/status");
    assert.deepEqual(read["status"], { loadBalancer: {} });
    const loadBalancer = { ingress: [{ ip: "203.0.113.1" }] };
    const patch = { metadata: { annotations: { patchedstatus: "true" } }, status: { loadBalancer } };
    await services.patch("test-service", "merge", patch, { subresource: "status" });
    const seen = await sees((service) => service.metadata.annotations?.["patchedstatus"] === "true");
    assert.deepEqual(seen.object["status"].loadBalancer, { ingress: [{ ip: "203.0.113.1", ipMode: "VIP" }] });
    // Go sends a time that was never set as null.
    const condition = { type: "StatusUpdate", status: "True", reason: "E2E", message: "Set from e2e test" };
    const update = ({ status }: Thing): void => {
      status.conditions = [{ ...condition, lastTransitionTime: null }];
    };
    const updated = await use.dynamic("services", namespace).change("test-service", update, "status");
    assert.partialDeepStrictEqual(updated["status"].conditions, [condition]);
    await sees((service) => service["status"].conditions?.[0]?.message === "Set from e2e test");
    const labels = { metadata: { creationTimestamp: null, labels: { "test-service": "patched" } }, spec: {} };
    await services.patch("test-service", "strategic", { ...labels, status: { loadBalancer: {} } });
    await sees((service) => hasLabels(service, { "test-service": "patched" }));
    await services.delete("test-service");
    await watch.until(({ type }) => type === "DELETED");
    watch.stop();
  });

  test("should delete a collection of services", async () => {
    const namespace = await use.makeNamespace();
    const services = use.typed("services", namespace);
    for (const [name, label] of [
      ["a", "delete"],
      ["b", "delete"],
      ["c", "keep"],
    ] as const) {
      await services.create({ metadata: { name, labels: { "e2e-test-service": label } }, spec });
    }
    assert.equal((await services.list()).items.length, 3);
    await use.dynamic("services", namespace).deleteCollection({ labelSelector: "e2e-test-service=delete" });
    assert.deepEqual(
      (await services.list()).items.map(({ metadata }) => metadata.name),
      ["c"],
    );
  });

  test("should find a service from listing all namespaces", async () => {
    const list = await use.typed("services").list();
    assert.ok(list.items.some(({ metadata }) => metadata.name === "kubernetes" && metadata.namespace === "default"));
  });

  test("should provide secure master service", async () => {
    const service = await use.typed("services", "default").get("kubernetes");
    assert.deepEqual(
      service["spec"].ports.map(({ name, port }: Thing) => [name, port]),
      [["https", 443]],
    );
  });

  const external = { type: "ExternalName", externalName: "foo.example.com" };
  const typed = (type: string): object => (type === "ExternalName" ? external : { ...spec, type });
  for (const [from, to] of [
    ["ExternalName", "ClusterIP"],
    ["ExternalName", "NodePort"],
    ["ClusterIP", "ExternalName"],
    ["NodePort", "ExternalName"],
  ] as const) {
    test(`should be able to change the type from ${from} to ${to}`, async () => {
      const services = use.typed("services", await use.makeNamespace());
      const hasItsFields = ({ spec: { clusterIP, clusterIPs, ports, externalName } }: Thing, type: string): void => {
        if (type === "ExternalName") assert.deepEqual([clusterIP, clusterIPs], [undefined, undefined]);
        else assert.match(clusterIP, /^10\.96\./);
        assert.equal((ports?.[0]?.nodePort ?? 0) >= 30_000, type === "NodePort");
        assert.equal(externalName, type === "ExternalName" ? "foo.example.com" : undefined);
      };
      hasItsFields(await services.create({ metadata: { name: "changing" }, spec: typed(from) }), from);
      const changed = await services.change("changing", (draft) => {
        // Addresses and node ports go by themselves.
        Object.assign(
          draft["spec"],
          to === "ExternalName" ? external : { type: to, externalName: "", ports: spec.ports },
        );
      });
      hasItsFields(changed, to);
    });
  }

  test("should support ServiceCIDR API operations", async () => {
    const ranges = use.typed("servicecidrs");
    const range = await ranges.get("kubernetes");
    const read = await use.dynamic("servicecidrs").get("kubernetes/status");
    assert.deepEqual(
      [read.kind, read.apiVersion, read.metadata.uid],
      ["ServiceCIDR", "networking.k8s.io/v1", range.metadata.uid],
    );
    assert.ok((await ranges.list()).items.length > 0);
    const watch = await ranges.watch();
    await watch.expect("ADDED");
    watch.stop();
  });

  test("should support IPAddress API operations", async () => {
    const addresses = use.typed("ipaddresses");
    const parentRef = { group: "mygroup", resource: "myresources", namespace: "foo", name: "bar" };
    const metadata = { name: "255.255.255.255", labels: { type: "broadcast" } };
    const created = await addresses.create({ metadata, spec: { parentRef } });
    const second = { name: "fe80::42:1dff:fe84:f9e2", labels: { type: "link-local" } };
    await addresses.create({ metadata: second, spec: { parentRef } });
    const patched = await addresses.patch(metadata.name, "merge", { metadata: { annotations: { patched: "true" } } });
    assert.equal(patched.metadata.annotations?.["patched"], "true");
    assert.ok(BigInt(patched.metadata.resourceVersion) > BigInt(created.metadata.resourceVersion));
    const updated = await addresses.change(metadata.name, (draft) =>
      Object.assign(draft.metadata.annotations ?? {}, { updated: "true" }),
    );
    assert.equal(updated.metadata.annotations?.["updated"], "true");
    await addresses.get(metadata.name);
    const broadcast = { labelSelector: "type=broadcast" };
    assert.equal((await addresses.list(broadcast)).items.length, 1);
    const watch = await addresses.watch(broadcast);
    await watch.expect("ADDED");
    await addresses.delete(metadata.name);
    await watch.expect("DELETED");
    watch.stop();
    const linkLocal = { labelSelector: "type=link-local" };
    await addresses.deleteCollection(linkLocal);
    assert.deepEqual((await addresses.list(linkLocal)).items, []);
  });

  test("should test the lifecycle of an Endpoint", async () => {
    const namespace = await use.makeNamespace();
    const endpoints = use.typed("endpoints", namespace);
    const labelSelector = "test-endpoint-static=true";
    const metadata = { name: "testservice", labels: { "test-endpoint-static": "true" } };
    const before = await use.typed("endpoints").list({ labelSelector });
    const subsets = [{ addresses: [{ ip: "10.0.0.24" }], ports: [{ name: "http", port: 80, protocol: "TCP" }] }];
    const created = await endpoints.create({ metadata, subsets });
    const watch = await endpoints.watch({ labelSelector, resourceVersion: before.metadata.resourceVersion });
    await watch.expect("ADDED");
    const [found] = (await use.typed("endpoints").list({ labelSelector })).items;
    await endpoints.update({
      ...found!,
      metadata: { ...found!.metadata, labels: { ...metadata.labels, "test-service": "updated" } },
    } as Thing);
    assert.ok(hasLabels(await watch.expect("MODIFIED"), { "test-service": "updated" }));
    const patch = {
      metadata: { labels: { "test-service": "patched" } },
      subsets: [{ addresses: [{ ip: "10.0.0.25" }], ports: [{ name: "http-test", port: 8080 }] }],
    };
    const patched = await endpoints.patch("testservice", "strategic", patch);
    assert.ok(BigInt(patched.metadata.resourceVersion) > BigInt(created.metadata.resourceVersion));
    assert.ok(hasLabels(await watch.expect("MODIFIED"), { "test-service": "patched" }));
    assert.deepEqual((await endpoints.get("testservice"))["subsets"], [
      { addresses: [{ ip: "10.0.0.25" }], ports: [{ name: "http-test", port: 8080, protocol: "TCP" }] },
    ]);
    await endpoints.deleteCollection({ labelSelector });
    await watch.expect("DELETED");
    await isRefused(endpoints.get("testservice"), 404);
    watch.stop();
  });

  for (const what of ["Endpoints", "EndpointSlices"])
    test(`should create and delete ${what} for a Service with a selector that matches no pods`, async () => {
      const namespace = await use.makeNamespace();
      await use.typed("services", namespace).create({
        metadata: { name: "example-empty-selector" },
        spec: { selector: { "does-not-match-anything": "endpoints-should-still-be-created" }, ports: spec.ports },
      });
      const endpoints = use.typed("endpoints", namespace);
      const slices = use.typed("endpointslices", namespace);
      const labelSelector = "kubernetes.io/service-name=example-empty-selector";
      const [slice] = await eventually(async () => {
        await endpoints.get("example-empty-selector");
        const { items } = await slices.list({ labelSelector });
        assert.equal(items.length, 1);
        return items;
      });
      assert.equal(
        slice?.metadata.labels?.["endpointslice.kubernetes.io/managed-by"],
        "endpointslice-controller.k8s.io",
      );
      assert.deepEqual([slice?.["endpoints"], slice?.["ports"]], [undefined, undefined]);
      await use.typed("services", namespace).delete("example-empty-selector");
      await eventually(async () => {
        await isRefused(endpoints.get("example-empty-selector"), 404);
        assert.deepEqual((await slices.list({ labelSelector })).items, []);
      });
    });

  test("should mirror a custom Endpoints resource through create update and delete", async () => {
    const namespace = await use.makeNamespace();
    const name = "example-custom-endpoints";
    await use.typed("services", namespace).create({ metadata: { name }, spec: { ports: spec.ports } });
    const endpoints = use.typed("endpoints", namespace);
    const ports = [{ name: "http", port: 80, protocol: "TCP" }];
    const custom = { metadata: { name }, subsets: [{ ports, addresses: [{ ip: "10.1.2.3" }] }] };
    await endpoints.create(custom);
    const slices = use.typed("endpointslices", namespace);
    const mirrored = async (): Promise<Thing> => {
      const { items } = await slices.list({ labelSelector: `kubernetes.io/service-name=${name}` });
      assert.equal(items.length, 1);
      return items[0]!;
    };
    const slice = await eventually(mirrored);
    assert.equal(
      slice.metadata.labels?.["endpointslice.kubernetes.io/managed-by"],
      "endpointslicemirroring-controller.k8s.io",
    );
    assert.partialDeepStrictEqual(slice["ports"], ports);
    assert.deepEqual(
      slice["endpoints"].map(({ addresses }: Thing) => addresses),
      [["10.1.2.3"]],
    );
    const subsets = [{ ports, addresses: [{ ip: "10.1.2.3" }, { ip: "10.2.3.4" }, { ip: "10.3.4.5" }] }];
    await endpoints.update({ ...custom, subsets } as unknown as Thing);
    await eventually(async () => {
      const all = (await mirrored())["endpoints"].flatMap(({ addresses }: Thing) => addresses);
      assert.deepEqual(all.sort(), ["10.1.2.3", "10.2.3.4", "10.3.4.5"]);
    });
    await endpoints.delete(name);
    await eventually(async () => {
      assert.deepEqual((await slices.list({ labelSelector: `kubernetes.io/service-name=${name}` })).items, []);
    });
  });
});
