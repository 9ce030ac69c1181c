import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { SeededRandom } from "../../base/seeded-random.ts";
import { VirtualClock } from "../../base/virtual-clock.ts";
import { testRequest } from "../authentication/test-request.ts";
import type { AuthorizationAttributes } from "../authorization/authorizer.ts";
import { request as attributesFor } from "../authorization/rbac/test-objects.ts";
import { Auditor } from "./auditor.ts";
import { type AuditEvent, shortUserAgent, sourceAddresses, withoutManagedFields } from "./event.ts";
import { AuditFile } from "./file-backend.ts";
import { type AuditRule, auditEvaluator, parseAuditPolicy } from "./policy.ts";

const policyOf = (rules: readonly object[], change: object = {}) =>
  parseAuditPolicy({ apiVersion: "audit.k8s.io/v1", kind: "Policy", rules, ...change });
const startMs = Date.parse("2026-05-01T12:00:00.5Z");

describe("audit policy", () => {
  it("matches users, groups, verbs, namespaces, resources and paths, the first rule deciding", () => {
    const evaluate = auditEvaluator(
      policyOf([
        { level: "None", users: ["system:kube-proxy"], verbs: ["watch"] },
        { level: "RequestResponse", resources: [{ group: "", resources: ["pods/log", "configmaps/*", "*/scale"] }] },
        {
          level: "Request",
          resources: [{ group: "apps", resources: ["deployments"], resourceNames: ["d"] }, { group: "batch" }],
          namespaces: ["red"],
        },
        { level: "Metadata", nonResourceURLs: ["/healthz*", "/version"] },
        { level: "Metadata", userGroups: ["dev"] },
      ]),
    );
    const level = (change: Partial<AuthorizationAttributes>) =>
      evaluate({ ...attributesFor("ann", "get", "pods"), ...change }).level;
    assert.equal(level({ user: { username: "system:kube-proxy", groups: [] }, verb: "watch" }), "None");
    assert.deepEqual(
      [
        level({}),
        level({ subresource: "log" }),
        level({ resource: "configmaps", subresource: "x" }),
        level({ resource: "a", subresource: "scale" }),
      ],
      ["None", "RequestResponse", "RequestResponse", "RequestResponse"],
    );
    const deployment = { group: "apps", resource: "deployments", name: "d" };
    assert.deepEqual(
      [
        level({ ...deployment, namespace: "red" }),
        level({ ...deployment, namespace: "blue" }),
        level({ ...deployment, namespace: "red", name: "e" }),
      ],
      ["Request", "None", "None"],
    );
    assert.equal(level({ group: "batch", resource: "jobs", namespace: "red" }), "Request");
    const path = (at: string) => level({ isResourceRequest: false, resource: "", path: at });
    assert.deepEqual(["/healthz/etcd", "/version", "/versions"].map(path), ["Metadata", "Metadata", "None"]);
    assert.equal(level({ user: { username: "bob", groups: ["dev"] } }), "Metadata");
  });

  it("is refused where it makes no sense", () => {
    const refused = (rule: object, message: string) => assert.throws(() => policyOf([rule]), { message });
    refused({}, "rules[0].level: Required value");
    refused(
      { level: "All" },
      'rules[0].level: Unsupported value: "All": supported values: "None", "Metadata", "Request", "RequestResponse"',
    );
    refused(
      { level: "None", nonResourceURLs: ["x"] },
      "rules[0].nonResourceURLs[0]: Invalid value: \"x\": non-resource URL rules must begin with a '/' character",
    );
    refused(
      { level: "None", nonResourceURLs: ["/*/x"] },
      "rules[0].nonResourceURLs[0]: Invalid value: \"/*/x\": non-resource URL wildcards '*' must be the final character of the rule",
    );
    refused(
      { level: "None", omitStages: ["Nope"] },
      'rules[0].omitStages[0]: Invalid value: "Nope": allowed stages are RequestReceived,ResponseStarted,ResponseComplete,Panic',
    );
    refused(
      { level: "None", nonResourceURLs: ["/x"], namespaces: ["a"] },
      'rules[0].nonResourceURLs: Invalid value: ["/x"]: rules cannot apply to both regular resources and non-resource URLs',
    );
    refused(
      { level: "None", resources: [{ resourceNames: ["a"] }] },
      'rules[0].resources.resourceNames: Invalid value: ["a"]: using resourceNames requires at least one resource',
    );
    assert.throws(() => policyOf([]), { message: "loaded illegal policy with 0 rules" });
    assert.throws(() => parseAuditPolicy({ kind: "Policy", apiVersion: "audit.k8s.io/v1beta1" }), {
      message: "unknown group version field audit.k8s.io/v1beta1, Kind=Policy in policy",
    });
  });
});

function setUp(rules: readonly AuditRule[], change: object = {}) {
  const events: AuditEvent[] = [];
  const clock = new VirtualClock({ startMs });
  const auditor = new Auditor({
    policy: policyOf(rules, change),
    backend: { write: (event) => void events.push(event), close: async () => undefined },
    clock,
    random: new SeededRandom(1),
  });
  const request = testRequest(
    { "user-agent": "kubectl/v1", "x-forwarded-for": "198.51.100.1, unknown", "audit-id": "id-1" },
    { path: "/api/v1/namespaces/red/configmaps/c", query: new URLSearchParams("dryRun=All") },
  );
  const attributes = {
    ...attributesFor("ann", "update", "configmaps", { namespace: "red", name: "c" }),
    user: { username: "ann", groups: ["dev"], extra: { k: ["v"] } },
  };
  return { events, clock, request, begin: () => auditor.begin(request, attributes) };
}

const body = {
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "c", uid: "u", resourceVersion: "7", managedFields: [{ manager: "m" }] },
};

describe("audit events", () => {
  it("tell the whole request, in the wire's order", async () => {
    const { events, clock, request, begin } = setUp([{ level: "RequestResponse" }]);
    const record = begin()!;
    record.requestObject(body);
    record.impersonated({ username: "bob", groups: ["ops"] }, "impersonate:user-info");
    request.auditAnnotations.set("authorization.k8s.io/decision", "allow");
    await clock.advance(10);
    record.responseObject({ ...body, data: {} });
    record.responseComplete(200);
    assert.equal(
      JSON.stringify(events[0]),
      '{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"RequestResponse","auditID":"id-1","stage":"RequestReceived","requestURI":"/api/v1/namespaces/red/configmaps/c?dryRun=All","verb":"update","user":{"username":"ann","groups":["dev"],"extra":{"k":["v"]}},"sourceIPs":["198.51.100.1","192.0.2.1"],"userAgent":"kubectl/v1","objectRef":{"resource":"configmaps","namespace":"red","name":"c","apiVersion":"v1"},"requestReceivedTimestamp":"2026-05-01T12:00:00.500000Z","stageTimestamp":"2026-05-01T12:00:00.500000Z"}',
    );
    const {
      stage,
      objectRef,
      responseStatus,
      requestObject,
      responseObject,
      impersonatedUser,
      authenticationMetadata,
      annotations,
      stageTimestamp,
    } = events[1]!;
    assert.deepEqual(
      {
        stage,
        objectRef,
        responseStatus,
        requestObject,
        responseObject,
        impersonatedUser,
        authenticationMetadata,
        annotations,
        stageTimestamp,
      },
      {
        stage: "ResponseComplete",
        objectRef: {
          namespace: "red",
          name: "c",
          uid: "u",
          resourceVersion: "7",
          resource: "configmaps",
          apiVersion: "v1",
        },
        responseStatus: { metadata: {}, code: 200 },
        requestObject: body,
        responseObject: { ...body, data: {} },
        impersonatedUser: { username: "bob", groups: ["ops"] },
        authenticationMetadata: { impersonationConstraint: "impersonate:user-info" },
        annotations: { "authorization.k8s.io/decision": "allow" },
        stageTimestamp: "2026-05-01T12:00:00.510000Z",
      },
    );
  });

  it("hold no more than their level: no bodies at Metadata, no answers at Request, and nothing at None", () => {
    const run = (level: AuditRule["level"]) => {
      const { events, begin } = setUp([{ level }]);
      const record = begin();
      record?.requestObject(body);
      record?.responseObject(body);
      record?.responseComplete(200);
      const last = events.at(-1);
      return [events.length, last?.requestObject !== undefined, last?.responseObject !== undefined];
    };
    assert.deepEqual(run("None"), [0, false, false]);
    assert.deepEqual(run("Metadata"), [2, false, false]);
    assert.deepEqual(run("Request"), [2, true, false]);
    assert.deepEqual(run("RequestResponse"), [2, true, true]);
  });

  it("leave out stages and managed fields that the policy leaves out", () => {
    const { events, begin } = setUp([{ level: "RequestResponse", omitStages: ["ResponseStarted"] }], {
      omitStages: ["RequestReceived"],
      omitManagedFields: true,
    });
    const record = begin()!;
    record.requestObject(body);
    record.responseStarted(200);
    record.responseComplete(200);
    assert.deepEqual(
      events.map(({ stage }) => stage),
      ["ResponseComplete"],
    );
    assert.deepEqual(events[0]!.requestObject, { ...body, metadata: { name: "c", uid: "u", resourceVersion: "7" } });
    assert.deepEqual(withoutManagedFields({ kind: "List", items: [body], rows: [{ object: body }] }), {
      kind: "List",
      items: [{ ...body, metadata: { name: "c", uid: "u", resourceVersion: "7" } }],
      rows: [{ object: { ...body, metadata: { name: "c", uid: "u", resourceVersion: "7" } } }],
    });
  });

  it("keep what a refusal said, and tell of a handler that broke", () => {
    const { events, begin } = setUp([{ level: "Metadata" }]);
    const record = begin()!;
    record.responseObject({
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message: "no",
      reason: "Forbidden",
      code: 403,
    });
    record.responseComplete(403);
    assert.deepEqual(events.at(-1)!.responseStatus, {
      metadata: {},
      status: "Failure",
      message: "no",
      reason: "Forbidden",
      code: 403,
    });
    record.panicked(new Error("boom"));
    assert.deepEqual(
      [events.at(-1)!.stage, events.at(-1)!.responseStatus!.message],
      ["Panic", "APIServer panic'd: boom"],
    );
  });

  it("show addresses once and long user agents cut", () => {
    assert.deepEqual(sourceAddresses("10.0.0.1, 10.0.0.1,evil\n", "10.0.0.2", "::ffff:10.0.0.3"), [
      "10.0.0.1",
      "10.0.0.2",
      "10.0.0.3",
    ]);
    assert.equal(shortUserAgent("x".repeat(2000)), `${"x".repeat(1024)}...TRUNCATED`);
  });
});

describe("audit log file", () => {
  const root = mkdtempSync(join(tmpdir(), "k8ts-audit-"));
  after(() => rmSync(root, { recursive: true }));
  const event = (auditID: string, pad = 0) => ({ auditID, requestURI: "x".repeat(pad) }) as AuditEvent;
  const lines = (file: string) =>
    readFileSync(file, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).auditID);

  it("gets one line an event, in order, appended to what is there", async () => {
    const path = join(root, "a", "audit.log");
    for (const ids of [["1", "2"], ["3"]]) {
      const file = new AuditFile({ path, clock: new VirtualClock({ startMs }) });
      for (const id of ids) file.write(event(id));
      await file.close();
    }
    assert.deepEqual(lines(path), ["1", "2", "3"]);
  });

  it("is put aside when it is full; the oldest go by number and by age", async () => {
    const dir = join(root, "b");
    const path = join(dir, "audit.log");
    const clock = new VirtualClock({ startMs });
    const file = new AuditFile({ path, maxSizeMegabytes: 1, maxBackups: 2, maxAgeDays: 7, clock });
    file.write(event("0"));
    await file.close();
    writeFileSync(join(dir, "audit-2026-04-01T00-00-00.000.log"), "old\n");
    writeFileSync(join(dir, "audit-mine.log"), "no backup\n");
    for (let i = 1; i <= 4; i++) {
      file.write(event(String(i), 700_000));
      await file.close();
      await clock.advance(1000);
    }
    assert.deepEqual(readdirSync(dir).sort(), [
      "audit-2026-05-01T12-00-02.500.log",
      "audit-2026-05-01T12-00-03.500.log",
      "audit-mine.log",
      "audit.log",
    ]);
    assert.deepEqual([lines(join(dir, "audit-2026-05-01T12-00-02.500.log")), lines(path)], [["2"], ["4"]]);
  });

  it("drops and counts what it cannot keep, instead of growing", async () => {
    let dropped = 0;
    const onDropped = (count: number) => {
      dropped += count;
    };
    const file = new AuditFile({
      path: join(root, "c", "audit.log"),
      clock: new VirtualClock({ startMs }),
      onDropped,
    });
    for (let i = 0; i < 20; i++) file.write(event(String(i), 1024 * 1024));
    await file.close();
    assert.equal(dropped, 5);
    assert.equal(lines(join(root, "c", "audit.log")).length, 15);
    const nowhere = new AuditFile({
      path: join(root, "c", "audit.log", "x"),
      clock: new VirtualClock({ startMs }),
      onDropped,
    });
    nowhere.write(event("x"));
    await nowhere.close();
    assert.equal(dropped, 6);
  });
});
