import assert from "node:assert/strict";
import { test } from "node:test";
import { MetricsRegistry } from "../../base/metrics.ts";
import { VirtualClock } from "../../base/virtual-clock.ts";
import { memoryStorage } from "../../storage/memory/memory.ts";
import { healthChecks } from "../health-checks.ts";
import { measuredStorage } from "./measured-storage.ts";
import { measureStoredObjects } from "./stored-objects.ts";

test("requests to the store are counted by what they do and to what", async () => {
  const clock = new VirtualClock();
  const metrics = new MetricsRegistry();
  const resources = [
    { storagePath: "pods", group: "", plural: "pods" },
    { storagePath: "services/specs", group: "", plural: "services" },
  ];
  const storage = measuredStorage(memoryStorage({ clock }), resources, { metrics, clock });
  await storage.put("/registry/pods/a/b", Buffer.from("1"), { expectedRevision: 0 });
  await storage.put("/registry/pods/a/b", Buffer.from("2"));
  await storage.get("/registry/services/specs/a/b");
  await storage.range("/registry/example.com/things/", "/registry/example.com/things0");
  await storage.delete("/registry/pods/a/b");
  await storage.close();
  await assert.rejects(storage.get("/registry/pods/a/b"));
  const text = metrics.render();
  for (const line of [
    'etcd_requests_total{group="",operation="create",resource="pods"} 1',
    'etcd_requests_total{group="",operation="update",resource="pods"} 1',
    'etcd_requests_total{group="",operation="get",resource="services"} 1',
    'etcd_requests_total{group="example.com",operation="list",resource="things"} 1',
    'etcd_requests_total{group="",operation="delete",resource="pods"} 1',
    'etcd_request_errors_total{group="",operation="get",resource="pods"} 1',
    'etcd_request_duration_seconds_count{group="",operation="create",resource="pods"} 1',
  ]) {
    assert.ok(text.includes(`\n${line}\n`), line);
  }
});

test("stored objects are counted once, in the version that is stored", () => {
  const metrics = new MetricsRegistry();
  const cache = { size: 3, byteLength: 900, received: 7 };
  measureStoredObjects(metrics, () => [
    { definition: { group: "apps", plural: "deployments" }, cache },
    { definition: { group: "events.k8s.io", plural: "events", storedAs: {} }, cache },
  ]);
  const lines = metrics
    .render()
    .split("\n")
    .filter((line) => !line.startsWith("#") && line !== "");
  assert.deepEqual(lines, [
    'apiserver_resource_objects{group="apps",resource="deployments"} 3',
    'apiserver_resource_size_estimate_bytes{group="apps",resource="deployments"} 900',
    'apiserver_storage_events_received_total{group="apps",resource="deployments"} 7',
    'apiserver_storage_objects{resource="deployments.apps"} 3',
  ]);
});

test("a server is ready once its start is done, and unwell without its store", () => {
  const failing = (state: Parameters<typeof healthChecks>[0], readyOnly?: true) =>
    healthChecks(state, [])
      .filter((one) => readyOnly === true || one.readyOnly !== true)
      .filter((one) => one.check() !== undefined)
      .map(({ name }) => name);
  const stores = { storeHealth: () => undefined, storeReadiness: () => undefined };
  const base = { ready: true, failure: undefined, priorityAndFairness: true, ...stores };
  assert.deepEqual(failing(base, true), []);
  assert.ok(failing({ ...base, ready: false }).includes("poststarthook/rbac/bootstrap-roles"));
  assert.ok(!failing({ ...base, ready: false }).includes("shutdown"));
  assert.deepEqual(failing({ ...base, failure: new Error("gone") }, true), ["etcd", "etcd-readiness"]);
  assert.deepEqual(failing({ ...base, storeReadiness: () => "no answer" }, true), ["etcd-readiness"]);
  const without = healthChecks({ ...base, priorityAndFairness: false }, [{ name: "kms", check: () => undefined }]);
  assert.ok(!without.some(({ name }) => name.includes("priority-and-fairness")));
  assert.ok(without.some(({ name }) => name === "kms"));
});
