import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { realClock } from "../../base/mod.ts";
import { etcdStorage } from "../../storage/etcd/etcd.ts";
import { type EtcdServer, etcdMissing, startEtcd } from "../../storage/etcd/testing/etcd-server.ts";
import type { Storage } from "../../storage/storage.ts";
import { configMaps, expect, failure, nextEvent, seen } from "../support/conformance.ts";
import { eventually } from "../support/eventually.ts";
import { type HttpClient, http2Client } from "../support/http.ts";
import { type HttpsServer, startHttpsServer } from "../support/https-server.ts";

describe("an etcd that hangs", { skip: etcdMissing() ?? false, timeout: 300_000 }, () => {
  let etcd: EtcdServer;
  let storage: Storage;
  let https: HttpsServer;
  let client: HttpClient;

  before(async () => {
    etcd = await startEtcd();
    storage = await etcdStorage({ endpoints: [etcd.endpoint], clock: realClock });
    https = await startHttpsServer({ storage });
    client = http2Client(https.port, https.admin);
    await expect(client, { path: "/readyz" }, 200, "ok");
  });
  after(async () => {
    etcd?.resume();
    client?.close();
    await https?.close();
    await storage?.close();
    await etcd?.dispose();
  });
  const post = (name: string, query = "") =>
    ({ method: "POST", path: configMaps + query, body: { metadata: { name } } }) as const;

  test("requests are answered in time, health says so, and all that was acknowledged is there after", async () => {
    const acknowledged: string[] = [];
    for (let i = 0; i < 50; i++) {
      await expect(client, post(`before-${i}`), 201);
      acknowledged.push(`before-${i}`);
    }
    const watch = await client.watch(`${configMaps}?watch=1&resourceVersion=0&allowWatchBookmarks=false`);
    for (let i = 0; i < 50; i++) await nextEvent(watch);
    etcd.pause();
    const timeout = failure(504, "Timeout", "Timeout: request did not complete within the allotted timeout", {});
    const started = Date.now();
    const took = async (call: Parameters<HttpClient["call"]>[0], status: number, body?: object): Promise<number> => {
      await expect(client, call, status, body);
      return Date.now() - started;
    };
    const waits = await Promise.all([
      ...Array.from({ length: 100 }, (_, i) => took(post(`during-${i}`, "?timeout=2s"), 504, timeout)),
      ...Array.from({ length: 50 }, () => took({ path: `${configMaps}?timeout=2s` }, 504, timeout)),
      took({ path: `${configMaps}/before-1?timeout=2s` }, 504, timeout),
      took({ method: "DELETE", path: `${configMaps}/before-2?timeout=2s` }, 504, timeout),
    ]);
    assert.ok(Math.min(...waits) >= 1_900 && Math.max(...waits) < 6_000, `${Math.min(...waits)} ${Math.max(...waits)}`);
    // What needs no word of etcd has one.
    await expect(client, { path: `${configMaps}?resourceVersion=0` }, 200);
    await expect(client, { path: `${configMaps}/before-1?resourceVersion=0` }, 200);
    const failing = await expect(client, { path: "/readyz/etcd-readiness" }, 500);
    assert.equal(failing.text, "internal server error: error getting data from etcd: context deadline exceeded\n");
    for (const path of ["/readyz", "/livez", "/healthz"]) {
      const { text } = await expect(client, { path }, 500);
      assert.match(text, /\[-\]etcd failed: reason withheld\n/);
      assert.match(text, new RegExp(`\n${path.slice(1)} check failed\n$`));
    }
    etcd.resume();
    await eventually(() => expect(client, { path: "/readyz" }, 200, "ok"));
    await eventually(() => expect(client, post("after"), 201));
    acknowledged.push("after");
    const { items = [] } = seen(await expect(client, { path: configMaps }, 200));
    const there = new Set(items.map(({ metadata }) => metadata.name));
    // The deletion was never acknowledged: it may have come about, and nothing else may be gone.
    const lost = acknowledged.filter((name) => !there.has(name) && name !== "before-2");
    assert.deepEqual(lost, []);
    const told = new Set<string>();
    while (!told.has("after")) told.add((await nextEvent(watch)).object.metadata.name);
    watch.cancel();
  });

  test("without a word of their own, requests are refused as the store gives up", async () => {
    etcd.pause();
    const started = Date.now();
    const [write, read] = await Promise.all([client.call(post("unknown")), client.call({ path: configMaps })]);
    assert.equal(write.status, 504, write.text);
    assert.match(write.text, /the write may still happen/);
    assert.equal(read.status, 503, read.text);
    assert.match(read.text, /ServiceUnavailable/);
    assert.ok(Date.now() - started < 20_000);
    etcd.resume();
    await eventually(() => expect(client, { path: "/readyz" }, 200, "ok"));
  });
});
