import assert from "node:assert/strict";
import { test } from "node:test";
import { ReplicaSet } from "../api/apps/v1/replicaset.ts";
import { Node } from "../api/core/v1/node.ts";
import { Pod } from "../api/core/v1/pod.ts";
import { Service } from "../api/core/v1/service.ts";
import { EndpointSlice } from "../api/discovery/v1/endpoint-slice.ts";
import { type Workloads, withWorkloads } from "./testing/workloads.ts";

const timeout = 60_000;
const labels = { app: "web" };

async function slicesOf({ cluster }: Workloads, name = "web"): Promise<readonly EndpointSlice[]> {
  const slices = cluster.client.resource(EndpointSlice, "default");
  return (await slices.list({ labelSelector: `kubernetes.io/service-name=${name}` })).items;
}

async function readyAddresses(subject: Workloads, name?: string): Promise<readonly string[]> {
  const endpoints = (await slicesOf(subject, name)).flatMap((slice) => slice.endpoints ?? []);
  return endpoints.filter(({ conditions }) => conditions.ready).flatMap(({ addresses }) => addresses);
}

async function makeWeb({ cluster: { client } }: Workloads, replicas: number, spec: object = {}): Promise<void> {
  const container = { name: "c", image: "nginx", ports: [{ name: "http", containerPort: 8080 }] };
  const template = { metadata: { labels }, spec: { containers: [container] } };
  await client
    .resource(ReplicaSet, "default")
    .create({ metadata: { name: "web" }, spec: { replicas, selector: { matchLabels: labels }, template } });
  const ports = [{ name: "www", port: 80, targetPort: "http" }];
  await client
    .resource(Service, "default")
    .create({ metadata: { name: "web", labels: { team: "a" } }, spec: { selector: labels, ports, ...spec } } as never);
}

test("a service's slices hold its pods as soon as they are ready, and lose them as they go", { timeout }, async () => {
  await withWorkloads({ stopMs: 2_000 }, async (subject) => {
    const { cluster, until, pods, clock } = subject;
    await makeWeb(subject, 3);
    await until(async () => (await readyAddresses(subject)).length === 3);
    const [slice, ...more] = await slicesOf(subject);
    assert.equal(more.length, 0);
    assert.match(slice!.metadata.name ?? "", /^web-/);
    assert.deepEqual(slice!.metadata.labels, {
      team: "a",
      "kubernetes.io/service-name": "web",
      "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
    });
    assert.match(slice!.metadata.annotations?.["endpoints.kubernetes.io/last-change-trigger-time"] ?? "", /Z$/);
    assert.deepEqual(slice!.ports, [{ name: "www", port: 8080, protocol: "TCP" }]);
    const pod = (await pods())[0]!;
    const endpoint = slice!.endpoints?.find(({ targetRef }) => targetRef?.name === pod.metadata.name);
    assert.deepEqual(endpoint, {
      addresses: [pod.status?.podIP],
      conditions: { ready: true, serving: true, terminating: false },
      nodeName: pod.spec.nodeName,
      targetRef: { kind: "Pod", namespace: "default", name: pod.metadata.name, uid: pod.metadata.uid },
    });
    await cluster.client.resource(Pod, "default").delete(pod.metadata.name!);
    await clock.advance(5);
    const all = (await slicesOf(subject)).flatMap(({ endpoints }) => endpoints ?? []);
    const going = all.find(({ targetRef }) => targetRef?.name === pod.metadata.name);
    assert.deepEqual(going?.conditions, { ready: false, serving: true, terminating: true });
    await until(async () => (await readyAddresses(subject)).length === 3);
    const before = (await slicesOf(subject))[0]!.metadata;
    await clock.advance(10_000);
    assert.equal(
      (await slicesOf(subject))[0]!.metadata.generation,
      (before.generation ?? 0) + 1,
      "one write for the end",
    );
  });
});

test("a service without pods has an empty slice; its slices go with it", { timeout }, async () => {
  await withWorkloads({}, async (subject) => {
    const { cluster, until } = subject;
    await makeWeb(subject, 0);
    await until(async () => (await slicesOf(subject)).length === 1);
    assert.deepEqual((await slicesOf(subject))[0]!.endpoints ?? [], []);
    await cluster.client.resource(EndpointSlice, "default").delete((await slicesOf(subject))[0]!.metadata.name!);
    await until(async () => (await slicesOf(subject)).length === 1, "a new one");
    await cluster.client.resource(Service, "default").delete("web");
    await until(async () => (await slicesOf(subject)).length === 0);
  });
});

test("what is not ready is published where it is asked for; headless services say so", { timeout }, async () => {
  await withWorkloads({ healthy: () => false }, async (subject) => {
    await makeWeb(subject, 2, { clusterIP: "None", publishNotReadyAddresses: true });
    await subject.until(async () => (await readyAddresses(subject)).length === 2);
    const [slice] = await slicesOf(subject);
    assert.equal(slice!.metadata.labels?.["service.kubernetes.io/headless"], "");
    assert.ok(slice!.endpoints?.every(({ conditions }) => conditions.serving === false));
  });
});

test("250 pods are three slices of at most 100, each in one", { timeout }, async () => {
  await withWorkloads({}, async (subject) => {
    await makeWeb(subject, 250);
    await subject.until(async () => (await readyAddresses(subject)).length === 250);
    const sizes = (await slicesOf(subject)).map(({ endpoints }) => endpoints?.length ?? 0);
    assert.ok(
      sizes.every((size) => size <= 100),
      sizes.join(),
    );
    assert.equal(new Set(await readyAddresses(subject)).size, 250);
  });
});

test("endpoints have the zone of their node, and serve it where the service prefers that", { timeout }, async () => {
  await withWorkloads({ names: ["n1"] }, async (subject) => {
    const { cluster, until } = subject;
    await makeWeb(subject, 1, { trafficDistribution: "PreferSameNode" });
    await until(async () => (await readyAddresses(subject)).length === 1);
    const body = { metadata: { labels: { "topology.kubernetes.io/zone": "z1" } } };
    await cluster.client.resource(Node).patch("n1", { type: "merge", body });
    const only = async () => (await slicesOf(subject))[0]!.endpoints?.[0];
    await until(async () => (await only())?.zone === "z1");
    assert.deepEqual((await only())?.hints, { forZones: [{ name: "z1" }], forNodes: [{ name: "n1" }] });
  });
});
