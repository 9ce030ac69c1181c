import assert from "node:assert/strict";
import { constants } from "node:http2";
import { after, before, describe, test } from "node:test";
import { configMaps, expect } from "../support/conformance.ts";
import { goAwayCode, preface, rapidResets, settings } from "../support/frames.ts";
import { http1Client, http2Client } from "../support/http.ts";
import { type HttpsServer, startHttpsServer } from "../support/https-server.ts";
import { rawTls, untilEnd } from "../support/raw.ts";

describe("HTTP/2 requests that their client gives up at once", { timeout: 300_000 }, () => {
  let https: HttpsServer;
  before(async () => {
    https = await startHttpsServer();
  });
  after(() => https?.close());

  test("20,000 on one connection end it with ENHANCE_YOUR_CALM, and others hardly wait", async () => {
    const other = http1Client(https.port, https.admin);
    for (const path of ["/readyz", configMaps]) {
      const attacker = await rawTls(https.port, https.admin, { ALPNProtocols: ["h2"] });
      const told = untilEnd(attacker);
      const flood = Buffer.concat([preface, settings, rapidResets(20_000, path)]);
      await expect(other, { path: "/readyz" }, 200, "ok");
      attacker.write(flood);
      let over = false;
      void told.then(() => {
        over = true;
      });
      // In processor time: how busy the machine is otherwise says nothing.
      let slowestMs = 0;
      while (!over) {
        const started = process.cpuUsage();
        await expect(other, { path: "/readyz" }, 200, "ok");
        const { user, system } = process.cpuUsage(started);
        slowestMs = Math.max(slowestMs, (user + system) / 1_000);
      }
      assert.equal(goAwayCode(Buffer.from(await told, "latin1")), constants.NGHTTP2_ENHANCE_YOUR_CALM);
      assert.ok(slowestMs < 1_000, `others waited ${slowestMs} ms of processor time`);
    }
    other.close();
  });

  test("a client that gives up a thousand watches at once, four times over, is not sent away", async () => {
    const client = http2Client(https.port, https.admin);
    const { cache } = https.server.registry.find("", "v1", "configmaps")!;
    for (let round = 0; round < 4; round++) {
      const watches = await Promise.all(Array.from({ length: 999 }, () => client.watch(`${configMaps}?watch=1`)));
      for (const watch of watches) watch.cancel();
      while (cache.watcherCount > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await expect(client, { path: "/readyz" }, 200, "ok");
    client.close();
  });

  test("hundreds of requests sent at once on one connection are all answered, in the order they were begun", async () => {
    const client = http2Client(https.port, https.admin);
    const answered: number[] = [];
    const all = Array.from({ length: 600 }, async (_, i) => {
      await expect(client, { path: "/version" }, 200);
      answered.push(i);
    });
    await Promise.all(all);
    assert.deepEqual(
      answered,
      answered.toSorted((a, b) => a - b),
    );
    client.close();
  });
});
