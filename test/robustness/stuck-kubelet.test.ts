import assert from "node:assert/strict";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { after, before, describe, test } from "node:test";
import { TLSSocket } from "node:tls";
import { extendedUsage, issueCertificate, toPem } from "../../apimachinery/x509/certificate.ts";
import type { Backend } from "../../apiserver/nodes/backend.ts";
import { httpBackend } from "../../apiserver/nodes/http-backend.ts";
import { VirtualClock } from "../../base/mod.ts";
import { expect, failure } from "../support/conformance.ts";
import { eventually } from "../support/eventually.ts";
import { type HttpClient, http1Client, http2Client } from "../support/http.ts";
import { type HttpsServer, startHttpsServer } from "../support/https-server.ts";
import { rawTls, untilEnd } from "../support/raw.ts";

const logs = "/api/v1/namespaces/default/pods/web/log";
const exec = "/api/v1/namespaces/default/pods/web/exec?command=sh&stdout=true";
const node = "/api/v1/nodes/node-1/proxy/pods";

/** What the kubelet does with a connection. */
type Behaviour = "mute" | "silent" | "half" | "broken";

describe("a kubelet that is stuck", { timeout: 300_000 }, () => {
  let https: HttpsServer;
  let admin: HttpClient;
  let kubelet: Server;
  let behaviour: Behaviour = "silent";
  const clock = new VirtualClock();
  const open = new Set<Socket>();

  before(async () => {
    const identity = certificate();
    kubelet = createServer((socket) => {
      open.add(socket);
      socket.on("error", () => {});
      socket.once("close", () => open.delete(socket));
      if (behaviour === "mute") return void socket.resume();
      const tls = new TLSSocket(socket, { isServer: true, ...identity });
      tls.on("error", () => {});
      tls.once("close", () => socket.destroy());
      tls.on("data", () => {
        const head = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n";
        if (behaviour === "half") tls.write(`${head}content-length: 100\r\n\r\nhalf`);
        if (behaviour === "broken") tls.end(`${head}content-length: 100\r\n\r\nhalf`);
      });
    });
    await new Promise<void>((resolve) => kubelet.listen(0, "127.0.0.1", resolve));
    const { port } = kubelet.address() as AddressInfo;
    https = await startHttpsServer({ backend: onLoopback(httpBackend(undefined, clock)) });
    admin = http2Client(https.port, https.admin);
    const create = (path: string, body: object) => expect(admin, { method: "POST", path, body }, 201);
    await create("/api/v1/nodes", { metadata: { name: "node-1" } });
    await expect(
      admin,
      {
        method: "PATCH",
        path: "/api/v1/nodes/node-1/status",
        headers: { "content-type": "application/merge-patch+json" },
        body: {
          status: {
            addresses: [{ type: "InternalIP", address: "198.18.0.9" }],
            daemonEndpoints: { kubeletEndpoint: { Port: port } },
          },
        },
      },
      200,
    );
    await create("/api/v1/namespaces/default/serviceaccounts", { metadata: { name: "default" } });
    const containers = [{ name: "main", image: "web" }];
    await create("/api/v1/namespaces/default/pods", {
      metadata: { name: "web" },
      spec: { nodeName: "node-1", containers },
    });
  });
  after(async () => {
    admin?.close();
    await https?.close();
    for (const socket of open) socket.destroy();
    kubelet?.close();
  });

  test("one that takes connections and says nothing is given up after ten seconds", async () => {
    behaviour = "mute";
    const { port } = kubelet.address() as AddressInfo;
    const log = admin.call({ path: logs });
    const proxied = admin.call({ path: node });
    await eventually(() => assert.equal(open.size, 2));
    // Timers begin in the turn after that in which the connection came.
    const answers = Promise.all([log, proxied]);
    const [refused, unreachable] = await clock.runUntil(answers);
    assert.ok(clock.monotonicMs() >= 10_000 && clock.monotonicMs() < 11_000, `${clock.monotonicMs()}`);
    const asked = `https://198.18.0.9:${port}/containerLogs/default/web/main?stream=All`;
    const { reason: _, ...expected } = failure(500, "", `Get "${asked}": net/http: TLS handshake timeout`) as {
      reason: string;
    };
    assert.deepEqual(refused.json, expected);
    assert.equal(unreachable.status, 503);
    assert.match(unreachable.text, /error trying to reach service: net\/http: TLS handshake timeout/);
    await eventually(() => assert.equal(open.size, 0));
  });

  test("one that never answers holds nobody but who asks it, and lets go of them when they leave", async () => {
    behaviour = "silent";
    const client = http2Client(https.port, https.admin);
    const streams = [logs, `${logs}?follow=true`, node].flatMap((path) =>
      Array.from({ length: 50 }, () => {
        const stream = client.session.request({ ":path": path });
        stream.on("error", () => {});
        return stream;
      }),
    );
    const upgrades = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const socket = await rawTls(https.port, https.admin);
        const fields = "host: test\r\nconnection: Upgrade\r\nupgrade: SPDY/3.1\r\n";
        socket.write(`POST ${exec} HTTP/1.1\r\n${fields}x-stream-protocol-version: v4.channel.k8s.io\r\n\r\n`);
        return socket;
      }),
    );
    await eventually(() => assert.equal(open.size, 170));
    const started = performance.now();
    await expect(admin, { path: "/readyz" }, 200, "ok");
    await expect(admin, { path: "/api/v1/namespaces/default/pods/web" }, 200);
    assert.ok(performance.now() - started < 2_000);
    for (const stream of streams.slice(0, 75)) stream.close(8);
    for (const socket of upgrades) socket.destroy();
    await eventually(() => assert.equal(open.size, 75));
    client.close();
    await eventually(() => assert.equal(open.size, 0));
  });

  test("half an answer is never taken for a whole one, over either protocol", async () => {
    behaviour = "half";
    const h1 = http1Client(https.port, https.admin);
    const slow = await rawTls(https.port, https.admin);
    slow.write(`GET ${logs} HTTP/1.1\r\nhost: test\r\n\r\n`);
    const all = untilEnd(slow);
    await eventually(() => assert.equal(open.size, 1));
    slow.destroy();
    assert.doesNotMatch(await all, /\r\n0\r\n\r\n$/);
    await eventually(() => assert.equal(open.size, 0));
    behaviour = "broken";
    for (const client of [h1, admin]) {
      for (const path of [logs, node]) await assert.rejects(client.call({ path }), `${path} was taken for whole`);
    }
    await eventually(() => assert.equal(open.size, 0));
    await expect(h1, { path: "/readyz" }, 200, "ok");
    h1.close();
  });
});

function onLoopback(real: Backend): Backend {
  return {
    send: (target, request) => real.send({ ...target, host: "127.0.0.1" }, request),
    upgrade: (target, request) => real.upgrade({ ...target, host: "127.0.0.1" }, request),
    close: () => real.close(),
  };
}

function certificate(): { readonly key: string; readonly cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const der = issueCertificate(
    {
      subject: { commonName: "node-1" },
      publicKey,
      serialNumber: randomBytes(12),
      notBefore: Date.now() - 3_600_000,
      notAfter: Date.now() + 3_600_000,
      keyUsages: ["digitalSignature"],
      extendedUsages: [extendedUsage.serverAuth],
    },
    { privateKey },
  );
  return { key: String(privateKey.export({ type: "pkcs8", format: "pem" })), cert: toPem("CERTIFICATE", der) };
}
