import assert from "node:assert/strict";
import { test } from "node:test";
import { isRefused } from "../../support/api-operations.ts";
import { eventually } from "../../support/eventually.ts";
import type { Thing, TypedResource } from "../../support/typed-client.ts";
import { describeUpstream } from "../../support/upstream.ts";
import { setReady, template } from "./pods.ts";

// test/integration/service, test/integration/network

const selector = { foo: "bar" };
const make = (name: string, spec: object = {}): object => ({
  metadata: { name },
  spec: { ports: [{ port: 80 }], selector, ...spec },
});
const external = { type: "ExternalName", externalName: "foo.bar.com" };
const balancer = (allocateLoadBalancerNodePorts: boolean, more: object = {}): object => ({
  ...{ type: "LoadBalancer", allocateLoadBalancerNodePorts },
  ...more,
});
const nodePorts = ({ spec }: Thing): readonly boolean[] =>
  spec.ports.map(({ nodePort = 0 }: { nodePort?: number }) => nodePort !== 0);

describeUpstream("Services as integration tests ask of them", (use) => {
  const place = async (): Promise<TypedResource> => use.typed("services", await use.makeNamespace());

  test("Test_ServiceLoadBalancerDisableAllocateNodePorts, …EnableThenDisable…, …DisableThenEnable…", async () => {
    const services = await place();
    assert.deepEqual(nodePorts(await services.create(make("a", balancer(false)))), [false]);
    const allocates = (name: string, value: boolean, more?: (ports: Thing[]) => void): Promise<Thing> =>
      services.change(name, ({ spec }) => {
        Object.assign(spec, balancer(value));
        more?.(spec.ports);
      });
    await services.create(make("b"));
    assert.deepEqual(nodePorts(await allocates("b", false)), [false]);
    // What has been given is not taken away, unless the client gives it back.
    assert.deepEqual(nodePorts(await services.create(make("c", balancer(true)))), [true]);
    assert.deepEqual(nodePorts(await allocates("c", false)), [true]);
    assert.deepEqual(
      nodePorts(await allocates("c", false, ([port]) => delete (port as { nodePort?: number }).nodePort)),
      [false],
    );
    const two = {
      ports: [
        { name: "np-1", port: 80 },
        { name: "np-2", port: 81 },
      ],
    };
    assert.deepEqual(nodePorts(await services.create(make("d", balancer(true, two)))), [true, true]);
    assert.deepEqual(
      nodePorts(await allocates("d", false, ([port]) => delete (port as { nodePort?: number }).nodePort)),
      [false, true],
    );
    assert.deepEqual(nodePorts(await allocates("a", true)), [true]);
  });

  test("Test_ServiceLoadBalancerDisableAllocatedNodePortsByPatch", async () => {
    const services = await place();
    const ports = [80, 443].map((port) => ({ name: `np-${port}`, port }));
    const { spec } = await services.create(make("s", balancer(true, { ports })));
    const patch = { spec: { ports: [{ port: 80, nodePort: 0 }], allocateLoadBalancerNodePorts: false } };
    const patched = await services.patch("s", "strategic", patch);
    assert.deepEqual(
      patched["spec"].ports.map(({ nodePort = 0 }) => nodePort),
      [0, spec.ports[1].nodePort],
    );
  });

  test("Test_ServiceLoadBalancerEnableLoadBalancerClass, Test_SetLoadBalancerClassThenUpdateLoadBalancerClass", async () => {
    const services = await place();
    const loadBalancerClass = "test.com/test";
    const made = await services.create(make("a", balancer(true, { loadBalancerClass })));
    assert.equal(made["spec"].loadBalancerClass, loadBalancerClass);
    const set = (name: string, value: string): Promise<Thing> =>
      services.change(name, ({ spec }) => Object.assign(spec, { loadBalancerClass: value }));
    const immutable = /spec\.loadBalancerClass: Invalid value: .*: may not change once set$/;
    await isRefused(set("a", "test.com/update"), 422, immutable);
    await services.create(make("b", balancer(true)));
    await isRefused(set("b", loadBalancerClass), 422, immutable);
  });

  test("Test_ServiceLoadBalancerMixedProtocolSetup", async () => {
    const ports = ["TCP", "UDP"].map((protocol) => ({ name: `${protocol.toLowerCase()}port`, port: 53, protocol }));
    const made = await (await place()).create(make("s", balancer(true, { ports })));
    assert.equal(made["spec"].ports[0].nodePort, made["spec"].ports[1].nodePort);
  });

  test("Test_ServiceLoadBalancerIPMode", async () => {
    const services = await place();
    for (const [i, ipMode] of [undefined, "VIP", "Proxy"].entries()) {
      const name = `s${i}`;
      await services.create(make(name, balancer(true)));
      const ingress = [{ ip: "1.2.3.4", ...(ipMode && { ipMode }), ports: [{ port: 80, protocol: "TCP" }] }];
      await services.patch(name, "merge", { status: { loadBalancer: { ingress } } }, { subresource: "status" });
      const changed = await services.change(name, ({ spec }) => Object.assign(spec.ports[0], { port: 443 }));
      assert.deepEqual(changed["status"].loadBalancer.ingress, [{ ...ingress[0], ipMode: ipMode ?? "VIP" }]);
    }
  });

  test("Test_ExternalNameService…InternalTrafficPolicy, Test_ConvertingToExternalName…", async () => {
    const services = await place();
    const policy = { internalTrafficPolicy: "Cluster" };
    for (const [name, more] of [
      ["a", {}],
      ["b", policy],
    ] as const) {
      const made = await services.create({ metadata: { name }, spec: { ...external, ...more } });
      assert.deepEqual(made["spec"], { ...external, sessionAffinity: "None" });
      assert.deepEqual((await services.get(name))["spec"], made["spec"]);
    }
    assert.equal((await services.create(make("c")))["spec"].internalTrafficPolicy, "Cluster");
    const changed = await services.change("c", ({ spec }) => Object.assign(spec, external));
    assert.equal(changed["spec"].internalTrafficPolicy, undefined);
  });

  test("Test_RemovingExternalIPsFromClusterIPServiceDropsExternalTrafficPolicy", async () => {
    const services = await place();
    const policies = [(await services.create(make("s", { externalIPs: ["1.1.1.1"] })))["spec"].externalTrafficPolicy];
    for (const externalIPs of [[], ["1.1.1.1"]]) {
      const changed = await services.change("s", ({ spec }) => Object.assign(spec, { externalIPs }));
      policies.push(changed["spec"].externalTrafficPolicy);
    }
    assert.deepEqual(policies, ["Cluster", undefined, "Cluster"]);
  });

  test("Test_TransitionsForTrafficDistribution", async () => {
    const namespace = await use.makeNamespace();
    const open = (resource: string): TypedResource => use.typed(resource, namespace);
    const [services, pods, nodes] = [open("services"), open("pods"), use.typed("nodes")];
    const zoneLabel = "topology.kubernetes.io/zone";
    await nodes.create({ metadata: { name: "fake-node", labels: { [zoneLabel]: "fake-zone-1" } } });
    const { metadata, spec } = template(selector, { nodeName: "fake-node" }) as Thing;
    await pods.create({ metadata: { ...metadata, name: "test-pod" }, spec });
    const status = { podIP: "10.0.0.1", podIPs: [{ ip: "10.0.0.1" }] };
    await pods.patch("test-pod", "merge", { status }, { subresource: "status" });
    await setReady(pods, "test-pod");
    await services.create(make("s"));
    // The client's own object, without what the server has given it.
    const put = (trafficDistribution?: string, annotations: object = {}): Promise<Thing> => {
      const { spec: own } = make("s") as { spec: object };
      const more = trafficDistribution === undefined ? {} : { trafficDistribution };
      return services.update({ metadata: { name: "s", annotations }, spec: { ...own, ...more } } as unknown as Thing);
    };
    const hints = async (zone?: string, node?: string): Promise<void> =>
      eventually(async () => {
        const { items } = await open("endpointslices").list({ labelSelector: "kubernetes.io/service-name=s" });
        const endpoints: Thing[] = items.flatMap(({ endpoints: some = [] }) => some);
        assert.equal(endpoints.length, 1);
        const { forZones = [], forNodes = [] } = (endpoints[0]!["hints"] ?? {}) as Record<string, { name: string }[]>;
        const names = [forZones, forNodes].map((list) => list.map(({ name }) => name));
        assert.deepEqual(
          names,
          [zone, node].map((name) => (name === undefined ? [] : [name])),
        );
      });
    await hints();
    const topology = { "service.kubernetes.io/topology-mode": "Auto" };
    for (const [distribution, annotations, zone, node] of [
      ["PreferClose", {}, "fake-zone-1", undefined],
      ["PreferClose", topology, undefined, undefined],
      ["PreferClose", {}, "fake-zone-1", undefined],
      [undefined, {}, undefined, undefined],
      ["PreferSameZone", {}, "fake-zone-1", undefined],
      ["PreferSameNode", {}, "fake-zone-1", "fake-node"],
      [undefined, {}, undefined, undefined],
    ] as const) {
      await put(distribution, annotations);
      await hints(zone, node);
    }
    await nodes.patch("fake-node", "merge", { metadata: { labels: { [zoneLabel]: null } } });
    await put("PreferSameNode");
    await hints(undefined, "fake-node");
  });

  test("Test_ServiceClusterIPSelector", async () => {
    const services = await place();
    const headless = make("headless", { clusterIP: "None" }) as Thing;
    await services.create(headless);
    const fieldSelector = "spec.clusterIP!=None";
    const { items, metadata } = await services.list({ fieldSelector });
    assert.deepEqual(items, []);
    const watch = await services.watch({ fieldSelector, resourceVersion: metadata.resourceVersion });
    await services.create(make("with-address"));
    assert.equal((await watch.expect("ADDED")).metadata.name, "with-address");
    const turned = { ...headless["spec"], type: "ExternalName", externalName: "test" };
    await services.update({ ...headless, spec: turned });
    assert.equal((await watch.expect("ADDED")).metadata.name, "headless");
    const { clusterIP: _, ...back } = headless["spec"];
    const again = await services.update({ ...headless, spec: { ...back, type: "ClusterIP" } });
    assert.match(again["spec"].clusterIP, /^10\.96\./);
    assert.equal((await watch.expect("MODIFIED")).metadata.name, "headless");
    watch.stop();
  });

  test("Test_ServiceWatchUntil", async () => {
    const services = await place();
    const labels = { "test-service-static": "true" };
    const labelSelector = "test-service-static=true";
    const { resourceVersion } = (await use.typed("services").list({ labelSelector })).metadata;
    const until = async (isMeant: (service: Thing, type: string) => boolean): Promise<void> => {
      const watch = await services.watch({ labelSelector, resourceVersion });
      await watch.until(({ type, object }) => object.metadata.name === "s" && isMeant(object, type));
      watch.stop();
    };
    const { spec } = make("s", balancer(true, { loadBalancerClass: "example.com/internal-vip" })) as { spec: object };
    await services.create({ metadata: { name: "s", labels }, spec });
    await until(() => true);
    const status = { loadBalancer: { ingress: [{ ip: "203.0.113.1" }] } };
    const body = { metadata: { annotations: { patchedstatus: "true" } }, status };
    await services.patch("s", "merge", body, { subresource: "status" });
    await until(({ metadata }) => metadata.annotations?.["patchedstatus"] === "true");
    const condition = { type: "StatusUpdate", status: "True", reason: "E2E", message: "Set from e2e test" };
    await services.change("s", (one) => Object.assign(one["status"], { conditions: [condition] }), "status");
    await until((one) => one["status"].conditions?.[0]?.type === "StatusUpdate");
    // What Go makes of a Service with nothing but labels.
    const patch = { metadata: { labels: { "test-service": "patched" } }, spec: {}, status: { loadBalancer: {} } };
    const patched = await services.patch("s", "strategic", patch);
    assert.deepEqual(patched["status"].loadBalancer.ingress[0].ip, "203.0.113.1");
    await until(({ metadata }) => metadata.labels?.["test-service"] === "patched");
    await services.delete("s");
    await until((_, type) => type === "DELETED");
  });

  test("Test_ServiceValidation: names that begin with a digit", async () => {
    const services = await place();
    await services.create(make("test-service-1"));
    await services.create(make("9-test-service-1"));
    await isRefused(services.create(make("-test")), 422);
  });

  test("Test_UpgradeService", async () => {
    const namespace = await use.makeNamespace();
    const metadata = {
      name: "old",
      namespace,
      creationTimestamp: "2020-01-01T00:00:00Z",
      uid: "08675309-9376-9376-9376-086753099999",
    };
    const spec = { clusterIP: "10.96.0.77", ports: [{ name: "test-port", port: 81 }] };
    const old = { apiVersion: "v1", kind: "Service", metadata, spec };
    await use.https.storage.put(`/registry/services/specs/${namespace}/old`, Buffer.from(JSON.stringify(old)));
    const services = use.typed("services", namespace);
    await eventually(() => services.get("old"));
    const updated = await services.update({ metadata: { name: "old" }, spec } as unknown as Thing);
    assert.deepEqual([updated["spec"].clusterIPs, updated["spec"].ipFamilies], [["10.96.0.77"], ["IPv4"]]);
  });

  test("TestServicesFinalizersPatchStatus", async () => {
    const services = await place();
    for (const [name, labels] of [
      ["a", { a: "b" }],
      ["b", undefined],
    ] as const) {
      const { spec } = make(name, balancer(true)) as { spec: object };
      const finalizers = ["service.kubernetes.io/load-balancer-cleanup"];
      await services.create({ metadata: { name, finalizers, ...(labels && { labels }) }, spec });
      await services.delete(name);
      await services.patch(name, "merge", { metadata: { finalizers: null } }, { subresource: "status" });
      await isRefused(services.get(name), 404);
    }
  });
});
