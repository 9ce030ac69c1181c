import assert from "node:assert/strict";
import { createServer, type Server } from "node:net";
import { after, before, describe, test } from "node:test";
import { parseYaml } from "../../apimachinery/yaml/yaml.ts";
import { OpenIdAuthenticator } from "../../apiserver/authentication/openid/authenticator.ts";
import { parseAuthenticationConfiguration } from "../../apiserver/authentication/openid/configuration.ts";
import { httpsGet } from "../../apiserver/authentication/openid/http-get.ts";
import { signingAlgorithms } from "../../apiserver/authentication/openid/id-token.ts";
import { validateAuthentication } from "../../apiserver/authentication/openid/validation.ts";
import { TokenWebhookAuthenticator } from "../../apiserver/authentication/token-webhook.ts";
import { WebhookAuthorizer } from "../../apiserver/authorization/webhook/webhook-authorizer.ts";
import { networkWebhookClient } from "../../apiserver/webhook-client/network-client.ts";
import { startWebhook, type WebhookServerForTests } from "../../apiserver/webhook-client/testing/webhook-server.ts";
import { CapturingLogger, realRandom, silentLogger, VirtualClock } from "../../base/mod.ts";
import { configMaps, expect, failure } from "../support/conformance.ts";
import { eventually } from "../support/eventually.ts";
import { type HttpClient, http1Client, http2Client } from "../support/http.ts";
import { type HttpsServer, startHttpsServer } from "../support/https-server.ts";

const deadline = failure(504, "Timeout", "Timeout: request did not complete within the allotted timeout", {});
const unauthorized = failure(401, "Unauthorized", "Unauthorized");

describe("webhooks and issuers that say who is who, and are stuck", { timeout: 300_000 }, () => {
  let https: HttpsServer;
  let admin: HttpClient;
  let webhook: WebhookServerForTests;
  /** Takes connections and says nothing. */
  let issuer: Server;
  let openId: OpenIdAuthenticator;
  const logger = new CapturingLogger();
  const clock = new VirtualClock();
  /** Requests that the webhook still holds. */
  let held = 0;
  const ended = new AbortController();

  before(async () => {
    issuer = createServer((socket) => void socket.on("error", () => {}).resume());
    await new Promise<void>((resolve) => issuer.listen(0, "127.0.0.1", resolve));
    const url = `https://127.0.0.1:${(issuer.address() as { port: number }).port}`;
    webhook = await startWebhook(() => ({}));
    const services = { resolve: (): never => assert.fail("no services here") };
    const client = networkWebhookClient({ clock, userAgent: "test", services });
    const server = { server: webhook.url, ca: Buffer.from(webhook.caBundle, "base64").toString() };
    const asked = { client, server, version: "v1", clock, random: realRandom } as const;
    const yaml = `apiVersion: apiserver.config.k8s.io/v1
kind: AuthenticationConfiguration
jwt: [{issuer: {url: "${url}", audiences: [me]}, claimMappings: {username: {claim: sub, prefix: ""}}}]`;
    const config = parseAuthenticationConfiguration(parseYaml(yaml).value);
    const expressions = validateAuthentication(config, []).expressions[0]!;
    const get = httpsGet({ clock });
    openId = new OpenIdAuthenticator({
      ...{ config: config.jwt[0]!, expressions, algorithms: signingAlgorithms, get, clock, logger },
    });
    https = await startHttpsServer({
      access: {
        furtherTokens: [openId, new TokenWebhookAuthenticator({ ...asked, cacheTtlMs: 0, audiences: [] })],
        authorizationModes: [
          "RBAC",
          new WebhookAuthorizer({
            ...asked,
            ...{ name: "", timeoutMs: 30_000, authorizedTtlMs: 0, unauthorizedTtlMs: 0, onFailure: "noOpinion" },
            logger: silentLogger,
          }),
        ],
      },
    });
    admin = http2Client(https.port, https.admin);
  });
  after(async () => {
    ended.abort();
    admin?.close();
    await https?.close();
    await webhook?.close();
    issuer?.close();
  });
  const hang = (): void => {
    webhook.answer = (_call, response) => {
      held++;
      response.once("close", () => held--);
      return undefined;
    };
  };
  const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

  test("an issuer that takes connections and says nothing is asked time and again, and its tokens are refused", async () => {
    const running = openId.run(ended.signal);
    await clock.advance(30_001);
    await eventually(() => assert.equal(logger.records.length, 1));
    assert.match(JSON.stringify(logger.records[0]), /context deadline exceeded/);
    const url = openId.name.slice("oidc ".length);
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
    const token = `${part({ alg: "RS256" })}.${part({ iss: url, aud: "me", sub: "x" })}.c2ln`;
    const stranger = http1Client(https.port, { ca: https.ca });
    webhook.answer = () => ({
      kind: "TokenReview",
      apiVersion: "authentication.k8s.io/v1",
      status: { authenticated: false },
    });
    await expect(stranger, { path: configMaps, ...bearer(token) }, 401, unauthorized);
    stranger.close();
    ended.abort();
    await running;
  });

  test("whoever shows a token waits for its webhook, to their own deadline or 30 s; others do not", async () => {
    hang();
    const stranger = http2Client(https.port, { ca: https.ca });
    const before = webhook.calls.length;
    const started = performance.now();
    const all = await Promise.all(
      Array.from({ length: 200 }, (_, i) =>
        stranger.call({ path: `${configMaps}?timeout=1s`, ...bearer(`t${i % 100}`) }),
      ),
    );
    for (const { json } of all) assert.deepEqual(json, deadline);
    assert.ok(performance.now() - started < 8_000);
    // Those who show the same token are asked about once, and not any more once nobody waits.
    await eventually(() => assert.equal(webhook.calls.length - before, 100));
    await eventually(() => assert.equal(held, 0));
    await expect(admin, { path: "/readyz" }, 200, "ok");
    await expect(admin, { path: configMaps }, 200);
    const patient = stranger.call({ path: configMaps, ...bearer("t0") });
    const leaving = http2Client(https.port, { ca: https.ca });
    const left = Promise.allSettled(
      Array.from({ length: 50 }, (_, i) => leaving.call({ path: configMaps, ...bearer(`t${i}`) })),
    );
    await eventually(() => assert.equal(held, 50));
    leaving.close();
    await left;
    // One of them is still waited for by another.
    await eventually(() => assert.equal(held, 1));
    await clock.advance(30_001);
    assert.deepEqual((await patient).json, unauthorized);
    await eventually(() => assert.equal(held, 0));
    stranger.close();
  });

  test("whoever the webhook has to decide about waits, and is refused; superusers and those of other authorizers are not", async () => {
    const user = http2Client(https.port, https.issue({ commonName: "jane" }));
    hang();
    const all = await Promise.all(Array.from({ length: 50 }, () => user.call({ path: `${configMaps}?timeout=1s` })));
    for (const { json } of all) assert.deepEqual(json, deadline);
    await eventually(() => assert.equal(held, 0));
    await expect(user, { path: "/version" }, 200);
    await expect(admin, { path: configMaps }, 200);
    const patient = user.call({ path: configMaps });
    await eventually(() => assert.equal(held, 1));
    await clock.advance(30_001);
    const { status, text, headers } = await patient;
    assert.equal(status, 500);
    assert.equal(headers["content-type"], "text/plain; charset=utf-8");
    assert.equal(
      text,
      `Internal Server Error: "${configMaps}": Post "${webhook.url}/?timeout=30s": context deadline exceeded\n`,
    );
    await eventually(() => assert.equal(held, 0));
    webhook.answer = () => ({
      kind: "SubjectAccessReview",
      apiVersion: "authorization.k8s.io/v1",
      status: { allowed: true },
    });
    await expect(user, { path: configMaps }, 200);
    user.close();
  });
});
