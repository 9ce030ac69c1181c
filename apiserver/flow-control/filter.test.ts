import assert from "node:assert/strict";
import { test } from "node:test";
import { MetricsRegistry } from "../../base/metrics.ts";
import { VirtualClock } from "../../base/virtual-clock.ts";
import { testRequest } from "../authentication/test-request.ts";
import type { ApiRequest } from "../request.ts";
import { requestInfoOf } from "../request-info.ts";
import type { ApiResponse, WatchResponse } from "../response.ts";
import { priorityAndFairness } from "./filter.ts";
import type { FlowControl } from "./flow-control.ts";
import { maxInFlight } from "./max-in-flight.ts";
import { FlowControlMetrics } from "./metrics.ts";
import { PriorityLevels } from "./priority-levels.ts";

const value: ApiResponse = { type: "value", status: 200, value: {} };

/** One level of one seat and one queue for everybody. */
function setUp() {
  const clock = new VirtualClock();
  const registry = new MetricsRegistry();
  const metrics = new FlowControlMetrics(registry, clock);
  const levels = new PriorityLevels(1, metrics, clock);
  const queuing = { queues: 1, handSize: 1, queueLengthLimit: 2 };
  const limited = {
    nominalConcurrencyShares: 100,
    lendablePercent: 0,
    borrowingLimitPercent: 0,
    limitResponse: { type: "Queue", queuing },
  };
  levels.digest(
    [{ metadata: { name: "one", uid: "level-uid" }, spec: { type: "Limited", limited } }],
    [
      {
        metadata: { name: "all", uid: "schema-uid" },
        spec: {
          matchingPrecedence: 2,
          priorityLevelConfiguration: { name: "one" },
          rules: [
            {
              subjects: [{ kind: "Group", group: { name: "*" } }],
              resourceRules: [
                { verbs: ["*"], apiGroups: ["*"], resources: ["*"], namespaces: ["*"], clusterScope: true },
              ],
            },
          ],
        },
      },
    ],
  );
  const flowControl = { levels, metrics } as unknown as FlowControl;
  const filter = priorityAndFairness({ flowControl, clock, statsOf: () => undefined });
  const level = [...levels.levels].find(({ name }) => name === "one")!;
  const ask = (url: string, change: Partial<ApiRequest> = {}) => {
    const [path = "", search] = url.split("?");
    const query = new URLSearchParams(search);
    const answerHeaders: Record<string, string> = {};
    return { ...testRequest(), query, info: requestInfoOf("GET", path, query), answerHeaders, ...change } as ApiRequest;
  };
  return { clock, filter, level, ask, registry };
}

test("a request waits for its turn, at most a quarter of its time, and is then told to come again", async () => {
  const { clock, filter, level, ask, registry } = setUp();
  const { promise: held, resolve: letGo } = Promise.withResolvers<ApiResponse>();
  const slow = filter(() => held)(ask("/api/v1/pods"));
  const request = ask("/api/v1/pods?timeout=8s");
  const impatient = filter(async () => value)(request);
  const patient = filter(async () => value)(ask("/api/v1/pods"));
  const third = await filter(async () => value)(ask("/api/v1/pods"));
  assert.equal("status" in third && third.status, 429);
  assert.deepEqual([level.queues.executing, level.queues.waiting], [1, 2]);
  await clock.advance(1_999);
  assert.equal(level.queues.waiting, 2);
  await clock.advance(1);
  const refused = await impatient;
  assert.deepEqual(refused, {
    type: "raw",
    status: 429,
    contentType: "text/plain; charset=utf-8",
    body: "Too many requests, please try again later.\n",
    headers: { "retry-after": "1", "x-content-type-options": "nosniff" },
  });
  assert.deepEqual(request.answerHeaders, {
    "x-kubernetes-pf-flowschema-uid": "schema-uid",
    "x-kubernetes-pf-prioritylevel-uid": "level-uid",
  });
  letGo(value);
  assert.deepEqual([await slow, await patient], [value, value]);
  assert.ok(level.queues.isIdle);
  const text = registry.render();
  assert.match(text, /rejected_requests_total\{flow_schema="all",priority_level="one",reason="time-out"\} 1\n/);
  assert.match(text, /rejected_requests_total\{flow_schema="all",priority_level="one",reason="queue-full"\} 1\n/);
  assert.match(text, /dispatched_requests_total\{flow_schema="all",priority_level="one"\} 2\n/);
});

test("whoever goes away while waiting gives its place up", async () => {
  const { filter, level, ask } = setUp();
  const { promise: held, resolve: letGo } = Promise.withResolvers<ApiResponse>();
  const slow = filter(() => held)(ask("/api/v1/pods"));
  const gone = new AbortController();
  const waiting = filter(async () => assert.fail("it has gone"))(ask("/api/v1/pods", { signal: gone.signal }));
  gone.abort();
  await waiting;
  assert.equal(level.queues.waiting, 0);
  letGo(value);
  await slow;
});

test("a seat is taken until the answer has been written, and given back where the handler fails", async () => {
  const { filter, level, ask } = setUp();
  let written: (() => void) | undefined;
  const onAnswered = (listener: () => void): void => {
    written = listener;
  };
  await filter(async () => value)(ask("/api/v1/pods", { onAnswered }));
  assert.equal(level.queues.executing, 1);
  written!();
  assert.equal(level.queues.executing, 0);
  await assert.rejects(filter(() => Promise.reject(new Error("no")))(ask("/api/v1/pods")));
  assert.ok(level.queues.isIdle);
});

test("a watch holds its seat until its initial events are out; exec and its like need none", async () => {
  const { filter, level, ask } = setUp();
  let duringStart = 0;
  const watch = {
    type: "watch",
    start() {
      duringStart = level.queues.executing;
      return () => {};
    },
  } as unknown as WatchResponse;
  const response = (await filter(async () => watch)(ask("/api/v1/pods?watch=1"))) as WatchResponse;
  assert.equal(level.queues.executing, 1);
  const stop = response.start({ send: () => true, end: () => {} });
  assert.deepEqual([duringStart, level.queues.executing], [1, 0]);
  stop();
  await filter(async () => {
    assert.equal(level.queues.executing, 0);
    return value;
  })(ask("/api/v1/namespaces/a/pods/b/log"));
});

test("without priority and fairness there are two limits, and system:masters have none", async () => {
  const { ask } = setUp();
  const filter = maxInFlight({ readOnly: 1, mutating: 0 });
  const { promise: held, resolve: letGo } = Promise.withResolvers<ApiResponse>();
  const slow = filter(() => held)(ask("/api/v1/pods"));
  const refused = await filter(async () => value)(ask("/api/v1/pods"));
  assert.equal("status" in refused && refused.status, 429);
  const user = { username: "root", groups: ["system:masters"] };
  assert.equal(await filter(async () => value)(ask("/api/v1/pods", { user })), value);
  letGo(value);
  await slow;
  assert.equal(await filter(async () => value)(ask("/api/v1/pods")), value);
});
