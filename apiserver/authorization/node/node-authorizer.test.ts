import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { PersistentVolume, Pod } from "../../../api/generated/types/core-v1.ts";
import type { ResourceSlice } from "../../../api/generated/types/resource-v1.ts";
import type { VolumeAttachment } from "../../../api/generated/types/storage-v1.ts";
import { testDefinition } from "../../admission/test-attributes.ts";
import { MemoryObjects } from "../../registry/memory-objects.ts";
import type { AuthorizationAttributes } from "../authorizer.ts";
import { request } from "../rbac/test-objects.ts";
import { NodeAuthorizer } from "./node-authorizer.ts";
import { NodeGraph } from "./node-graph.ts";

const definitions = {
  pods: testDefinition<Pod>("", "Pod", "pods"),
  persistentVolumes: testDefinition<PersistentVolume>("", "PersistentVolume", "persistentvolumes", "Cluster"),
  volumeAttachments: testDefinition<VolumeAttachment>(
    "storage.k8s.io",
    "VolumeAttachment",
    "volumeattachments",
    "Cluster",
  ),
  resourceSlices: testDefinition<ResourceSlice>("resource.k8s.io", "ResourceSlice", "resourceslices", "Cluster"),
};

function setUp() {
  const objects = new MemoryObjects();
  const authorizer = new NodeAuthorizer(new NodeGraph(objects, definitions));
  const pod = (name: string, nodeName: string, spec: object = {}, metadata: object = {}) =>
    objects.set(definitions.pods, {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { namespace: "red", name, uid: name, ...metadata },
      spec: { nodeName, containers: [], ...spec },
    });
  const user = (node: string) => ({
    username: `system:node:${node}`,
    groups: ["system:nodes", "system:authenticated"],
  });
  const ask = (node: string, verb: string, resource: string, change: Partial<AuthorizationAttributes> = {}) =>
    authorizer.authorize({ ...request("", verb, resource, { namespace: "red", ...change }), user: user(node) });
  const may = (...args: Parameters<typeof ask>) => ask(...args).decision === "allow";
  return { objects, authorizer, pod, ask, may };
}

const usesAll = {
  serviceAccountName: "robot",
  imagePullSecrets: [{ name: "pull" }],
  initContainers: [{ name: "i", envFrom: [{ configMapRef: { name: "settings" } }] }],
  containers: [{ name: "c", env: [{ name: "E", valueFrom: { secretKeyRef: { name: "key", key: "k" } } }] }],
  volumes: [
    { name: "a", secret: { secretName: "mounted" } },
    { name: "b", projected: { sources: [{ secret: { name: "projected" } }, { configMap: { name: "ca" } }] } },
    { name: "c", persistentVolumeClaim: { claimName: "claim" } },
    { name: "d", ephemeral: { volumeClaimTemplate: {} } },
  ],
  resourceClaims: [{ name: "gpu", resourceClaimName: "gpu-1" }],
};

describe("node authorizer", () => {
  it("lets a node read what its pods refer to, and another node not", () => {
    const { pod, may, ask } = setUp();
    pod("p", "n1", usesAll);
    const read = (node: string, resource: string, name: string, group = "") =>
      may(node, "get", resource, { name, group });
    for (const name of ["pull", "key", "mounted", "projected"])
      assert.deepEqual([read("n1", "secrets", name), read("n2", "secrets", name)], [true, false], name);
    for (const name of ["settings", "ca"])
      assert.deepEqual([read("n1", "configmaps", name), read("n2", "configmaps", name)], [true, false], name);
    for (const name of ["claim", "p-d"]) assert.ok(read("n1", "persistentvolumeclaims", name), name);
    assert.ok(read("n1", "resourceclaims", "gpu-1", "resource.k8s.io"));
    assert.ok(may("n1", "watch", "secrets", { name: "key" }));
    assert.ok(may("n1", "create", "serviceaccounts", { name: "robot", subresource: "token" }));
    assert.ok(!may("n2", "create", "serviceaccounts", { name: "robot", subresource: "token" }));
    assert.deepEqual(ask("n2", "get", "secrets", { name: "key" }), {
      decision: "noOpinion",
      reason: "no relationship found between node 'n2' and this object",
    });
    assert.deepEqual(ask("n1", "list", "secrets"), { decision: "noOpinion", reason: "No Object name found" });
    assert.deepEqual(ask("n1", "delete", "secrets", { name: "key" }), {
      decision: "noOpinion",
      reason: "can only read resources of this type",
    });
  });

  it("follows pods as they are bound, share, change and go", async () => {
    const { objects, pod, may } = setUp();
    const reads = () => may("n1", "get", "secrets", { name: "key" });
    pod("p", "", { containers: usesAll.containers });
    assert.ok(!reads());
    pod("p", "n1", { containers: usesAll.containers });
    pod("q", "n1", { containers: usesAll.containers });
    assert.ok(reads());
    await objects.delete(definitions.pods, "red", "p");
    assert.ok(reads());
    pod("q", "n1", {}, { uid: "another" });
    assert.ok(!reads());
    pod("q", "n1", { ephemeralContainers: usesAll.containers }, { uid: "another" });
    assert.ok(reads());
  });

  it("gives a node nothing by its own mirror pods", () => {
    const { pod, may } = setUp();
    pod("p", "n1", usesAll, { annotations: { "kubernetes.io/config.mirror": "x" } });
    assert.ok(!may("n1", "get", "secrets", { name: "key" }));
    assert.ok(may("n1", "get", "pods", { name: "p" }));
  });

  it("follows a claim to its volume, and that to its secrets", async () => {
    const { objects, pod, may } = setUp();
    pod("p", "n1", { volumes: usesAll.volumes });
    objects.set(definitions.persistentVolumes, {
      metadata: { name: "v" },
      spec: {
        claimRef: { namespace: "red", name: "claim" },
        csi: {
          driver: "d",
          nodeStageSecretRef: { namespace: "infra", name: "stage" },
          controllerPublishSecretRef: { namespace: "infra", name: "publish" },
        },
      },
    });
    const volume = (node: string) => may(node, "get", "persistentvolumes", { name: "v", namespace: "" });
    const secret = (name: string) => may("n1", "get", "secrets", { name, namespace: "infra" });
    assert.deepEqual([volume("n1"), volume("n2"), secret("stage"), secret("publish")], [true, false, true, false]);
    await objects.delete(definitions.persistentVolumes, "", "v");
    assert.deepEqual([volume("n1"), secret("stage")], [false, false]);
    objects.set(definitions.volumeAttachments, { metadata: { name: "va" }, spec: { nodeName: "n1" } });
    assert.ok(may("n1", "get", "volumeattachments", { group: "storage.k8s.io", name: "va", namespace: "" }));
  });

  it("keeps nodes to lists of their own pods and to their own node, lease and CSINode", () => {
    const { ask, may } = setUp();
    assert.ok(may("n1", "list", "pods", { fieldSelector: "spec.nodeName=n1" }));
    assert.ok(may("n1", "watch", "pods", { fieldSelector: "a!=b,spec.nodeName==n1" }));
    for (const fieldSelector of ["spec.nodeName=n2", "spec.nodeName!=n1", "spec.nodeName=n1\\,x", "=", "\\"])
      assert.ok(!may("n1", "list", "pods", { fieldSelector }), fieldSelector);
    assert.equal(ask("n1", "list", "pods").reason, "can only list/watch pods with spec.nodeName field selector");
    assert.ok(may("n1", "get", "nodes", { name: "n1", namespace: "" }));
    assert.equal(
      ask("n1", "get", "nodes", { name: "n2", namespace: "" }).reason,
      "node 'n1' cannot read 'n2', only its own Node object",
    );
    assert.equal(
      ask("n1", "list", "nodes", { namespace: "" }).reason,
      "node 'n1' cannot read all nodes, only its own Node object",
    );
    const lease = { group: "coordination.k8s.io", namespace: "kube-node-lease" };
    assert.ok(may("n1", "update", "leases", { ...lease, name: "n1" }));
    assert.equal(
      ask("n1", "update", "leases", { ...lease, name: "n2" }).reason,
      "can only access node lease with the same name as the requesting node",
    );
    assert.equal(
      ask("n1", "get", "leases", { ...lease, namespace: "red", name: "n1" }).reason,
      'can only access leases in the "kube-node-lease" system namespace',
    );
    assert.ok(!may("n1", "get", "csinodes", { group: "storage.k8s.io", name: "n2" }));
  });

  it("applies the fixed rules of nodes to everything else, and none to others", () => {
    const { authorizer, may } = setUp();
    assert.ok(may("n1", "list", "services", { namespace: "" }));
    assert.ok(may("n1", "create", "events"));
    assert.ok(!may("n1", "list", "deployments", { group: "apps" }));
    assert.equal(authorizer.authorize(request("ann", "list", "services")).decision, "noOpinion");
    const nameless = {
      ...request("", "list", "services"),
      user: { username: "system:node:", groups: ["system:nodes"] },
    };
    assert.deepEqual(authorizer.authorize(nameless), {
      decision: "noOpinion",
      reason: 'unknown node for user "system:node:"',
    });
  });
});
