import assert from "node:assert/strict";
import { test } from "node:test";
import { realClock, SeededRandom, VirtualClock } from "../../base/mod.ts";
import { networkWebhookClient } from "../webhook-client/network-client.ts";
import { type Answer, startWebhook, type WebhookServerForTests } from "../webhook-client/testing/webhook-server.ts";
import { TokenWebhookAuthenticator } from "./token-webhook.ts";

interface Place {
  readonly webhook: WebhookServerForTests;
  readonly clock: VirtualClock;
  readonly authenticator: TokenWebhookAuthenticator;
}

async function withWebhook(answer: Answer, run: (place: Place) => Promise<void>, version: "v1" | "v1beta1" = "v1") {
  const webhook = await startWebhook(answer);
  const clock = new VirtualClock();
  const services = { resolve: () => assert.fail("nobody asks for services") };
  const client = networkWebhookClient({ clock: realClock, services });
  const authenticator = new TokenWebhookAuthenticator({
    client,
    server: { server: `${webhook.url}/check`, ca: Buffer.from(webhook.caBundle, "base64").toString() },
    version,
    cacheTtlMs: 120_000,
    clock,
    random: new SeededRandom(1),
    audiences: ["https://kubernetes"],
  });
  try {
    await run({ webhook, clock, authenticator });
  } finally {
    client.close();
    await webhook.close();
  }
}

const review = (status: object, version = "v1"): object => ({
  kind: "TokenReview",
  apiVersion: `authentication.k8s.io/${version}`,
  status,
});
const jane = {
  authenticated: true,
  user: { username: "jane", uid: "1", groups: ["a"], extra: { "x.example": ["1"] } },
};

test("the webhook is asked by TokenReview, once for as long as its answer is believed", async () => {
  await withWebhook(
    () => review(jane),
    async ({ webhook, clock, authenticator }) => {
      const expected = { user: jane.user, audiences: ["https://kubernetes"] };
      const twice = await Promise.all([authenticator.authenticateToken("t"), authenticator.authenticateToken("t")]);
      assert.deepEqual(twice, [expected, expected]);
      await clock.advance(119_999);
      assert.deepEqual(await authenticator.authenticateToken("t"), expected);
      assert.equal(webhook.calls.length, 1);
      assert.deepEqual(webhook.calls[0]!.body, {
        kind: "TokenReview",
        apiVersion: "authentication.k8s.io/v1",
        metadata: {},
        spec: { token: "t", audiences: ["https://kubernetes"] },
        status: { user: {} },
      });
      await clock.advance(1);
      await authenticator.authenticateToken("t");
      assert.equal(webhook.calls.length, 2);
    },
  );
});

test("a token that it does not know is not recognized, and one that it refuses says why", async () => {
  let status: object = { authenticated: false };
  await withWebhook(
    () => review(status, "v1beta1"),
    async ({ authenticator }) => {
      assert.equal(await authenticator.authenticateToken("a"), undefined);
      status = { authenticated: false, error: "it has been revoked" };
      await assert.rejects(authenticator.authenticateToken("b"), { message: "it has been revoked" });
      status = { ...jane, audiences: ["https://elsewhere"] };
      assert.equal(await authenticator.authenticateToken("c"), undefined);
    },
    "v1beta1",
  );
});

test("a webhook that fails is asked five times in all, and what it said at last is told", async () => {
  await withWebhook(
    (_, response) => {
      response.writeHead(500, { "content-type": "text/plain" }).end("out of order");
    },
    async ({ webhook, clock, authenticator }) => {
      const startMs = clock.monotonicMs();
      const message = 'an error on the server ("out of order") has prevented the request from succeeding';
      await clock.runUntil(assert.rejects(authenticator.authenticateToken("t"), { message }));
      const waitedMs = clock.monotonicMs() - startMs;
      assert.ok(waitedMs >= 4_062 && waitedMs <= 4_875, `${waitedMs}`);
      assert.equal(webhook.calls.length, 5);
    },
  );
});

test("what is no TokenReview is refused", async () => {
  await withWebhook(
    () => ({ kind: "Secret", apiVersion: "v1" }),
    async ({ authenticator }) => {
      await assert.rejects(authenticator.authenticateToken("t"), {
        message: 'no kind "Secret" is registered for version "v1"',
      });
    },
  );
});
