import assert from "node:assert/strict";
import { test } from "node:test";
import type { Namespace } from "../../api/core/v1/namespace.ts";
import { plan } from "./plan.ts";

const namespace = (phase: string): Namespace => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name: "n" },
  spec: {},
  status: { phase },
});

test("an active namespace without it gets the service account default, any other nothing", () => {
  const [action, ...more] = plan({ namespace: namespace("Active"), exists: false });
  assert.ok(action?.type === "create" && more.length === 0);
  assert.deepEqual(action.object, { metadata: { name: "default", namespace: "n" } });
  assert.deepEqual(plan({ namespace: namespace("Active"), exists: true }), []);
  assert.deepEqual(plan({ namespace: namespace("Terminating"), exists: false }), []);
});
