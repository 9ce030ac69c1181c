/**
 * Durable writes a second, alone and with 64 writers, of each store, with what the event loop suffers meanwhile.
 * `node bench/storage.ts [memory|sqlite|etcd=URL …]`: without arguments memory, sqlite, and etcd where it is installed.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { realClock } from "../base/mod.ts";
import { etcdMissing, startEtcd } from "../storage/etcd/testing/etcd-server.ts";
import { openStorage } from "../storage/open.ts";
import type { Storage } from "../storage/storage.ts";

const value = new Uint8Array(2048).fill(0x61);
const keys = 2000;
const runMs = 3000;

type Row = Record<string, string | number>;

const folder = await mkdtemp(join(tmpdir(), "k8ts-bench-"));
const etcd = process.argv.length > 2 || etcdMissing() !== undefined ? undefined : await startEtcd();
try {
  const given = process.argv.slice(2);
  const stores = given.length > 0 ? given : ["memory", "sqlite", ...(etcd ? [`etcd=${etcd.endpoint}`] : [])];
  const rows: Row[] = [];
  for (const store of stores) rows.push(...(await measure(store)));
  // biome-ignore lint/suspicious/noConsole: the table is what this program is for
  console.table(rows);
} finally {
  await etcd?.dispose();
  await rm(folder, { recursive: true, force: true });
}

async function measure(store: string): Promise<Row[]> {
  const name = store.split("=")[0] as string;
  const dataDir = join(folder, name);
  const opening = realClock.monotonicMs();
  const storage = await openStorage(store, { dataDir, clock: realClock });
  const openMs = realClock.monotonicMs() - opening;
  try {
    const rows: Row[] = [{ store: name, what: "open", ms: round(openMs) }];
    for (const writers of [1, 64]) {
      rows.push(await measurePuts(storage, name, writers));
      await storage.compact(await storage.currentRevision());
    }
    rows.push(await measureOperations(storage, name));
    const started = realClock.monotonicMs();
    const { count } = await storage.range("/registry/", "/registry0");
    rows.push({ store: name, what: `range of ${count}`, ms: round(realClock.monotonicMs() - started) });
    return rows;
  } finally {
    await storage.close();
  }
}

async function measurePuts(storage: Storage, store: string, writers: number): Promise<Row> {
  let sequence = 0;
  return measureLoop(store, `put, ${writers} writers`, writers, async () => {
    await storage.put(`/registry/pods/default/pod-${sequence++ % keys}`, value);
  });
}

async function measureOperations(storage: Storage, store: string): Promise<Row> {
  let sequence = 0;
  return measureLoop(store, "get, 1 reader", 1, async () => {
    await storage.get(`/registry/pods/default/pod-${sequence++ % keys}`);
  });
}

async function measureLoop(store: string, what: string, loops: number, work: () => Promise<void>): Promise<Row> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const usage = process.cpuUsage();
  const started = realClock.monotonicMs();
  let done = 0;
  delay.enable();
  const loop = async (): Promise<void> => {
    for (let i = 1; realClock.monotonicMs() - started < runMs; i++) {
      await work();
      done++;
      // A store in memory answers without a turn of the event loop: give it one now and then.
      if (i % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await Promise.all(Array.from({ length: loops }, loop));
  delay.disable();
  const ms = realClock.monotonicMs() - started;
  const { user, system } = process.cpuUsage(usage);
  return {
    store,
    what,
    "ops/s": Math.round((done / ms) * 1000),
    "µs CPU an op": round((user + system) / done),
    "event loop delay p99 ms": round(delay.percentile(99) / 1e6),
  };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
