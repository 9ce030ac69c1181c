import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ApiError } from "../../apimachinery/errors/api-error.ts";
import { SeededRandom } from "../../base/seeded-random.ts";
import { VirtualClock } from "../../base/virtual-clock.ts";
import { testDefinition } from "../admission/test-attributes.ts";
import { Auditor } from "../audit/auditor.ts";
import type { AuditEvent } from "../audit/event.ts";
import { parseAuditPolicy } from "../audit/policy.ts";
import { testRequest } from "../authentication/test-request.ts";
import type { Handler } from "../chain.ts";
import type { WatchResponse } from "../response.ts";
import { audit } from "./audit.ts";
import { impersonate } from "./impersonate.ts";

function setUp(handler: Handler) {
  const events: AuditEvent[] = [];
  const auditor = new Auditor({
    policy: parseAuditPolicy({ apiVersion: "audit.k8s.io/v1", kind: "Policy", rules: [{ level: "RequestResponse" }] }),
    backend: { write: (event) => void events.push(event), close: async () => undefined },
    clock: new VirtualClock(),
    random: new SeededRandom(1),
  });
  return {
    handle: audit(auditor).requests(handler),
    told: () => events.map(({ stage, responseStatus }) => `${stage} ${responseStatus?.code ?? ""}`),
    events,
  };
}

const watch = (stop: () => void): WatchResponse => ({
  type: "watch",
  definition: testDefinition("", "Pod", "pods"),
  start: () => stop,
});

describe("audit filter", () => {
  it("tells of a request as it comes and as it ends", async () => {
    const { handle, told, events } = setUp(async () => ({ type: "value", status: 201, value: { a: 1 } }));
    await handle(testRequest());
    assert.deepEqual(told(), ["RequestReceived ", "ResponseComplete 201"]);
    assert.deepEqual(events[1]!.responseObject, { a: 1 });
  });

  it("tells of refusals and of handlers that break", async () => {
    const refused = setUp(async () => Promise.reject(ApiError.badRequest("no")));
    await assert.rejects(refused.handle(testRequest()));
    assert.deepEqual(refused.told(), ["RequestReceived ", "ResponseComplete 400"]);
    const broken = setUp(async () => Promise.reject(new Error("boom")));
    await assert.rejects(broken.handle(testRequest()));
    assert.deepEqual(broken.told(), ["RequestReceived ", "Panic 500"]);
  });

  it("tells of a watch as it begins and, once, as either side ends it", async () => {
    let stopped = 0;
    const { handle, told } = setUp(async () => watch(() => stopped++));
    const response = (await handle(testRequest())) as WatchResponse;
    assert.deepEqual(told(), ["RequestReceived "]);
    const stop = response.start({ send: () => true, end: () => undefined });
    assert.deepEqual(told(), ["RequestReceived ", "ResponseStarted 200"]);
    stop();
    stop();
    assert.deepEqual(told(), ["RequestReceived ", "ResponseStarted 200", "ResponseComplete 200"]);
    assert.equal(stopped, 2);
  });
});

describe("impersonation filter", () => {
  const allowAll = { name: "all", authorize: () => ({ decision: "allow" as const, reason: "" }) };
  const run = async (headers: Record<string, string>, change: object = {}) => {
    const request = testRequest(headers, { user: { username: "ann", groups: [] }, ...change });
    const handler: Handler = async ({ user }) => ({ type: "value", status: 200, value: user });
    return ((await impersonate(allowAll)(handler)(request)) as { value: { username: string } }).value.username;
  };

  it("passes the request on as the user it names, or as it is", async () => {
    assert.equal(await run({ "impersonate-user": "bob" }), "bob");
    assert.equal(await run({}), "ann");
    await assert.rejects(run({ "impersonate-group": "x" }), { code: 400 });
  });

  it("asks for permission in the name of whoever sent it", async () => {
    const nobody = { name: "none", authorize: () => ({ decision: "noOpinion" as const, reason: "" }) };
    const request = testRequest({ "impersonate-user": "bob" }, { user: { username: "ann", groups: [] } });
    await assert.rejects(impersonate(nobody)(async () => assert.fail("must not be reached"))(request), { code: 403 });
    assert.equal(request.user.username, "ann");
  });
});
