import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Command } from "commander";
import { MetricsRegistry } from "../../base/metrics.ts";
import { realClock, silentLogger } from "../../base/mod.ts";
import { CommandError } from "../../cmd/command-error.ts";
import { addServiceAccountFlags, type ServiceAccountFlags } from "../../cmd/commands/service-account-options.ts";
import { serviceAccountsOfFlags } from "../../cmd/server/access/service-accounts.ts";
import { type SignerServer, startSignerServer } from "../../cmd/server/external-signer/testing/signer-server.ts";
import { expect } from "../support/conformance.ts";
import { type HttpClient, http2Client } from "../support/http.ts";
import { type HttpsServer, startHttpsServer } from "../support/https-server.ts";
import type { Thing } from "../support/typed-client.ts";

const newKey = () => generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
const [first, second] = [newKey(), newKey()];

function flagsOf(...args: readonly string[]): ServiceAccountFlags {
  return addServiceAccountFlags(new Command("x"))
    .parse([...args], { from: "user" })
    .opts();
}

/** Upstream's test/integration/serviceaccount/external_jwt_signer_test.go (KEP-740). */
describe("an external signer of service account tokens", { timeout: 300_000 }, () => {
  let folder: string;
  let signer: SignerServer;
  let https: HttpsServer;
  let admin: HttpClient;
  const stop = new AbortController();
  const metrics = new MetricsRegistry();
  const parts = { ownKey: newKey(), logger: silentLogger, metrics, signal: stop.signal };
  const open = (...more: readonly string[]) =>
    serviceAccountsOfFlags(flagsOf("--service-account-signing-endpoint", join(folder, "signer.sock"), ...more), parts);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "k8ts-signer-"));
    // The server waits for a signer that comes later.
    const opened = open();
    await realClock.sleep(200);
    signer = await startSignerServer(join(folder, "signer.sock"), first);
    https = await startHttpsServer({ access: { serviceAccounts: await opened }, more: { metrics } });
    admin = http2Client(https.port, https.admin);
    const path = "/api/v1/namespaces/default/serviceaccounts";
    await expect(admin, { method: "POST", path, body: { metadata: { name: "robot" } } }, 201);
  });
  after(async () => {
    stop.abort();
    admin?.close();
    await https?.close();
    signer?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const ask = (spec: object = {}) =>
    admin.call({
      method: "POST",
      path: "/api/v1/namespaces/default/serviceaccounts/robot/token",
      body: { kind: "TokenRequest", apiVersion: "authentication.k8s.io/v1", spec },
    });
  const granted = async (spec: object = {}): Promise<Thing> => {
    const { status, json, text } = await ask(spec);
    assert.equal(status, 201, text);
    return json as Thing;
  };
  const isGood = async (token: string): Promise<boolean> => {
    const body = { kind: "TokenReview", apiVersion: "authentication.k8s.io/v1", spec: { token } };
    const path = "/apis/authentication.k8s.io/v1/tokenreviews";
    const { json } = await expect(admin, { method: "POST", path, body }, 201);
    return (json as Thing)["status"].authenticated === true;
  };
  const shownKeys = async (): Promise<readonly string[]> => {
    const { json, headers } = await expect(admin, { path: "/openid/v1/jwks" }, 200);
    assert.match(String(headers["cache-control"]), /^public, max-age=\d+$/);
    return (json as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);
  };
  const configure = (change: Partial<SignerServer>): void => {
    const key = { keyId: "kid-1", key: first };
    const usual = { signingKey: first, keyId: "kid-1", algorithm: "RS256", type: "JWT", keys: [key] };
    Object.assign(signer, usual, change);
  };

  test("tokens that it signs are good, for as long as it allows", async () => {
    configure({});
    const answer = await granted({ expirationSeconds: 200_000 });
    assert.equal(answer["spec"].expirationSeconds, 86_400);
    const { token } = answer["status"];
    const [header = ""] = token.split(".");
    assert.deepEqual(JSON.parse(Buffer.from(header, "base64url").toString()), {
      alg: "RS256",
      kid: "kid-1",
      typ: "JWT",
    });
    assert.equal(await isGood(token), true);
    assert.deepEqual(await shownKeys(), ["kid-1"]);
  });

  test("a key that it does not tell of, or another one of that name, proves nothing", async () => {
    configure({ signingKey: second, keyId: "kid-2" });
    const unknown = (await granted())["status"].token;
    assert.equal(await isGood(unknown), false);
    configure({ signingKey: second });
    assert.equal(await isGood((await granted())["status"].token), false);
  });

  test("a key that a token names is asked for at once, and shown to others", async () => {
    const keys = [
      { keyId: "kid-1", key: first },
      { keyId: "kid-3", key: second },
    ];
    configure({ signingKey: second, keyId: "kid-3", keys });
    assert.equal(await isGood((await granted())["status"].token), true);
    assert.deepEqual(await shownKeys(), ["kid-1", "kid-3"]);
  });

  test("what others are not told of signs nothing; bad headers are refused", async () => {
    const keys = [
      { keyId: "kid-1", key: first },
      { keyId: "hidden", key: second, excluded: true },
    ];
    const cases: readonly (readonly [Partial<SignerServer>, string])[] = [
      [
        { signingKey: second, keyId: "hidden", keys },
        "key used for signing JWT (kid: hidden) is excluded from OIDC discovery docs",
      ],
      [{ algorithm: "ABC" }, 'bad signing algorithm "ABC"'],
      [{ type: "ABC" }, "bad type"],
    ];
    for (const [change, why] of cases) {
      configure(change);
      const { status, json } = await ask();
      const message = `Internal error occurred: failed to generate token: while validating header: ${why}`;
      assert.deepEqual([status, (json as Thing)["message"]], [500, message]);
    }
  });

  test("its calls are counted", async () => {
    const { text } = await expect(admin, { path: "/metrics" }, 200);
    assert.match(text, /^apiserver_externaljwt_sign_request_total\{code="OK"\} [1-9]/m);
    assert.match(text, /_request_duration_seconds_count\{code="OK",method="\/v1\.ExternalJWTSigner\/Sign"\} [1-9]/m);
  });

  test("flags that contradict it, and a signer that allows too little, end a start", async () => {
    configure({});
    const ends = (message: RegExp, ...more: readonly string[]) =>
      assert.rejects(open(...more), (error) => error instanceof CommandError && message.test(error.message));
    await ends(/mutually exclusive and cannot be set at the same time$/, "--service-account-signing-key-file", "x");
    await ends(/^cannot set mutually exclusive flags `--service-account-key-file`/, "--service-account-key-file", "x");
    await ends(/cannot be set longer than the token expiration/, "--service-account-max-token-expiration", "48h");
    signer.maxExpirationSeconds = 599;
    await ends(/^max token life supported by external-jwt-signer \(599s\) is less than acceptable \(min 600s\)$/);
    signer.maxExpirationSeconds = 86_400;
    const { maxExpirationSeconds, maxExtendedExpirationSeconds } = await open(
      "--service-account-max-token-expiration",
      "2h",
    );
    assert.deepEqual([maxExpirationSeconds, maxExtendedExpirationSeconds], [7_200, 86_400]);
  });
});
