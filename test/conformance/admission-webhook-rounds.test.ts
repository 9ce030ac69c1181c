import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { Auditor } from "../../apiserver/audit/auditor.ts";
import type { AuditEvent } from "../../apiserver/audit/event.ts";
import { parseAuditPolicy } from "../../apiserver/audit/policy.ts";
import { audit } from "../../apiserver/filters/audit.ts";
import {
  startWebhook,
  type Answer as WebhookAnswer,
  type WebhookServerForTests,
} from "../../apiserver/webhook-client/testing/webhook-server.ts";
import { realClock, realRandom } from "../../base/mod.ts";
import { expect, type Seen, seen } from "../support/conformance.ts";
import { definitionOf, establish } from "../support/custom-resources.ts";
import { type Answer, type Call, clientOf, type HttpClient } from "../support/http.ts";
import { type HttpsServer, startHttpsServer } from "../support/https-server.ts";
import { makeNamespace } from "../support/namespace.ts";
import { configurations, patches, reviewOf } from "../support/webhook-subject.ts";

// Upstream's tests of several webhooks and several passes: test/integration/apiserver/admissionwebhook.

interface Hook {
  readonly path: string;
  readonly [field: string]: unknown;
}

const rule = { operations: ["*"], apiGroups: [""], apiVersions: ["v1"], resources: ["pods"] };
const pod = (name: string, labels: object = { x: "true" }, spec: object = {}): object => ({
  metadata: { name, labels },
  spec: { containers: [{ name: "fake-name", image: "fakeimage" }], ...spec },
});

describe("several webhooks over one write", { timeout: 300_000 }, () => {
  const events: AuditEvent[] = [];
  let https: HttpsServer;
  let client: HttpClient;
  let webhook: WebhookServerForTests;
  before(async () => {
    const auditor = new Auditor({
      policy: parseAuditPolicy({
        apiVersion: "audit.k8s.io/v1",
        kind: "Policy",
        omitStages: ["RequestReceived"],
        rules: [{ level: "Request", resources: [{ resources: ["pods"] }] }],
      }),
      backend: { write: (event) => void events.push(event), close: async () => {} },
      clock: realClock,
      random: realRandom,
    });
    [https, webhook] = await Promise.all([startHttpsServer({ more: { audit: audit(auditor) } }), startWebhook(answer)]);
    client = clientOf.h2(https.port, https.admin);
    for (const [name, value] of Object.entries({ "low-priority": 1, "high-priority": 10 })) {
      const path = "/apis/scheduling.k8s.io/v1/priorityclasses";
      await expect(client, { method: "POST", path, body: { metadata: { name }, value } }, 201);
    }
    await makeNamespace(client, "rounds");
  });
  after(async () => {
    client?.close();
    await https?.close();
    await webhook?.close();
  });
  const pods = "/api/v1/namespaces/rounds/pods";

  const register = (kind: string, hooks: readonly Hook[]): Promise<Answer> =>
    expect(
      client,
      {
        method: "POST",
        path: `${configurations}/${kind}webhookconfigurations`,
        body: {
          metadata: { name: "config" },
          webhooks: hooks.map(({ path, ...more }, i) => ({
            name: `hook.${i}.${path.slice(1).replaceAll("/", "-")}`,
            clientConfig: { url: `${webhook.url}${path}`, caBundle: webhook.caBundle },
            rules: [rule],
            failurePolicy: "Fail",
            admissionReviewVersions: ["v1beta1"],
            sideEffects: "None",
            ...more,
          })),
        },
      },
      201,
    );
  /** Does it among these webhooks; the answer is what came, and who was called in which order. */
  const among = async (hooks: { mutating?: readonly Hook[]; validating?: readonly Hook[] }, call: Call) => {
    const kinds = Object.entries(hooks);
    for (const [kind, list] of kinds) await register(kind, list);
    webhook.calls.length = 0;
    try {
      const answered = await client.call(call);
      return { answered, calls: [...webhook.calls], asked: webhook.calls.map(({ path }) => path.split("?")[0]) };
    } finally {
      for (const [kind] of kinds) {
        await expect(client, { method: "DELETE", path: `${configurations}/${kind}webhookconfigurations/config` }, 200);
      }
    }
  };
  const needed = { reinvocationPolicy: "IfNeeded" };
  const mutation = (place: string, i: number, name: string, mutated: boolean) => [
    `mutation.webhook.admission.k8s.io/${place}_index_${i}`,
    `{"configuration":"config","webhook":"hook.${i}.${name}","mutated":${mutated}}`,
  ];
  const patched = (place: string, i: number, name: string, patch: string) => [
    `patch.webhook.admission.k8s.io/${place}_index_${i}`,
    `{"configuration":"config","webhook":"hook.${i}.${name}","patch":${patch},"patchType":"JSONPatch"}`,
  ];
  const label = (op: string, name: string, value: string): string =>
    `[{"op":"${op}","path":"/metadata/labels/${name}","value":"${value}"}]`;

  interface Round {
    readonly name: string;
    readonly hooks: readonly Hook[];
    readonly spec?: object;
    readonly labels?: object;
    /** What there is of labels in the end. */
    readonly becomes?: object;
    readonly asked: readonly string[];
    readonly told: readonly (readonly string[])[];
  }
  const low = { priorityClassName: "low-priority" };
  const rounds: readonly Round[] = [
    {
      name: "a change by a plugin alone asks nobody again",
      spec: low,
      hooks: [{ path: "/noop", ...needed }],
      asked: ["/noop"],
      told: [mutation("round_0", 0, "noop", false)],
    },
    {
      name: "a webhook's change, of which plugins make nothing, asks it no second time",
      spec: low,
      hooks: [{ path: "/addlabel", ...needed }],
      asked: ["/addlabel"],
      told: [mutation("round_0", 0, "addlabel", true), patched("round_0", 0, "addlabel", label("add", "a", "true"))],
    },
    {
      name: "a plugin's change in the second pass asks the webhook again",
      spec: low,
      hooks: [{ path: "/setpriority", ...needed }],
      asked: ["/setpriority", "/setpriority"],
      told: [
        mutation("round_0", 0, "setpriority", true),
        patched(
          "round_0",
          0,
          "setpriority",
          '[{"op":"add","path":"/spec/priorityClassName","value":"high-priority"},{"op":"remove","path":"/spec/priority"}]',
        ),
        mutation("round_1", 0, "setpriority", false),
      ],
    },
    {
      name: "a later webhook's change asks the earlier one again, and not itself",
      spec: low,
      hooks: [
        { path: "/addlabel", ...needed },
        { path: "/conditionaladdlabel", ...needed },
      ],
      becomes: { x: "true", a: "true", b: "true" },
      asked: ["/addlabel", "/conditionaladdlabel", "/addlabel"],
      told: [
        mutation("round_0", 0, "addlabel", true),
        patched("round_0", 0, "addlabel", label("add", "a", "true")),
        mutation("round_0", 1, "conditionaladdlabel", true),
        patched("round_0", 1, "conditionaladdlabel", label("add", "b", "true")),
        mutation("round_1", 0, "addlabel", false),
      ],
    },
    {
      name: "two that undo each other are asked twice each",
      spec: low,
      labels: { x: "true", fight: "" },
      hooks: [
        { path: "/settrue", ...needed },
        { path: "/setfalse", ...needed },
      ],
      becomes: { x: "true", fight: "false" },
      asked: ["/settrue", "/setfalse", "/settrue", "/setfalse"],
      told: ["round_0", "round_1"].flatMap((round) => [
        mutation(round, 0, "settrue", true),
        patched(round, 0, "settrue", label("replace", "fight", "true")),
        mutation(round, 1, "setfalse", true),
        patched(round, 1, "setfalse", label("replace", "fight", "false")),
      ]),
    },
    {
      name: "who was passed over in the first pass is not asked in the second",
      spec: low,
      hooks: [
        { path: "/conditionaladdlabel", ...needed, objectSelector: { matchLabels: { a: "true" } } },
        { path: "/addlabel", ...needed },
      ],
      becomes: { x: "true", a: "true" },
      asked: ["/addlabel"],
      told: [mutation("round_0", 1, "addlabel", true), patched("round_0", 1, "addlabel", label("add", "a", "true"))],
    },
    ...[{ reinvocationPolicy: "Never" }, {}].map((policy, i) => ({
      name: `who wants it never is asked once${i === 0 ? "" : ", and that is the default"}`,
      hooks: [
        { path: "/conditionaladdlabel", ...policy },
        { path: "/addlabel", ...policy },
      ],
      becomes: { x: "true", a: "true" },
      asked: ["/conditionaladdlabel", "/addlabel"],
      told: [
        mutation("round_0", 0, "conditionaladdlabel", false),
        mutation("round_0", 1, "addlabel", true),
        patched("round_0", 1, "addlabel", label("add", "a", "true")),
      ],
    })),
  ];
  for (const [i, { name, hooks, spec, labels, becomes, asked, told }] of rounds.entries()) {
    test(name, async () => {
      const body = pod(`round-${i}`, labels, spec);
      const done = await among({ mutating: hooks }, { method: "POST", path: pods, body });
      assert.equal(done.answered.status, 201, done.answered.text);
      assert.deepEqual(done.asked, asked);
      if (becomes !== undefined) assert.deepEqual(seen(done.answered).metadata.labels, becomes);
      const event = events.find(({ auditID }) => auditID === done.answered.headers["audit-id"])!;
      const annotations = Object.entries(event.annotations ?? {});
      const own = annotations.filter(([key]) => key.includes(".webhook.admission.k8s.io/")).toSorted();
      assert.deepEqual(own, told.toSorted());
    });
  }

  test("a plugin refuses in the second pass what a webhook has spoiled", async () => {
    const call = { method: "POST", path: pods, body: pod("spoiled") };
    const { answered, asked } = await among({ mutating: [{ path: "/setinvalidpriority", ...needed }] }, call);
    assert.equal(answered.status, 403);
    assert.match(answered.text, /no PriorityClass with name invalid was found/);
    assert.deepEqual(asked, ["/setinvalidpriority"]);
  });

  test("each webhook is told the time that is left to it", async () => {
    const of = (kind: string, ...times: readonly number[]): readonly Hook[] =>
      times.map((timeoutSeconds, i) => ({ path: `/${kind}/${i}/later`, timeoutSeconds }));
    const hooks = { mutating: of("mutating", 20, 5, 20), validating: of("validating", 5, 10, 20) };
    const call = { method: "POST", path: `${pods}?timeout=10s`, body: pod("timed") };
    const { answered, calls } = await among(hooks, call);
    assert.equal(answered.status, 201, answered.text);
    const times = calls.map(({ path }) => path.replace("/later", "")).toSorted();
    // Half a second each for the mutating ones; times are rounded up to seconds.
    assert.deepEqual(times, [
      "/mutating/0?timeout=10s",
      "/mutating/1?timeout=5s",
      "/mutating/2?timeout=9s",
      "/validating/0?timeout=5s",
      "/validating/1?timeout=9s",
      "/validating/2?timeout=9s",
    ]);
  });

  test("where the request's time is over nobody else is asked, whatever the failure policy", async () => {
    const ignored = { failurePolicy: "Ignore", timeoutSeconds: 4 };
    const mutating = ["/mutating/0/never", "/mutating/1/later", "/mutating/2/later"].map((path) => ({
      path,
      ...ignored,
    }));
    const { answered, asked } = await among(
      { mutating },
      { method: "POST", path: `${pods}?timeout=1s`, body: pod("late") },
    );
    assert.equal(answered.status, 504, answered.text);
    assert.deepEqual(asked, ["/mutating/0/never"]);
  });

  test("owners that a webhook repeats are told once, with a warning", async () => {
    const owner = { apiVersion: "v1", kind: "ConfigMap", name: "owner", uid: "uid-of-owner" };
    const body = { ...pod("owned"), metadata: { name: "owned", ownerReferences: [owner] } };
    await expect(client, { method: "POST", path: pods, body }, 201);
    const hooks = { mutating: [{ path: "/repeatowner" }] };
    const warning =
      ".metadata.ownerReferences contains duplicate entries after mutating admission happens; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: uid-of-owner";
    const path = `${pods}/owned`;
    const headers = { "content-type": "application/json-patch+json" };
    const calls: readonly Call[] = [
      { method: "PATCH", path, headers, body: "[]" },
      { method: "PUT", path, body: (await expect(client, { path }, 200)).json as object },
    ];
    for (const call of calls) {
      const { answered } = await among(hooks, call);
      assert.equal(answered.status, 200, answered.text);
      assert.deepEqual(answered.headers["warning"], `299 - "${warning}"`);
      assert.equal((seen(answered).metadata as unknown as { ownerReferences: object[] }).ownerReferences.length, 1);
    }
  });

  test("equivalents are converted from webhook to webhook, and their conditions with them", async () => {
    const open = { "x-kubernetes-preserve-unknown-fields": true };
    const versions = ["v1", "v2"].map((name) => ({ name, schema: open }));
    const path = await establish(client, definitionOf("Bear", versions));
    const hook = (version: string): Hook => ({
      path: `/version/${version}`,
      rules: [{ operations: ["CREATE"], apiGroups: ["example.com"], apiVersions: [version], resources: ["*/*"] }],
      matchPolicy: "Equivalent",
      admissionReviewVersions: ["v1"],
      matchConditions: [{ name: "version", expression: `object.apiVersion == 'example.com/${version}'` }],
    });
    for (const version of ["v1", "v2"]) {
      const where = path.replace("/v1/", `/${version}/`);
      const body = { apiVersion: `example.com/${version}`, kind: "Bear", metadata: { name: `bear-${version}` } };
      const done = await among({ mutating: [hook("v2"), hook("v1")] }, { method: "POST", path: where, body });
      assert.equal(done.answered.status, 201, done.answered.text);
      assert.deepEqual(done.asked, ["/version/v2", "/version/v1"]);
      const shown = done.calls.map(({ body }) => (reviewOf(body)["object"] as Seen).apiVersion);
      assert.deepEqual(shown, ["example.com/v2", "example.com/v1"]);
      assert.deepEqual(seen(done.answered).metadata.labels, { v2: "yes", v1: "yes" });
    }
  });

  test("ten writes at once open ten connections, and ten more none", async () => {
    await register("mutating", [{ path: "/later" }]);
    const at = webhook.connections();
    const ten = () =>
      Promise.all(
        Array.from({ length: 10 }, (_, i) =>
          client.call({ method: "POST", path: `${pods}?dryRun=All`, body: pod(`many-${i}`) }),
        ),
      );
    for (const { status, text } of await ten()) assert.equal(status, 201, text);
    const opened = webhook.connections();
    assert.ok(opened - at >= 5 && opened - at <= 10, `${opened - at} connections`);
    for (const { status } of await ten()) assert.equal(status, 201);
    assert.equal(webhook.connections(), opened);
    await expect(client, { method: "DELETE", path: `${configurations}/mutatingwebhookconfigurations/config` }, 200);
  });
});

test("a webhook that cannot be reached blocks the way, still after a restart, and may be taken away", async () => {
  const https = await startHttpsServer();
  const { storage } = https;
  let client = clientOf.h2(https.port, https.admin);
  const name = "broken";
  const hook = {
    name: "broken-webhook.k8s.io",
    rules: [{ operations: ["*"], apiGroups: ["*"], apiVersions: ["*"], resources: ["*/*"] }],
    clientConfig: { service: { namespace: "default", name: "invalid-webhook-service", path: "" } },
    failurePolicy: "Fail",
    sideEffects: "None",
    admissionReviewVersions: ["v1"],
  };
  const path = `${configurations}/validatingwebhookconfigurations`;
  const blocked = async (): Promise<void> => {
    const config = { method: "POST", path: "/api/v1/namespaces/default/configmaps", body: { metadata: { name: "a" } } };
    const { json } = await expect(client, config, 500);
    assert.equal(
      (json as { message: string }).message,
      'Internal error occurred: failed calling webhook "broken-webhook.k8s.io": failed to call webhook: Post "https://invalid-webhook-service.default.svc:443/?timeout=10s": service "invalid-webhook-service" not found',
    );
  };
  await expect(client, { method: "POST", path, body: { metadata: { name }, webhooks: [hook] } }, 201);
  await blocked();
  client.close();
  const again = await startHttpsServer({ storage });
  client = clientOf.h2(again.port, again.admin);
  try {
    await blocked();
    await expect(client, { method: "DELETE", path: `${path}/${name}` }, 200);
    const config = { method: "POST", path: "/api/v1/namespaces/default/configmaps", body: { metadata: { name: "a" } } };
    await expect(client, config, 201);
  } finally {
    client.close();
    await again.close();
    await https.close();
  }
});

/** What upstream's webhooks answer, by path. */
const answer: WebhookAnswer = async ({ path, body }) => {
  const { uid, object } = reviewOf(body) as { uid: string; object: Seen };
  const where = path.split("?")[0]!;
  const response = await responseTo(where, object);
  return where.startsWith("/version/")
    ? { apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", response: { uid, ...response } }
    : { response };
};

async function responseTo(path: string, object: Seen): Promise<object> {
  const { labels = {} } = object.metadata;
  const allowed = { allowed: true };
  const set = (op: string, name: string, value: string): object =>
    patches({ op, path: `/metadata/labels/${name}`, value });
  if (path.startsWith("/version/")) {
    const version = path.slice("/version/".length);
    return labels["v2"] === undefined
      ? patches({ op: "add", path: "/metadata/labels", value: { [version]: "yes" } })
      : set("add", version, "yes");
  }
  if (path.endsWith("/later")) await delay(500);
  if (path.endsWith("/never")) await delay(3_000);
  switch (path) {
    case "/settrue":
      return set("replace", "fight", "true");
    case "/setfalse":
      return set("replace", "fight", "false");
    case "/addlabel":
      return labels["a"] === "true" ? allowed : set("add", "a", "true");
    case "/conditionaladdlabel":
      return labels["a"] === undefined ? allowed : set("add", "b", "true");
    case "/setpriority":
      return object.spec?.["priorityClassName"] === "high-priority"
        ? allowed
        : patches(
            { op: "add", path: "/spec/priorityClassName", value: "high-priority" },
            { op: "remove", path: "/spec/priority" },
          );
    case "/setinvalidpriority":
      return patches({ op: "add", path: "/spec/priorityClassName", value: "invalid" });
    case "/repeatowner":
      return patches({ op: "copy", from: "/metadata/ownerReferences/0", path: "/metadata/ownerReferences/-" });
    default:
      return allowed;
  }
}
