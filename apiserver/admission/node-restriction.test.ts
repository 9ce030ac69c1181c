import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Lease } from "../../api/generated/types/coordination-v1.ts";
import type {
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  ServiceAccount,
} from "../../api/generated/types/core-v1.ts";
import type { CSIDriver } from "../../api/generated/types/storage-v1.ts";
import type { Authorizer } from "../authorization/authorizer.ts";
import { MemoryObjects } from "../registry/memory-objects.ts";
import { forbiddenNodeLabels } from "./node-labels.ts";
import { nodeRestriction } from "./node-restriction.ts";
import type { AdmissionAttributes } from "./plugin.ts";
import { admitted, testAttributes, testDefinition } from "./test-attributes.ts";

const definitions = {
  pods: testDefinition<Pod>("", "Pod", "pods"),
  nodes: testDefinition<Node>("", "Node", "nodes", "Cluster"),
  persistentVolumeClaims: testDefinition<PersistentVolumeClaim>("", "PersistentVolumeClaim", "persistentvolumeclaims"),
  persistentVolumes: testDefinition<PersistentVolume>("", "PersistentVolume", "persistentvolumes", "Cluster"),
  csiDrivers: testDefinition<CSIDriver>("storage.k8s.io", "CSIDriver", "csidrivers", "Cluster"),
};
const serviceAccounts = testDefinition<ServiceAccount>("", "ServiceAccount", "serviceaccounts");
const leases = testDefinition<Lease>("coordination.k8s.io", "Lease", "leases");

function setUp(authorizer: Authorizer = { name: "none", authorize: () => ({ decision: "noOpinion", reason: "" }) }) {
  const objects = new MemoryObjects();
  objects.set(definitions.nodes, { apiVersion: "v1", kind: "Node", metadata: { name: "n1", uid: "node-1" } });
  const plugin = nodeRestriction({ reader: objects, authorizer, ...definitions });
  const user = { username: "system:node:n1", groups: ["system:nodes"] };
  const admit = (
    definition: Parameters<typeof testAttributes>[0],
    object: object | undefined,
    change: Partial<AdmissionAttributes> = {},
  ) => admitted(plugin, testAttributes(definition, object, { user, ...change }));
  return {
    objects,
    admit: admit as (
      definition: unknown,
      object: object | undefined,
      change?: Partial<AdmissionAttributes>,
    ) => Promise<unknown>,
  };
}

const owner = { apiVersion: "v1", kind: "Node", name: "n1", uid: "node-1", controller: true };
const mirror = (change: { metadata?: object; spec?: object } = {}) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: {
    namespace: "red",
    name: "p",
    annotations: { "kubernetes.io/config.mirror": "x" },
    ownerReferences: [owner],
    ...change.metadata,
  },
  spec: { nodeName: "n1", containers: [], ...change.spec },
});

describe("NodeRestriction", () => {
  it("lets a node mirror its own pods, and only those that need nothing", async () => {
    const { admit } = setUp();
    await admit(definitions.pods, mirror());
    const refused = (pod: object, message: string) =>
      assert.rejects(admit(definitions.pods, pod), { message: `pods "p" is forbidden: ${message}` });
    await refused(
      mirror({ metadata: { annotations: {} } }),
      'pod does not have "kubernetes.io/config.mirror" annotation, node "n1" can only create mirror pods',
    );
    await refused(
      mirror({ spec: { nodeName: "n2" } }),
      'node "n1" can only create pods with spec.nodeName set to itself',
    );
    await refused(
      mirror({ metadata: { ownerReferences: [] } }),
      'node "n1" can only create pods with an owner reference set to itself',
    );
    await refused(
      mirror({ metadata: { ownerReferences: [owner, owner] } }),
      'node "n1" can only create pods with a single owner reference set to itself',
    );
    await refused(
      mirror({ metadata: { ownerReferences: [{ ...owner, controller: false }] } }),
      'node "n1" can only create pods with a controller owner reference set to itself',
    );
    await refused(
      mirror({ metadata: { ownerReferences: [{ ...owner, uid: "u" }] } }),
      "node n1 UID mismatch: expected u got node-1",
    );
    await refused(
      mirror({ spec: { serviceAccountName: "robot" } }),
      'node "n1" can not create pods that reference serviceaccounts',
    );
    await refused(
      mirror({ spec: { volumes: [{ name: "v", persistentVolumeClaim: { claimName: "c" } }] } }),
      'node "n1" can not create pods that reference persistentvolumeclaims',
    );
  });

  it("lets a node delete, evict and report on the pods it runs", async () => {
    const { objects, admit } = setUp();
    const pod = (name: string, nodeName: string) =>
      objects.set<Pod>(definitions.pods, {
        ...mirror({ metadata: { name }, spec: { nodeName } }),
        metadata: { namespace: "red", name, uid: name },
      });
    const [mine, others] = [pod("mine", "n1"), pod("others", "n2")];
    const remove = (name: string) =>
      admit(definitions.pods, undefined, { operation: "DELETE", namespace: "red", name });
    await remove("mine");
    await assert.rejects(remove("others"), {
      message: 'pods "others" is forbidden: node "n1" can only delete pods with spec.nodeName set to itself',
    });
    const evict = (name: string) =>
      admit(definitions.pods, { metadata: { name, namespace: "red" } }, { subresource: "eviction" });
    await evict("mine");
    await assert.rejects(evict("others"), {
      message: 'pods "others" is forbidden: node n1 can only evict pods with spec.nodeName set to itself',
    });
    const report = (pod: Pod, change: object = {}) =>
      admit(definitions.pods, { ...pod, ...change }, { operation: "UPDATE", subresource: "status", oldObject: pod });
    await report(mine, { status: { phase: "Running" } });
    await assert.rejects(
      report(others),
      /node "n1" can only update pod status for pods with spec.nodeName set to itself/,
    );
    await assert.rejects(
      report(mine, { metadata: { ...mine.metadata, labels: { a: "b" } } }),
      /node "n1" cannot update labels through pod status/,
    );
    await assert.rejects(
      admit(definitions.pods, mirror(), { subresource: "exec" }),
      /unexpected pod subresource "exec", only 'status' and 'eviction' are allowed/,
    );
  });

  it("lets a node change its own object, but neither taints nor labels that draw work to it", async () => {
    const { admit } = setUp();
    const node = (change: { metadata?: object; spec?: object } = {}) => ({
      apiVersion: "v1",
      kind: "Node",
      metadata: { name: "n1", labels: {}, ...change.metadata },
      spec: { ...change.spec },
    });
    const update = (change: Parameters<typeof node>[0]) =>
      admit(definitions.nodes, node(change), { operation: "UPDATE", oldObject: node() as Node });
    await admit(
      definitions.nodes,
      node({
        metadata: { labels: { "kubernetes.io/hostname": "n1", mine: "yes" } },
        spec: { taints: [{ key: "a", effect: "NoSchedule" }] },
      }),
    );
    await update({ metadata: { labels: { "node.kubernetes.io/x": "y" } } });
    await assert.rejects(update({ spec: { taints: [{ key: "a", effect: "NoSchedule" }] } }), {
      message: 'nodes "n1" is forbidden: node "n1" is not allowed to modify taints',
    });
    await assert.rejects(
      update({
        metadata: { labels: { "node-role.kubernetes.io/master": "", "node-restriction.kubernetes.io/a": "" } },
      }),
      {
        message:
          'nodes "n1" is forbidden: is not allowed to modify labels: node-restriction.kubernetes.io/a, node-role.kubernetes.io/master',
      },
    );
    await assert.rejects(admit(definitions.nodes, { metadata: { name: "n2" } }), {
      message: 'nodes "n2" is forbidden: node "n1" is not allowed to modify node "n2"',
    });
    assert.deepEqual(
      forbiddenNodeLabels(
        { "a.k8s.io/b": "1", "kubelet.kubernetes.io/c": "1", d: "1" },
        { "a.k8s.io/b": "1", "e.kubernetes.io/f": "1" },
      ),
      ["e.kubernetes.io/f"],
    );
  });

  it("gives a node tokens bound to its own pods, for the audiences that they mount", async () => {
    const asked: string[] = [];
    const { objects, admit } = setUp({
      name: "test",
      authorize: ({ verb, resource, name }) => {
        asked.push(`${verb} ${resource} ${name}`);
        return { decision: resource === "special" ? "allow" : "noOpinion", reason: "" };
      },
    });
    const volumes = [
      { name: "v", projected: { sources: [{ serviceAccountToken: { path: "t", audience: "vault" } }] } },
    ];
    objects.set(definitions.pods, {
      metadata: { namespace: "red", name: "p", uid: "u" },
      spec: { nodeName: "n1", containers: [], volumes },
    });
    objects.set(definitions.pods, {
      metadata: { namespace: "red", name: "q", uid: "v" },
      spec: { nodeName: "n2", containers: [] },
    });
    const token = (spec: object) =>
      admit(serviceAccounts, { metadata: {}, spec }, { subresource: "token", namespace: "red", name: "robot" });
    const bound = (name: string, uid: string) => ({ boundObjectRef: { apiVersion: "v1", kind: "Pod", name, uid } });
    await token({ ...bound("p", "u"), audiences: ["vault"] });
    await token({ ...bound("p", "u"), audiences: ["special"] });
    assert.deepEqual(asked, ["request-serviceaccounts-token-audience special robot"]);
    const refused = (spec: object, message: string) =>
      assert.rejects(token(spec), { message: `serviceaccounts "robot" is forbidden: ${message}` });
    await refused({}, "node requested token not bound to a pod");
    await refused(bound("p", ""), "node requested token with a pod binding without a uid");
    await refused(
      bound("p", "x"),
      "the UID in the bound object reference (x) does not match the UID in record. The object might have been deleted and then recreated",
    );
    await refused(bound("q", "v"), "node requested token bound to a pod scheduled on a different node");
    await refused({ ...bound("p", "u"), audiences: ["a", "b"] }, "node may only request 0 or 1 audiences");
    await refused(
      { ...bound("p", "u"), audiences: ["other"] },
      'audience "other" not found in pod spec volume, system:node:n1 is not authorized to request tokens for this audience',
    );
  });

  it("keeps a node to its own lease, and leaves everybody else alone", async () => {
    const { admit } = setUp();
    const lease = (namespace: string, name: string, change: object = {}) =>
      admit(leases, { metadata: { namespace, name } }, { namespace, ...change });
    await lease("kube-node-lease", "n1");
    await assert.rejects(lease("kube-node-lease", "n2"), {
      message:
        'leases.coordination.k8s.io "n2" is forbidden: can only access node lease with the same name as the requesting node',
    });
    await assert.rejects(lease("red", "n1"), {
      message:
        'leases.coordination.k8s.io "n1" is forbidden: can only access leases in the "kube-node-lease" system namespace',
    });
    await lease("red", "x", { user: { username: "ann", groups: [] } });
  });
});
