import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createConnection, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ApiError, isInternalError, isTooManyRequests } from "../apimachinery/errors/api-error.ts";
import { realClock } from "../base/real-clock.ts";
import { SeededRandom } from "../base/seeded-random.ts";
import { VirtualClock } from "../base/virtual-clock.ts";
import { createClient } from "./client.ts";
import type { ServerAccess } from "./http/server-access.ts";
import { createHttpTransport } from "./http-transport.ts";
import { MemoryApi } from "./testing/memory-api.ts";
import { type Served, type ServeOptions, serve } from "./testing/serve.ts";
import { testTransport } from "./transport-contract.ts";

const configMaps = { group: "", version: "v1", kind: "ConfigMap", plural: "configmaps", scope: "Namespaced" } as const;

async function start(options: ServeOptions, access: (served: Served) => Partial<ServerAccess> = () => ({})) {
  const api = new MemoryApi({ clock: realClock, random: new SeededRandom(1) });
  const served = await serve(api, options);
  const transport = createHttpTransport({ server: served.url, ca: served.ca, ...access(served) }, { clock: realClock });
  const client = createClient(transport);
  const stop = async () => {
    await transport.close();
    await served.stop();
  };
  return { api, served, transport, client, maps: client.resource(configMaps, "default"), stop };
}

for (const protocol of ["http", "https", "h2"] as const) {
  testTransport(`over ${protocol}, the contract of a transport holds`, () => start({ protocol }));
}

test("HTTP/2 is used where the server offers it, on one connection", { timeout: 10_000 }, async () => {
  const { served, maps, stop } = await start({ protocol: "h2" });
  await Promise.all(Array.from({ length: 20 }, () => maps.list()));
  assert.deepEqual(new Set(served.seen.map(({ version }) => version)), new Set(["2.0"]));
  assert.equal(served.sockets.size, 1);
  await stop();
});

test("a client certificate, a bearer token and impersonation reach the server", { timeout: 10_000 }, async () => {
  const { served, maps, stop } = await start({ protocol: "h2" }, ({ client: { certificate, key } }) => ({
    certificate,
    key,
    token: "secret",
    impersonate: { user: "jane", groups: ["a", "b"], extra: { "Scope/x": ["1"] } },
  }));
  await maps.list();
  const { headers, peer } = served.seen[0] ?? assert.fail();
  assert.equal(peer, "someone");
  assert.equal(headers.authorization, "Bearer secret");
  assert.equal(headers["impersonate-user"], "jane");
  assert.equal(headers["impersonate-group"], "a, b");
  assert.equal(headers["impersonate-extra-scope%2fx"], "1");
  await stop();
});

test("a server whose certificate another authority signed is refused", { timeout: 10_000 }, async () => {
  const other = await start({ protocol: "h2" });
  const { maps, stop } = await start({ protocol: "h2" }, () => ({ ca: other.served.ca }));
  await assert.rejects(maps.list(), (error) => !(error instanceof ApiError) && /certificate/.test(String(error)));
  await stop();
  await other.stop();
});

test("the name to expect in the certificate may be another than the host's", { timeout: 10_000 }, async () => {
  const good = await start({ protocol: "h2" }, () => ({ serverName: "cluster.test" }));
  await good.maps.list();
  await good.stop();
  const bad = await start({ protocol: "h2" }, () => ({ serverName: "elsewhere.test" }));
  await assert.rejects(bad.maps.list(), { code: "ERR_TLS_CERT_ALTNAME_INVALID" });
  await bad.stop();
});

test("after a GOAWAY watches go on, and requests take a new connection", { timeout: 10_000 }, async () => {
  const { served, maps, stop } = await start({ protocol: "h2" });
  const controller = new AbortController();
  const seen: string[] = [];
  const watching = (async () => {
    for await (const event of maps.watch({ resourceVersion: "1", signal: controller.signal })) {
      if (event.type !== "BOOKMARK") seen.push(`${event.type} ${event.object.metadata.name}`);
      if (seen.length === 2) controller.abort();
    }
  })();
  await maps.create({ metadata: { name: "before" } });
  for (const session of served.sessions) session.goaway();
  await new Promise((resolve) => setTimeout(resolve, 20));
  await maps.create({ metadata: { name: "after" } });
  await watching;
  assert.deepEqual(seen, ["ADDED before", "ADDED after"]);
  await stop();
});

test("a broken connection ends a watch with an error that is no ApiError, and the next request connects anew", {
  timeout: 10_000,
}, async () => {
  for (const protocol of ["https", "h2"] as const) {
    const { served, maps, stop } = await start({ protocol });
    const { metadata } = await maps.create({ metadata: { name: "a" } });
    await assert.rejects(
      async () => {
        for await (const _ of maps.watch({ resourceVersion: "1" }))
          for (const socket of served.sockets) socket.destroy();
      },
      (error) => !(error instanceof ApiError),
    );
    assert.equal((await maps.get("a")).metadata.uid, metadata.uid);
    await stop();
  }
});

test("leaving a watch's loop ends it at the server", { timeout: 10_000 }, async () => {
  for (const protocol of ["http", "https", "h2"] as const) {
    const { api, maps, stop } = await start({ protocol });
    await maps.create({ metadata: { name: "a" } });
    for await (const _ of maps.watch({ resourceVersion: "1" })) break;
    while (api.openWatches > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await stop();
  }
});

test("a server that has fallen silent is noticed by a ping, and its watches end with an error", {
  timeout: 10_000,
}, async () => {
  const api = new MemoryApi({ clock: realClock, random: new SeededRandom(1) });
  const served = await serve(api, { protocol: "h2" });
  const piped = new Set<Socket>();
  const between = createServer((near) => {
    const far = createConnection(Number(new URL(served.url).port), "127.0.0.1");
    for (const socket of [near, far]) piped.add(socket.on("error", () => {}));
    near.pipe(far).pipe(near);
  });
  await once(between.listen(0, "127.0.0.1"), "listening");
  const clock = new VirtualClock();
  const server = `https://127.0.0.1:${(between.address() as AddressInfo).port}`;
  const transport = createHttpTransport({ server, ca: served.ca }, { clock });
  const watching = (async () => {
    for await (const _ of createClient(transport).resource(configMaps).watch({ resourceVersion: "1" }));
  })();
  const ended = assert.rejects(watching, (error) => !(error instanceof ApiError));
  while (api.openWatches === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const pass = async (ms: number) => {
    await clock.advance(ms);
    await new Promise((resolve) => setTimeout(resolve, 50));
  };
  for (let i = 0; i < 3; i++) await pass(30_000);
  assert.equal(api.openWatches, 1, "a server that answers pings keeps its watches");
  for (const socket of piped) socket.unpipe().pause();
  await pass(30_000);
  await pass(15_000);
  await ended;
  await transport.close();
  for (const socket of piped) socket.destroy();
  between.close();
  await served.stop();
});

test("an ERROR event of a watch is thrown as its ApiError", { timeout: 10_000 }, async () => {
  const { api, maps, stop } = await start({ protocol: "h2" });
  await maps.create({ metadata: { name: "a" } });
  await assert.rejects(
    async () => {
      for await (const _ of maps.watch({ resourceVersion: "1" }))
        api.endWatches(ApiError.internal(new Error("etcd is gone")));
    },
    (error) => isInternalError(error) && (error as ApiError).message === "Internal error occurred: etcd is gone",
  );
  await stop();
});

test("more watches than a connection may carry take another connection", { timeout: 10_000 }, async () => {
  const { served, api, maps, stop } = await start({ protocol: "h2", settings: { maxConcurrentStreams: 5 } });
  await maps.list();
  const controller = new AbortController();
  const watches = Array.from({ length: 12 }, async () => {
    for await (const _ of maps.watch({ resourceVersion: "1", signal: controller.signal }));
  });
  while (api.openWatches < 12) await new Promise((resolve) => setTimeout(resolve, 5));
  await maps.list();
  assert.equal(served.sessions.size, 3);
  controller.abort();
  await Promise.all(watches);
  await stop();
});

test("an event larger than any buffer arrives whole, and a slow reader holds the server back", {
  timeout: 20_000,
}, async () => {
  const { maps, stop } = await start({ protocol: "h2" });
  const text = "ä".repeat(300_000);
  for (let i = 0; i < 20; i++) await maps.create({ metadata: { name: `big-${i}`, annotations: { text } } });
  const controller = new AbortController();
  let count = 0;
  for await (const event of maps.watch({ resourceVersion: "1", signal: controller.signal })) {
    if (event.type === "BOOKMARK") continue;
    assert.equal(event.object.metadata.annotations?.["text"], text);
    if (count++ === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    if (count === 20) controller.abort();
  }
  assert.equal(count, 20);
  await stop();
});

test("a request that the server puts off is sent anew when it asked for, up to a limit", {
  timeout: 20_000,
}, async () => {
  let refused = 0;
  const served = await serve(new MemoryApi({ clock: realClock, random: new SeededRandom(1) }), {
    protocol: "h2",
    intercept: (request, response) => {
      if (request.url?.startsWith("/healthz")) return false;
      if (request.url !== "/always" && refused++ >= 2) return false;
      response.writeHead(429, { "retry-after": "7", "content-type": "text/plain" });
      response.end("Too many requests, please try again later.");
      return true;
    },
  });
  const clock = new VirtualClock();
  const transport = createHttpTransport({ server: served.url, ca: served.ca }, { clock });
  // The clock may not pass before the answer is here, so time is let go only as far as a retry waits for it.
  const drive = async <T>(promise: Promise<T>): Promise<T> => {
    let done = false;
    const settled = promise.finally(() => {
      done = true;
    });
    settled.catch(() => {});
    while (!done) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      await clock.advance(1000);
    }
    return settled;
  };
  const list = transport.request({ method: "GET", path: "/api/v1/configmaps" });
  assert.equal((await drive(list)).status, 200);
  assert.equal(served.seen.length, 3);
  await assert.rejects(drive(transport.request({ method: "GET", path: "/always" })), (error) => {
    assert.ok(isTooManyRequests(error));
    assert.equal((error as ApiError).status.details?.retryAfterSeconds, 7);
    return true;
  });
  assert.equal(served.seen.length, 3 + 11);
  await transport.close();
  await served.stop();
});

test("an answer that is no Status fails with what its code says", { timeout: 10_000 }, async () => {
  const { client, stop } = await start({
    protocol: "https",
    intercept: (request, response) => {
      response.writeHead(Number(request.url?.slice(1)), { "content-type": "text/html" });
      response.end("<b>nginx</b>\n");
      return true;
    },
  });
  const messageOf = (code: number) =>
    client.get(`/${code}`).then(
      () => assert.fail("no failure"),
      (error: ApiError) => [error.reason, error.message, error.code],
    );
  assert.deepEqual(await messageOf(404), ["NotFound", "the server could not find the requested resource", 404]);
  assert.deepEqual(await messageOf(502), [
    "InternalError",
    'an error on the server ("<b>nginx</b>") has prevented the request from succeeding',
    502,
  ]);
  assert.deepEqual(await messageOf(403), ["Forbidden", "<b>nginx</b>", 403]);
  assert.deepEqual(await messageOf(418), [
    "Unknown",
    "the server responded with the status code 418 but did not return more information",
    418,
  ]);
  await stop();
});

test("warnings and text answers arrive", { timeout: 10_000 }, async () => {
  const warnings: string[] = [];
  const { transport, stop } = await start({
    protocol: "h2",
    intercept: (_request, response) => {
      response.setHeader("warning", ['299 - "first, \\"quoted\\""', '299 - "second"']);
      response.writeHead(200, { "content-type": "text/plain" });
      response.end("ok");
      return true;
    },
  });
  const client = createClient(transport, { onWarning: (text) => warnings.push(text) });
  assert.equal(await client.get("/healthz"), "ok");
  assert.deepEqual(warnings, ['first, "quoted"', "second"]);
  await stop();
});

test("the path of the server's address goes in front of each request's", { timeout: 10_000 }, async () => {
  const paths: (string | undefined)[] = [];
  const { stop, client } = await start(
    {
      protocol: "http",
      intercept: (request, response) => {
        paths.push(request.url);
        response.end("ok");
        return true;
      },
    },
    ({ url }) => ({ server: `${url}/k8s/clusters/one/` }),
  );
  await client.get("/version", { query: new URLSearchParams({ timeout: "5s" }) });
  assert.deepEqual(paths, ["/k8s/clusters/one/version?timeout=5s"]);
  await stop();
});

test("a token file is read again after a minute, and a vanished one leaves the last token", {
  timeout: 10_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), "token-"));
  const tokenFile = join(folder, "token");
  await writeFile(tokenFile, "one\n");
  const served = await serve(new MemoryApi({ clock: realClock, random: new SeededRandom(1) }), { protocol: "http" });
  const clock = new VirtualClock();
  const transport = createHttpTransport({ server: served.url, tokenFile }, { clock });
  const list = () => transport.request({ method: "GET", path: "/api/v1/configmaps" });
  await list();
  await writeFile(tokenFile, "two\n");
  await list();
  await clock.advance(60_000);
  await list();
  await rm(folder, { recursive: true });
  await clock.advance(60_000);
  await list();
  assert.deepEqual(
    served.seen.map(({ headers }) => headers.authorization),
    ["Bearer one", "Bearer one", "Bearer two", "Bearer two"],
  );
  await transport.close();
  await served.stop();
});

test("no server is an error that is no ApiError; a closed transport refuses", { timeout: 10_000 }, async () => {
  const { served, transport, maps } = await start({ protocol: "h2" });
  await maps.list();
  const closed = Promise.all([...served.sessions].map((session) => once(session, "close")));
  await served.stop();
  await closed;
  await new Promise((resolve) => setTimeout(resolve, 20));
  await assert.rejects(maps.list(), { code: "ECONNREFUSED" });
  await transport.close();
  await assert.rejects(maps.list(), /the transport is closed/);
});
