import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import dnsPacket from "dns-packet";
import fc from "fast-check";
import { Namespace } from "../api/core/v1/namespace.ts";
import { Service } from "../api/core/v1/service.ts";
import { EndpointSlice } from "../api/discovery/v1/endpoint-slice.ts";
import { MetricsRegistry, realClock, realRandom, silentLogger } from "../base/mod.ts";
import { createClient } from "../client/mod.ts";
import { MemoryApi } from "../client/testing/memory-api.ts";
import { runDns } from "./mod.ts";
import { type AskOptions, ask, overUdp, read } from "./testing/ask.ts";
import { endpoint, namespace, port, service, slice } from "./testing/objects.ts";

const run = promisify(execFile);

/** The world's DNS: counts what it is asked; `big.example.com` needs TCP, `slow.` names are never answered. */
async function startUpstream() {
  const asked: string[] = [];
  const answer = (bytes: Buffer, tcp: boolean): Buffer | undefined => {
    const query = dnsPacket.decode(bytes);
    const question = query.questions![0]!;
    const name = question.name.toLowerCase();
    asked.push(`${tcp ? "tcp" : "udp"} ${name} ${question.type}`);
    if (name.startsWith("slow.")) return undefined;
    const reply: dnsPacket.Packet = {
      type: "response",
      id: query.id!,
      flags: dnsPacket.RECURSION_AVAILABLE,
      questions: query.questions!,
    };
    if (name.startsWith("missing."))
      return dnsPacket.encode({
        ...reply,
        flags: reply.flags! | 3,
        authorities: [
          {
            type: "SOA",
            name: "example.com",
            ttl: 60,
            data: {
              mname: "ns.example.com",
              rname: "admin.example.com",
              serial: 1,
              refresh: 1,
              retry: 1,
              expire: 1,
              minimum: 20,
            },
          },
        ],
      });
    if (name.startsWith("big.") && !tcp)
      return dnsPacket.encode({ ...reply, flags: reply.flags! | dnsPacket.TRUNCATED_RESPONSE });
    const count = name.startsWith("big.") ? 60 : 1;
    const answers = Array.from({ length: count }, (_, i) => ({
      type: "A" as const,
      name: question.name,
      ttl: 300,
      data: `192.0.2.${i + 1}`,
    }));
    return dnsPacket.encode({ ...reply, answers: question.type === "A" ? answers : [] });
  };
  const tcp = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (data) => {
      const bytes = answer(data.subarray(2), true);
      if (bytes !== undefined) socket.write(Buffer.concat([Buffer.of(bytes.length >> 8, bytes.length & 255), bytes]));
    });
  }).listen(0, "127.0.0.1");
  await once(tcp, "listening");
  const { port } = tcp.address() as { port: number };
  const udp = createSocket("udp4").bind(port, "127.0.0.1");
  await once(udp, "listening");
  udp.on("message", (data, remote) => {
    const bytes = answer(data, false);
    if (bytes !== undefined) udp.send(bytes, remote.port, remote.address);
  });
  const close = () => {
    udp.close();
    tcp.close();
  };
  return { asked, port, close };
}

describe("the DNS server", { timeout: 60_000 }, () => {
  const api = new MemoryApi({ clock: realClock, random: realRandom });
  const client = createClient(api);
  const metrics = new MetricsRegistry();
  const stop = new AbortController();
  let running: Promise<void>;
  let upstream: Awaited<ReturnType<typeof startUpstream>>;
  let serverPort = 0;

  const lookUp = (name: string, type = "A", options: Partial<AskOptions> = {}) =>
    ask(name, { port: serverPort, type, ...options });
  async function eventually(holds: () => Promise<boolean>): Promise<void> {
    for (let i = 0; i < 100 && !(await holds()); i++) await realClock.sleep(20);
    assert.ok(await holds());
  }

  before(async () => {
    upstream = await startUpstream();
    for (const name of ["default", "shop"]) await client.resource(Namespace).create(namespace(name));
    const services = client.resource(Service, "default");
    const slices = client.resource(EndpointSlice, "default");
    await services.create(
      service("web", { clusterIPs: ["10.96.0.7", "fd00:96::7"], ports: [port("http", 80), port("dns", 53, "UDP")] }),
    );
    await services.create(service("set", { clusterIP: "None", ports: [port("web", 8080)] }));
    await slices.create(
      slice("set", [
        endpoint("10.244.0.5", { hostname: "set-0" }),
        endpoint("10.244.0.6"),
        endpoint("10.244.0.9", { conditions: { ready: false } }),
      ]),
    );
    await services.create(service("bare", { clusterIP: "None" }));
    await slices.create(slice("bare", [endpoint("10.244.0.8")], { ports: [] }));
    await services.create(service("none", { clusterIP: "None", ports: [port("web", 8080)] }));
    await slices.create(slice("web", [endpoint("10.244.0.10")]));
    await services.create(service("away", { type: "ExternalName", externalName: "www.example.com" }));
    await services.create(service("near", { type: "ExternalName", externalName: "web.default.svc.cluster.local" }));
    await services.create(service("ring", { type: "ExternalName", externalName: "ring.default.svc.cluster.local" }));
    const many = Array.from({ length: 80 }, (_, i) => endpoint(`10.244.9.${i + 1}`));
    await services.create(service("many", { clusterIP: "None", ports: [port("web", 8080)] }));
    await slices.create(slice("many", many));
    const listening = Promise.withResolvers<() => boolean>();
    running = runDns(
      {
        client,
        clock: realClock,
        random: realRandom,
        logger: silentLogger,
        metrics,
        addresses: ["127.0.0.1"],
        port: 0,
        upstreams: [{ address: "127.0.0.1", port: upstream.port }],
      },
      stop.signal,
      ({ ports, isReady }) => {
        serverPort = ports[0]!;
        listening.resolve(isReady);
      },
    );
    running.catch(listening.reject);
    const isReady = await listening.promise;
    await eventually(async () => isReady());
  });

  after(async () => {
    stop.abort();
    await running;
    upstream.close();
  });

  test("a service's name is its addresses, in both families, whatever its case", async () => {
    const answer = await lookUp("web.default.svc.cluster.local");
    assert.deepEqual(answer.answers, ["web.default.svc.cluster.local 30 A 10.96.0.7"]);
    assert.deepEqual([answer.rcode, answer.authoritative], ["NOERROR", true]);
    const six = await lookUp("web.default.svc.cluster.local", "AAAA");
    assert.deepEqual(six.answers, ["web.default.svc.cluster.local 30 AAAA fd00:96::7"]);
    const spelled = await lookUp("WeB.default.svc.Cluster.local");
    assert.deepEqual(spelled.answers, ["WeB.default.svc.Cluster.local 30 A 10.96.0.7"]);
  });

  test("a headless service's name is its ready endpoints, in turning order", async () => {
    const orders = new Set<string>();
    for (let i = 0; i < 30; i++) {
      const { answers } = await lookUp("set.default.svc.cluster.local");
      orders.add(answers.join());
      assert.deepEqual(answers.toSorted(), [
        "set.default.svc.cluster.local 30 A 10.244.0.5",
        "set.default.svc.cluster.local 30 A 10.244.0.6",
      ]);
    }
    assert.equal(orders.size, 2);
    assert.deepEqual((await lookUp("set-0.set.default.svc.cluster.local")).answers, [
      "set-0.set.default.svc.cluster.local 30 A 10.244.0.5",
    ]);
    assert.deepEqual((await lookUp("10-244-0-6.set.default.svc.cluster.local")).answers, [
      "10-244-0-6.set.default.svc.cluster.local 30 A 10.244.0.6",
    ]);
    assert.deepEqual((await lookUp("bare.default.svc.cluster.local")).answers, [
      "bare.default.svc.cluster.local 30 A 10.244.0.8",
    ]);
  });

  test("named ports have SRV records, with the addresses beside them", async () => {
    const one = await lookUp("_http._tcp.web.default.svc.cluster.local", "SRV");
    assert.deepEqual(one.answers, [
      "_http._tcp.web.default.svc.cluster.local 30 SRV 0 50 80 web.default.svc.cluster.local",
    ]);
    assert.deepEqual(one.additionals, [
      "web.default.svc.cluster.local 30 A 10.96.0.7",
      "web.default.svc.cluster.local 30 AAAA fd00:96::7",
    ]);
    const endpoints = await lookUp("_web._tcp.set.default.svc.cluster.local", "SRV");
    assert.deepEqual(endpoints.answers, [
      "_web._tcp.set.default.svc.cluster.local 30 SRV 0 50 8080 set-0.set.default.svc.cluster.local",
      "_web._tcp.set.default.svc.cluster.local 30 SRV 0 50 8080 10-244-0-6.set.default.svc.cluster.local",
    ]);
    assert.deepEqual(endpoints.additionals, [
      "set-0.set.default.svc.cluster.local 30 A 10.244.0.5",
      "10-244-0-6.set.default.svc.cluster.local 30 A 10.244.0.6",
    ]);
    assert.equal((await lookUp("_http._udp.web.default.svc.cluster.local", "SRV")).rcode, "NXDOMAIN");
    assert.equal((await lookUp("_ftp._tcp.web.default.svc.cluster.local", "SRV")).rcode, "NXDOMAIN");
  });

  test("addresses lead back to names, of services and of endpoints; others are asked of the world", async () => {
    assert.deepEqual((await lookUp("7.0.96.10.in-addr.arpa", "PTR")).answers, [
      "7.0.96.10.in-addr.arpa 30 PTR web.default.svc.cluster.local",
    ]);
    const full = `7${".0".repeat(23)}.6.9.0.0.0.0.d.f.ip6.arpa`;
    assert.deepEqual((await lookUp(full, "PTR")).answers, [`${full} 30 PTR web.default.svc.cluster.local`]);
    assert.deepEqual((await lookUp("5.0.244.10.in-addr.arpa", "PTR")).answers, [
      "5.0.244.10.in-addr.arpa 30 PTR set-0.set.default.svc.cluster.local",
    ]);
    assert.deepEqual((await lookUp("10.0.244.10.in-addr.arpa", "PTR")).answers, [
      "10.0.244.10.in-addr.arpa 30 PTR 10-244-0-10.web.default.svc.cluster.local",
    ]);
    await lookUp("1.1.1.1.in-addr.arpa", "PTR");
    assert.ok(upstream.asked.includes("udp 1.1.1.1.in-addr.arpa PTR"));
  });

  test("pods' names are their addresses, in namespaces that exist", async () => {
    assert.deepEqual((await lookUp("10-1-2-3.shop.pod.cluster.local")).answers, [
      "10-1-2-3.shop.pod.cluster.local 30 A 10.1.2.3",
    ]);
    assert.deepEqual((await lookUp("fd00--1.shop.pod.cluster.local", "AAAA")).answers, [
      "fd00--1.shop.pod.cluster.local 30 AAAA fd00::1",
    ]);
    assert.equal((await lookUp("10-1-2-3.nowhere.pod.cluster.local")).rcode, "NXDOMAIN");
    assert.equal((await lookUp("hello.shop.pod.cluster.local")).rcode, "NXDOMAIN");
  });

  test("an external name is an alias, followed to its addresses", async () => {
    assert.deepEqual((await lookUp("away.default.svc.cluster.local")).answers, [
      "away.default.svc.cluster.local 30 CNAME www.example.com",
      "www.example.com 300 A 192.0.2.1",
    ]);
    assert.deepEqual((await lookUp("away.default.svc.cluster.local", "CNAME")).answers, [
      "away.default.svc.cluster.local 30 CNAME www.example.com",
    ]);
    assert.deepEqual((await lookUp("near.default.svc.cluster.local")).answers, [
      "near.default.svc.cluster.local 30 CNAME web.default.svc.cluster.local",
      "web.default.svc.cluster.local 30 A 10.96.0.7",
    ]);
    assert.deepEqual((await lookUp("ring.default.svc.cluster.local")).answers, []);
  });

  test("a name that is not there is told apart from a record that is not there, both with the zone's SOA", async () => {
    const soa = "cluster.local 30 SOA ns.dns.cluster.local hostmaster.cluster.local 30";
    const cases: readonly (readonly [string, string, string])[] = [
      ["nobody.default.svc.cluster.local", "A", "NXDOMAIN"],
      ["web.nowhere.svc.cluster.local", "A", "NXDOMAIN"],
      ["nowhere.svc.cluster.local", "A", "NXDOMAIN"],
      ["none.default.svc.cluster.local", "A", "NXDOMAIN"],
      ["*.default.svc.cluster.local", "A", "NXDOMAIN"],
      ["google.com.default.svc.cluster.local", "A", "NXDOMAIN"],
      ["google.com.cluster.local", "A", "NXDOMAIN"],
      ["web.default.svc.cluster.local", "MX", "NOERROR"],
      ["set.default.svc.cluster.local", "AAAA", "NOERROR"],
      ["default.svc.cluster.local", "A", "NOERROR"],
      ["svc.cluster.local", "A", "NOERROR"],
      ["cluster.local", "A", "NOERROR"],
    ];
    for (const [name, type, rcode] of cases) {
      const answer = await lookUp(name, type);
      assert.deepEqual([name, answer.rcode, answer.answers, answer.authorities], [name, rcode, [], [soa]]);
      assert.ok(answer.authoritative);
    }
  });

  test("the zone itself answers for its version, servers and authority", async () => {
    assert.deepEqual((await lookUp("dns-version.cluster.local", "TXT")).answers, [
      `dns-version.cluster.local 30 TXT 1.1.0`,
    ]);
    assert.deepEqual((await lookUp("cluster.local", "NS")).answers, ["cluster.local 30 NS ns.dns.cluster.local"]);
    assert.deepEqual((await lookUp("ns.dns.cluster.local")).answers, ["ns.dns.cluster.local 30 A 127.0.0.1"]);
    assert.equal((await lookUp("cluster.local", "SOA")).answers.length, 1);
    assert.equal((await lookUp("cluster.local", "AXFR", { tcp: true })).rcode, "REFUSED");
  });

  test("other names are asked of the node's resolvers once, then remembered with their time counted down", async () => {
    const first = await lookUp("fresh.example.com");
    assert.deepEqual(first.answers, ["fresh.example.com 300 A 192.0.2.1"]);
    assert.equal(first.authoritative, false);
    await realClock.sleep(1_050);
    const [again] = (await lookUp("FRESH.example.com")).answers;
    const ttl = Number(again?.split(" ")[1]);
    assert.match(again!, /^fresh\.example\.com \d+ A 192\.0\.2\.1$/i);
    assert.ok(ttl >= 25 && ttl < 30, `${ttl} s of 30 are left`);
    assert.equal(upstream.asked.filter((line) => line === "udp fresh.example.com A").length, 1);
    assert.equal((await lookUp("missing.example.com")).rcode, "NXDOMAIN");
    assert.equal((await lookUp("missing.example.com")).rcode, "NXDOMAIN");
    assert.equal(upstream.asked.filter((line) => line === "udp missing.example.com A").length, 1);
  });

  test("answers that are too long for UDP say so, and come whole over TCP or with EDNS", async () => {
    const cut = await lookUp("many.default.svc.cluster.local");
    assert.ok(cut.truncated && cut.bytes.length <= 512 && cut.answers.length > 10);
    const edns = await lookUp("many.default.svc.cluster.local", "A", { edns: 4096 });
    assert.deepEqual([edns.truncated, edns.answers.length], [false, 80]);
    const tcp = await lookUp("many.default.svc.cluster.local", "A", { tcp: true });
    assert.deepEqual([tcp.truncated, tcp.answers.length], [false, 80]);
    assert.ok((await lookUp("big.example.com")).truncated);
    assert.equal((await lookUp("big.example.com", "A", { tcp: true })).answers.length, 60);
    assert.ok(upstream.asked.includes("tcp big.example.com A"));
  });

  test("changes are answered at once", async () => {
    const services = client.resource(Service, "shop");
    assert.equal((await lookUp("new.shop.svc.cluster.local")).rcode, "NXDOMAIN");
    await services.create(service("new", { clusterIP: "10.96.0.20", ports: [port("a", 1)] }, "shop"));
    await eventually(async () => (await lookUp("new.shop.svc.cluster.local")).answers.length === 1);
    await services.delete("new");
    await eventually(async () => (await lookUp("new.shop.svc.cluster.local")).rcode === "NXDOMAIN");
  });

  test("dig reads it too", async (t) => {
    const dig = await run("dig", [
      "+time=2",
      "@127.0.0.1",
      "-p",
      String(serverPort),
      "+noall",
      "+answer",
      "+comments",
      "web.default.svc.cluster.local",
    ]).catch((error: Error) => error);
    if (dig instanceof Error) return t.skip(`dig is not here: ${dig.message}`);
    assert.match(dig.stdout, /status: NOERROR/);
    assert.match(dig.stdout, /EDNS: version: 0/);
    assert.match(dig.stdout, /web\.default\.svc\.cluster\.local\.\s+30\s+IN\s+A\s+10\.96\.0\.7/);
    assert.doesNotMatch(dig.stdout, /malformed|extra bytes|recursion/);
    const badVersion = await run("dig", [
      "+time=2",
      "@127.0.0.1",
      "-p",
      String(serverPort),
      "+edns=1",
      "+noednsnegotiation",
      "web.default.svc.cluster.local",
    ]);
    assert.match(badVersion.stdout, /status: BADVERS/);
    const chaos = await run("dig", ["+time=2", "@127.0.0.1", "-p", String(serverPort), "CH", "TXT", "version.bind"]);
    assert.match(chaos.stdout, /status: REFUSED/);
  });

  test("no bytes bring it down", async () => {
    const good = dnsPacket.encode({
      type: "query",
      id: 1,
      questions: [{ type: "A", name: "web.default.svc.cluster.local" }],
    });
    const socket = createSocket("udp4");
    const damaged = fc
      .tuple(fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255))), fc.nat(good.length))
      .map(([changes, length]) => {
        const copy = Uint8Array.from(good);
        for (const [at, value] of changes) copy[at] = value;
        return copy.subarray(0, length);
      });
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 600 }), damaged), async (bytes) => {
        await new Promise((resolve) => socket.send(bytes, serverPort, "127.0.0.1", resolve));
      }),
      { numRuns: 500 },
    );
    socket.close();
    assert.equal(read(await overUdp(good, serverPort)).answers.length, 1);
  });

  test("what it did is measured under CoreDNS's names", () => {
    const text = metrics.render();
    assert.ok(
      /coredns_dns_requests_total\{family="1",proto="udp",server="[^"]*",type="A",view="",zone="."\} [1-9]/.test(text),
    );
    assert.ok(
      /coredns_dns_responses_total\{plugin="kubernetes",rcode="NXDOMAIN",server="[^"]*",view="",zone="."\} [1-9]/.test(
        text,
      ),
    );
    assert.ok(/coredns_cache_hits_total\{/.test(text));
    assert.ok(/coredns_panics_total 0/.test(text));
  });
});
