import assert from "node:assert/strict";
import { test } from "node:test";
import { MetricsRegistry } from "../../base/mod.ts";
import type { AuthorizationAttributes, Authorizer, Decision } from "./authorizer.ts";
import { ReloadableAuthorizer } from "./reloadable.ts";

const attributes = { user: { username: "ann", groups: [] }, verb: "get" } as unknown as AuthorizationAttributes;
const always = (decision: Decision["decision"]): Authorizer => ({
  name: decision,
  authorize: () => ({ decision, reason: "" }),
});

function made(metrics: MetricsRegistry): ReloadableAuthorizer {
  const make = {
    Node: () => always("noOpinion"),
    RBAC: () => always("allow"),
    AlwaysAllow: () => always("allow"),
    AlwaysDeny: () => always("deny"),
  };
  return new ReloadableAuthorizer(["Node", "RBAC"], make, metrics);
}

test("what decides is counted by its type and name, those that are asked later too", async () => {
  const metrics = new MetricsRegistry();
  const authorizer = made(metrics);
  authorizer.authorize(attributes);
  authorizer.authorize(attributes);
  const later: Authorizer = {
    ...always("deny"),
    measuredAs: ["Webhook", "mine"],
    authorize: async () => ({ decision: "deny", reason: "" }),
  };
  authorizer.set(["Node", later, "RBAC"]);
  assert.equal((await authorizer.authorize(attributes)).decision, "deny");
  const counted = metrics
    .render()
    .split("\n")
    .filter((line) => line.startsWith("apiserver_authorization_decisions_total"));
  assert.deepEqual(counted, [
    'apiserver_authorization_decisions_total{decision="allowed",name="rbac",type="RBAC"} 2',
    'apiserver_authorization_decisions_total{decision="denied",name="mine",type="Webhook"} 1',
  ]);
});
