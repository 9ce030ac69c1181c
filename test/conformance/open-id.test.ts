import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { OpenIdAuthenticator } from "../../apiserver/authentication/openid/authenticator.ts";
import { parseAuthenticationConfiguration } from "../../apiserver/authentication/openid/configuration.ts";
import { httpsGet } from "../../apiserver/authentication/openid/http-get.ts";
import { signingAlgorithms } from "../../apiserver/authentication/openid/id-token.ts";
import { OpenIdIssuers } from "../../apiserver/authentication/openid/issuers.ts";
import { validateAuthentication } from "../../apiserver/authentication/openid/validation.ts";
import { startWebhook, type WebhookServerForTests } from "../../apiserver/webhook-client/testing/webhook-server.ts";
import { realClock, silentLogger } from "../../base/mod.ts";
import { configMaps, expect, failure } from "../support/conformance.ts";
import { eventually } from "../support/eventually.ts";
import { clientOf, type HttpClient } from "../support/http.ts";
import { type HttpsServer, startHttpsServer } from "../support/https-server.ts";

const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const unauthorized = failure(401, "Unauthorized", "Unauthorized");

describe("tokens of an OpenID Connect issuer, over HTTPS", { timeout: 300_000 }, () => {
  let issuer: WebhookServerForTests;
  let https: HttpsServer;
  const ended = new AbortController();
  const clients: HttpClient[] = [];

  before(async () => {
    issuer = await startWebhook(({ path, headers }, response) => {
      if (path.startsWith("/.well-known")) return { issuer: issuer.url, jwks_uri: `${issuer.url}/keys` };
      if (path === "/keys") return { keys: [{ ...publicKey.export({ format: "jwk" }), kid: "k", use: "sig" }] };
      if (path === "/groups" && headers.authorization === "Bearer open") response.end(token({ groups: ["far"] }));
      else response.writeHead(403).end();
      return undefined;
    });
    const ca = Buffer.from(issuer.caBundle, "base64").toString();
    const config = parseAuthenticationConfiguration({
      ...{ apiVersion: "apiserver.config.k8s.io/v1", kind: "AuthenticationConfiguration" },
      jwt: [
        {
          issuer: { url: issuer.url, audiences: ["me"], certificateAuthority: ca },
          claimMappings: { username: { claim: "sub", prefix: "" }, groups: { claim: "groups", prefix: "oidc:" } },
        },
      ],
    });
    const { errors, expressions } = validateAuthentication(config, []);
    assert.deepEqual(errors, []);
    const authenticator = new OpenIdAuthenticator({
      ...{ config: config.jwt[0]!, expressions: expressions[0]!, algorithms: signingAlgorithms },
      ...{ get: httpsGet({ clock: realClock, ca }), clock: realClock, logger: silentLogger },
    });
    const issuers = new OpenIdIssuers([authenticator], realClock, ended.signal);
    https = await startHttpsServer({ access: { furtherTokens: [issuers] } });
  });
  after(async () => {
    ended.abort();
    for (const client of clients) client.close();
    await https?.close();
    await issuer?.close();
  });
  const token = (claims: object): string => {
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
    const common = { iss: issuer.url, aud: "me", sub: "jane", exp: Math.floor(Date.now() / 1_000) + 600 };
    const input = `${part({ alg: "ES256", kid: "k" })}.${part({ ...common, ...claims })}`;
    const signature = sign("sha256", Buffer.from(input), { key: privateKey, dsaEncoding: "ieee-p1363" });
    return `${input}.${signature.toString("base64url")}`;
  };
  const shows = (claims: object, change = (text: string): string => text): HttpClient => {
    const client = clientOf.h2(https.port, { ca: https.ca, token: change(token(claims)) });
    clients.push(client);
    return client;
  };
  const path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
  const body = { kind: "SelfSubjectReview", apiVersion: "authentication.k8s.io/v1" };
  const groupsOf = async (client: HttpClient): Promise<readonly string[]> => {
    const { json } = await expect(client, { method: "POST", path, body }, 201);
    return (json as { status: { userInfo: { groups: string[] } } }).status.userInfo.groups;
  };
  const elsewhere = (endpoint: string, accessToken: string): object => ({
    _claim_names: { groups: "src" },
    _claim_sources: { src: { endpoint, access_token: accessToken } },
  });

  test("stand for their users and groups, near or far", async () => {
    const near = shows({ groups: ["near"] });
    await eventually(async () => assert.deepEqual(await groupsOf(near), ["oidc:near", "system:authenticated"]));
    const far = shows(elsewhere(`${issuer.url}/groups`, "open"));
    assert.deepEqual(await groupsOf(far), ["oidc:far", "system:authenticated"]);
  });

  test("are refused where their groups cannot be had, or their signature is another's", async () => {
    await expect(shows(elsewhere(`${issuer.url}/groups`, "wrong")), { path: configMaps }, 401, unauthorized);
    await expect(shows(elsewhere("http://127.0.0.1:1/", "open")), { path: configMaps }, 401, unauthorized);
    const damaged = shows({ groups: ["system:masters"] }, (text) => `${text.slice(0, -20)}AAAAAAAAAAAAAAAAAAAA`);
    await expect(damaged, { path: configMaps }, 401, unauthorized);
  });
});
