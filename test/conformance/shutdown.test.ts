import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { test } from "node:test";
import { realClock } from "../../base/mod.ts";
import { eventually } from "../support/eventually.ts";
import { startHttpsServer } from "../support/https-server.ts";

/** Upstream's test/integration/controlplane/graceful_shutdown_test.go. */
test("a server that ends takes no new requests, and answers those that are under way", {
  timeout: 60_000,
}, async () => {
  const https = await startHttpsServer();
  const { ca, key, certificate: cert } = https.admin;
  const open = (method: string, path: string) =>
    httpsRequest({ host: "127.0.0.1", port: https.port, method, path, ca, key, cert, agent: false });
  const pending = open("POST", "/api/v1/namespaces");
  pending.flushHeaders();
  const answered = once(pending, "response") as Promise<[IncomingMessage]>;
  await realClock.sleep(200);
  const ping = async (): Promise<number> => {
    const asked = open("GET", "/version");
    asked.end();
    const [response] = (await once(asked, "response")) as [IncomingMessage];
    response.resume();
    return response.statusCode ?? 0;
  };
  assert.equal(await ping(), 200);
  const closing = https.server.close(5_000);
  await eventually(() => assert.rejects(ping()));
  pending.end("garbage");
  const [response] = await answered;
  response.resume();
  assert.equal(response.statusCode, 400);
  await closing;
  await https.close();
});
