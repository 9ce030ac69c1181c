import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { configMaps, expect, seen } from "../support/conformance.ts";
import { eventually } from "../support/eventually.ts";
import { type ExtensionServer, loopbackBackend, startExtensionServer } from "../support/extension-server.ts";
import { effort } from "../support/fuzz.ts";
import { clientOf, type HttpClient, http2Client } from "../support/http.ts";
import { type HttpsServer, startHttpsServer } from "../support/https-server.ts";
import { describeWebhooks, says } from "../support/webhook-subject.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Bytes in use once what nobody needs is gone. */
async function heap(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return process.memoryUsage().heapUsed + process.memoryUsage().external;
}
/** A longer run is longer by that much. */
const rounds = Math.min(2 * effort, 20);
const mebibyte = 1024 * 1024;
const secrets = "/api/v1/namespaces/default/secrets";

/**
 * Does what others do all the time, four requests a turn, until told to stop; says how many were answered. Who waited for
 * something that is stuck would come to the end of one turn.
 */
function others(client: HttpClient): () => Promise<number> {
  let on = true;
  let answers = 0;
  const done = (async () => {
    while (on) {
      for (const [call, status] of [
        [{ path: "/readyz" }, 200],
        [{ path: `${secrets}?limit=1` }, 200],
        [{ method: "POST", path: `${secrets}?dryRun=All`, body: { metadata: { generateName: "other-" } } }, 201],
        [{ path: "/apis" }, 200],
      ] as const) {
        await expect(client, call, status);
        answers++;
      }
    }
  })();
  return async () => {
    on = false;
    await done;
    return answers;
  };
}

describeWebhooks("a webhook that is stuck", (use) => {
  const names = async (): Promise<string[]> =>
    (seen(await expect(use.admin, { path: configMaps }, 200)).items ?? []).map(({ metadata }) => metadata.name);

  test("hundreds of calls end at their timeout, nothing is stored, and nobody else waits", async () => {
    await use.register("Validating", "stuck", use.hook({ timeoutSeconds: 2 }));
    use.webhook.answer = () => undefined;
    await expect(use.admin, use.post("warm"), 500);
    const before = await heap();
    for (let round = 0; round < rounds; round++) {
      const stop = others(use.admin);
      const started = Date.now();
      const all = await Promise.all(Array.from({ length: 150 }, (_, i) => use.admin.call(use.post(`stuck-${i}`))));
      const tookMs = Date.now() - started;
      const answers = await stop();
      assert.ok(all.every(({ status, text }) => status === 500 && text.includes("context deadline exceeded")));
      assert.ok(tookMs >= 2_000 && tookMs < 12_000, `${tookMs} ms`);
      assert.ok(answers >= 8, `${answers} answers`);
    }
    use.webhook.calls.length = 0;
    assert.ok((await heap()) - before < 24 * mebibyte, `${((await heap()) - before) / mebibyte} MiB more`);
    use.webhook.answer = says({ allowed: true });
    await expect(use.admin, use.post("again"), 201);
    assert.deepEqual(
      (await names()).filter((name) => name.startsWith("stuck-")),
      [],
    );
  });

  test("calls are given up once nobody waits: the client has left, or its own deadline has passed", async () => {
    await use.register("Validating", "stuck", use.hook({ timeoutSeconds: 30 }));
    let held = 0;
    use.webhook.answer = (_call, response) => {
      held++;
      response.once("close", () => held--);
      return undefined;
    };
    const late = await Promise.all(
      Array.from({ length: 50 }, (_, i) => use.admin.call(use.post(`late-${i}`, {}, "?timeout=2s"))),
    );
    assert.deepEqual([...new Set(late.map(({ status }) => status))], [504]);
    await eventually(() => assert.equal(held, 0), { timeoutMs: 10_000 });
    const leaving = http2Client(use.https.port, use.https.admin);
    const left = Promise.allSettled(Array.from({ length: 50 }, (_, i) => leaving.call(use.post(`left-${i}`))));
    await eventually(() => assert.equal(held, 50));
    leaving.close();
    await left;
    await eventually(() => assert.equal(held, 0), { timeoutMs: 10_000 });
    assert.deepEqual(
      (await names()).filter((name) => /late|left/.test(name)),
      [],
    );
  });

  test("answers that come byte by byte are no way around the timeout, nor are connections that break", async () => {
    await use.register("Mutating", "slow", use.hook({ timeoutSeconds: 1 }));
    const timers = new Set<NodeJS.Timeout>();
    use.webhook.answer = (_call, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      const timer = setInterval(() => response.write(" "), 50);
      timers.add(timer);
      response.once("close", () => clearInterval(timer));
    };
    const started = Date.now();
    const slow = await Promise.all(Array.from({ length: 50 }, (_, i) => use.admin.call(use.post(`slow-${i}`))));
    assert.ok(slow.every(({ status }) => status === 500));
    assert.ok(Date.now() - started < 8_000);
    for (const timer of timers) clearInterval(timer);
    for (const broken of [
      "",
      "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{",
      "HTTP/1.1 2x\r\n\r\n",
      "\u0000".repeat(100),
    ]) {
      use.webhook.answer = (_call, response) => void response.socket!.end(broken);
      const all = await Promise.all(Array.from({ length: 10 }, (_, i) => use.admin.call(use.post(`broken-${i}`))));
      assert.ok(all.every(({ status, text }) => status === 500 && text.includes("failed calling webhook")));
    }
    use.webhook.answer = says({ allowed: true });
    await expect(use.admin, use.post("after"), 201);
    assert.deepEqual(
      (await names()).filter((name) => /slow|broken/.test(name)),
      [],
    );
  });
});

describe("an aggregated server that is stuck", { timeout: 300_000 + rounds * 15_000 }, () => {
  const group = "wardle.example.com";
  const flunders = `/apis/${group}/v1/namespaces/default/flunders`;
  let https: HttpsServer;
  let admin: HttpClient;
  let extension: ExtensionServer;
  /** Requests that the extension server still holds. */
  let held = 0;

  before(async () => {
    extension = await startExtensionServer(group, "api.wardle.svc");
    https = await startHttpsServer({ backend: loopbackBackend() });
    admin = clientOf.h2(https.port, https.admin);
    const make = (path: string, body: object) => expect(admin, { method: "POST", path, body }, 201);
    await make("/api/v1/namespaces", { metadata: { name: "wardle" } });
    const port = { name: "https", port: 443 };
    await make("/api/v1/namespaces/wardle/services", { metadata: { name: "api" }, spec: { ports: [port] } });
    await make("/apis/discovery.k8s.io/v1/namespaces/wardle/endpointslices", {
      metadata: { name: "api-1", labels: { "kubernetes.io/service-name": "api" } },
      addressType: "IPv4",
      ports: [{ name: "https", port: extension.port }],
      endpoints: [{ addresses: ["198.18.9.9"], conditions: { ready: true } }],
    });
    const service = { namespace: "wardle", name: "api", port: 443 };
    const spec = { group, version: "v1", groupPriorityMinimum: 1_000, versionPriority: 15, service };
    const path = "/apis/apiregistration.k8s.io/v1/apiservices";
    await make(path, { metadata: { name: `v1.${group}` }, spec: { ...spec, caBundle: extension.caBundle } });
    await eventually(() => expect(admin, { path: flunders }, 200));
  });
  after(async () => {
    admin?.close();
    await extension?.close();
    await https?.close();
  });

  const hold = (): void => {
    extension.answer = ({ url }, response) => {
      if (!url.includes("flunders")) return false;
      held++;
      response.once("close", () => held--);
      return true;
    };
  };

  test("hundreds of requests end at their timeout, let go of their connections, and nobody else waits", async () => {
    hold();
    const before = await heap();
    for (let round = 0; round < rounds; round++) {
      const stop = others(admin);
      const all = await Promise.all(Array.from({ length: 100 }, () => admin.call({ path: `${flunders}?timeout=2s` })));
      const answers = await stop();
      assert.deepEqual([...new Set(all.map(({ status }) => status))], [504]);
      assert.ok(answers >= 8, `${answers} answers`);
      await eventually(() => assert.equal(held, 0));
    }
    extension.seen.length = 0;
    const grown = (await heap()) - before;
    assert.ok(grown < 24 * mebibyte, `${grown / mebibyte} MiB more`);
    extension.answer = undefined;
    await expect(admin, { path: flunders }, 200);
  });

  test("hundreds of requests and watches that their clients give up are given up here, too", async () => {
    hold();
    for (let round = 0; round < rounds; round++) {
      const client = http2Client(https.port, https.admin);
      const streams = Array.from({ length: 150 }, (_, i) => {
        const stream = client.session.request({ ":path": `${flunders}${i % 2 === 0 ? "?watch=1" : ""}` });
        stream.on("error", () => {});
        return stream;
      });
      await eventually(() => assert.equal(held, streams.length));
      for (const stream of streams.slice(0, 75)) stream.close(8);
      await eventually(() => assert.equal(held, 75));
      client.close();
      await eventually(() => assert.equal(held, 0));
    }
    extension.answer = undefined;
    await expect(admin, { path: flunders }, 200);
  });

  test("answers that break off, or are none, are errors of that request alone", async () => {
    for (const broken of [
      "",
      "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{",
      "what\r\n\r\n",
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    ]) {
      extension.answer = (_request, response) => {
        response.socket!.end(broken);
        return true;
      };
      const all = await Promise.allSettled(Array.from({ length: 10 }, () => admin.call({ path: flunders })));
      for (const one of all) {
        const status = one.status === "fulfilled" ? one.value.status : 0;
        const whole = one.status === "fulfilled" && status === 200;
        assert.ok(!whole, `${JSON.stringify(broken)} was taken for whole`);
        assert.ok(status === 0 || status === 200 || status >= 500, `${status}`);
      }
      await expect(admin, { path: "/readyz" }, 200, "ok");
    }
    extension.answer = undefined;
    await eventually(() => expect(admin, { path: flunders }, 200));
  });
});
