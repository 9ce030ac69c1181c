import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Pod } from "../../api/generated/types/core-v1.ts";
import { HttpError } from "./answer.ts";
import { finalStatus } from "./final-status.ts";
import { logQuery } from "./log-query.ts";
import { logRefusal } from "./log-refusal.ts";
import { requestAttributes } from "./request-attributes.ts";

test("requests are authorized as upstream's kubelet has them authorized", () => {
  const asked = (method: string, path: string) => {
    const { verb, subresources } = requestAttributes(method, path);
    return `${verb} ${subresources.join(",")}`;
  };
  assert.equal(asked("GET", "/healthz"), "get healthz,proxy");
  assert.equal(asked("GET", "/healthz/ping"), "get healthz,proxy");
  assert.equal(asked("GET", "/pods"), "get pods,proxy");
  assert.equal(asked("GET", "/runningpods/"), "get pods,proxy");
  assert.equal(asked("GET", "/configz"), "get configz,proxy");
  assert.equal(asked("GET", "/metrics/resource"), "get metrics");
  assert.equal(asked("GET", "/stats/summary"), "get stats");
  assert.equal(asked("GET", "/logs/x"), "get log");
  assert.equal(asked("GET", "/podsx"), "get proxy");
  assert.equal(asked("POST", "/exec/a/b/c"), "create proxy");
  assert.equal(asked("GET", "/containerLogs/a/b/c"), "get proxy");
});

test("how a command ended is told to clients of v5 in upstream's words", () => {
  assert.deepEqual(finalStatus(""), { metadata: {}, status: "Success" });
  assert.deepEqual(finalStatus('{"metadata":{},"status":"Success"}'), { metadata: {}, status: "Success" });
  const failed = {
    status: "Failure",
    reason: "NonZeroExitCode",
    message: "command terminated with non-zero exit code: error executing command",
    details: { causes: [{ reason: "ExitCode", message: "7" }] },
  };
  assert.deepEqual(finalStatus(JSON.stringify(failed)), {
    metadata: {},
    status: "Failure",
    message: "command terminated with non-zero exit code: command terminated with exit code 7",
    reason: "NonZeroExitCode",
    details: { causes: [{ reason: "ExitCode", message: "7" }] },
  });
  const broken = finalStatus(JSON.stringify({ status: "Failure", reason: "InternalError", message: "no such file" }));
  assert.equal(broken.message, "Internal error occurred: no such file");
  assert.equal(broken.code, 500);
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void finalStatus(text)));
});

test("why a container has no log", () => {
  const pod = (state: object, lastState: object = {}): Pod =>
    ({
      metadata: { name: "p" },
      spec: {},
      status: { containerStatuses: [{ name: "c", state, lastState }] },
    }) as unknown as Pod;
  const why = (state: object, previous = false) => logRefusal(pod(state), "c", previous);
  assert.equal(
    why({ waiting: { reason: "ContainerCreating" } }),
    'container "c" in pod "p" is waiting to start: ContainerCreating',
  );
  assert.equal(
    why({ waiting: { reason: "ImagePullBackOff" } }),
    'container "c" in pod "p" is waiting to start: trying and failing to pull image',
  );
  assert.equal(
    why({ waiting: { reason: "ErrImagePull" } }),
    `container "c" in pod "p" is waiting to start: image can't be pulled`,
  );
  assert.equal(why({}), 'container "c" in pod "p" is waiting to start - no logs yet');
  assert.equal(why({}, true), 'previous terminated container "c" in pod "p" not found');
  assert.equal(logRefusal(pod({}), "d", false), 'container "d" in pod "p" is not available');
});

test("a query for a log is read, or refused", () => {
  const now = 1_000_000;
  const options = logQuery(new URLSearchParams("follow=true&tail=5&sinceSeconds=10&limitBytes=7"), now);
  assert.equal(options.follow, true);
  assert.equal(options.tailLines, 5);
  assert.equal(options.sinceMs, now - 10_000);
  assert.equal(options.limitBytes, 7);
  assert.equal(logQuery(new URLSearchParams("tail=all&tailLines=3"), now).tailLines, undefined);
  assert.equal(logQuery(new URLSearchParams("sinceTime=2026-01-01T00:00:00Z"), now).sinceMs, Date.UTC(2026, 0, 1));
  for (const [query, status] of [
    ["tailLines=x", 400],
    ["tailLines=-1", 422],
    ["limitBytes=0", 422],
    ["sinceSeconds=1&sinceTime=2026-01-01T00:00:00Z", 422],
    ["stream=Both", 422],
    ["stream=Stdout&tailLines=1", 422],
    ["sinceTime=now", 400],
  ] as const) {
    assert.throws(
      () => logQuery(new URLSearchParams(query), now),
      (error) => error instanceof HttpError && error.status === status,
      query,
    );
  }
});
