import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import dnsPacket from "dns-packet";
import { CapturingLogger, realClock, SeededRandom, VirtualClock } from "../base/mod.ts";
import type { Handler } from "./plugin.ts";
import { errors } from "./plugins/errors.ts";
import { forward } from "./plugins/forward.ts";
import { loop, question } from "./plugins/loop.ts";
import { parseResolvConf, resolvConfUpstreams } from "./resolv-conf.ts";
import { types } from "./wire/constants.ts";
import { servfail } from "./wire/response.ts";

const never = new AbortController().signal;
const unreachable: Handler = () => assert.fail("nobody is behind");

async function upstream(answer: (query: dnsPacket.DecodedPacket) => dnsPacket.Packet | undefined) {
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  await once(socket, "listening");
  let asked = 0;
  socket.on("message", (bytes, remote) => {
    asked++;
    const reply = answer(dnsPacket.decode(bytes));
    if (reply !== undefined) socket.send(dnsPacket.encode(reply), remote.port, remote.address);
  });
  return { address: "127.0.0.1", port: socket.address().port, asked: () => asked, close: () => socket.close() };
}

const answerWith =
  (ip: string) =>
  (query: dnsPacket.DecodedPacket): dnsPacket.Packet => ({
    type: "response",
    id: query.id!,
    questions: query.questions!,
    answers: [{ type: "A", name: query.questions![0]!.name, ttl: 9, data: ip }],
  });

test("a resolver that is silent or gone is passed over", { timeout: 10_000 }, async () => {
  const silent = await upstream(() => undefined);
  const good = await upstream(answerWith("192.0.2.9"));
  const gone = { address: "127.0.0.1", port: 1 };
  const upstreams = [silent, gone, good];
  const handler = forward({
    upstreams: () => upstreams,
    clock: realClock,
    random: new SeededRandom(3),
    timeoutMs: 100,
  }).handler(unreachable);
  for (let i = 0; i < 5; i++) {
    const outcome = await handler({ query: question(`a${i}.example`, types.A), transport: "udp" }, never);
    assert.equal(outcome.kind, "message");
  }
  assert.ok(good.asked() >= 5);
  silent.close();
  good.close();
});

test("answers with another id, name or from elsewhere are not believed", { timeout: 10_000 }, async () => {
  const forger = await upstream((query) => ({ ...answerWith("192.0.2.66")(query), id: (query.id! + 1) & 0xffff }));
  const other = await upstream((query) => ({
    ...answerWith("192.0.2.66")(query),
    questions: [{ type: "A", name: "other.example" }],
  }));
  for (const server of [forger, other]) {
    const handler = forward({
      upstreams: () => [server],
      clock: realClock,
      random: new SeededRandom(1),
      timeoutMs: 80,
    }).handler(unreachable);
    const outcome = await handler({ query: question("mine.example", types.A), transport: "udp" }, never);
    assert.deepEqual(outcome, { kind: "answer", answer: servfail, by: "forward" });
    server.close();
  }
});

test("without a resolver, and beyond the limit, nothing is asked", async () => {
  const ask = (options: object) =>
    forward({ upstreams: () => [], clock: realClock, random: new SeededRandom(1), ...options }).handler(unreachable)(
      { query: question("a.example", types.A), transport: "udp" },
      never,
    );
  assert.deepEqual(await ask({}), { kind: "answer", answer: servfail, by: "forward" });
  const full = await ask({ upstreams: () => [{ address: "127.0.0.1", port: 1 }], maxConcurrent: 0 });
  assert.equal(full.kind === "answer" && full.answer.rcode, 5);
});

test("resolvers that ask this server in turn are no longer asked", async () => {
  const logger = new CapturingLogger();
  const plugin = loop(new SeededRandom(1), logger);
  let forwarded = 0;
  // As if the resolver sent every question back here.
  const handler: Handler = plugin.handler((request, signal) => {
    forwarded++;
    return handler(request, signal);
  });
  await plugin.probe(never);
  const outcome = await handler({ query: question("a.example", types.A), transport: "udp" }, never);
  assert.deepEqual(outcome, { kind: "answer", answer: servfail, by: "loop" });
  assert.equal(forwarded, 1);
  assert.equal(logger.messages("error").length, 1);
});

test("what fails is answered with SERVFAIL and logged, now or later", async () => {
  const logger = new CapturingLogger();
  const failing: readonly Handler[] = [
    () => {
      throw new Error("now");
    },
    () => Promise.reject(new Error("later")),
  ];
  for (const handler of failing) {
    const outcome = await errors(logger).handler(handler)({ query: question("a", types.A), transport: "udp" }, never);
    assert.deepEqual(outcome, { kind: "answer", answer: servfail, by: "errors" });
  }
  assert.equal(logger.messages("error").length, 2);
});

test("resolv.conf names resolvers, this server is none of them", () => {
  const text =
    "# nameserver 1.1.1.1\nsearch a b\nnameserver 10.0.0.1\n  nameserver\tfd00::1 \nnameserver 10.96.0.10\nnameserver 10.0.0.1\nnameserver nonsense\nnameserver\n";
  assert.deepEqual(parseResolvConf(text, ["10.96.0.10"]), [
    { address: "10.0.0.1", port: 53 },
    { address: "fd00::1", port: 53 },
  ]);
});

test("a changed resolv.conf counts within seconds, a missing one names nobody", async () => {
  const folder = mkdtempSync(join(tmpdir(), "k8ts-resolv-"));
  try {
    const clock = new VirtualClock();
    const path = join(folder, "resolv.conf");
    const upstreams = resolvConfUpstreams(path, clock, []);
    assert.deepEqual(upstreams(), []);
    writeFileSync(path, "nameserver 192.0.2.1\n");
    assert.deepEqual(upstreams(), []);
    await clock.advance(5_000);
    assert.deepEqual(upstreams(), [{ address: "192.0.2.1", port: 53 }]);
    writeFileSync(path, "nameserver 192.0.2.2\n");
    utimesSync(path, 1, 1);
    await clock.advance(5_000);
    assert.deepEqual(upstreams(), [{ address: "192.0.2.2", port: 53 }]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
