import assert from "node:assert/strict";
import { test } from "node:test";
import { MetricsRegistry, realClock, SeededRandom, silentLogger, VirtualClock } from "../../../base/mod.ts";
import { networkWebhookClient } from "../../webhook-client/network-client.ts";
import { type Answer, startWebhook, type WebhookServerForTests } from "../../webhook-client/testing/webhook-server.ts";
import { WebhookAuthorizerMetrics } from "../authorization-metrics.ts";
import type { AuthorizationAttributes } from "../authorizer.ts";
import { WebhookAuthorizer, type WebhookAuthorizerOptions } from "./webhook-authorizer.ts";

interface Place {
  readonly webhook: WebhookServerForTests;
  readonly clock: VirtualClock;
  readonly authorizer: WebhookAuthorizer;
}

async function withWebhook(
  answer: Answer,
  run: (place: Place) => Promise<void>,
  options: Partial<WebhookAuthorizerOptions> = {},
): Promise<void> {
  const webhook = await startWebhook(answer);
  const clock = new VirtualClock();
  const services = { resolve: () => assert.fail("nobody asks for services") };
  const client = networkWebhookClient({ clock: realClock, services });
  const authorizer = new WebhookAuthorizer({
    name: "",
    client,
    server: { server: `${webhook.url}/authorize`, ca: Buffer.from(webhook.caBundle, "base64").toString() },
    version: "v1",
    timeoutMs: 10_000,
    authorizedTtlMs: 300_000,
    unauthorizedTtlMs: 30_000,
    onFailure: "noOpinion",
    clock,
    random: new SeededRandom(1),
    logger: silentLogger,
    ...options,
  });
  try {
    await run({ webhook, clock, authorizer });
  } finally {
    client.close();
    await webhook.close();
  }
}

const attributes: AuthorizationAttributes = {
  user: { username: "jane", groups: ["a"], extra: { "x.example": ["1"] } },
  verb: "list",
  isResourceRequest: true,
  namespace: "kittens",
  group: "apps",
  version: "v1",
  resource: "deployments",
  subresource: "",
  name: "",
  path: "",
  fieldSelector: "metadata.name=a",
  labelSelector: "b in (c),!d",
};
const saying = (status: object) => () => ({
  kind: "SubjectAccessReview",
  apiVersion: "authorization.k8s.io/v1",
  status,
});

test("the webhook is asked by SubjectAccessReview, with selectors taken apart", async () => {
  await withWebhook(saying({ allowed: true, reason: "because" }), async ({ webhook, authorizer }) => {
    assert.deepEqual(await authorizer.authorize(attributes), { decision: "allow", reason: "because" });
    assert.deepEqual(webhook.calls[0]!.body, {
      kind: "SubjectAccessReview",
      apiVersion: "authorization.k8s.io/v1",
      metadata: {},
      spec: {
        resourceAttributes: {
          namespace: "kittens",
          verb: "list",
          group: "apps",
          version: "v1",
          resource: "deployments",
          fieldSelector: { requirements: [{ key: "metadata.name", operator: "In", values: ["a"] }] },
          labelSelector: {
            requirements: [
              { key: "b", operator: "In", values: ["c"] },
              { key: "d", operator: "DoesNotExist" },
            ],
          },
        },
        user: "jane",
        groups: ["a"],
        extra: { "x.example": ["1"] },
      },
      status: { allowed: false },
    });
  });
});

test("v1beta1 names groups `group`, and paths are asked for as such", async () => {
  const older = { version: "v1beta1" } as const;
  await withWebhook(
    saying({ allowed: true }),
    async ({ webhook, authorizer }) => {
      await authorizer.authorize({ ...attributes, isResourceRequest: false, path: "/metrics", verb: "get" });
      const { spec } = webhook.calls[0]!.body as { spec: object };
      assert.deepEqual(spec, {
        nonResourceAttributes: { path: "/metrics", verb: "get" },
        user: "jane",
        group: ["a"],
        extra: { "x.example": ["1"] },
      });
    },
    older,
  );
});

test("consent is believed for five minutes, a refusal for half of one", async () => {
  let status: object = { allowed: true };
  await withWebhook(
    () => saying(status)(),
    async ({ webhook, clock, authorizer }) => {
      const decision = async () => (await authorizer.authorize(attributes)).decision;
      assert.equal(await decision(), "allow");
      status = { allowed: false, denied: true };
      await clock.advance(299_999);
      assert.equal(await decision(), "allow");
      await clock.advance(1);
      assert.equal(await decision(), "deny");
      status = { allowed: false };
      await clock.advance(29_999);
      assert.equal(await decision(), "deny");
      await clock.advance(1);
      assert.equal(await decision(), "noOpinion");
      assert.equal(webhook.calls.length, 3);
    },
  );
});

test("a webhook that answers nonsense has no opinion, or refuses where it is told to", async () => {
  const nonsense: Answer = () => ({ kind: "Pod", apiVersion: "v1" });
  const evaluationError = 'no kind "Pod" is registered for version "v1"';
  await withWebhook(nonsense, async ({ authorizer }) => {
    const expected = { decision: "noOpinion", reason: "", evaluationError };
    assert.deepEqual(await authorizer.authorize(attributes), expected);
  });
  const deny = { onFailure: "deny" } as const;
  await withWebhook(
    nonsense,
    async ({ authorizer }) =>
      assert.deepEqual(await authorizer.authorize(attributes), { decision: "deny", reason: "", evaluationError }),
    deny,
  );
});

test("one that does not match is not asked", async () => {
  await withWebhook(
    saying({ allowed: true }),
    async ({ webhook, authorizer }) => {
      assert.equal((await authorizer.authorize(attributes)).decision, "noOpinion");
      assert.equal(webhook.calls.length, 0);
    },
    { matches: (spec) => spec.resourceAttributes?.namespace !== "kittens" },
  );
});

test("one that allows and denies at once denies, and that is its fault", async () => {
  await withWebhook(saying({ allowed: true, denied: true, reason: "both" }), async ({ authorizer }) =>
    assert.deepEqual(await authorizer.authorize(attributes), {
      decision: "deny",
      reason: "both",
      evaluationError: "webhook subject access review returned both allow and deny response",
    }),
  );
});

test("calls, failures and conditions are measured", async () => {
  const registry = new MetricsRegistry();
  const metrics = new WebhookAuthorizerMetrics(registry);
  const lines = (part: string): readonly string[] =>
    registry
      .render()
      .split("\n")
      .filter((line) => line.startsWith(`apiserver_authorization_${part}`));
  let good = true;
  let matches = (): boolean => true;
  await withWebhook(
    () => (good ? saying({ allowed: true })() : { kind: "Pod", apiVersion: "v1" }),
    async ({ authorizer }) => {
      await authorizer.authorize(attributes);
      good = false;
      await authorizer.authorize({ ...attributes, name: "other" });
      matches = () => false;
      await authorizer.authorize(attributes);
      matches = () => {
        throw new Error("no such key");
      };
      await authorizer.authorize(attributes);
    },
    { name: "mine", metrics, matches: () => matches() },
  );
  assert.deepEqual(lines("webhook_evaluations_total"), [
    'apiserver_authorization_webhook_evaluations_total{name="mine",result="error"} 1',
    'apiserver_authorization_webhook_evaluations_total{name="mine",result="success"} 1',
  ]);
  assert.deepEqual(lines("webhook_evaluations_fail_open_total"), [
    'apiserver_authorization_webhook_evaluations_fail_open_total{name="mine",result="error"} 1',
  ]);
  assert.deepEqual(lines("webhook_duration_seconds_count"), [
    'apiserver_authorization_webhook_duration_seconds_count{name="mine",result="error"} 1',
    'apiserver_authorization_webhook_duration_seconds_count{name="mine",result="success"} 1',
  ]);
  assert.deepEqual(lines("match_condition_exclusions_total"), [
    'apiserver_authorization_match_condition_exclusions_total{name="mine",type="Webhook"} 1',
  ]);
  assert.deepEqual(lines("match_condition_evaluation_errors_total"), [
    'apiserver_authorization_match_condition_evaluation_errors_total{name="mine",type="Webhook"} 1',
  ]);
  assert.deepEqual(lines("match_condition_evaluation_seconds_count"), [
    'apiserver_authorization_match_condition_evaluation_seconds_count{name="mine",type="Webhook"} 4',
  ]);
});
