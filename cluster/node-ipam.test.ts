import assert from "node:assert/strict";
import { test } from "node:test";
import { Event } from "../api/core/v1/event.ts";
import { Node } from "../api/core/v1/node.ts";
import { SeededRandom, silentLogger } from "../base/mod.ts";
import { createClient } from "../client/mod.ts";
import { runAllControllers } from "../controllers/mod.ts";
import { laggingTransport } from "../controllers/runner/testing/lagging-transport.ts";
import { startCluster } from "./cluster.ts";

const timeout = 60_000;

test("each node gets a block of its own, also where the controller hears late; blocks of nodes that go come free", {
  timeout,
}, async () => {
  for (let seed = 1; seed <= 3; seed++) {
    const random = new SeededRandom(seed);
    const cluster = await startCluster({ time: "virtual", seed });
    const clock = cluster.virtualClock!;
    const stop = new AbortController();
    const lag = { clock, random, watchMs: 30, requestMs: 5 };
    const running = runAllControllers(
      {
        clientAs: (user) => createClient(laggingTransport(cluster.transport(user), lag)),
        clock,
        random,
        logger: silentLogger,
        rootCa: "",
        controllers: ["node-ipam-controller"],
        clusterCidr: ["10.244.0.0/21", "fd00:10:244::/61"],
        serviceCidrs: ["10.244.3.0/24"],
      },
      stop.signal,
    );
    const nodes = cluster.client.resource(Node);
    const given = async () => (await nodes.list()).items.map(({ spec }) => spec.podCIDRs);
    await nodes.create({
      metadata: { name: "old" },
      spec: { podCIDR: "10.244.1.0/24", podCIDRs: ["10.244.1.0/24", "fd00:10:244:1::/64"] },
    });
    await Promise.all(Array.from({ length: 6 }, (_, i) => nodes.create({ metadata: { name: `n${i}` } })));
    await clock.advance(2_000);
    const all = (await given()).flatMap((blocks) => blocks ?? []);
    assert.equal(all.length, 14, `seed ${seed}`);
    assert.equal(new Set(all).size, 14, `seed ${seed}: ${all.join()}`);
    assert.ok(!all.includes("10.244.3.0/24"));
    await nodes.create({ metadata: { name: "late" } });
    await clock.advance(1_000);
    assert.equal((await nodes.get("late")).spec.podCIDRs, undefined);
    const { items } = await cluster.client
      .resource(Event, "default")
      .list({ fieldSelector: "involvedObject.name=late" });
    assert.deepEqual(
      [items[0]?.reason, items[0]?.message],
      ["CIDRNotAvailable", "Node late status is now: CIDRNotAvailable"],
    );
    const freed = (await nodes.get("n2")).spec.podCIDR;
    await nodes.delete("n2");
    await clock.advance(15_000);
    assert.equal((await nodes.get("late")).spec.podCIDR, freed);
    stop.abort();
    await running;
    await cluster.close();
  }
});
