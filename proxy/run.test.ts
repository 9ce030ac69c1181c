import assert from "node:assert/strict";
import { test } from "node:test";
import { Service } from "../api/core/v1/service.ts";
import { EndpointSlice } from "../api/discovery/v1/endpoint-slice.ts";
import { CapturingLogger, MetricsRegistry, realRandom, SeededRandom, VirtualClock } from "../base/mod.ts";
import { createClient } from "../client/mod.ts";
import { MemoryApi } from "../client/testing/memory-api.ts";
import type { Flow } from "./conntrack.ts";
import { ServiceHealthServers } from "./health-check.ts";
import { NftError } from "./nft.ts";
import { runProxy } from "./run.ts";
import { endpoint, facts, service, slice } from "./testing/objects.ts";

/** A proxy on virtual time whose kernel takes 5 ms a transaction, and refuses when told to. */
async function start() {
  const clock = new VirtualClock();
  const random = new SeededRandom(1);
  const api = new MemoryApi({ clock, random });
  const client = createClient(api);
  const metrics = new MetricsRegistry();
  const logger = new CapturingLogger();
  const applied: { readonly atMs: number; readonly script: string }[] = [];
  const kernel = { refuses: 0, meddle: () => {}, conntrackFails: 0, flows: [] as Flow[] };
  const controller = new AbortController();
  const { nodeName, nodeIPs, clusterCidrs, serviceCidrs } = facts;
  const running = runProxy(
    {
      client,
      clock,
      random,
      logger,
      metrics,
      nodeName,
      nodeIPs,
      clusterCidrs,
      serviceCidrs,
      conntrack: {
        async listUdp() {
          if (kernel.conntrackFails-- > 0) throw new Error("no");
          return kernel.flows;
        },
        async delete(flow) {
          kernel.flows = kernel.flows.filter((other) => other !== flow);
        },
      },
      nft: {
        async apply(script) {
          await clock.sleep(5);
          if (kernel.refuses-- > 0) throw new NftError("no");
          applied.push({ atMs: clock.monotonicMs(), script });
        },
        listSets: async () => '{"nftables": []}',
        watch: ({ onMeddled, onReady }, signal) => {
          kernel.meddle = onMeddled;
          onReady();
          return new Promise((resolve) => signal.addEventListener("abort", () => resolve()));
        },
      },
    },
    controller.signal,
  );
  await clock.runUntil(() => applied.length === 1);
  await clock.advance(1_000);
  const services = client.resource(Service, "default");
  const slices = client.resource(EndpointSlice, "default");
  const stop = async () => {
    controller.abort();
    await clock.runUntil(running);
    assert.equal(clock.pendingTimers, 0);
  };
  return { clock, applied, kernel, services, slices, logger, metrics, stop };
}

test("the first change of a burst is written at once, the others together", async () => {
  const { clock, applied, services, stop } = await start();
  const startMs = clock.monotonicMs();
  for (let i = 1; i <= 20; i++) {
    await services.create(service(`s${i}`, `198.18.128.${i}`));
    await clock.advance(1);
  }
  await clock.advance(200);
  const later = applied.slice(1);
  assert.equal(later.length, 2);
  assert.ok(later[0]!.atMs - startMs <= 7, `${later[0]!.atMs - startMs} ms`);
  assert.ok(later[1]!.atMs - startMs <= 60);
  await stop();
});

test("a refused increment is followed by everything, at once; later ones wait longer and longer", async () => {
  const { clock, applied, kernel, services, logger, metrics, stop } = await start();
  kernel.refuses = 1;
  await services.create(service("a", "198.18.128.1"));
  await clock.advance(100);
  assert.equal(applied.length, 2);
  assert.match(applied[1]!.script, /^add table ip k8ts-proxy\ndelete table/);
  kernel.refuses = 4;
  await services.create(service("b", "198.18.128.2"));
  await clock.advance(6_000);
  assert.equal(applied.length, 2);
  await clock.advance(4_000);
  assert.equal(applied.length, 3);
  assert.equal(logger.messages("error").length, 5);
  assert.match(metrics.render(), /kubeproxy_sync_proxy_rules_nftables_sync_failures_total\{ip_family="IPv4"\} 5/);
  await stop();
});

test("whatever others do to the table, it is written at most once a second", async () => {
  const { clock, applied, kernel, stop } = await start();
  for (let i = 0; i < 100; i++) {
    kernel.meddle();
    await clock.advance(25);
  }
  assert.ok(applied.length >= 3 && applied.length <= 5, `${applied.length}`);
  await stop();
});

test("a UDP flow that leads nowhere is forgotten, also where that fails at first", async () => {
  const { clock, kernel, services, logger, stop } = await start();
  const flow = { originalDestination: "198.18.128.1", originalPort: 80, replySource: "198.19.0.2", replyPort: 8080 };
  kernel.flows = [{ family: "ipv4", ...flow }];
  kernel.conntrackFails = 2;
  await services.create(service("dns", "198.18.128.1", { protocol: "UDP" }));
  await clock.advance(1_500);
  assert.equal(kernel.flows.length, 1);
  assert.deepEqual(logger.messages("error").length, 2);
  await clock.advance(1_000);
  assert.deepEqual(kernel.flows, []);
  await stop();
});

test("everything is written anew once an hour", async () => {
  const { clock, applied, stop } = await start();
  await clock.advance(3_600_000);
  assert.equal(applied.length, 2);
  await stop();
});

test("how long a change of endpoints took to arrive is measured", async () => {
  const { clock, slices, metrics, stop } = await start();
  const trigger = new Date(clock.now() - 2_000).toISOString();
  const made = slice("a", [endpoint("198.19.0.2")]);
  const annotations = { "endpoints.kubernetes.io/last-change-trigger-time": trigger };
  await slices.create({ ...made, metadata: { ...made.metadata, annotations } });
  await slices.create({
    ...slice("b", []),
    metadata: {
      namespace: "default",
      name: "b",
      annotations: { "endpoints.kubernetes.io/last-change-trigger-time": "soon" },
    },
  });
  await clock.advance(100);
  assert.match(metrics.render(), /kubeproxy_network_programming_duration_seconds_count\{ip_family="IPv4"\} 1/);
  await stop();
});

test("a load balancer learns at the health check port whether endpoints live here", { timeout: 10_000 }, async (t) => {
  const servers = new ServiceHealthServers(new CapturingLogger());
  const port = 20_000 + realRandom.below(10_000);
  const ask = async () => {
    const response = await fetch(`http://127.0.0.1:${port}/`);
    return {
      status: response.status,
      weight: response.headers.get("x-load-balancing-endpoint-weight"),
      body: await response.json(),
    };
  };
  const health = { namespace: "default", name: "web", port, localEndpoints: 2 };
  servers.sync([health]);
  await t.waitFor(ask);
  assert.deepEqual(await ask(), {
    status: 200,
    weight: "2",
    body: { service: { namespace: "default", name: "web" }, localEndpoints: 2, serviceProxyHealthy: true },
  });
  servers.sync([{ ...health, localEndpoints: 0 }]);
  assert.equal((await ask()).status, 503);
  await servers.close();
  await assert.rejects(ask());
});
