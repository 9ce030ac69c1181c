import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  mandatoryFlowSchemas,
  mandatoryPriorityLevels,
  suggestedFlowSchemas,
  suggestedPriorityLevels,
} from "../../api/flowcontrol/v1/bootstrap.ts";
import { MetricsRegistry } from "../../base/metrics.ts";
import { VirtualClock } from "../../base/virtual-clock.ts";
import { testRequest } from "../authentication/test-request.ts";
import { requestInfoOf } from "../request-info.ts";
import { allocate } from "./allocation.ts";
import { noDemand, updatedDemand } from "./borrowing.ts";
import { DroppedRequests } from "./dropped-requests.ts";
import { Integrator } from "./integrator.ts";
import { FlowControlMetrics } from "./metrics.ts";
import { PriorityLevels } from "./priority-levels.ts";
import { estimateWork } from "./work-estimator.ts";

const allLevels = [...mandatoryPriorityLevels, ...suggestedPriorityLevels];
const allSchemas = [...mandatoryFlowSchemas, ...suggestedFlowSchemas];

function levelsOf(limit = 600) {
  const clock = new VirtualClock();
  const registry = new MetricsRegistry();
  const levels = new PriorityLevels(limit, new FlowControlMetrics(registry, clock), clock);
  levels.digest(allLevels, allSchemas);
  return { clock, registry, levels };
}

test("the default objects share out 600 seats as upstream's do", () => {
  const { levels } = levelsOf();
  const limits = Object.fromEntries(
    [...levels.levels].map(({ name, limits: { nominal, lower, upper }, maxSeats }) => [
      name,
      [nominal, lower, upper, maxSeats],
    ]),
  );
  assert.deepEqual(limits, {
    "catch-all": [13, 13, 613, 0],
    exempt: [0, 0, 600, 0],
    system: [74, 50, 674, 12],
    "node-high": [98, 73, 698, 15],
    "leader-election": [25, 25, 625, 4],
    "workload-high": [98, 49, 698, 15],
    "workload-low": [245, 24, 845, 37],
    "global-default": [49, 24, 649, 8],
  });
});

test("requests find their level by who asks and for what", () => {
  const { levels } = levelsOf();
  const schemaOf = (path: string, username: string, groups: readonly string[], method = "GET") => {
    const info = requestInfoOf(method, path, new URLSearchParams());
    const { object, level } = levels.classify(info, { username, groups: [...groups, "system:authenticated"] });
    return `${object.metadata.name} ${level.name}`;
  };
  const account = "system:serviceaccount:kube-system:job-controller";
  const accounts = ["system:serviceaccounts", "system:serviceaccounts:kube-system"];
  assert.equal(schemaOf("/api/v1/pods", "root", ["system:masters"]), "exempt exempt");
  assert.equal(schemaOf("/livez/ping", "ann", []), "probes exempt");
  assert.equal(schemaOf("/livezx", "ann", []), "global-default global-default");
  const lease = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/x";
  assert.equal(schemaOf(lease, "system:kube-scheduler", [], "PUT"), "system-leader-election leader-election");
  assert.equal(schemaOf(lease, "system:kube-scheduler", [], "DELETE"), "kube-scheduler workload-high");
  assert.equal(schemaOf(lease, "system:node:n1", ["system:nodes"], "PUT"), "system-node-high node-high");
  assert.equal(
    schemaOf("/api/v1/nodes/n1/status", "system:node:n1", ["system:nodes"], "PATCH"),
    "system-node-high node-high",
  );
  assert.equal(schemaOf("/api/v1/pods", "system:node:n1", ["system:nodes"]), "system-nodes system");
  assert.equal(schemaOf("/api/v1/pods", account, accounts), "kube-system-service-accounts workload-high");
  assert.equal(schemaOf("/api/v1/pods", "system:serviceaccount:a:b", accounts), "service-accounts workload-low");
  assert.equal(schemaOf("/api/v1/pods", "ann", []), "global-default global-default");
});

test("a user whose requests have been told apart follows a change of the schemas", () => {
  const { levels } = levelsOf();
  const ann = { username: "ann", groups: ["system:authenticated"] };
  const nameOf = (path: string) =>
    levels.classify(requestInfoOf("GET", path, new URLSearchParams()), ann).object.metadata.name;
  assert.deepEqual(["/api/v1/pods", "/livez"].map(nameOf), ["global-default", "probes"]);
  const rules = [
    {
      subjects: [{ kind: "User" as const, user: { name: "ann" } }],
      resourceRules: [{ verbs: ["*"], apiGroups: [""], resources: ["pods"], clusterScope: true }],
    },
  ];
  const spec = { matchingPrecedence: 2, priorityLevelConfiguration: { name: "system" }, rules };
  levels.digest(allLevels, [...allSchemas, { ...allSchemas[0]!, metadata: { name: "for-ann" }, spec }]);
  assert.deepEqual(["/api/v1/pods", "/api/v1/nodes", "/livez"].map(nameOf), ["for-ann", "global-default", "probes"]);
  levels.digest(allLevels, allSchemas);
  assert.equal(nameOf("/api/v1/pods"), "global-default");
});

test("without any objects there are the mandatory ones", () => {
  const { levels } = levelsOf();
  levels.digest([], []);
  assert.deepEqual([...levels.levels].map(({ name }) => name).sort(), ["catch-all", "exempt"]);
  const info = requestInfoOf("GET", "/api/v1/pods", new URLSearchParams());
  assert.equal(levels.classify(info, { username: "x", groups: [] }).object.metadata.name, "catch-all");
});

test("a level in need borrows from idle ones, who get theirs back when they need it", async () => {
  const { clock, levels } = levelsOf();
  const current = () => Object.fromEntries([...levels.levels].map((level) => [level.name, level.current]));
  const low = [...levels.levels].find(({ name }) => name === "global-default")!;
  low.series.demand(500, clock.monotonicMs());
  await clock.advance(10_000);
  levels.borrow();
  assert.ok(current()["global-default"]! > 300, JSON.stringify(current()));
  assert.ok(current()["workload-low"]! >= 24);
  const busy = [...levels.levels].find(({ name }) => name === "workload-low")!;
  busy.series.demand(245, clock.monotonicMs());
  await clock.advance(10_000);
  levels.borrow();
  assert.ok(current()["workload-low"]! >= 245, "what a level may use by right, it gets when it wants it");
});

test("law: parts sum up, stay within their bounds, and are fair", () => {
  const claim = fc
    .tuple(fc.nat(100), fc.nat(100), fc.nat(100))
    .map(([lower, more, room]) => ({ lower, target: lower + more, upper: lower + room }));
  fc.assert(
    fc.property(
      fc.array(claim, { minLength: 1, maxLength: 8 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (claims, at) => {
        const low = claims.reduce((sum, { lower }) => sum + lower, 0);
        const high = claims.reduce((sum, { upper }) => sum + upper, 0);
        const sum = Math.round(low + (high - low) * at);
        const allocation = allocate(sum, claims)!;
        const { parts, fairFraction } = allocation;
        assert.ok(Math.abs(parts.reduce((a, b) => a + b, 0) - sum) < 1e-4);
        claims.forEach(({ lower, upper, target }, i) => {
          const part = parts[i]!;
          assert.ok(part >= lower - 1e-6 && part <= upper + 1e-6);
          const fair = fairFraction * Math.max(target, 0.001);
          const held = Math.abs(part - lower) < 1e-4 ? part >= fair - 1e-4 : part <= fair + 1e-4;
          if (sum > 0 && sum > low && sum < high) assert.ok(Math.abs(part - fair) < 1e-4 || held);
        });
      },
    ),
  );
  assert.equal(allocate(5, [{ lower: 6, target: 6, upper: 9 }]), undefined);
  assert.equal(allocate(10, [{ lower: 6, target: 6, upper: 9 }]), undefined);
});

test("demand is remembered: it rises at once and falls slowly", () => {
  const integrator = new Integrator(0);
  integrator.set(10, 0);
  integrator.set(0, 5_000);
  const integral = integrator.reset(10_000);
  assert.deepEqual(integral, { duration: 10, average: 5, deviation: 5, max: 10 });
  const first = updatedDemand(noDemand, integral);
  assert.equal(first.smoothed, 10);
  const second = updatedDemand(first, integrator.reset(20_000));
  assert.ok(second.smoothed < 10 && second.smoothed > 9.5);
  assert.equal(second.highWatermark, 0);
});

test("lists are as wide as what they hold, writes as those who hear of them", () => {
  const estimate = (method: string, url: string, count: number, watchers = 0, maxSeats = 0) => {
    const [path, query] = url.split("?");
    const parameters = new URLSearchParams(query);
    const request = { ...testRequest(), query: parameters, info: requestInfoOf(method, path!, parameters) };
    const statsOf = () => ({ count, averageBytes: 2_000 });
    const { initialSeats, finalSeats, additionalLatencyMs } = estimateWork(
      request,
      { statsOf, watchersOf: () => watchers },
      { maxSeats, flow: { watchers: () => {} } },
    );
    return [initialSeats, finalSeats, additionalLatencyMs];
  };
  const pods = "/api/v1/namespaces/a/pods";
  assert.deepEqual(estimate("GET", `${pods}/x`, 10_000), [1, 0, 0]);
  assert.deepEqual(estimate("GET", pods, 10), [1, 0, 0]);
  assert.deepEqual(estimate("GET", pods, 200), [4, 0, 0]);
  assert.deepEqual(estimate("GET", pods, 10_000), [10, 0, 0]);
  assert.deepEqual(estimate("GET", `${pods}?limit=100`, 10_000), [2, 0, 0]);
  assert.deepEqual(estimate("GET", `${pods}?resourceVersion=7&resourceVersionMatch=Exact`, 10_000), [100, 0, 0]);
  assert.deepEqual(estimate("GET", `${pods}?resourceVersion=7&resourceVersionMatch=Exact`, 10_000, 0, 5), [5, 0, 0]);
  assert.deepEqual(estimate("GET", `${pods}?fieldSelector=metadata.name=x`, 10_000), [1, 0, 0]);
  assert.deepEqual(estimate("GET", `${pods}?watch=1&resourceVersion=7`, 10_000), [1, 0, 0]);
  assert.deepEqual(estimate("GET", `${pods}?watch=1`, 10_000), [10, 0, 0]);
  assert.deepEqual(estimate("POST", pods, 10_000, 9), [1, 0, 0]);
  assert.deepEqual(estimate("POST", pods, 10_000, 55), [1, 6, 5]);
  assert.deepEqual(estimate("POST", pods, 10_000, 1_000), [1, 10, 50]);
  assert.deepEqual(estimate("POST", "/api/v1/namespaces/a/serviceaccounts/b/token", 10, 1_000), [1, 0, 0]);
});

test("who is turned away is told to come later the more there are", () => {
  const dropped = new DroppedRequests();
  assert.equal(dropped.retryAfter, 1);
  for (let second = 0; second < 100; second++) for (let i = 0; i < 100; i++) dropped.record(second * 1_000);
  assert.equal(dropped.retryAfter, 32);
  for (let second = 100; second < 300; second += 2) dropped.record(second * 1_000);
  assert.ok(dropped.retryAfter < 32);
});
