import assert from "node:assert/strict";
import { test } from "node:test";
import { Secret } from "../../api/core/v1/secret.ts";
import { Ingress } from "../../api/networking/v1/ingress.ts";
import { PodDisruptionBudget } from "../../api/policy/v1/pod-disruption-budget.ts";
import type { ApiObject, Draft } from "../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import { dropStatus } from "./split.ts";

function statusAfter(definition: ResourceDefinition, status: object): unknown {
  const draft = { apiVersion: "v1", kind: definition.kind, metadata: {}, status };
  dropStatus(definition, draft as Draft<ApiObject>);
  return draft.status;
}

test("a created object's status is what upstream writes of an empty one, zeros and empty structs included", () => {
  const sent = { currentHealthy: 7, loadBalancer: { ingress: [{ ip: "203.0.113.9" }] } };
  assert.deepEqual(statusAfter(PodDisruptionBudget, sent), {
    currentHealthy: 0,
    desiredHealthy: 0,
    disruptionsAllowed: 0,
    expectedPods: 0,
  });
  assert.deepEqual(statusAfter(Ingress, sent), { loadBalancer: {} });
});

test("a kind without a status subresource keeps what it was sent", () => {
  assert.deepEqual(statusAfter(Secret, { a: 1 }), { a: 1 });
});
