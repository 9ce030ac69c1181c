import assert from "node:assert/strict";
import { test } from "node:test";
import type { Event as CoreEvent } from "../../api/generated/types/core-v1.ts";
import type { Event as SeriesEvent } from "../../api/generated/types/events-v1.ts";
import { ApiError } from "../../apimachinery/errors/api-error.ts";
import { CapturingLogger } from "../../base/logger.ts";
import { SeededRandom } from "../../base/seeded-random.ts";
import { VirtualClock } from "../../base/virtual-clock.ts";
import { createClient } from "../client.ts";
import { MemoryApi } from "../testing/memory-api.ts";
import { CoreEventRecorder } from "./core-recorder.ts";
import { SeriesEventRecorder } from "./series-recorder.ts";

const core = { group: "", version: "v1", kind: "Event", plural: "events", scope: "Namespaced" } as const;
const series = { group: "events.k8s.io", version: "v1", kind: "Event", plural: "events", scope: "Namespaced" } as const;
const pod = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { namespace: "shop", name: "web-1", uid: "u1", resourceVersion: "7" },
} as const;

function setUp() {
  const clock = new VirtualClock({ settleTurns: 1 });
  const random = new SeededRandom(1);
  const logger = new CapturingLogger();
  const server = new MemoryApi({ clock, random });
  const client = createClient(server);
  const controller = new AbortController();
  const common = { component: "kubelet", host: "node-1", clock, random, logger };
  const writes = () => server.requests.filter(({ method }) => method !== "GET").map(({ method }) => method);
  const stop = async (run: Promise<void>) => {
    controller.abort();
    await clock.runUntil(run);
    assert.equal(clock.pendingTimers, 0);
  };
  return { clock, logger, server, client, common, signal: controller.signal, writes, stop };
}

test("an event says what happened to which object, in the object's namespace", async () => {
  const { clock, client, common, signal, stop } = setUp();
  const recorder = new CoreEventRecorder({ ...common, client: client.resource<CoreEvent>(core) });
  const run = recorder.run(signal);
  recorder.event(pod, { type: "Normal", reason: "Started", message: "Started container web" });
  recorder.event({ kind: "Node", name: "Node_1", uid: "x" }, { type: "Warning", reason: "Rebooted", message: "…" });
  await clock.advance(10);
  const { items } = await client.resource<CoreEvent>(core).list();
  const [about, started] = items.toSorted((a) => (a.metadata.namespace === "default" ? -1 : 1));
  assert.match(about?.metadata.name ?? "", /^[0-9a-f-]{36}$/, "a name that cannot begin an event's is not used");
  assert.match(started?.metadata.name ?? "", /^web-1\.[0-9a-f]{16}$/);
  const { metadata, ...rest } = started ?? assert.fail();
  assert.equal(metadata.namespace, "shop");
  assert.deepEqual(rest, {
    apiVersion: "v1",
    kind: "Event",
    involvedObject: {
      apiVersion: "v1",
      kind: "Pod",
      namespace: "shop",
      name: "web-1",
      uid: "u1",
      resourceVersion: "7",
    },
    type: "Normal",
    reason: "Started",
    message: "Started container web",
    source: { component: "kubelet", host: "node-1" },
    firstTimestamp: "2026-01-01T00:00:00Z",
    lastTimestamp: "2026-01-01T00:00:00Z",
    count: 1,
    reportingComponent: "kubelet",
    reportingInstance: "node-1",
  });
  await stop(run);
});

test("the same event again raises the count of the first, also after that one has expired", async () => {
  const { clock, client, common, signal, writes, stop } = setUp();
  const events = client.resource<CoreEvent>(core, "shop");
  const recorder = new CoreEventRecorder({ ...common, client: client.resource<CoreEvent>(core) });
  const run = recorder.run(signal);
  const pull = () => recorder.event(pod, { type: "Warning", reason: "Failed", message: "Error: ErrImagePull" });
  for (let i = 0; i < 3; i++) {
    pull();
    await clock.advance(60_000);
  }
  assert.deepEqual(writes(), ["POST", "PATCH", "PATCH"]);
  const [event] = (await events.list()).items;
  assert.deepEqual(
    [event?.count, event?.firstTimestamp, event?.lastTimestamp],
    [3, "2026-01-01T00:00:00Z", "2026-01-01T00:02:00Z"],
  );
  await events.delete(event?.metadata.name ?? "");
  pull();
  await clock.advance(60_000);
  assert.equal((await events.list()).items[0]?.count, 4);
  await stop(run);
});

test("ten events that differ by their message alone are combined", async () => {
  const { clock, client, common, signal, stop } = setUp();
  const recorder = new CoreEventRecorder({ ...common, client: client.resource<CoreEvent>(core) });
  const run = recorder.run(signal);
  for (let i = 1; i <= 12; i++)
    recorder.event(pod, { type: "Warning", reason: "Unhealthy", message: `probe ${i} failed` });
  await clock.advance(100);
  const { items } = await client.resource<CoreEvent>(core, "shop").list();
  assert.equal(items.length, 10);
  const combined = items.find(({ message }) => message?.startsWith("(combined"));
  assert.equal(combined?.message, "(combined from similar events): probe 12 failed");
  assert.equal(combined?.count, 3);
  await stop(run);
});

test("a source may write 25 events about an object, then one in five minutes", async () => {
  const { clock, client, common, signal, writes, stop } = setUp();
  const recorder = new CoreEventRecorder({ ...common, client: client.resource<CoreEvent>(core) });
  const run = recorder.run(signal);
  const say = (count: number) => {
    for (let i = 0; i < count; i++) recorder.event(pod, { type: "Normal", reason: "Pulled", message: "pulled" });
  };
  say(40);
  await clock.advance(1000);
  assert.equal(writes().length, 25);
  await clock.advance(300_000);
  say(10);
  await clock.advance(1000);
  assert.equal(writes().length, 26);
  recorder.event(
    { ...pod, metadata: { ...pod.metadata, name: "web-2", uid: "u2" } },
    { type: "Normal", reason: "Pulled", message: "pulled" },
  );
  await clock.advance(1000);
  assert.equal(writes().length, 27);
  await stop(run);
});

test("a broken connection is tried twelve times, a refusal once", async () => {
  const { clock, client, server, logger, common, signal, writes, stop } = setUp();
  const recorder = new CoreEventRecorder({ ...common, client: client.resource<CoreEvent>(core) });
  const run = recorder.run(signal);
  for (let i = 0; i < 12; i++) server.failNext(() => new Error("ECONNREFUSED"));
  recorder.event(pod, { type: "Normal", reason: "A", message: "a" });
  recorder.event(pod, { type: "Normal", reason: "B", message: "b" });
  await clock.advance(200_000);
  assert.equal(writes().length, 13);
  assert.deepEqual(logger.messages("warn"), ["Unable to write event (retry limit exceeded!)"]);
  server.failNext(() => ApiError.forbidden({ group: "", resource: "events" }, "", "the namespace is being terminated"));
  recorder.event(pod, { type: "Normal", reason: "C", message: "c" });
  await clock.advance(200_000);
  assert.equal(writes().length, 14);
  await stop(run);
});

test("more events than may wait are dropped", async () => {
  const { clock, client, common, signal, server, stop } = setUp();
  const recorder = new CoreEventRecorder({ ...common, client: client.resource<CoreEvent>(core) });
  for (let i = 0; i < 1500; i++) {
    const about = { ...pod, metadata: { ...pod.metadata, uid: `u${i}` } };
    recorder.event(about, { type: "Normal", reason: "A", message: "a" });
  }
  const run = recorder.run(signal);
  await clock.runUntil(() => server.requests.length >= 1000);
  await clock.advance(1000);
  assert.equal(server.requests.length, 1000);
  await stop(run);
});

test("events.k8s.io: the second makes a series, the next are counted, and the count is written when it has been quiet", async () => {
  const { clock, client, common, signal, writes, stop } = setUp();
  const events = client.resource<SeriesEvent>(series, "shop");
  const recorder = new SeriesEventRecorder({
    ...common,
    component: "default-scheduler",
    client: client.resource<SeriesEvent>(series),
  });
  const run = recorder.run(signal);
  const say = () =>
    recorder.event(pod, {
      type: "Warning",
      reason: "FailedScheduling",
      action: "Scheduling",
      message: "0/1 nodes are available",
    });
  say();
  await clock.advance(1000);
  const [first] = (await events.list()).items;
  assert.deepEqual(
    [first?.eventTime, first?.note, first?.action, first?.reportingController, first?.reportingInstance, first?.series],
    [
      "2026-01-01T00:00:00.000000Z",
      "0/1 nodes are available",
      "Scheduling",
      "default-scheduler",
      "default-scheduler-node-1",
      undefined,
    ],
  );
  say();
  await clock.advance(1000);
  assert.deepEqual((await events.list()).items[0]?.series, {
    count: 2,
    lastObservedTime: "2026-01-01T00:00:01.000000Z",
  });
  for (let i = 0; i < 5; i++) say();
  await clock.advance(1000);
  assert.deepEqual(writes(), ["POST", "PATCH"]);
  await clock.advance(13 * 60_000);
  assert.deepEqual(writes(), ["POST", "PATCH", "PATCH"]);
  assert.equal((await events.list()).items[0]?.series?.count, 7);
  say();
  await clock.advance(1000);
  assert.equal((await events.list()).items.length, 2, "what comes after the end is a new event");
  await stop(run);
});

test("events.k8s.io: two at once become one event and its series", async () => {
  const { clock, client, common, signal, stop } = setUp();
  const recorder = new SeriesEventRecorder({ ...common, client: client.resource<SeriesEvent>(series) });
  const run = recorder.run(signal);
  for (let i = 0; i < 2; i++) recorder.event(pod, { type: "Warning", reason: "A", action: "B", message: "c" });
  await clock.advance(30_000);
  const { items } = await client.resource<SeriesEvent>(series, "shop").list();
  assert.deepEqual(
    items.map((item) => item.series?.count),
    [2],
  );
  await stop(run);
});
