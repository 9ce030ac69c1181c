import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { auditMetrics } from "../../apiserver/audit/audit-metrics.ts";
import { Auditor } from "../../apiserver/audit/auditor.ts";
import { BatchedBackend } from "../../apiserver/audit/batch.ts";
import type { AuditEvent } from "../../apiserver/audit/event.ts";
import { parseAuditPolicy } from "../../apiserver/audit/policy.ts";
import { severalBackends } from "../../apiserver/audit/several-backends.ts";
import { AuditWebhook } from "../../apiserver/audit/webhook-backend.ts";
import { audit } from "../../apiserver/filters/audit.ts";
import { networkWebhookClient } from "../../apiserver/webhook-client/network-client.ts";
import { MetricsRegistry } from "../../base/metrics.ts";
import { realClock, realRandom } from "../../base/mod.ts";
import { configMaps, expect } from "../support/conformance.ts";
import { eventually } from "../support/eventually.ts";
import { type ExtensionServer, startExtensionServer } from "../support/extension-server.ts";
import { clientOf, type HttpClient } from "../support/http.ts";
import { type HttpsServer, startHttpsServer } from "../support/https-server.ts";

const policy = {
  apiVersion: "audit.k8s.io/v1",
  kind: "Policy",
  omitStages: ["RequestReceived"],
  rules: [
    { level: "RequestResponse", resources: [{ resources: ["configmaps"] }], omitManagedFields: true },
    { level: "Metadata", resources: [{ resources: ["pods", "secrets"] }] },
    { level: "None", nonResourceURLs: ["/metrics", "/livez"] },
    { level: "Metadata", nonResourceURLs: ["*"] },
  ],
};

describe("audit", { timeout: 300_000 }, () => {
  const events: AuditEvent[] = [];
  const metrics = new MetricsRegistry();
  let receiver: ExtensionServer;
  let https: HttpsServer;
  let admin: HttpClient;
  let close: () => Promise<void>;

  /** The events of one request, by the identifier that its answer names. */
  const told = (id: unknown) => {
    assert.match(String(id), /^[0-9a-f-]{36}$/);
    return events.filter(({ auditID }) => auditID === id);
  };

  before(async () => {
    receiver = await startExtensionServer("x", "localhost");
    receiver.answer = (_request, response) => {
      response.writeHead(200).end();
      return true;
    };
    const client = networkWebhookClient({ clock: realClock, services: { resolve: () => ({ host: "", port: 0 }) } });
    const ca = Buffer.from(receiver.caBundle, "base64").toString();
    const server = { server: `https://localhost:${receiver.port}/events`, ca };
    const onDropped = (_count: number, error: Error) => assert.fail(error);
    const parts = { clock: realClock, random: realRandom, onDropped };
    const webhook = new AuditWebhook({ client, server, initialBackoffMs: 100, ...parts });
    const batched = new BatchedBackend(webhook, { bufferSize: 1_000, maxBatchSize: 100, maxWaitMs: 50 }, parts);
    const backend = severalBackends([{ write: (event) => void events.push(event), close: async () => {} }, batched]);
    const auditor = new Auditor({
      policy: parseAuditPolicy(policy),
      backend,
      clock: realClock,
      random: realRandom,
      metrics: auditMetrics(metrics),
    });
    close = async () => {
      await backend.close();
      client.close();
    };
    https = await startHttpsServer({ more: { audit: audit(auditor), metrics } });
    admin = clientOf.h2(https.port, https.admin);
  });
  after(async () => {
    admin.close();
    await https.close();
    await close();
    await receiver.close();
  });

  it("tells the whole of a write that the policy wants told whole", async () => {
    const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" }, data: { k: "v" } };
    const answer = await expect(admin, { method: "POST", path: configMaps, body, headers: { "user-agent": "t" } }, 201);
    const created = answer.json as { metadata: { uid: string; resourceVersion: string; managedFields?: object[] } };
    const [one, ...more] = told(answer.headers["audit-id"]);
    assert.deepEqual(more, []);
    const { requestReceivedTimestamp: _r, stageTimestamp: _s, responseObject, ...rest } = one!;
    const { managedFields: _m, ...metadata } = created.metadata;
    assert.deepEqual(responseObject, { ...(answer.json as object), metadata });
    assert.deepEqual(rest, {
      kind: "Event",
      apiVersion: "audit.k8s.io/v1",
      level: "RequestResponse",
      auditID: answer.headers["audit-id"],
      stage: "ResponseComplete",
      requestURI: configMaps,
      verb: "create",
      user: {
        username: "admin",
        groups: ["system:masters", "system:authenticated"],
        extra: rest.user.extra,
      },
      sourceIPs: ["127.0.0.1"],
      userAgent: "t",
      objectRef: { resource: "configmaps", namespace: "default", name: "a", apiVersion: "v1" },
      responseStatus: { metadata: {}, code: 201 },
      requestObject: { ...body, metadata: { ...(rest.requestObject as typeof body).metadata } },
      annotations: { "authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": "" },
    });
  });

  it("tells of who is not let in, and by what they tried (endpoints/filters/authn_audit.go)", async () => {
    const path = "/api/v1/namespaces/default/secrets";
    const expired = https.issue({ commonName: "ann", notAfter: Date.now() - 60_000 });
    const cases = [
      [{ ca: https.ca, token: "nobody" }, "Authentication failed, attempted: bearer"],
      [expired, "Authentication failed, attempted: x509"],
      [{ ...expired, token: "nobody" }, "Authentication failed, attempted: bearer, x509"],
    ] as const;
    for (const [credentials, message] of cases) {
      const client = clientOf.h1(https.port, credentials);
      try {
        const { headers } = await expect(client, { path }, 401);
        const [one, ...more] = told(headers["audit-id"]);
        assert.deepEqual(more, []);
        assert.deepEqual(
          [one?.stage, one?.level, one?.verb, one?.user, one?.responseStatus, one?.objectRef?.resource],
          ["ResponseStarted", "Metadata", "list", {}, { metadata: {}, message, code: 401 }, "secrets"],
        );
      } finally {
        client.close();
      }
    }
  });

  it("tells of a refusal, and why", async () => {
    const ann = clientOf.h1(https.port, https.issue({ commonName: "ann" }));
    try {
      const answer = await expect(ann, { path: "/api/v1/namespaces/default/secrets" }, 403);
      const [one] = told(answer.headers["audit-id"]);
      assert.deepEqual(
        [one?.level, one?.verb, one?.responseStatus?.code, one?.responseStatus?.reason],
        ["Metadata", "list", 403, "Forbidden"],
      );
      assert.deepEqual(one?.annotations, {
        "authorization.k8s.io/decision": "forbid",
        "authorization.k8s.io/reason": "",
      });
      assert.equal(one?.responseObject, undefined);
    } finally {
      ann.close();
    }
  });

  it("notes what Pod Security thinks of a pod", async () => {
    const labels = { "pod-security.kubernetes.io/audit": "baseline" };
    await expect(
      admin,
      { method: "POST", path: "/api/v1/namespaces", body: { metadata: { name: "ps", labels } } },
      201,
    );
    await eventually(() =>
      expect(
        admin,
        { method: "POST", path: "/api/v1/namespaces/ps/serviceaccounts", body: { metadata: { name: "default" } } },
        201,
      ),
    );
    const spec = { hostNetwork: true, containers: [{ name: "c", image: "i" }] };
    const body = { metadata: { name: "p" }, spec };
    const answer = await expect(admin, { method: "POST", path: "/api/v1/namespaces/ps/pods", body }, 201);
    const [one] = told(answer.headers["audit-id"]);
    assert.match(
      one?.annotations?.["pod-security.kubernetes.io/audit-violations"] ?? "",
      /^would violate PodSecurity "baseline:latest": host namespaces \(hostNetwork=true\)/,
    );
  });

  it("tells of a watch as it begins and as it ends", async () => {
    const watch = await admin.watch(`${configMaps}?watch=1&timeoutSeconds=1`);
    await watch.rest();
    await eventually(() => {
      const stages = told(watch.headers["audit-id"]).map(({ stage, responseStatus }) => [stage, responseStatus?.code]);
      assert.deepEqual(stages, [
        ["ResponseStarted", 200],
        ["ResponseComplete", 200],
      ]);
    });
  });

  it("keeps the identifier that a client gives", async () => {
    const answer = await expect(admin, { path: "/version", headers: { "audit-id": "mine" } }, 200);
    assert.equal(answer.headers["audit-id"], "mine");
    assert.ok(events.some(({ auditID }) => auditID === "mine"));
    const silent = await expect(admin, { path: "/livez" }, 200);
    assert.deepEqual(told(silent.headers["audit-id"]), []);
  });

  it("posts the same events to the webhook, in batches, and counts them", async () => {
    await eventually(() => {
      const lists = receiver.seen.map(({ body }) => JSON.parse(body) as { kind: string; items: AuditEvent[] });
      assert.ok(lists.every(({ kind }) => kind === "EventList"));
      // Batches do not wait for one another.
      const named = (all: readonly AuditEvent[]) => all.map(({ auditID, stage }) => `${auditID} ${stage}`).sort();
      assert.deepEqual(named(lists.flatMap(({ items }) => items)), named(events));
      assert.ok(lists.length < events.length);
    });
    assert.match(receiver.seen[0]!.url, /^\/events\?timeout=30s$/);
    const { text } = await admin.call({ path: "/metrics" });
    assert.match(text, new RegExp(`\napiserver_audit_event_total ${events.length}\n`));
    assert.match(text, /\napiserver_audit_level_total\{level="Metadata"\} [1-9]/);
  });
});
