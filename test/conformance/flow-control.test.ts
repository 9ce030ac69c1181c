import assert from "node:assert/strict";
import { request } from "node:https";
import { after, before, describe, it } from "node:test";
import { defaultRequestLimits } from "../../apiserver/request-limits.ts";
import { expect, onBothProtocols } from "../support/conformance.ts";
import { clientOf, type HttpClient } from "../support/http.ts";
import { type HttpsServer, startHttpsServer } from "../support/https-server.ts";

const base = "/apis/flowcontrol.apiserver.k8s.io/v1";

interface Named {
  readonly metadata: { readonly name: string; readonly uid: string; readonly generation: number };
  readonly spec: { readonly matchingPrecedence: number };
  readonly status: { readonly conditions?: readonly object[] };
}
interface Rows {
  readonly columnDefinitions: readonly { readonly name: string }[];
  readonly rows: readonly { readonly cells: readonly unknown[] }[];
}

onBothProtocols("priority and fairness", (subject) => {
  it("has the mandatory and the suggested objects, of which each schema says whether its level exists", async () => {
    const { admin } = subject();
    const schemas = await expect(admin, { path: `${base}/flowschemas` }, 200);
    const { items } = schemas.json as { readonly items: readonly Named[] };
    assert.deepEqual(
      items.map(({ metadata, spec }) => [metadata.name, spec.matchingPrecedence, metadata.generation]),
      [
        ["catch-all", 10_000, 1],
        ["exempt", 1, 1],
        ["global-default", 9900, 1],
        ["kube-controller-manager", 800, 1],
        ["kube-scheduler", 800, 1],
        ["kube-system-service-accounts", 900, 1],
        ["probes", 2, 1],
        ["service-accounts", 9000, 1],
        ["system-leader-election", 100, 1],
        ["system-node-high", 400, 1],
        ["system-nodes", 500, 1],
      ],
    );
    const table = { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" };
    const levels = await expect(admin, { path: `${base}/prioritylevelconfigurations`, headers: table }, 200);
    const { columnDefinitions, rows } = levels.json as Rows;
    assert.deepEqual(
      columnDefinitions.map(({ name }) => name),
      ["Name", "Type", "NominalConcurrencyShares", "Queues", "HandSize", "QueueLengthLimit", "Age"],
    );
    assert.deepEqual(
      rows.map(({ cells }) => cells.slice(0, 6)),
      [
        ["catch-all", "Limited", 5, "<none>", "<none>", "<none>"],
        ["exempt", "Exempt", "<none>", "<none>", "<none>", "<none>"],
        ["global-default", "Limited", 20, 128, 6, 50],
        ["leader-election", "Limited", 10, 16, 4, 50],
        ["node-high", "Limited", 40, 64, 6, 50],
        ["system", "Limited", 30, 64, 6, 50],
        ["workload-high", "Limited", 40, 128, 6, 50],
        ["workload-low", "Limited", 100, 128, 6, 50],
      ],
    );
  });

  it("names the schema and the level of each answer, refusals too", async () => {
    const { admin, as, https } = subject();
    const uidOf = async (path: string) =>
      ((await expect(admin, { path: `${base}/${path}` }, 200)).json as Named).metadata.uid;
    const answer = await expect(admin, { path: "/api/v1/namespaces/default" }, 200);
    assert.equal(answer.headers["x-kubernetes-pf-flowschema-uid"], await uidOf("flowschemas/exempt"));
    assert.equal(
      answer.headers["x-kubernetes-pf-prioritylevel-uid"],
      await uidOf("prioritylevelconfigurations/exempt"),
    );
    const ann = as(https.issue({ commonName: "ann" }));
    const refused = await expect(ann, { path: "/api/v1/namespaces/default" }, 403);
    assert.equal(refused.headers["x-kubernetes-pf-flowschema-uid"], await uidOf("flowschemas/global-default"));
  });

  it("refuses what makes no sense, in upstream's words", async () => {
    const { admin } = subject();
    const refused = async (plural: string, kind: string, spec: object, name: string, causes: readonly string[]) => {
      const apiVersion = "flowcontrol.apiserver.k8s.io/v1";
      const body = { apiVersion, kind, metadata: { name }, spec };
      const answer = await expect(admin, { method: "POST", path: `${base}/${plural}`, body }, 422);
      const details = (answer.json as { details: { causes: readonly { message: string; field: string }[] } }).details;
      assert.deepEqual(
        details.causes.map(({ field, message }) => `${field}: ${message}`),
        causes,
      );
    };
    await refused(
      "flowschemas",
      "FlowSchema",
      {
        matchingPrecedence: 1,
        priorityLevelConfiguration: { name: "" },
        distinguisherMethod: { type: "ByDay" },
        rules: [{ subjects: [{ kind: "User", group: { name: "a" } }], resourceRules: [{ verbs: ["*", "get"] }] }, {}],
      },
      "a",
      [
        "spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1",
        'spec.distinguisherMethod.type: Unsupported value: {"Type":"ByDay"}: supported values: "ByNamespace", "ByUser"',
        "spec.priorityLevelConfiguration.name: Required value: must reference a priority level",
        "spec.rules[0].subjects[0].user: Required value: user is required when subject kind is 'User'",
        "spec.rules[0].subjects[0].group: Forbidden: group is forbidden when subject kind is not 'Group'",
        `spec.rules[0].resourceRules[0].verbs: Invalid value: ["*","get"]: if '*' is present, must not specify other verbs`,
        "spec.rules[0].resourceRules[0].apiGroups: Required value: resource rules must supply at least one api group",
        "spec.rules[0].resourceRules[0].resources: Required value: resource rules must supply at least one resource",
        "spec.rules[0].resourceRules[0].namespaces: Required value: resource rules that are not cluster scoped must supply at least one namespace",
        "spec.rules[1].subjects: Required value: subjects must contain at least one value",
        "spec.rules[1]: Required value: at least one of resourceRules and nonResourceRules has to be non-empty",
      ],
    );
    await refused(
      "prioritylevelconfigurations",
      "PriorityLevelConfiguration",
      {
        type: "Limited",
        exempt: {},
        limited: {
          nominalConcurrencyShares: -1,
          lendablePercent: 101,
          borrowingLimitPercent: -1,
          limitResponse: { type: "Queue", queuing: { queues: 512, handSize: 8, queueLengthLimit: -1 } },
        },
      },
      "a",
      [
        "spec.exempt: Forbidden: must be nil if the type is Limited",
        "spec.limited.nominalConcurrencyShares: Invalid value: -1: must be a non-negative integer",
        "spec.limited.limitResponse.queuing.queueLengthLimit: Invalid value: -1: must be positive",
        "spec.limited.limitResponse.queuing.handSize: Invalid value: 8: required entropy bits of deckSize 512 and handSize 8 should not be greater than 60",
        "spec.limited.lendablePercent: Invalid value: 101: must be between 0 and 100, inclusive",
        "spec.limited.borrowingLimitPercent: Invalid value: -1: if specified, must be a non-negative integer",
      ],
    );
  });

  it("keeps the mandatory objects as they are", async () => {
    const { admin } = subject();
    const path = `${base}/prioritylevelconfigurations/catch-all`;
    const headers = { "content-type": "application/merge-patch+json" };
    const body = { spec: { limited: { nominalConcurrencyShares: 6 } } };
    const answer = await expect(admin, { method: "PATCH", path, headers, body }, 422);
    assert.equal(
      (answer.json as { message: string }).message,
      `PriorityLevelConfiguration.flowcontrol.apiserver.k8s.io "catch-all" is invalid: spec: Invalid value: {"Type":"Limited","Limited":{"NominalConcurrencyShares":6,"LimitResponse":{"Type":"Reject","Queuing":null},"LendablePercent":0,"BorrowingLimitPercent":null},"Exempt":null}: spec of 'catch-all' must equal the fixed value`,
    );
    const exempt = { spec: { exempt: { nominalConcurrencyShares: 10 } } };
    await expect(
      admin,
      { method: "PATCH", path: `${base}/prioritylevelconfigurations/exempt`, headers, body: exempt },
      200,
    );
  });

  it("dumps its levels, queues and requests", async () => {
    const { admin } = subject();
    const dump = async (what: string) =>
      (await expect(admin, { path: `/debug/api_priority_and_fairness/dump_${what}` }, 200)).text.split("\n");
    const levels = await dump("priority_levels");
    assert.equal(
      levels[0],
      "PriorityLevelName, ActiveQueues, IsIdle, IsQuiescing, WaitingRequests, ExecutingRequests, DispatchedRequests, RejectedRequests, TimedoutRequests, CancelledRequests",
    );
    assert.match(levels[1]!, /^catch-all, {9}0, {12}true, {3}false, {7}0, {15}0, /);
    assert.equal(levels.length, 10);
    assert.equal((await dump("queues")).length, 64 * 2 + 16 + 128 * 3 + 2);
    const requests = await dump("requests?includeRequestDetails=1");
    const own = requests.find((line) => line.startsWith("exempt,"))!;
    assert.match(own, /^exempt, +exempt, +-1, +-1, +, +20\S+Z, +1, +0, +0s, +20\S+Z, +\S+, +get, +\/debug/);
  });
});

describe("priority and fairness under load", { timeout: 300_000 }, () => {
  let https: HttpsServer;
  let admin: HttpClient;
  before(async () => {
    https = await startHttpsServer({
      more: { requestLimits: { ...defaultRequestLimits, maxRequestsInFlight: 20 } },
    });
    admin = clientOf.h2(https.port, https.admin);
  });
  after(async () => {
    admin.close();
    await https.close();
  });

  it("answers 429 with Retry-After where a level has no seat and no queue", async () => {
    const level = {
      apiVersion: "flowcontrol.apiserver.k8s.io/v1",
      kind: "PriorityLevelConfiguration",
      metadata: { name: "none" },
      spec: { type: "Limited", limited: { nominalConcurrencyShares: 0, limitResponse: { type: "Reject" } } },
    };
    await expect(admin, { method: "POST", path: `${base}/prioritylevelconfigurations`, body: level }, 201);
    const everybody = [{ kind: "User", user: { name: "bob" } }];
    const schema = {
      apiVersion: "flowcontrol.apiserver.k8s.io/v1",
      kind: "FlowSchema",
      metadata: { name: "bob" },
      spec: {
        matchingPrecedence: 5,
        priorityLevelConfiguration: { name: "none" },
        rules: [
          {
            subjects: everybody,
            resourceRules: [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"], namespaces: ["*"] }],
            nonResourceRules: [{ verbs: ["*"], nonResourceURLs: ["*"] }],
          },
        ],
      },
    };
    await expect(admin, { method: "POST", path: `${base}/flowschemas`, body: schema }, 201);
    const path = `${base}/flowschemas/bob`;
    for (let i = 0; i < 200; i++) {
      const { json } = await admin.call({ path });
      if (((json as Named).status?.conditions ?? []).length > 0) break;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const conditions = ((await admin.call({ path })).json as Named).status.conditions as { message: string }[];
    assert.equal(
      conditions[0]?.message,
      'This FlowSchema references the PriorityLevelConfiguration object named "none" and it exists',
    );
    // A level of no seats lets one request in all the same, and a borrowed one were for those who asked before.
    const patch = { spec: { limited: { borrowingLimitPercent: 0 } } };
    const headers = { "content-type": "application/merge-patch+json" };
    await expect(
      admin,
      { method: "PATCH", path: `${base}/prioritylevelconfigurations/none`, headers, body: patch },
      200,
    );
    const binding = {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: "bob" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "bob" }],
    };
    const bindings = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings";
    await expect(admin, { method: "POST", path: bindings, body: binding }, 201);
    const credentials = https.issue({ commonName: "bob" });
    // Its body does not come: it takes the seat for as long as the test likes.
    const slow = request({
      host: "127.0.0.1",
      port: https.port,
      path: "/api/v1/namespaces/default/configmaps",
      method: "POST",
      headers: { "content-type": "application/json", "content-length": 1_000 },
      servername: "localhost",
      ca: credentials.ca,
      cert: credentials.certificate,
      key: credentials.key,
      rejectUnauthorized: false,
    });
    slow.on("error", () => {});
    slow.write("{");
    const bob = clientOf.h2(https.port, credentials);
    try {
      const answer = await untilStatus(bob, "/version", 429);
      assert.equal(answer.text, "Too many requests, please try again later.\n");
      assert.equal(answer.headers["retry-after"], "1");
      assert.equal(answer.headers["content-type"], "text/plain; charset=utf-8");
      assert.equal(answer.headers["x-content-type-options"], "nosniff");
      const { text } = await admin.call({ path: "/metrics" });
      assert.match(
        text,
        /apiserver_flowcontrol_rejected_requests_total\{flow_schema="bob",priority_level="none",reason="concurrency-limit"\} [1-9]/,
      );
      assert.match(text, /apiserver_flowcontrol_nominal_limit_seats\{priority_level="none"\} 0\n/);
      slow.destroy();
      await untilStatus(bob, "/version", 200);
    } finally {
      bob.close();
    }
  });
});

async function untilStatus(client: HttpClient, path: string, status: number) {
  for (let i = 0; ; i++) {
    const answer = await client.call({ path });
    if (answer.status === status || i === 200) {
      assert.equal(answer.status, status);
      return answer;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
