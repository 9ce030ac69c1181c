import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { Service } from "../api/core/v1/service.ts";
import { EndpointSlice } from "../api/discovery/v1/endpoint-slice.ts";
import { MetricsRegistry, realClock, realRandom, silentLogger } from "../base/mod.ts";
import { createClient } from "../client/mod.ts";
import { MemoryApi } from "../client/testing/memory-api.ts";
import { createConntrack, createNft, removeRules, runProxy } from "./mod.ts";
import { type Agent, TestNetwork, whyNoNetworks } from "./testing/network.ts";
import { endpoint, facts, service, slice } from "./testing/objects.ts";

const run = promisify(execFile);
const skip = await whyNoNetworks();

/** Packets through a node whose rules the proxy keeps: `skip` says why there are none here. */
describe("packets", { skip: skip ?? false, timeout: 90_000 }, () => {
  let network: TestNetwork;
  let client: Agent;
  let host: Agent;
  let outside: Agent;
  const endpoints: { readonly agent: Agent; readonly ip: string; readonly ip6: string }[] = [];
  const api = new MemoryApi({ clock: realClock, random: realRandom });
  const services = createClient(api).resource(Service, "default");
  const slices = createClient(api).resource(EndpointSlice, "default");
  const stop = new AbortController();
  const metrics = new MetricsRegistry();
  let running: Promise<void> | undefined;
  let syncs = 0;
  /** How many changes of services and endpoints the rules know of. */
  let inPlace = 0;

  const nft = () => createNft({ command: [...network.inNode, "nft"] });
  const ips = (...which: number[]) => which.map((i) => endpoint(endpoints[i]!.ip));
  const counted = (what: string): number => {
    const found = metrics
      .render()
      .matchAll(new RegExp(`^kubeproxy_sync_proxy_rules_(?:service|endpoint)_changes_${what} (\\d+)`, "gm"));
    return [...found].reduce((sum, [, count]) => sum + Number(count), 0);
  };
  /** After a sync during which nothing has changed, the rules are those of all changes so far. */
  const synced = (): void => {
    syncs++;
    if (counted("pending") === 0) inPlace = counted("total");
  };
  /** Resolves when the rules that follow from these changes are in place. */
  async function changed(...writes: readonly (() => Promise<unknown>)[]): Promise<void> {
    const all = counted("total") + writes.length;
    for (const write of writes) await write();
    await eventually(async () => inPlace >= all, "rules are written");
  }
  const refused = (promise: Promise<unknown>) => assert.rejects(promise, { code: "ECONNREFUSED" });
  async function eventually(holds: () => Promise<boolean>, what: string): Promise<void> {
    for (let attempt = 0; attempt < 100; attempt++) {
      // What is asked in the middle of a change may find nobody.
      if (await holds().catch(() => false)) return;
      await realClock.sleep(50);
    }
    assert.fail(what);
  }

  before(async () => {
    network = await TestNetwork.create();
    client = (await network.pod()).agent;
    for (let i = 0; i < 3; i++) endpoints.push(await network.pod());
    for (const [i, { agent }] of endpoints.entries()) await agent.serve(`ep${i}`, 8080);
    host = network.agent(network.node);
    outside = network.agent(network.outside);
    await services.create(service("web", "198.18.128.1", { nodePort: 30080 }));
    await slices.create(slice("web", ips(0, 1, 2)));
    await services.create(service("idle", "198.18.128.2", { nodePort: 30081 }));
    await services.create(service("idle-udp", "198.18.128.3", { protocol: "UDP" }));
    await services.create(service("kube-dns", "198.18.128.10", { protocol: "UDP", port: 53 }));
    const { nodeName, nodeIPs, clusterCidrs, serviceCidrs } = facts;
    running = runProxy(
      {
        client: createClient(api),
        clock: realClock,
        random: realRandom,
        logger: silentLogger,
        metrics,
        nft: nft(),
        conntrack: createConntrack({ command: [...network.inNode, "conntrack"] }),
        nodeName,
        nodeIPs,
        clusterCidrs,
        serviceCidrs,
        localServiceIPs: ["198.18.128.10"],
        onSynced: synced,
      },
      stop.signal,
    );
    await eventually(async () => inPlace === 5, "rules are written");
  });

  after(async () => {
    stop.abort();
    await running?.catch(() => {});
    await network?.destroy();
  });

  test("a ClusterIP reaches all endpoints evenly, from a pod with its own address and from the node", async () => {
    const seen = new Map<string, number>();
    for (let i = 0; i < 90; i++) {
      const answer = await client.tcp("198.18.128.1", 80);
      assert.equal(answer.client, "198.19.0.2");
      seen.set(answer.name, (seen.get(answer.name) ?? 0) + 1);
    }
    assert.deepEqual([...seen.keys()].sort(), ["ep0", "ep1", "ep2"]);
    // Of 90 throws, fewer than 10 at one of three: about once in ten million runs.
    for (const count of seen.values()) assert.ok(count >= 10, `${count} of 90`);
    assert.match((await host.tcp("198.18.128.1", 80)).name, /^ep/);
  });

  test("a pod reaches itself through its own service", async () => {
    const own = new Set<string>();
    for (let i = 0; i < 40 && !own.has("198.19.0.1"); i++) {
      const { name, client } = await endpoints[0]!.agent.tcp("198.18.128.1", 80);
      if (name === "ep0") own.add(client);
    }
    assert.deepEqual([...own], ["198.19.0.1"], "masqueraded, so that the answer comes back through the node");
  });

  test("a node port answers pods, the node and others; what comes from outside to a ClusterIP is masqueraded", async () => {
    for (const agent of [client, host, outside]) assert.match((await agent.tcp("198.18.0.1", 30080)).name, /^ep/);
    assert.equal((await outside.tcp("198.18.128.1", 80)).client, "198.19.0.1");
  });

  test("a service without endpoints refuses at once, TCP and UDP, from everywhere", async () => {
    const startMs = performance.now();
    for (const agent of [client, host, outside]) {
      await refused(agent.tcp("198.18.128.2", 80));
      await refused(agent.tcp("198.18.0.1", 30081));
    }
    await refused(client.udp("198.18.128.3", 80));
    await refused(host.udp("198.18.128.3", 80));
    assert.ok(performance.now() - startMs < 1_500, "no time-out among them");
  });

  test("what the service range does not map is refused, and no packet to it leaves the node", async () => {
    for (const agent of [client, host]) {
      await refused(agent.tcp("198.18.200.1", 80));
      await refused(agent.tcp("198.18.128.1", 81));
      await refused(agent.udp("198.18.200.1", 53));
      await refused(agent.tcp("fd00:96::77", 80));
    }
    assert.equal(await network.leaked(), 0);
  });

  test("an address of the service range that is the node's own is reached there, and refused when it is gone", async () => {
    const ip = async (verb: string) => run("ip", ["-n", network.node, "addr", verb, "198.18.128.10/32", "dev", "lo"]);
    await refused(client.udp("198.18.128.10", 53));
    await ip("add");
    await host.serve("dns", 53, "198.18.128.10");
    assert.equal((await client.udp("198.18.128.10", 53)).name, "dns");
    assert.equal((await host.tcp("198.18.128.10", 53)).name, "dns");
    await ip("del");
    for (const agent of [client, host]) await refused(agent.tcp("198.18.128.10", 53));
    assert.equal(await network.leaked(), 0);
  });

  test("endpoints that go are no longer chosen, endpoints that come are", async () => {
    await changed(() => slices.update(slice("web", ips(1))));
    for (let i = 0; i < 10; i++) assert.equal((await client.tcp("198.18.128.1", 80)).name, "ep1");
    await changed(() => slices.update(slice("web", [])));
    await refused(client.tcp("198.18.128.1", 80));
    await changed(() => slices.update(slice("web", ips(0, 1, 2))));
    assert.match((await client.tcp("198.18.128.1", 80)).name, /^ep/);
  });

  test("a UDP client that goes on sending follows the endpoints", async () => {
    await changed(
      () => services.create(service("dns", "198.18.128.4", { protocol: "UDP" })),
      () => slices.create(slice("dns", ips(0), { protocol: "UDP" })),
    );
    assert.equal((await client.udp("198.18.128.4", 80, 5555)).name, "ep0");
    await changed(() => slices.update(slice("dns", ips(1), { protocol: "UDP" })));
    // The same flow goes on, so only forgetting its entry can turn it.
    await eventually(async () => (await client.udp("198.18.128.4", 80, 5555)).name === "ep1", "the flow turns");
  });

  test("with session affinity a client stays with its endpoint until that goes", async () => {
    await changed(
      () => services.create(service("sticky", "198.18.128.5", { sessionAffinity: "ClientIP" })),
      () => slices.create(slice("sticky", ips(0, 1, 2))),
    );
    const { name } = await client.tcp("198.18.128.5", 80);
    for (let i = 0; i < 15; i++) assert.equal((await client.tcp("198.18.128.5", 80)).name, name);
    const others = [0, 1, 2].filter((i) => name !== `ep${i}`);
    await changed(() => slices.update(slice("sticky", ips(...others))));
    const next = await client.tcp("198.18.128.5", 80);
    assert.notEqual(next.name, name);
    for (let i = 0; i < 10; i++) assert.equal((await client.tcp("198.18.128.5", 80)).name, next.name);
  });

  test("session affinity ends with its time", async () => {
    const affinity = { sessionAffinity: "ClientIP", sessionAffinityConfig: { clientIP: { timeoutSeconds: 1 } } };
    await changed(
      () => services.create(service("brief", "198.18.128.6", affinity)),
      () => slices.create(slice("brief", ips(0, 1, 2))),
    );
    const seen = new Set<string>();
    for (let i = 0; i < 12 && seen.size < 2; i++) {
      seen.add((await client.tcp("198.18.128.6", 80)).name);
      await realClock.sleep(1_300);
    }
    assert.ok(seen.size > 1);
  });

  test("with policy Local, clients from outside keep their address, and are dropped where no endpoint is local", async () => {
    const local = { nodePort: 30090, externalTrafficPolicy: "Local" };
    await changed(
      () => services.create(service("local", "198.18.128.7", local)),
      () => slices.create(slice("local", ips(0))),
    );
    assert.equal((await outside.tcp("198.18.0.1", 30090)).client, "198.18.0.2");
    const elsewhere = endpoint(endpoints[1]!.ip, { nodeName: "node-2" });
    await changed(() => slices.update(slice("local", [elsewhere])));
    await assert.rejects(outside.tcp("198.18.0.1", 30090), { code: "ETIMEDOUT" });
    assert.equal((await client.tcp("198.18.0.1", 30090)).name, "ep1", "pods reach any endpoint");
    assert.equal((await host.tcp("198.18.0.1", 30090)).name, "ep1", "and so does the node");
  });

  test("external and load balancer addresses answer, the latter only for their source ranges", async () => {
    const balanced = service("balanced", "198.18.128.8", {
      type: "LoadBalancer",
      externalIPs: ["198.18.1.1"],
      ingress: ["198.18.1.2"],
      loadBalancerSourceRanges: ["198.18.0.0/24", "198.18.0.0/25"],
    });
    await changed(
      () => services.create(balanced),
      () => slices.create(slice("balanced", ips(0))),
    );
    assert.equal((await client.tcp("198.18.1.1", 80)).name, "ep0");
    await assert.rejects(client.tcp("198.18.1.2", 80), { code: "ETIMEDOUT" });
    assert.equal((await host.tcp("198.18.1.2", 80)).name, "ep0");
  });

  test("IPv6 works the same way", async () => {
    const six = endpoints.map(({ ip6 }) => endpoint(ip6));
    await changed(
      () => services.create(service("six", "fd00:96::1", { nodePort: 30066 })),
      () => slices.create(slice("six", six, { addressType: "IPv6" })),
    );
    for (const agent of [client, host]) assert.match((await agent.tcp("fd00:96::1", 80)).name, /^ep/);
    assert.match((await outside.tcp("fd00:18::1", 30066)).name, /^ep/);
  });

  test("rules that somebody flushes, deletes or adds are repaired", async () => {
    const works = () =>
      client.tcp("198.18.128.1", 80).then(
        () => true,
        () => false,
      );
    await network.nft("flush ruleset");
    await eventually(works, "tables come back");
    await realClock.sleep(1_100);
    await network.nft("delete element ip k8ts-proxy service-ips { 198.18.128.1 . tcp . 80 }");
    await eventually(works, "the element comes back");
    await realClock.sleep(1_100);
    await network.nft("insert rule ip k8ts-proxy nat-prerouting drop");
    await eventually(async () => !/drop/.test(await network.nft("list chain ip k8ts-proxy nat-prerouting")), "no drop");
    assert.ok(await works());
  });

  test("its own changes are not taken for somebody else's", async () => {
    const full = () => /kubeproxy_sync_full_proxy_rules_duration_seconds_count\S* (\d+)/.exec(metrics.render())?.[1];
    const before = full();
    await changed(() => services.create(service("more", "198.18.128.20")));
    await realClock.sleep(1_300);
    assert.equal(full(), before);
  });

  test("a client stays with its endpoint over a repair of the rules", async () => {
    await changed(
      () => services.create(service("loyal", "198.18.128.30", { sessionAffinity: "ClientIP" })),
      () => slices.create(slice("loyal", ips(0, 1, 2))),
    );
    for (let round = 0; round < 4; round++) {
      const { name } = await client.tcp("198.18.128.30", 80);
      const seen = syncs;
      await network.nft("delete element ip k8ts-proxy service-ips { 198.18.128.1 . tcp . 80 }");
      await eventually(async () => syncs > seen, "rules are written anew");
      for (let i = 0; i < 5; i++) assert.equal((await client.tcp("198.18.128.30", 80)).name, name);
    }
  });

  test("rules outlive the proxy, and can be taken away", async () => {
    stop.abort();
    await running;
    assert.match((await client.tcp("198.18.128.1", 80)).name, /^ep/);
    await removeRules(nft());
    assert.equal(await network.nft("list ruleset"), "");
    await removeRules(nft());
  });
});
