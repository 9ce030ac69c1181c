import assert from "node:assert/strict";
import { test } from "node:test";
import { invalid, required } from "../field/errors.ts";
import { path } from "../field/path.ts";
import {
  ApiError,
  isAlreadyExists,
  isConflict,
  isExpired,
  isNotFound,
  isTooManyRequests,
  statusCause,
  suggestedDelaySeconds,
} from "./api-error.ts";

const deployments = { group: "apps", resource: "deployments" };
const pods = { group: "", resource: "pods" };

test("not found names the qualified resource", () => {
  const error = ApiError.notFound(deployments, "web");
  assert.equal(
    JSON.stringify(error.status),
    '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"deployments.apps \\"web\\" not found","reason":"NotFound","details":{"name":"web","group":"apps","kind":"deployments"},"code":404}',
  );
  assert.equal(error.message, 'deployments.apps "web" not found');
  assert.ok(isNotFound(error) && !isConflict(error) && !isAlreadyExists(error));
});

test("a conflict's default text is the optimistic lock's", () => {
  assert.equal(
    ApiError.conflict({ group: "", resource: "configmaps" }, "x").message,
    'Operation cannot be fulfilled on configmaps "x": the object has been modified; please apply your changes to the latest version and try again',
  );
});

test("one field error stands bare, several stand in brackets, repeated ones once", () => {
  const kind = { group: "", kind: "Pod" };
  const one = required(path("spec", "nodeName"), "needed");
  const two = invalid(path("spec").child("replicas"), -1, "must be greater than or equal to 0");
  assert.equal(ApiError.invalid(kind, "x", [one]).message, 'Pod "x" is invalid: spec.nodeName: Required value: needed');
  assert.equal(
    ApiError.invalid(kind, "x", [one, two, one]).message,
    'Pod "x" is invalid: [spec.nodeName: Required value: needed, spec.replicas: Invalid value: -1: must be greater than or equal to 0]',
  );
  assert.equal(
    ApiError.invalid(kind, "x", [one, one]).message,
    'Pod "x" is invalid: spec.nodeName: Required value: needed',
  );
  assert.equal(ApiError.invalid(kind, "x", []).message, 'Pod "x" is invalid');
  assert.deepEqual(ApiError.invalid(kind, "x", [two]).status.details?.causes, [
    {
      reason: "FieldValueInvalid",
      message: "Invalid value: -1: must be greater than or equal to 0",
      field: "spec.replicas",
    },
  ]);
});

test("forbidden says as much of the subject as it has", () => {
  assert.equal(ApiError.forbidden(pods, "a", "no").message, 'pods "a" is forbidden: no');
  assert.equal(ApiError.forbidden(pods, "", "no").message, "pods is forbidden: no");
  assert.equal(ApiError.forbidden({ group: "", resource: "" }, "", "no").message, "forbidden: no");
});

test("an unknown reason is judged by its code, a known one is not", () => {
  const base = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure" } as const;
  assert.ok(isNotFound(ApiError.fromStatus({ ...base, code: 404 })));
  assert.ok(!isNotFound(ApiError.fromStatus({ ...base, code: 404, reason: "Gone" })));
  assert.ok(isTooManyRequests(ApiError.fromStatus({ ...base, code: 429, reason: "Timeout" })));
});

test("predicates see through causes and refuse what is no API error", () => {
  assert.ok(isNotFound(new Error("outer", { cause: ApiError.notFound(pods, "a") })));
  const ring: Error & { cause?: unknown } = new Error("ring");
  ring.cause = ring;
  assert.ok(!isNotFound(ring) && !isNotFound(undefined) && !isNotFound("NotFound"));
  assert.ok(isExpired(ApiError.gone("x")) && isExpired(ApiError.expired("x")));
});

test("a delay is suggested by retryAfterSeconds or a server timeout", () => {
  assert.equal(suggestedDelaySeconds(ApiError.tooManyRequests("slow", 3)), 3);
  assert.equal(suggestedDelaySeconds(ApiError.serverTimeout(pods, "list", 0)), 0);
  assert.equal(suggestedDelaySeconds(ApiError.badRequest("x")), undefined);
});

test("any failure becomes an API error and keeps its cause", () => {
  const cause = new TypeError("boom");
  assert.equal(ApiError.from(cause).cause, cause);
  assert.equal(ApiError.internal(cause).message, "Internal error occurred: boom");
  assert.equal(
    statusCause(
      ApiError.applyConflict([{ reason: "FieldManagerConflict", field: ".spec" }], "m"),
      "FieldManagerConflict",
    )?.field,
    ".spec",
  );
});
