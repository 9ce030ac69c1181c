import assert from "node:assert/strict";
import { test } from "node:test";
import { isRefused } from "../../support/api-operations.ts";
import { definitionOf, establish } from "../../support/custom-resources.ts";
import { eventually } from "../../support/eventually.ts";
import type { Thing } from "../../support/typed-client.ts";
import { describeUpstream, hasLabels } from "../../support/upstream.ts";

const extended = "example.com/dongle";
const hard = {
  pods: "5",
  services: "10",
  "services.nodeports": "1",
  "services.loadbalancers": "1",
  replicationcontrollers: "10",
  resourcequotas: "1",
  cpu: "1",
  memory: "500Mi",
  configmaps: "10",
  secrets: "10",
  persistentvolumeclaims: "10",
  "requests.storage": "10Gi",
  "ephemeral-storage": "50Gi",
  "gold.storageclass.storage.k8s.io/persistentvolumeclaims": "10",
  "gold.storageclass.storage.k8s.io/requests.storage": "10Gi",
  "count/replicasets.apps": "5",
  [`requests.${extended}`]: "3",
};

const pod = (name: string, requests: object = {}, limits: object = {}, more: object = {}): object => ({
  metadata: { name },
  spec: { containers: [{ name: "pause", image: "pause", resources: { requests, limits } }], ...more },
});

describeUpstream("ResourceQuota", (use) => {
  const uses = (namespace: string, expected: object, quota = "test-quota"): Promise<void> =>
    eventually(async () => {
      const { spec, status } = await use.typed("resourcequotas", namespace).get(quota);
      assert.deepEqual(status.hard, spec.hard);
      assert.partialDeepStrictEqual(status.used, expected);
    });
  const withQuota = async (more: object = {}): Promise<string> => {
    const namespace = await use.makeNamespace();
    const quotas = use.typed("resourcequotas", namespace);
    await quotas.create({ metadata: { name: "test-quota" }, spec: { hard: { ...hard, ...more } } });
    await uses(namespace, { resourcequotas: "1" });
    return namespace;
  };

  test("should create a ResourceQuota and ensure its status is promptly calculated.", async () => {
    const namespace = await withQuota();
    await uses(namespace, { pods: "0", cpu: "0", "count/replicasets.apps": "0", "requests.storage": "0" });
  });

  test("should create a ResourceQuota and capture the life of a service.", async () => {
    const namespace = await withQuota();
    const services = use.typed("services", namespace);
    const service = (name: string, type: string, more: object = {}): object => ({
      metadata: { name },
      spec: { type, ports: [{ port: 80, targetPort: 80 }], ...more },
    });
    await services.create(service("test-service", "ClusterIP"));
    await services.create(service("test-service-np", "NodePort"));
    const balanced = service("test-service-lb", "LoadBalancer", { allocateLoadBalancerNodePorts: true });
    await isRefused(services.create(balanced), 403, /exceeded quota: test-quota, requested: services.nodeports=1/);
    await uses(namespace, { services: "2", "services.nodeports": "1" });
    await services.delete("test-service");
    await services.delete("test-service-np");
    await uses(namespace, { services: "0", "services.nodeports": "0" });
  });

  for (const [title, plural, make] of [
    ["configMap", "configmaps", { data: { a: "b" } }],
    ["secret", "secrets", { data: { "data-1": "dmFsdWUtMQo=" } }],
    [
      "replication controller",
      "replicationcontrollers",
      {
        spec: {
          replicas: 0,
          selector: { name: "nginx" },
          template: {
            metadata: { labels: { name: "nginx" } },
            spec: { containers: [{ name: "nginx", image: "nginx" }] },
          },
        },
      },
    ],
    [
      "replica set",
      "replicasets",
      {
        spec: {
          replicas: 0,
          selector: { matchLabels: { name: "nginx" } },
          template: {
            metadata: { labels: { name: "nginx" } },
            spec: { containers: [{ name: "nginx", image: "nginx" }] },
          },
        },
      },
    ],
    [
      "persistent volume claim",
      "persistentvolumeclaims",
      {
        spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } }, storageClassName: "gold" },
      },
    ],
  ] as const) {
    test(`should create a ResourceQuota and capture the life of a ${title}.`, async () => {
      const namespace = await withQuota();
      const resource = use.typed(plural, namespace);
      const name = plural === "replicasets" ? "count/replicasets.apps" : plural;
      const used = async (): Promise<string> =>
        (await use.typed("resourcequotas", namespace).get("test-quota"))["status"].used[name];
      // The namespace's own come by themselves.
      await eventually(async () => assert.equal(Number(await used()), (await resource.list()).items.length));
      const before = Number(await used());
      await resource.create({ metadata: { name: "counted" }, ...make });
      await uses(namespace, { [name]: String(before + 1) });
      if (plural === "persistentvolumeclaims") {
        const gold = "gold.storageclass.storage.k8s.io";
        await uses(namespace, {
          "requests.storage": "1Gi",
          [`${gold}/${plural}`]: "1",
          [`${gold}/requests.storage`]: "1Gi",
        });
      }
      await resource.delete("counted", { propagationPolicy: "Background" });
      await uses(namespace, { [name]: String(before) });
    });
  }

  test("should create a ResourceQuota and capture the life of a pod.", async () => {
    const namespace = await withQuota();
    const pods = use.typed("pods", namespace);
    const requests = { cpu: "500m", memory: "252Mi", "ephemeral-storage": "30Gi", [extended]: "2" };
    const created = await pods.create(pod("test-pod", requests, { [extended]: "2" }));
    const { [extended]: dongles, ...rest } = requests;
    const used = { pods: "1", ...rest, [`requests.${extended}`]: dongles };
    await uses(namespace, used);
    await isRefused(
      pods.create(pod("fail-pod", { cpu: "600m", memory: "100Mi" })),
      403,
      /^pods "fail-pod" is forbidden: exceeded quota: test-quota, requested: cpu=600m, used: cpu=500m, limited: cpu=1$/,
    );
    const second = { cpu: "500m", memory: "100Mi", "ephemeral-storage": "30Gi", [extended]: "2" };
    await isRefused(
      pods.create(pod("fail-pod-for-extended-resource", second, { [extended]: "2" })),
      403,
      /exceeded quota/,
    );
    const changed = structuredClone(created);
    changed["spec"].containers[0].resources.requests = { cpu: "100m", memory: "100Mi", "ephemeral-storage": "10Gi" };
    await isRefused(pods.update(changed), 422);
    await uses(namespace, used);
    await pods.delete("test-pod", { gracePeriodSeconds: 0 });
    const none = Object.fromEntries(Object.keys(used).map((name) => [name, "0"]));
    await uses(namespace, none);
  });

  test("should create a ResourceQuota and capture the life of a custom resource.", async () => {
    const schema = { "x-kubernetes-preserve-unknown-fields": true };
    await establish(use.admin, definitionOf("Counted", [{ name: "v1", schema }]));
    const namespace = await use.makeNamespace();
    const quotas = use.typed("resourcequotas", namespace);
    const name = "count/counteds.example.com";
    await quotas.create({ metadata: { name: "test-quota" }, spec: { hard: { [name]: "1" } } });
    await uses(namespace, { [name]: "0" });
    const resource = use.dynamic(
      { group: "example.com", version: "v1", kind: "Counted", plural: "counteds" },
      namespace,
    );
    await resource.create({ metadata: { name: "test-cr-1" } });
    await uses(namespace, { [name]: "1" });
    await isRefused(resource.create({ metadata: { name: "test-cr-2" } }), 403, /exceeded quota/);
    await resource.delete("test-cr-1");
    await uses(namespace, { [name]: "0" });
  });

  const withScopes = async (hard: object, ...scopes: string[]): Promise<string> => {
    const namespace = await use.makeNamespace();
    const quotas = use.typed("resourcequotas", namespace);
    for (const scope of scopes) {
      await quotas.create({ metadata: { name: scope.toLowerCase() }, spec: { hard, scopes: [scope] } });
      await uses(namespace, { pods: "0" }, scope.toLowerCase());
    }
    return namespace;
  };
  const resources = [
    { cpu: "500m", memory: "200Mi" },
    { cpu: "1", memory: "400Mi" },
  ] as const;
  const computed = { "requests.cpu": "500m", "requests.memory": "200Mi", "limits.cpu": "1", "limits.memory": "400Mi" };
  const nothing = Object.fromEntries(Object.keys(computed).map((name) => [name, "0"]));

  test("should verify ResourceQuota with terminating scopes.", async () => {
    const limits = { "requests.cpu": "1", "requests.memory": "500Mi", "limits.cpu": "2", "limits.memory": "1Gi" };
    const namespace = await withScopes({ pods: "5", ...limits }, "Terminating", "NotTerminating");
    const pods = use.typed("pods", namespace);
    await pods.create(pod("test-pod", ...resources));
    await uses(namespace, { pods: "1", ...computed }, "notterminating");
    await uses(namespace, { pods: "0", ...nothing }, "terminating");
    await pods.delete("test-pod", { gracePeriodSeconds: 0 });
    await uses(namespace, { pods: "0", ...nothing }, "notterminating");
    await pods.create(pod("terminating-pod", ...resources, { activeDeadlineSeconds: 3600 }));
    await uses(namespace, { pods: "1", ...computed }, "terminating");
    await uses(namespace, { pods: "0", ...nothing }, "notterminating");
    await pods.delete("terminating-pod", { gracePeriodSeconds: 0 });
    await uses(namespace, { pods: "0", ...nothing }, "terminating");
  });

  test("should verify ResourceQuota with best effort scope.", async () => {
    const namespace = await withScopes({ pods: "5" }, "BestEffort", "NotBestEffort");
    const pods = use.typed("pods", namespace);
    await pods.create(pod("best-effort-pod"));
    await uses(namespace, { pods: "1" }, "besteffort");
    await uses(namespace, { pods: "0" }, "notbesteffort");
    await pods.delete("best-effort-pod", { gracePeriodSeconds: 0 });
    await uses(namespace, { pods: "0" }, "besteffort");
    await pods.create(pod("burstable-pod", ...resources));
    await uses(namespace, { pods: "1" }, "notbesteffort");
    await uses(namespace, { pods: "0" }, "besteffort");
    await pods.delete("burstable-pod", { gracePeriodSeconds: 0 });
    await uses(namespace, { pods: "0" }, "notbesteffort");
  });

  test("should be able to update and delete ResourceQuota.", async () => {
    const quotas = use.typed("resourcequotas", await use.makeNamespace());
    const quota = (cpu: string, memory: string) => ({
      metadata: { name: "test-quota" },
      spec: { hard: { cpu, memory } },
    });
    await quotas.create(quota("1", "500Mi"));
    assert.deepEqual((await quotas.get("test-quota"))["spec"].hard, { cpu: "1", memory: "500Mi" });
    const updated = await quotas.update(quota("2", "1Gi") as unknown as Thing);
    assert.deepEqual(updated["spec"].hard, { cpu: "2", memory: "1Gi" });
    await quotas.delete("test-quota");
    await isRefused(quotas.get("test-quota"), 404);
  });

  test("should manage the lifecycle of a ResourceQuota", async () => {
    const quotas = use.typed("resourcequotas", await use.makeNamespace());
    const labelSelector = "e2e-rq-label=lifecycle";
    const metadata = { name: "quota", labels: { "e2e-rq-label": "lifecycle" } };
    const created = await quotas.create({ metadata, spec: { hard: { cpu: "1", memory: "500Mi" } } });
    assert.equal((await use.typed("resourcequotas").list({ labelSelector })).items.length, 1);
    const body = { metadata: { labels: { quota: "patched" } }, spec: { hard: { memory: "750Mi" } } };
    const patched = await quotas.patch("quota", "strategic", body);
    assert.ok(hasLabels(patched, { quota: "patched" }));
    assert.deepEqual(patched["spec"].hard, { cpu: "1", memory: "750Mi" });
    assert.ok(BigInt(patched.metadata.resourceVersion) > BigInt(created.metadata.resourceVersion));
    await quotas.deleteCollection({ labelSelector });
    await isRefused(quotas.get("quota"), 404);
  });

  test("should apply changes to a resourcequota status", async () => {
    const namespace = await use.makeNamespace();
    const quotas = use.typed("resourcequotas", namespace);
    const labelSelector = "e2e-rq-label=status";
    const from = (await use.typed("resourcequotas").list({ labelSelector })).metadata.resourceVersion;
    const metadata = { name: "quota", labels: { "e2e-rq-label": "status" } };
    const { spec } = await quotas.create({ metadata, spec: { hard: { cpu: "500m", memory: "500Mi" } } });
    const watch = await quotas.watch({ labelSelector, resourceVersion: from });
    const sees = (hard: object) =>
      watch.until(({ object }) => {
        const { cpu, memory } = object["status"].hard ?? {};
        return JSON.stringify({ cpu, memory }) === JSON.stringify(hard);
      });
    await quotas.change("quota", (draft) => Object.assign(draft, { status: { hard: spec.hard } }), "status");
    await sees({ cpu: "500m", memory: "500Mi" });
    const hard = { cpu: "1", memory: "1Gi" };
    await quotas.patch("quota", "strategic", { spec: { hard } });
    await quotas.patch("quota", "strategic", { status: { hard } }, { subresource: "status" });
    await sees(hard);
    assert.deepEqual((await use.dynamic("resourcequotas", namespace).get("quota/status"))["status"].hard, hard);
    const other = { cpu: "2", memory: "2Gi" };
    const repatched = await quotas.patch("quota", "strategic", { status: { hard: other } }, { subresource: "status" });
    assert.deepEqual([repatched["status"].hard, repatched["spec"].hard], [other, hard]);
    await sees(other);
    // The controller says again what holds.
    await sees(hard);
    watch.stop();
  });
});
