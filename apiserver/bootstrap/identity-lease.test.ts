import assert from "node:assert/strict";
import { test } from "node:test";
import { Lease } from "../../api/coordination/v1/lease.ts";
import { ApiError } from "../../apimachinery/errors/api-error.ts";
import { formatMicroTime } from "../../apimachinery/time/time.ts";
import { CapturingLogger, SeededRandom, VirtualClock } from "../../base/mod.ts";
import { MemoryObjects } from "../registry/memory-objects.ts";
import { removeExpiredLeases } from "./expired-leases.ts";
import { IdentityLease } from "./identity-lease.ts";

const start = Date.UTC(2026, 0, 1);
const namespace = "kube-system";
const id = "apiserver-abc";
const identity = { id, hostname: "one", address: "192.0.2.1:6443" };
const label = { "apiserver.kubernetes.io/identity": "kube-apiserver" };

function setUp(store = new MemoryObjects()) {
  const clock = new VirtualClock({ startMs: start });
  const logger = new CapturingLogger();
  const lease = new IdentityLease({ store, identity, clock, random: new SeededRandom(1), logger });
  const read = () => store.get(Lease, namespace, id);
  return { clock, store, logger, lease, read };
}

test("a server's lease says who it is and where, and is renewed every ten seconds or a little later", async () => {
  const { clock, store, logger, lease, read } = setUp();
  lease.start();
  await clock.advance(1);
  const { metadata, spec } = read()!;
  assert.deepEqual(metadata.labels, { ...label, "kubernetes.io/hostname": "one" });
  assert.deepEqual(metadata.annotations, { "kubernetes.io/peer-advertise-address": "192.0.2.1:6443" });
  assert.match(spec!.holderIdentity!, /^apiserver-abc_[0-9a-f-]{36}$/);
  assert.deepEqual([spec!.leaseDurationSeconds, spec!.renewTime], [3600, formatMicroTime(start)]);
  await clock.advance(9_990);
  assert.equal(store.writes, 1);
  await clock.advance(1_000_000);
  assert.ok(store.writes > 96 && store.writes <= 101, `${store.writes} writes`);
  assert.equal(read()!.spec!.holderIdentity, spec!.holderIdentity);
  await lease.stop();
  assert.equal(read(), undefined);
  const { writes } = store;
  await clock.advance(60_000);
  assert.equal(store.writes, writes);
  assert.deepEqual(logger.records, []);
});

test("a start takes the place of one that ended in disorder; what somebody adds to a lease stays", async () => {
  const { clock, store, lease, read } = setUp();
  await store.create(Lease, { metadata: { name: id, namespace }, spec: { holderIdentity: "old" } });
  lease.start();
  await clock.advance(1);
  assert.match(read()!.spec!.holderIdentity!, /^apiserver-abc_/);
  const { metadata } = read()!;
  store.set(Lease, { ...read()!, metadata: { ...metadata, labels: { ...metadata.labels, mine: "1" } } });
  await clock.advance(11_000);
  assert.equal(read()!.metadata.labels!["mine"], "1");
  assert.ok(read()!.spec!.renewTime! > formatMicroTime(start + 9_000));
  await store.delete(Lease, namespace, id);
  await clock.advance(11_000);
  assert.ok(read());
});

test("where the store fails, it is tried again ever more seldom, and an end does not wait for ever", async () => {
  class Broken extends MemoryObjects {
    failing = true;
    tries = 0;
    override create: MemoryObjects["create"] = (definition, object) => {
      this.tries++;
      return this.failing ? Promise.reject(ApiError.internal(new Error("no"))) : super.create(definition, object);
    };
    override delete: MemoryObjects["delete"] = () => new Promise(() => {});
  }
  const store = new Broken();
  const { clock, lease, read, logger } = setUp(store);
  lease.start();
  await clock.advance(60_000);
  assert.ok(store.tries > 8 && store.tries < 20, `${store.tries} tries`);
  assert.ok(logger.records.length >= store.tries - 1);
  store.failing = false;
  await clock.advance(7_000);
  assert.ok(read());
  await clock.runUntil(lease.stop());
});

test("leases of servers that are long gone are removed at the start and once an hour, and no others", async () => {
  const { clock, store } = setUp();
  const make = (name: string, agoMs: number | undefined, more: { labels?: object; namespace?: string } = {}) =>
    store.create(Lease, {
      metadata: { name, namespace, uid: name, labels: label, ...more },
      spec: agoMs === undefined ? {} : { leaseDurationSeconds: 3600, renewTime: formatMicroTime(clock.now() - agoMs) },
    });
  const names = () => [...store.list(Lease)].map(({ metadata }) => metadata.name).sort();
  const hour = 3_600_000;
  await make("expired", 2 * hour);
  await make("endless", undefined);
  await make("fresh", 120_000);
  await make("other", 2 * hour, { labels: {} });
  await make("elsewhere", 2 * hour, { namespace: "default" });
  const stop = removeExpiredLeases({ store, clock, logger: new CapturingLogger() });
  await clock.advance(1);
  assert.deepEqual(names(), ["elsewhere", "fresh", "other"]);
  await clock.advance(hour - 1000);
  assert.deepEqual(names(), ["elsewhere", "fresh", "other"]);
  await clock.advance(2000);
  assert.deepEqual(names(), ["elsewhere", "other"]);
  stop();
  await make("expired", 2 * hour);
  await clock.advance(2 * hour);
  assert.deepEqual(names(), ["elsewhere", "expired", "other"]);
});
