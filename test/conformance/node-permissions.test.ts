import assert from "node:assert/strict";
import { before, test } from "node:test";
import { expect, onBothProtocols, type Seen, seen } from "../support/conformance.ts";
import type { Call, HttpClient } from "../support/http.ts";
import { makeNamespace } from "../support/namespace.ts";

// Behaviour: test/integration/auth/node_test.go: the node authorizer and the admission plugin NodeRestriction together.

const own = "/api/v1/namespaces/ns";
const claims = "/apis/resource.k8s.io/v1/namespaces/ns/resourceclaims";
const slices = "/apis/resource.k8s.io/v1/resourceslices";
const leases = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases";
const csiNodes = "/apis/storage.k8s.io/v1/csinodes";
const merge = { "content-type": "application/merge-patch+json" };

const get = (path: string): Call => ({ path });
const post = (path: string, body: object): Call => ({ method: "POST", path, body });
const put = (path: string, body: object): Call => ({ method: "PUT", path, body });
const patch = (path: string, body: object): Call => ({
  method: "PATCH",
  path,
  headers: merge,
  body: JSON.stringify(body),
});
const remove = (path: string): Call => ({ method: "DELETE", path: `${path}?gracePeriodSeconds=0` });

const containers = [{ name: "c", image: "busybox" }];
const createPod = post(`${own}/pods`, {
  metadata: { name: "normal" },
  spec: {
    nodeName: "node2",
    containers,
    volumes: [
      { name: "secret", secret: { secretName: "secret" } },
      { name: "cm", configMap: { name: "configmap" } },
      { name: "pvc", persistentVolumeClaim: { claimName: "claim" } },
    ],
    resourceClaims: [
      { name: "named", resourceClaimName: "named" },
      { name: "templated", resourceClaimTemplateName: "template" },
    ],
  },
});
const mirrorPod = (uid: string): Call =>
  post(`${own}/pods`, {
    metadata: {
      name: "mirror",
      annotations: { "kubernetes.io/config.mirror": "true" },
      ownerReferences: [{ apiVersion: "v1", kind: "Node", name: "node2", uid, controller: true }],
    },
    spec: { nodeName: "node2", containers },
  });
const evict = (name: string): Call =>
  post(`${own}/pods/${name}/eviction`, {
    apiVersion: "policy/v1",
    kind: "Eviction",
    metadata: { name },
    deleteOptions: { gracePeriodSeconds: 0 },
  });
const podStatus = patch(`${own}/pods/normal/status`, { status: { startTime: "2026-01-01T00:00:00Z" } });
const claimStatuses = (list: readonly object[] | null): Call =>
  patch(`${own}/pods/normal/status`, { status: { resourceClaimStatuses: list } });
const createNode = post("/api/v1/nodes", { metadata: { name: "node2" } });
const nodeStatus = patch("/api/v1/nodes/node2/status", { status: { phase: "Running" } });
const deleteNode = remove("/api/v1/nodes/node2");

const related = {
  secret: get(`${own}/secrets/secret`),
  "the volume's secret": get(`${own}/secrets/volume-secret`),
  "config map": get(`${own}/configmaps/configmap`),
  claim: get(`${own}/persistentvolumeclaims/claim`),
  volume: get("/api/v1/persistentvolumes/volume"),
};
const resourceClaims = { named: get(`${claims}/named`), templated: get(`${claims}/templated`) };

onBothProtocols("what nodes may", (subject) => {
  let nobody: HttpClient;
  let node1: HttpClient;
  let node2: HttpClient;

  before(async () => {
    const { admin, as, https } = subject();
    const node = (commonName: string) => as(https.issue({ commonName, organizations: ["system:nodes"] }));
    [nobody, node1, node2] = [node("unknown"), node("system:node:node1"), node("system:node:node2")];
    await makeNamespace(admin, "ns");
    const storage = { requests: { storage: "1" } };
    const volumeSpec = {
      accessModes: ["ReadOnlyMany"],
      capacity: { storage: "1" },
      claimRef: { namespace: "ns", name: "claim" },
      azureFile: { shareName: "default", secretName: "volume-secret" },
    };
    const slice = (name: string, nodeName: string) =>
      post(slices, {
        metadata: { name },
        spec: { nodeName, driver: "dra.example.com", pool: { name, generation: 0, resourceSliceCount: 1 } },
      });
    for (const call of [
      post(`${own}/secrets`, { metadata: { name: "secret" } }),
      post(`${own}/secrets`, { metadata: { name: "volume-secret" } }),
      post(`${own}/configmaps`, { metadata: { name: "configmap" } }),
      post(claims, { metadata: { name: "named" }, spec: {} }),
      post(claims, { metadata: { name: "templated" }, spec: {} }),
      slice("slice1", "node1"),
      slice("slice2", "node2"),
      post("/apis/storage.k8s.io/v1/volumeattachments", {
        metadata: { name: "attachment" },
        spec: { attacher: "foo", source: { persistentVolumeName: "volume" }, nodeName: "node2" },
      }),
      post(`${own}/persistentvolumeclaims`, {
        metadata: { name: "claim" },
        spec: { accessModes: ["ReadOnlyMany"], resources: storage, volumeName: "volume" },
      }),
      post("/api/v1/persistentvolumes", { metadata: { name: "volume" }, spec: volumeSpec }),
    ]) {
      await expect(admin, call, 201);
    }
  });

  const all = async (client: HttpClient, calls: readonly Call[], code: number) => {
    for (const call of calls) await expect(client, call, code);
  };

  test("what pods need is the affair of the node that runs them, while it does", async () => {
    const { admin } = subject();
    const needed = [...Object.values(related), ...Object.values(resourceClaims)];
    await all(nobody, [...needed, createPod, remove(`${own}/pods/normal`), createNode, nodeStatus, deleteNode], 403);
    await all(node1, [...needed, createNode, deleteNode], 403);
    await all(node2, needed, 403);

    await expect(node2, createNode, 201);
    await expect(node2, nodeStatus, 200);
    await expect(node1, nodeStatus, 403);
    await expect(node2, deleteNode, 403);
    await expect(admin, createPod, 201);

    await all(nobody, [...needed, podStatus, remove(`${own}/pods/normal`), evict("normal")], 403);
    await all(node1, [...needed, podStatus, remove(`${own}/pods/normal`), evict("normal")], 403);
    await all(node2, [...Object.values(related), resourceClaims.named], 200);
    await expect(node2, resourceClaims.templated, 403);

    const generated = [{ name: "templated", resourceClaimName: "templated" }];
    await expect(node2, claimStatuses(generated), 403);
    await expect(admin, claimStatuses(generated), 200);
    await expect(node2, resourceClaims.templated, 200);
    await expect(node2, claimStatuses(null), 403);
    await expect(admin, claimStatuses(null), 200);
    await expect(node2, resourceClaims.templated, 403);

    await expect(node2, createPod, 403);
    await expect(node2, podStatus, 200);
    await expect(node2, remove(`${own}/pods/normal`), 200);
    await expect(admin, createPod, 201);
    await expect(node2, evict("normal"), 201);
    await all(node2, Object.values(related), 403);
  });

  test("a node makes and removes its own mirror pods, and nobody else's", async () => {
    const { admin } = subject();
    const node = seen(await expect(admin, { path: "/api/v1/nodes/node2" }, 200));
    const mirror = mirrorPod(node.metadata.uid);
    await all(nobody, [mirror, remove(`${own}/pods/mirror`), evict("mirror")], 403);
    await expect(node1, mirror, 403);
    await all(node1, [remove(`${own}/pods/mirror`), evict("mirror")], 404);
    await expect(node2, mirror, 201);
    await all(node1, [remove(`${own}/pods/mirror`), evict("mirror")], 403);
    await expect(node2, remove(`${own}/pods/mirror`), 200);
    await expect(node2, mirror, 201);
    await expect(node2, evict("mirror"), 201);
  });

  test("a volume's attachment and the size of its claim are its node's, the claim's phase is not", async () => {
    const { admin } = subject();
    await expect(admin, createPod, 201);
    const path = `${own}/persistentvolumeclaims/claim/status`;
    const capacity = patch(path, { status: { capacity: { storage: "51G" } } });
    await expect(node1, capacity, 403);
    await expect(node2, capacity, 200);
    await expect(node2, patch(path, { status: { phase: "Bound" } }), 403);
    const attachment = get("/apis/storage.k8s.io/v1/volumeattachments/attachment");
    await expect(node1, attachment, 403);
    await expect(node2, attachment, 200);
  });

  test("a node has its own lease and CSINode", async () => {
    const spec = { holderIdentity: "node1", leaseDurationSeconds: 40 };
    const drivers = (name: string) => ({ drivers: [{ name, nodeID: "n/node1", topologyKeys: ["example.com/zone"] }] });
    const objects = [
      { path: leases, spec, next: { ...spec, leaseDurationSeconds: 50 } },
      { path: csiNodes, spec: drivers("a.example.com"), next: drivers("b.example.com") },
    ];
    for (const { path, spec, next } of objects) {
      const metadata = { name: "node1" };
      const mine = `${path}/node1`;
      await expect(node2, post(path, { metadata, spec }), 403);
      const made = seen(await expect(node1, post(path, { metadata, spec }), 201));
      const changed = put(mine, { metadata: made.metadata, spec: next });
      const relabelled = patch(mine, { metadata: { labels: { a: "b" } } });
      await all(node2, [get(mine), changed, relabelled, remove(mine)], 403);
      await all(node1, [get(mine), changed, relabelled, remove(mine)], 200);
    }
  });

  test("a node deletes the resource slices that are its own", async () => {
    const { admin } = subject();
    const names = async () =>
      seen(await expect(admin, { path: slices }, 200)).items!.map((slice: Seen) => slice.metadata.name);
    await expect(node1, { method: "DELETE", path: `${slices}?fieldSelector=spec.nodeName%3Dnode1` }, 200);
    assert.deepEqual(await names(), ["slice2"]);
    await expect(node1, { method: "DELETE", path: `${slices}/slice2` }, 403);
  });
});
