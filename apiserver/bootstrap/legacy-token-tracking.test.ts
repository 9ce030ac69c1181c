import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigMap } from "../../api/core/v1/config-map.ts";
import { ApiError } from "../../apimachinery/errors/api-error.ts";
import { CapturingLogger, VirtualClock } from "../../base/mod.ts";
import { MemoryObjects } from "../registry/memory-objects.ts";
import { LegacyTokenTracking } from "./legacy-token-tracking.ts";

const namespace = "kube-system";
const name = "kube-apiserver-legacy-service-account-token-tracking";
const minute = 60_000;

function setUp() {
  const clock = new VirtualClock({ startMs: Date.UTC(2026, 0, 1, 23, 59) });
  const store = new MemoryObjects();
  const logger = new CapturingLogger();
  const tracking = new LegacyTokenTracking({ store, clock, logger });
  const since = (): string | undefined => store.get(ConfigMap, namespace, name)?.data?.["since"];
  const set = async (data: Record<string, string>): Promise<void> => {
    await store.update(ConfigMap, { ...store.get(ConfigMap, namespace, name)!, data });
  };
  return { clock, store, logger, tracking, since, set };
}

test("the day of the first start is noted, and stays", async () => {
  const { clock, store, tracking, since } = setUp();
  tracking.start();
  await clock.advance(1);
  assert.equal(since(), "2026-01-01");
  await clock.advance(48 * 60 * minute);
  assert.equal(since(), "2026-01-01");
  tracking.stop();
  const { resourceVersion } = store.get(ConfigMap, namespace, name)!.metadata;
  new LegacyTokenTracking({ store, clock, logger: new CapturingLogger() }).start();
  await clock.advance(1);
  assert.equal(store.get(ConfigMap, namespace, name)!.metadata.resourceVersion, resourceVersion);
});

test("what is no day becomes today at once; other data stay", async () => {
  const { clock, tracking, since, set, store } = setUp();
  tracking.start();
  await clock.advance(2 * minute);
  for (const text of ["", "yesterday", "2026-02-30", "2026-1-1"]) {
    await set({ since: text, more: "x" });
    await clock.advance(1);
    assert.equal(since(), "2026-01-02", text);
  }
  assert.equal(store.get(ConfigMap, namespace, name)!.data?.["more"], "x");
});

test("one that is deleted is made again, no sooner than half an hour after it was made", async () => {
  const { clock, store, tracking, since } = setUp();
  tracking.start();
  await clock.advance(10 * minute);
  await store.delete(ConfigMap, namespace, name);
  await clock.advance(19 * minute);
  assert.equal(since(), undefined);
  await clock.advance(minute + 1);
  assert.equal(since(), "2026-01-02");
  await clock.advance(31 * minute);
  await store.delete(ConfigMap, namespace, name);
  await clock.advance(1);
  assert.equal(since(), "2026-01-02");
  tracking.stop();
  await store.delete(ConfigMap, namespace, name);
  await clock.advance(60 * minute);
  assert.equal(since(), undefined);
});

test("where it cannot be written, that is tried again", async () => {
  const clock = new VirtualClock({ startMs: Date.UTC(2026, 0, 1) });
  const logger = new CapturingLogger();
  let failing = true;
  class Broken extends MemoryObjects {
    override create: MemoryObjects["create"] = (definition, object) =>
      failing ? Promise.reject(ApiError.internal(new Error("no store"))) : super.create(definition, object);
  }
  const store = new Broken();
  new LegacyTokenTracking({ store, clock, logger }).start();
  await clock.advance(4_000);
  assert.equal(store.get(ConfigMap, namespace, name), undefined);
  failing = false;
  await clock.advance(2_000);
  assert.equal(store.get(ConfigMap, namespace, name)?.data?.["since"], "2026-01-01");
  assert.equal(logger.records.filter(({ level }) => level === "warn").length, 1);
});
