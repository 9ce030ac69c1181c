import assert from "node:assert/strict";
import { test } from "node:test";
import type { Namespace } from "../../api/core/v1/namespace.ts";
import { ApiError } from "../../apimachinery/errors/api-error.ts";
import type { DiscoveredResource, Discovery } from "../inventory/discovery.ts";
import type { Entry } from "../inventory/entry.ts";
import { type Observed, plan, summarize } from "./plan.ts";

const now = Date.UTC(2026, 0, 1, 0, 0, 10);
const all = new Set(["delete", "deletecollection", "list", "watch"]);
const pods: DiscoveredResource = {
  group: "",
  version: "v1",
  kind: "Pod",
  plural: "pods",
  scope: "Namespaced",
  verbs: all,
};
const maps: DiscoveredResource = { ...pods, kind: "ConfigMap", plural: "configmaps" };
const single: DiscoveredResource = {
  ...pods,
  group: "example.com",
  kind: "Single",
  plural: "singles",
  verbs: new Set(["delete", "list"]),
};
const discovery: Discovery = { preferred: [pods, maps, single], kinds: new Map(), failures: new Map() };

const namespace: Namespace = {
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name: "team", uid: "u", resourceVersion: "1", deletionTimestamp: "2026-01-01T00:00:00Z" },
  spec: { finalizers: ["kubernetes"] },
  status: { phase: "Terminating" },
};

function entry(resource: DiscoveredResource, name: string, changes: Partial<Entry> = {}): Entry {
  const place = { resource, namespace: "team", name, uid: name, resourceVersion: "1" };
  return { ...place, owners: [], finalizers: [], deletionTimestamp: undefined, ...changes };
}

function observed(changes: Partial<Observed> = {}): Observed {
  return { namespace, content: [], looked: true, discovery, settledAtMs: now, now, ...changes };
}

const gone = "2026-01-01T00:00:00Z";
const later = "2026-01-01T00:00:40Z";
const planned = (changes: Partial<Observed>) =>
  plan(observed(changes)).map((action) =>
    `${action.type} ${action.resource.plural} ${"name" in action ? action.name : ""}`.trim(),
  );

test("pods go first, alone", () => {
  assert.deepEqual(planned({ content: [entry(maps, "a"), entry(pods, "p")] }), ["deleteCollection pods"]);
  assert.deepEqual(planned({ content: [entry(maps, "a"), entry(pods, "p", { deletionTimestamp: later })] }), []);
});

test("then everything else, at once where the resource can, one by one where not", () => {
  const content = [entry(maps, "a"), entry(maps, "b"), entry(single, "c"), entry(single, "d")];
  assert.deepEqual(planned({ content }), ["deleteCollection configmaps", "delete singles c", "delete singles d"]);
});

test("the namespace goes when nothing is left, not before it has settled and all groups have answered", () => {
  const [action] = plan(observed());
  assert.ok(action?.type === "subresource" && action.subresource === "finalize");
  assert.deepEqual((action.body as Namespace).spec.finalizers, []);
  assert.deepEqual(planned({ settledAtMs: now + 1 }), []);
  assert.deepEqual(planned({ discovery: { ...discovery, failures: new Map([["x.io/v1", new Error("down")]]) } }), []);
  assert.deepEqual(planned({ content: [entry(maps, "a", { deletionTimestamp: gone, finalizers: ["x.io/y"] })] }), []);
});

test("a namespace that lives, or is finalized, is left alone", () => {
  const { deletionTimestamp: _, ...metadata } = namespace.metadata;
  const content = [entry(maps, "a")];
  assert.deepEqual(planned({ namespace: { ...namespace, metadata }, content }), []);
  assert.deepEqual(planned({ namespace: { ...namespace, spec: {} }, content }), []);
});

function told(changes: Partial<Observed>, failures: readonly ApiError[] = []): Record<string, string> {
  const { status } = summarize(observed(changes), failures);
  return Object.fromEntries(
    (status?.conditions ?? []).map(({ type, status, reason, message }) => [type, `${status} ${reason}: ${message}`]),
  );
}

test("nothing is told while what was asked for is on its way", () => {
  assert.deepEqual(summarize(observed({ content: [entry(maps, "a")], looked: false }), []), {});
  assert.deepEqual(summarize(observed(), []), {});
  assert.deepEqual(summarize(observed({ settledAtMs: now + 5 }), []), { wakeAtMs: now + 5 });
});

test("what fails is told, each failure once, in order", () => {
  const failures = [ApiError.badRequest("z"), ApiError.badRequest("a")];
  const conditions = told({ content: [entry(maps, "m")] }, failures);
  assert.equal(
    conditions["NamespaceDeletionContentFailure"],
    "True ContentDeletionFailed: Failed to delete all resource types, 2 remaining: a, z",
  );
  const discovering = { ...discovery, failures: new Map([["x.io/v1", new Error("down")]]) };
  assert.equal(
    told({ discovery: discovering })["NamespaceDeletionDiscoveryFailure"],
    "True DiscoveryFailed: Discovery failed for some groups, 1 failing: unable to retrieve the complete list of server APIs: x.io/v1: down",
  );
});

test("pods in their grace period are no failure; when it is over, they are looked at again", () => {
  const summary = summarize(observed({ content: [entry(pods, "p", { deletionTimestamp: later })] }), []);
  assert.equal(summary.wakeAtMs, Date.parse(later));
  const message = "Some resources are remaining: pods. has 1 resource instances";
  assert.equal(summary.status?.conditions?.find(({ type }) => type === "NamespaceContentRemaining")?.message, message);
  assert.equal(
    summary.status?.conditions?.find(({ type }) => type === "NamespaceDeletionContentFailure")?.status,
    "False",
  );
});

test("a condition keeps its time until its status changes, and others' conditions stay", () => {
  const other = { type: "Other", status: "True", lastTransitionTime: gone };
  const old = {
    type: "NamespaceContentRemaining",
    status: "True",
    reason: "x",
    message: "y",
    lastTransitionTime: gone,
  };
  const status = { phase: "Terminating", conditions: [other, old] };
  const content = [entry(maps, "a", { deletionTimestamp: gone, finalizers: ["x.io/y"] })];
  const { conditions = [] } = summarize(observed({ namespace: { ...namespace, status }, content }), []).status ?? {};
  assert.deepEqual(conditions[0], other);
  assert.equal(conditions[1]?.lastTransitionTime, gone);
  assert.equal(conditions[1]?.reason, "SomeResourcesRemain");
  assert.equal(conditions[2]?.lastTransitionTime, "2026-01-01T00:00:10Z");
  assert.equal(conditions.length, 6);
});
