import assert from "node:assert/strict";
import { test } from "node:test";
import { Deployment } from "../api/apps/v1/deployment.ts";
import { ReplicaSet } from "../api/apps/v1/replicaset.ts";
import { ConfigMap } from "../api/core/v1/config-map.ts";
import { Event } from "../api/core/v1/event.ts";
import { Namespace } from "../api/core/v1/namespace.ts";
import { Pod } from "../api/core/v1/pod.ts";
import { ServiceAccount } from "../api/core/v1/service-account.ts";
import { ClusterRole } from "../api/rbac/v1/cluster-role.ts";
import { isNotFound } from "../apimachinery/errors/api-error.ts";
import type { ApiObject, OwnerReference } from "../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../apimachinery/resource/resource.ts";
import { CapturingLogger, type VirtualClock } from "../base/mod.ts";
import { type Cluster, startCluster } from "./cluster.ts";

const timeout = 30_000;
const controllers = ["*", "-deployment-controller", "-replicaset-controller", "-replicationcontroller-controller"];

interface Subject {
  readonly cluster: Cluster;
  readonly clock: VirtualClock;
  /** Lets time pass until it holds. Returns how much has passed. */
  until(condition: () => Promise<boolean>): Promise<number>;
}

/** A cluster with controllers, but none of workloads, on virtual time; nothing they log may be worse than a warning. */
async function withControllers(fn: (subject: Subject) => Promise<void>): Promise<void> {
  const logger = new CapturingLogger();
  const cluster = await startCluster({ time: "virtual", controllers, rootCa: "a certificate", logger });
  const clock = cluster.virtualClock!;
  const until = async (condition: () => Promise<boolean>): Promise<number> => {
    const startMs = clock.monotonicMs();
    while (!(await condition())) {
      assert.ok(clock.monotonicMs() - startMs < 120_000, "it does not come true");
      await clock.advance(5);
    }
    return clock.monotonicMs() - startMs;
  };
  try {
    await fn({ cluster, clock, until });
  } finally {
    await cluster.close();
  }
  assert.deepEqual(
    logger.records.filter(({ level }) => level === "error"),
    [],
  );
}

async function exists<T extends ApiObject>(
  cluster: Cluster,
  resource: ResourceDefinition<T>,
  name: string,
  namespace?: string,
): Promise<boolean> {
  try {
    await cluster.client.resource(resource, namespace).get(name);
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}

test("every namespace gets its service account and the root CA, and gets them again", { timeout }, async () => {
  await withControllers(async ({ cluster, until }) => {
    await cluster.client.resource(Namespace).create({ metadata: { name: "team" } });
    for (const namespace of ["default", "kube-system", "team"]) {
      await until(() => exists(cluster, ServiceAccount, "default", namespace));
      await until(() => exists(cluster, ConfigMap, "kube-root-ca.crt", namespace));
    }
    const configMaps = cluster.client.resource(ConfigMap, "team");
    const { data, metadata } = await configMaps.get("kube-root-ca.crt");
    assert.deepEqual(data, { "ca.crt": "a certificate" });
    assert.match(metadata.annotations?.["kubernetes.io/description"] ?? "", /^Contains a CA bundle/);
    assert.equal(metadata.managedFields?.[0]?.manager, "kube-controller-manager");
    await cluster.client.resource(ServiceAccount, "team").delete("default");
    await configMaps.delete("kube-root-ca.crt");
    assert.ok((await until(() => exists(cluster, ServiceAccount, "default", "team"))) < 1_000);
    assert.ok((await until(() => exists(cluster, ConfigMap, "kube-root-ca.crt", "team"))) < 1_000);
    await configMaps.patch("kube-root-ca.crt", { type: "merge", body: { data: { "ca.crt": "forged" } } });
    const healed = async () => (await configMaps.get("kube-root-ca.crt")).data?.["ca.crt"] === "a certificate";
    assert.ok((await until(healed)) < 1_000);
  });
});

test("aggregated roles have the rules of those they select, also of ones that come later", { timeout }, async () => {
  await withControllers(async ({ cluster, until }) => {
    const roles = cluster.client.resource(ClusterRole);
    const verbsOf = async (name: string) =>
      ((await roles.get(name)).rules ?? [])
        .filter(({ apiGroups }) => apiGroups?.includes("example.com"))
        .flatMap(({ verbs }) => verbs);
    await until(async () => ((await roles.get("admin")).rules ?? []).length > 0);
    assert.ok(((await roles.get("view")).rules ?? []).length > 0);
    const rules = [{ apiGroups: ["example.com"], resources: ["things"], verbs: ["get"] }];
    const labels = { "rbac.authorization.k8s.io/aggregate-to-view": "true" };
    await roles.create({ metadata: { name: "things", labels }, rules });
    // To view directly, to edit through view, to admin through edit.
    for (const name of ["view", "edit", "admin"]) await until(async () => (await verbsOf(name)).join() === "get");
    await roles.delete("things");
    for (const name of ["view", "edit", "admin"]) await until(async () => (await verbsOf(name)).length === 0);
  });
});

test("a namespace is emptied and goes", { timeout }, async () => {
  await withControllers(async ({ cluster, until }) => {
    const namespaces = cluster.client.resource(Namespace);
    await namespaces.create({ metadata: { name: "team" } });
    await until(() => exists(cluster, ServiceAccount, "default", "team"));
    for (const name of ["a", "b"]) await cluster.client.resource(ConfigMap, "team").create({ metadata: { name } });
    await namespaces.delete("team");
    const tookMs = await until(async () => !(await exists(cluster, Namespace, "team")));
    assert.ok(tookMs < 1_000, `${tookMs} ms`);
    assert.deepEqual((await cluster.client.resource(ConfigMap, "team").list()).items, []);
    assert.deepEqual((await cluster.client.resource(ServiceAccount, "team").list()).items, []);
  });
});

test("a namespace says what keeps it, and goes as soon as that has", { timeout }, async () => {
  await withControllers(async ({ cluster, clock, until }) => {
    const namespaces = cluster.client.resource(Namespace);
    await namespaces.create({ metadata: { name: "team" } });
    await until(() => exists(cluster, ServiceAccount, "default", "team"));
    const configMaps = cluster.client.resource(ConfigMap, "team");
    for (const name of ["a", "b"]) await configMaps.create({ metadata: { name, finalizers: ["example.com/hold"] } });
    await namespaces.delete("team");
    await clock.advance(1_000);
    const { status } = await namespaces.get("team");
    assert.equal(status.phase, "Terminating");
    const told = Object.fromEntries(
      (status.conditions ?? []).map((one) => [one.type, `${one.status} ${one.reason}: ${one.message}`]),
    );
    assert.deepEqual(told, {
      NamespaceDeletionDiscoveryFailure: "False ResourcesDiscovered: All resources successfully discovered",
      NamespaceDeletionGroupVersionParsingFailure:
        "False ParsedGroupVersions: All legacy kube types successfully parsed",
      NamespaceDeletionContentFailure:
        "False ContentDeleted: All content successfully deleted, may be waiting on finalization",
      NamespaceContentRemaining:
        "True SomeResourcesRemain: Some resources are remaining: configmaps. has 2 resource instances",
      NamespaceFinalizersRemaining:
        "True SomeFinalizersRemain: Some content in the namespace has finalizers remaining: example.com/hold in 2 resource instances",
    });
    for (const name of ["a", "b"])
      await configMaps.patch(name, { type: "merge", body: { metadata: { finalizers: null } } });
    assert.ok((await until(async () => !(await exists(cluster, Namespace, "team")))) < 1_000);
  });
});

test("pods end in their own time, before anything else of the namespace goes", { timeout }, async () => {
  await withControllers(async ({ cluster, clock, until }) => {
    const namespaces = cluster.client.resource(Namespace);
    await namespaces.create({ metadata: { name: "team" } });
    await until(() => exists(cluster, ServiceAccount, "default", "team"));
    const pods = cluster.client.resource(Pod, "team");
    await pods.create({
      metadata: { name: "p" },
      spec: { nodeName: "n", terminationGracePeriodSeconds: 20, containers: [{ name: "c", image: "i" }] },
    });
    await cluster.client.resource(ConfigMap, "team").create({ metadata: { name: "a" } });
    await namespaces.delete("team");
    await clock.advance(5_000);
    assert.equal((await pods.get("p")).metadata.deletionGracePeriodSeconds, 20);
    assert.ok(await exists(cluster, ConfigMap, "a", "team"));
    const failure = async () =>
      (await namespaces.get("team")).status.conditions?.find(({ type }) => type === "NamespaceDeletionContentFailure");
    assert.equal((await failure())?.status, "False");
    const remaining = (await namespaces.get("team")).status.conditions?.find(
      ({ type }) => type === "NamespaceContentRemaining",
    );
    assert.equal(remaining?.message, "Some resources are remaining: pods. has 1 resource instances");
    // Nobody ends it: after its grace period that is worth saying.
    await until(async () => (await failure())?.status === "True");
    assert.equal(
      (await failure())?.message,
      "Failed to delete all resource types, 1 remaining: unexpected items still remain in namespace: team for gvr: /v1, Resource=pods",
    );
    assert.ok(clock.monotonicMs() > 19_000);
    await pods.delete("p", { gracePeriodSeconds: 0 });
    assert.ok((await until(async () => !(await exists(cluster, Namespace, "team")))) < 1_000);
  });
});

test("a namespace with somebody else's finalizer is emptied, and kept", { timeout }, async () => {
  await withControllers(async ({ cluster, clock, until }) => {
    const namespaces = cluster.client.resource(Namespace);
    await namespaces.create({ metadata: { name: "team" }, spec: { finalizers: ["example.com/mine"] } });
    await until(() => exists(cluster, ServiceAccount, "default", "team"));
    await namespaces.delete("team");
    await clock.advance(2_000);
    const left = await namespaces.get("team");
    assert.deepEqual(left.spec.finalizers, ["example.com/mine"]);
    assert.deepEqual(new Set(left.status.conditions?.map(({ status }) => status)), new Set(["False"]));
    assert.ok(!(await exists(cluster, ServiceAccount, "default", "team")));
    const body = { ...left, spec: {} };
    await namespaces.subresource("team", "finalize").update(body);
    assert.ok(!(await exists(cluster, Namespace, "team")));
  });
});

interface Chain {
  readonly deployment: Deployment;
  readonly replicaSet: ReplicaSet;
  readonly pod: Pod;
}

const selector = { matchLabels: { app: "web" } };
const template = { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "c", image: "i" }] } };

function ownerOf({ apiVersion, kind, metadata: { name = "", uid = "" } }: ApiObject): OwnerReference {
  return { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true };
}

async function makeChain({ client }: Cluster): Promise<Chain> {
  const deployment = await client
    .resource(Deployment, "default")
    .create({ metadata: { name: "web" }, spec: { selector, template } });
  const replicaSet = await client.resource(ReplicaSet, "default").create({
    metadata: { name: "web-1", labels: { app: "web" }, ownerReferences: [ownerOf(deployment)] },
    spec: { selector, template },
  });
  const pod = await client.resource(Pod, "default").create({
    metadata: { name: "web-1-a", labels: { app: "web" }, ownerReferences: [ownerOf(replicaSet)] },
    spec: template.spec,
  });
  return { deployment, replicaSet, pod };
}

test("in the background an owner goes at once and its dependents after it, all the way down", { timeout }, async () => {
  await withControllers(async ({ cluster, until }) => {
    await until(() => exists(cluster, ServiceAccount, "default", "default"));
    await makeChain(cluster);
    await cluster.client.resource(Deployment, "default").delete("web", { propagationPolicy: "Background" });
    assert.ok(!(await exists(cluster, Deployment, "web", "default")));
    assert.ok((await until(async () => !(await exists(cluster, ReplicaSet, "web-1", "default")))) < 1_000);
    assert.ok((await until(async () => !(await exists(cluster, Pod, "web-1-a", "default")))) < 1_000);
  });
});

test("in the foreground an owner goes after its dependents, from the bottom up", { timeout }, async () => {
  await withControllers(async ({ cluster, clock, until }) => {
    await until(() => exists(cluster, ServiceAccount, "default", "default"));
    await makeChain(cluster);
    const pods = cluster.client.resource(Pod, "default");
    await pods.patch("web-1-a", { type: "merge", body: { metadata: { finalizers: ["example.com/hold"] } } });
    await cluster.client.resource(Deployment, "default").delete("web", { propagationPolicy: "Foreground" });
    await clock.advance(2_000);
    const { metadata } = await cluster.client.resource(Deployment, "default").get("web");
    assert.deepEqual(metadata.finalizers, ["foregroundDeletion"]);
    assert.deepEqual((await cluster.client.resource(ReplicaSet, "default").get("web-1")).metadata.finalizers, [
      "foregroundDeletion",
    ]);
    assert.ok((await pods.get("web-1-a")).metadata.deletionTimestamp !== undefined);
    await pods.patch("web-1-a", { type: "merge", body: { metadata: { finalizers: null } } });
    assert.ok((await until(async () => !(await exists(cluster, Deployment, "web", "default")))) < 1_000);
    assert.ok(!(await exists(cluster, ReplicaSet, "web-1", "default")));
  });
});

test("an owner that does not wait for its dependents in the foreground goes before them", { timeout }, async () => {
  await withControllers(async ({ cluster, until }) => {
    const configMaps = cluster.client.resource(ConfigMap, "default");
    const owner = await configMaps.create({ metadata: { name: "owner" } });
    const reference = { ...ownerOf(owner), blockOwnerDeletion: false };
    await configMaps.create({
      metadata: { name: "dependent", ownerReferences: [reference], finalizers: ["example.com/hold"] },
    });
    await configMaps.delete("owner", { propagationPolicy: "Foreground" });
    assert.ok((await until(async () => !(await exists(cluster, ConfigMap, "owner", "default")))) < 1_000);
    await until(async () => (await configMaps.get("dependent")).metadata.deletionTimestamp !== undefined);
  });
});

test("orphaned dependents stay, without their owner", { timeout }, async () => {
  await withControllers(async ({ cluster, clock, until }) => {
    await until(() => exists(cluster, ServiceAccount, "default", "default"));
    await makeChain(cluster);
    await cluster.client.resource(Deployment, "default").delete("web", { propagationPolicy: "Orphan" });
    assert.ok((await until(async () => !(await exists(cluster, Deployment, "web", "default")))) < 1_000);
    await clock.advance(5_000);
    const { metadata } = await cluster.client.resource(ReplicaSet, "default").get("web-1");
    assert.equal(metadata.ownerReferences, undefined);
    assert.equal(metadata.deletionTimestamp, undefined);
    assert.ok(await exists(cluster, Pod, "web-1-a", "default"));
  });
});

test("who has two owners stays with the one that is left, and loses the reference to the other", {
  timeout,
}, async () => {
  await withControllers(async ({ cluster, until }) => {
    const configMaps = cluster.client.resource(ConfigMap, "default");
    const [a, b] = [
      await configMaps.create({ metadata: { name: "a" } }),
      await configMaps.create({ metadata: { name: "b" } }),
    ];
    const references = [a, b].map((owner) => ({ ...ownerOf(owner), controller: false }));
    await configMaps.create({ metadata: { name: "shared", ownerReferences: references } });
    await configMaps.delete("a");
    const owners = async () =>
      (await configMaps.get("shared")).metadata.ownerReferences?.map(({ name }) => name).join();
    assert.ok((await until(async () => (await owners()) === "b")) < 1_000);
    await configMaps.delete("b");
    assert.ok((await until(async () => !(await exists(cluster, ConfigMap, "shared", "default")))) < 1_000);
  });
});

test("who refers to an owner that never was, or to another of its name, goes", { timeout }, async () => {
  await withControllers(async ({ cluster, clock, until }) => {
    const configMaps = cluster.client.resource(ConfigMap, "default");
    const owner = await configMaps.create({ metadata: { name: "owner" } });
    const named = (name: string, reference: Partial<OwnerReference>) =>
      configMaps.create({ metadata: { name, ownerReferences: [{ ...ownerOf(owner), ...reference }] } });
    await named("never", { name: "never", uid: "11111111-1111-1111-1111-111111111111" });
    await named("namesake", { uid: "22222222-2222-2222-2222-222222222222" });
    await named("misnamed", { name: "somebody" });
    await named("right", {});
    await named("unknown-kind", {
      kind: "Thing",
      apiVersion: "example.com/v1",
      uid: "33333333-3333-3333-3333-333333333333",
    });
    for (const name of ["never", "namesake", "misnamed"]) {
      assert.ok((await until(async () => !(await exists(cluster, ConfigMap, name, "default")))) < 1_000, name);
    }
    await clock.advance(60_000);
    for (const name of ["right", "unknown-kind"]) assert.ok(await exists(cluster, ConfigMap, name, "default"), name);
  });
});

test("an owner in another namespace is none, and an event says so", { timeout }, async () => {
  await withControllers(async ({ cluster, until }) => {
    const owner = await cluster.client.resource(ConfigMap, "kube-public").create({ metadata: { name: "owner" } });
    await cluster.client
      .resource(ConfigMap, "default")
      .create({ metadata: { name: "dependent", ownerReferences: [ownerOf(owner)] } });
    assert.ok((await until(async () => !(await exists(cluster, ConfigMap, "dependent", "default")))) < 1_000);
    const events = async () => (await cluster.client.resource(Event, "default").list()).items;
    await until(async () => (await events()).length > 0);
    const [{ reason, type, message, involvedObject }] = (await events()) as [Event];
    assert.deepEqual([type, reason, involvedObject.name], ["Warning", "OwnerRefInvalidNamespace", "dependent"]);
    const uid = owner.metadata.uid;
    assert.equal(
      message,
      `ownerRef [v1/ConfigMap, namespace: default, name: owner, uid: ${uid}] does not exist in namespace "default"`,
    );
  });
});

test("an object of the cluster that claims an owner in a namespace is left alone", { timeout }, async () => {
  await withControllers(async ({ cluster, clock }) => {
    const owner = await cluster.client.resource(ConfigMap, "default").create({ metadata: { name: "owner" } });
    await cluster.client
      .resource(ClusterRole)
      .create({ metadata: { name: "claims", ownerReferences: [ownerOf(owner)] } });
    await cluster.client.resource(ConfigMap, "default").delete("owner");
    await clock.advance(60_000);
    assert.ok(await exists(cluster, ClusterRole, "claims"));
  });
});

test("objects that own each other do not wait for each other for ever", { timeout }, async () => {
  await withControllers(async ({ cluster, until }) => {
    const configMaps = cluster.client.resource(ConfigMap, "default");
    const a = await configMaps.create({ metadata: { name: "a" } });
    const b = await configMaps.create({ metadata: { name: "b", ownerReferences: [ownerOf(a)] } });
    const c = await configMaps.create({ metadata: { name: "c", ownerReferences: [ownerOf(b)] } });
    await configMaps.patch("a", { type: "merge", body: { metadata: { ownerReferences: [ownerOf(c)] } } });
    await configMaps.delete("a", { propagationPolicy: "Foreground" });
    for (const name of ["a", "b", "c"]) {
      assert.ok((await until(async () => !(await exists(cluster, ConfigMap, name, "default")))) < 5_000, name);
    }
  });
});
