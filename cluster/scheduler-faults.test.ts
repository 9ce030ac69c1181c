import assert from "node:assert/strict";
import { test } from "node:test";
import { Node } from "../api/core/v1/node.ts";
import { Pod } from "../api/core/v1/pod.ts";
import { ServiceAccount } from "../api/core/v1/service-account.ts";
import type { Transport, TransportRequest } from "../apimachinery/resource/transport.ts";
import { MetricsRegistry, SeededRandom, silentLogger } from "../base/mod.ts";
import { createClient } from "../client/mod.ts";
import { runScheduler } from "../scheduler/mod.ts";
import { type Cluster, startCluster } from "./cluster.ts";

const timeout = 60_000;
const user = { username: "system:kube-scheduler", groups: ["system:authenticated"] };

/** Requests that answer late, fail before they arrive, or arrive and fail afterwards. */
function troubled(transport: Transport, cluster: Cluster, random: SeededRandom): Transport {
  const request = async (one: TransportRequest) => {
    if (!one.path.endsWith("/binding")) return transport.request(one);
    await cluster.clock.sleep(random.below(50), one.signal);
    const luck = random.below(10);
    if (luck === 0) throw new Error("connection refused");
    const response = await transport.request(one);
    if (luck === 1) throw new Error("connection reset");
    return response;
  };
  return { request, watch: (one) => transport.watch(one), close: () => transport.close() };
}

async function addNodes(cluster: Cluster, count: number, cpu: string): Promise<void> {
  const nodes = cluster.client.resource(Node);
  const allocatable = { cpu, memory: "8Gi", pods: "110" };
  for (let i = 0; i < count; i++) {
    await nodes.create({ metadata: { name: `node-${i}` }, status: { capacity: allocatable, allocatable } });
    await nodes.patch(`node-${i}`, { type: "merge", body: { spec: { taints: null } } });
  }
}

for (const seed of [1, 2, 3, 4, 5]) {
  test(`bindings are slow, fail, or fail after all; pods come and go: no node is ever given too much (seed ${seed})`, {
    timeout,
  }, async () => {
    const cluster = await startCluster({ time: "virtual", seed });
    const clock = cluster.virtualClock!;
    const random = new SeededRandom(seed);
    const metrics = new MetricsRegistry();
    const stop = new AbortController();
    const client = createClient(troubled(cluster.transport(user), cluster, random));
    const running = runScheduler({ client, clock, random, logger: silentLogger, metrics, maxBindings: 8 }, stop.signal);
    const pods = cluster.client.resource(Pod, "default");
    try {
      await cluster.client.resource(ServiceAccount, "default").create({ metadata: { name: "default" } });
      await addNodes(cluster, 4, "4");
      const noneTooMuch = async (): Promise<number> => {
        const used = new Map<string, number>();
        const { items } = await pods.listAll();
        for (const { spec } of items) {
          if (spec.nodeName) used.set(spec.nodeName, (used.get(spec.nodeName) ?? 0) + 1);
        }
        for (const [name, count] of used) assert.ok(count <= 4, `${name} has ${count} pods of 1 CPU`);
        return items.filter(({ spec }) => !spec.nodeName).length;
      };
      const containers = [{ name: "main", image: "app", resources: { requests: { cpu: "1" } } }];
      let created = 0;
      for (let round = 0; round < 40; round++) {
        for (let i = random.below(4); i > 0; i--)
          await pods.create({ metadata: { name: `p${created++}` }, spec: { containers } });
        const { items } = await pods.listAll();
        const gone = random.below(3) === 0 ? items[random.below(items.length)] : undefined;
        if (gone !== undefined) await pods.delete(gone.metadata.name!, { gracePeriodSeconds: 0 });
        await clock.advance(random.below(400));
        await noneTooMuch();
      }
      // What is left over has a reason; with room, all find their place.
      while ((await pods.listAll()).items.length > 16) {
        await pods.delete((await pods.listAll()).items[0]!.metadata.name!, { gracePeriodSeconds: 0 });
      }
      await clock.advance(60_000);
      assert.equal(await noneTooMuch(), 0);
      const text = metrics.render();
      assert.match(text, /scheduler_schedule_attempts_total\{profile="default-scheduler",result="scheduled"\} [1-9]/);
      assert.match(text, /scheduler_schedule_attempts_total\{profile="default-scheduler",result="error"\} [1-9]/);
      assert.match(text, /scheduler_pending_pods\{queue="active"\} 0\n/);
      assert.match(text, /scheduler_cache_size\{type="assumed_pods"\} 0\n/);
    } finally {
      stop.abort();
      await running;
      await cluster.close();
    }
  });
}

test("a binding that is refused is told on the pod, which is tried again", { timeout }, async () => {
  const cluster = await startCluster({ time: "virtual" });
  const clock = cluster.virtualClock!;
  const stop = new AbortController();
  const transport = cluster.transport(user);
  let refusals = 0;
  const request = async (one: TransportRequest) => {
    if (one.path.endsWith("/binding") && refusals++ === 0) throw new Error("the network is down");
    return transport.request(one);
  };
  const client = createClient({ ...transport, request, watch: (one) => transport.watch(one) });
  const running = runScheduler({ client, clock, random: cluster.random, logger: silentLogger }, stop.signal);
  try {
    await cluster.client.resource(ServiceAccount, "default").create({ metadata: { name: "default" } });
    await addNodes(cluster, 1, "4");
    const pods = cluster.client.resource(Pod, "default");
    await pods.create({ metadata: { name: "web" }, spec: { containers: [{ name: "main", image: "app" }] } });
    await clock.advance(500);
    const condition = (await pods.get("web")).status.conditions?.find(({ type }) => type === "PodScheduled");
    assert.deepEqual(
      [condition?.status, condition?.reason, condition?.message],
      ["False", "SchedulerError", 'running Bind plugin "DefaultBinder": the network is down'],
    );
    await clock.advance(1_000);
    assert.equal((await pods.get("web")).spec.nodeName, "node-0");
  } finally {
    stop.abort();
    await running;
    await cluster.close();
  }
});
