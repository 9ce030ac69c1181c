import assert from "node:assert/strict";
import { test } from "node:test";
import { isRefused } from "../../support/api-operations.ts";
import type { Thing, TypedResource } from "../../support/typed-client.ts";
import { describeUpstream, hasLabels } from "../../support/upstream.ts";

const newer = (a: Thing, b: Thing): void =>
  assert.ok(BigInt(a.metadata.resourceVersion) > BigInt(b.metadata.resourceVersion));
const named = (items: readonly Thing[]): readonly string[] => items.map(({ metadata }) => metadata.name).sort();
const spec = { containers: [{ name: "nginx", image: "nginx" }] };

/** All but what a write itself changes of an object. */
function contents({ metadata, ...rest }: Thing): object {
  const { resourceVersion: _, managedFields: __, ...others } = metadata;
  return { metadata: others, ...rest };
}

/** Three objects with a label go in one request. */
async function deletesCollection(resource: TypedResource, label: string, more: object): Promise<void> {
  const labelSelector = `${label}=true`;
  for (const name of ["test-1", "test-2", "test-3"]) {
    await resource.create({ metadata: { name, labels: { [label]: "true" } }, ...more });
  }
  await resource.create({ metadata: { name: "test-4", labels: { [label]: "false" } }, ...more });
  assert.equal((await resource.list({ labelSelector })).items.length, 3);
  await resource.deleteCollection({ labelSelector });
  assert.deepEqual((await resource.list({ labelSelector })).items, []);
  assert.equal((await resource.get("test-4")).metadata.name, "test-4");
}

describeUpstream("Lifecycles", (use) => {
  test("should run through a ConfigMap lifecycle", async () => {
    const configMaps = use.typed("configmaps", await use.makeNamespace());
    const metadata = { name: "test", labels: { "test-configmap-static": "true" } };
    await configMaps.create({ metadata, data: { valueName: "value" } });
    const read = await configMaps.get("test");
    assert.deepEqual(read["data"], { valueName: "value" });
    // What Go makes of a whole ConfigMap: a time that is null among its metadata.
    const body = {
      metadata: { creationTimestamp: null, labels: { "test-configmap": "patched" } },
      data: { valueName: "value1" },
    };
    newer(await configMaps.patch("test", "strategic", body), read);
    const list = await use.typed("configmaps").list({ labelSelector: "test-configmap=patched" });
    assert.deepEqual(
      list.items.map(({ data }) => data),
      [{ valueName: "value1" }],
    );
    assert.ok(list.items[0]?.metadata.creationTimestamp);
    await configMaps.deleteCollection({ labelSelector: "test-configmap-static=true" });
    assert.deepEqual((await configMaps.list({ labelSelector: "test-configmap-static=true" })).items, []);
  });

  test("should update ConfigMap successfully", async () => {
    const namespace = await use.makeNamespace();
    const configMaps = use.typed("configmaps", namespace);
    const metadata = { name: "test", namespace };
    await configMaps.create({ metadata, data: { "data-1": "value-1" } });
    // Without a resourceVersion, as the object was before it was created.
    await configMaps.update({ metadata, data: { data: "value" } } as unknown as Thing);
    assert.deepEqual((await configMaps.get("test"))["data"], { data: "value" });
  });

  for (const [resource, kind, emptyKey] of [
    ["configmaps", "ConfigMap", "should fail to create ConfigMap with empty key"],
    ["secrets", "Secrets", "should fail to create secret due to empty secret key"],
  ] as const) {
    test(`${kind} should be immutable if \`immutable\` field is set`, async () => {
      const all = use.typed(resource, await use.makeNamespace());
      const created = await all.create({ metadata: { name: "immutable" }, data: { "data-1": "dmFsdWU=" } });
      const more = await all.update({ ...created, data: { ...created["data"], "data-4": "dmFsdWU=" } } as Thing);
      const fixed = await all.update({ ...more, immutable: true } as Thing);
      await isRefused(all.update({ ...fixed, data: { ...fixed["data"], "data-5": "dmFsdWU=" } } as Thing), 422);
      assert.equal((await all.get("immutable"))["immutable"], true);
      await isRefused(all.update({ ...fixed, immutable: false } as Thing), 422);
      const current = structuredClone(await all.get("immutable"));
      Object.assign(current.metadata, { labels: { label1: "value1" } });
      await all.update(current);
      await all.delete("immutable");
    });
    test(emptyKey, async () => {
      const all = use.typed(resource, await use.makeNamespace());
      const object = { metadata: { name: "empty-key" }, data: { "": "dmFsdWUtMQo=" } };
      await isRefused(all.create(object), 422, /data\[\]: Invalid value: "": /);
    });
  }

  test("should patch a secret", async () => {
    const secrets = use.typed("secrets", await use.makeNamespace());
    const metadata = { name: "test-secret", labels: { "testsecret-constant": "true" } };
    const created = await secrets.create({ metadata, data: { key: "dmFsdWU=" }, type: "Opaque" });
    const everywhere = { labelSelector: "testsecret-constant=true" };
    assert.deepEqual(named((await use.typed("secrets").list(everywhere)).items), ["test-secret"]);
    const value = Buffer.from(Buffer.from("value1").toString("base64")).toString("base64");
    await secrets.patch("test-secret", "strategic", {
      metadata: { labels: { testsecret: "true" } },
      data: { key: value },
    });
    const patched = await secrets.get("test-secret");
    newer(patched, created);
    assert.equal(patched["data"].key, value);
    await secrets.deleteCollection({ labelSelector: "testsecret=true" });
    assert.deepEqual((await use.typed("secrets").list(everywhere)).items, []);
  });

  test("should run the lifecycle of PodTemplates", async () => {
    const templates = use.typed("podtemplates", await use.makeNamespace());
    const selector = { labelSelector: "podtemplate-static=true" };
    assert.deepEqual((await use.typed("podtemplates").list(selector)).items, []);
    await templates.create({
      metadata: { name: "nginx", labels: { "podtemplate-static": "true" } },
      template: { spec },
    });
    const read = await templates.get("nginx");
    newer(await templates.patch("nginx", "strategic", { metadata: { labels: { podtemplate: "patched" } } }), read);
    assert.ok(hasLabels(await templates.get("nginx"), { podtemplate: "patched" }));
    await templates.delete("nginx");
    assert.deepEqual((await use.typed("podtemplates").list(selector)).items, []);
  });

  test("should delete a collection of pod templates", async () =>
    deletesCollection(use.typed("podtemplates", await use.makeNamespace()), "podtemplate-set", { template: { spec } }));

  test("should replace a pod template", async () => {
    const templates = use.typed("podtemplates", await use.makeNamespace());
    await templates.create({ metadata: { name: "a" }, template: { spec } });
    const replaced = await templates.change("a", ({ metadata }) =>
      Object.assign(metadata, { annotations: { updated: "true" } }),
    );
    assert.deepEqual(replaced.metadata.annotations, { updated: "true" });
  });

  test("lease API should be available", async () => {
    const leases = use.typed("leases", await use.makeNamespace());
    const leaseOf = (
      holderIdentity: string,
      duration: number,
      times: readonly [string, string],
      transitions: number,
    ) => ({
      holderIdentity,
      leaseDurationSeconds: duration,
      acquireTime: `0001-01-01T00:00:${times[0]}.000000Z`,
      renewTime: `0001-01-01T00:0${times[1]}.000000Z`,
      leaseTransitions: transitions,
    });
    const first = leaseOf("holder", 30, ["02", "0:05"], 0);
    const created = await leases.create({ metadata: { name: "lease" }, spec: first });
    assert.deepEqual((await leases.get("lease"))["spec"], first);
    const second = leaseOf("holder2", 30, ["20", "0:50"], 1);
    await leases.update({ ...created, spec: second } as Thing);
    assert.deepEqual((await leases.get("lease"))["spec"], second);
    const third = leaseOf("holder3", 60, ["50", "1:10"], 2);
    await leases.patch("lease", "strategic", { spec: third });
    const read = await leases.get("lease");
    assert.deepEqual(read["spec"], third);
    newer(read, created);
    await leases.create({ metadata: { name: "lease2", labels: { deletecollection: "true" } }, spec: first });
    assert.equal((await leases.list()).items.length, 2);
    await leases.deleteCollection({ labelSelector: "deletecollection=true" });
    assert.deepEqual(named((await leases.list()).items), ["lease"]);
    await leases.delete("lease");
    await isRefused(leases.get("lease"), 404);
    await use.typed("leases").list();
  });

  test("should manage the lifecycle of an event", async () => {
    const namespace = await use.makeNamespace();
    const events = use.typed("events", namespace);
    const selector = { labelSelector: "testevent-constant=true" };
    await events.create({
      metadata: { name: "event-test", labels: { "testevent-constant": "true" } },
      message: "This is a test event",
      reason: "Test",
      type: "Normal",
      count: 1,
      involvedObject: { namespace },
    });
    assert.deepEqual(named((await use.typed("events").list(selector)).items), ["event-test"]);
    await events.patch("event-test", "strategic", { message: "This is a test event - patched" });
    const event = await events.get("event-test");
    assert.equal(event["message"], "This is a test event - patched");
    const { resourceVersion: _, managedFields: __, ...metadata } = event.metadata;
    const next = { ...event, metadata, series: { count: 100, lastObservedTime: "2017-09-19T15:09:16.000000Z" } };
    await events.update(next as unknown as Thing);
    assert.deepEqual(contents(await events.get("event-test")), contents(next as unknown as Thing));
    await events.delete("event-test");
    assert.deepEqual((await use.typed("events").list(selector)).items, []);
  });

  test("should delete a collection of events", async () => {
    const namespace = await use.makeNamespace();
    const more = { message: "This is", reason: "Test", type: "Normal", count: 1, involvedObject: { namespace } };
    await deletesCollection(use.typed("events", namespace), "testevent-set", more);
  });

  const newEvent = (namespace: string): object => ({
    regarding: { namespace },
    eventTime: "2017-09-19T15:09:16.000000Z",
    note: "This is event-test",
    action: "Do",
    reason: "Test",
    type: "Normal",
    reportingController: "test-controller",
    reportingInstance: "test-node",
  });

  test("should ensure that an event can be fetched, patched, deleted, and listed", async () => {
    const namespace = await use.makeNamespace();
    const events = use.typed("events.events.k8s.io", namespace);
    const everywhere = use.typed("events.events.k8s.io");
    const selector = { labelSelector: "testevent-constant=true" };
    const metadata = { name: "event-test", labels: { "testevent-constant": "true" } };
    const created = await events.create({ metadata, ...newEvent(namespace) });
    for (const client of [events, everywhere])
      assert.deepEqual(named((await client.list(selector)).items), ["event-test"]);
    const core = await use.typed("events", namespace).list({ fieldSelector: "source=test-controller" });
    assert.deepEqual(named(core.items), ["event-test"]);
    const reported = await events.list({ fieldSelector: "reportingController=test-controller" });
    assert.deepEqual(named(reported.items), ["event-test"]);
    const read = await events.get("event-test");
    const series = { count: 2, lastObservedTime: "2017-09-19T15:09:11.000000Z" };
    await events.patch("event-test", "strategic", { series });
    const patched = await events.get("event-test");
    newer(patched, created);
    assert.deepEqual(contents(patched), contents({ ...read, series }));
    const { resourceVersion: _, managedFields: __, ...rest } = read.metadata;
    const later = { count: 100, lastObservedTime: "2017-09-19T15:09:16.000000Z" };
    await events.update({ ...read, metadata: rest, series: later } as unknown as Thing);
    assert.deepEqual(contents(await events.get("event-test")), contents({ ...read, series: later }));
    await events.delete("event-test");
    for (const client of [events, everywhere]) assert.deepEqual((await client.list(selector)).items, []);
  });

  test("[Events API] should delete a collection of events", async () => {
    const namespace = await use.makeNamespace();
    await deletesCollection(use.typed("events.events.k8s.io", namespace), "testevent-set", newEvent(namespace));
  });

  test("should list, patch and delete a LimitRange by collection", async () => {
    const namespace = await use.makeNamespace();
    const other = await use.makeNamespace();
    const ranges = use.typed("limitranges", namespace);
    const limits = [{ type: "Container", min: { cpu: "50m" }, max: { cpu: "500m" }, default: { cpu: "300m" } }];
    const limitRange = { metadata: { name: "range", labels: { "e2e-limitrange": "a" } }, spec: { limits } };
    const labelSelector = "e2e-limitrange=a";
    await ranges.create(limitRange);
    await use.typed("limitranges", other).create(limitRange);
    const list = await use.typed("limitranges").list({ labelSelector });
    assert.equal(list.items.length, 2);
    const body = {
      metadata: { labels: { range: "patched" } },
      spec: { limits: [{ ...limits[0], min: { cpu: "40m" }, max: {} }] },
    };
    const patched = await ranges.patch("range", "strategic", body);
    assert.ok(hasLabels(patched, { range: "patched" }));
    assert.deepEqual(patched["spec"].limits[0].min, { cpu: "40m" });
    await ranges.deleteCollection({ labelSelector: "range=patched" });
    await isRefused(ranges.get("range"), 404);
    assert.equal((await use.typed("limitranges").list({ labelSelector })).items.length, 1);
  });
});
