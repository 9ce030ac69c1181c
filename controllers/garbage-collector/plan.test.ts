import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { OwnerReference } from "../../apimachinery/resource/object.ts";
import type { DiscoveredResource } from "../inventory/discovery.ts";
import type { Entry } from "../inventory/entry.ts";
import { foregroundFinalizer, type Observed, type OwnerState, orphanFinalizer, plan } from "./plan.ts";

const resource: DiscoveredResource = {
  group: "",
  version: "v1",
  kind: "ConfigMap",
  plural: "configmaps",
  scope: "Namespaced",
  verbs: new Set(),
};

function entry(name: string, changes: Partial<Entry> = {}): Entry {
  const place = { resource, namespace: "n", name, uid: name, resourceVersion: "7" };
  return { ...place, owners: [], finalizers: [], deletionTimestamp: undefined, ...changes };
}

function reference(name: string, blockOwnerDeletion = true): OwnerReference {
  return { apiVersion: "v1", kind: "ConfigMap", name, uid: name, blockOwnerDeletion };
}

function owned(
  states: Readonly<Record<string, OwnerState>>,
  item: Partial<Entry> = {},
): Pick<Observed, "item" | "owners"> {
  const owners = Object.entries(states).map(([name, state]) => ({ reference: reference(name), state }));
  return { item: entry("item", { owners: owners.map((one) => one.reference), ...item }), owners };
}

const deleting = { deletionTimestamp: "2026-01-01T00:00:00Z" };

test("who has lost all owners is deleted, in this very state and in the way its finalizers ask for", () => {
  const ways = [
    [[], "Background"],
    [[foregroundFinalizer], "Foreground"],
    [[orphanFinalizer], "Orphan"],
  ] as const;
  for (const [finalizers, propagationPolicy] of ways) {
    const { actions } = plan({ ...owned({ a: "absent", b: "absent" }, { finalizers }), dependents: [] });
    const place = { resource, namespace: "n", name: "item" };
    assert.deepEqual(actions, [{ type: "delete", ...place, uid: "item", resourceVersion: "7", propagationPolicy }]);
  }
});

test("who has an owner left loses the references to the others, waiting ones too", () => {
  const { actions } = plan({ ...owned({ a: "absent", b: "solid", c: "waiting" }), dependents: [] });
  const [action] = actions;
  assert.ok(actions.length === 1 && action?.type === "patch");
  const ownerReferences = ["a", "c"].map((uid) => ({ $patch: "delete", uid }));
  assert.deepEqual(action.patch.body, { metadata: { uid: "item", ownerReferences } });
  assert.deepEqual(action.orElse?.body, {
    metadata: { uid: "item", resourceVersion: "7", ownerReferences: [reference("b")] },
  });
});

test("who goes with a waiting owner and has dependents takes them along first", () => {
  const { actions } = plan({ ...owned({ a: "waiting" }), dependents: [entry("dependent")] });
  assert.deepEqual(
    actions.map((action) => action.type === "delete" && action.propagationPolicy),
    ["Foreground"],
  );
});

test("where a dependent waits itself, the item first ceases to block its owners, lest they wait in a circle", () => {
  const dependent = entry("dependent", { ...deleting, finalizers: [foregroundFinalizer] });
  const { actions } = plan({ ...owned({ a: "waiting" }), dependents: [dependent] });
  const [action] = actions;
  assert.ok(actions.length === 1 && action?.type === "patch");
  assert.deepEqual(action.patch.body, { metadata: { uid: "item", ownerReferences: [reference("a", false)] } });
});

test("who waits for its dependents looks after those that block it, and goes when none is left", () => {
  const item = entry("item", { ...deleting, finalizers: ["example.com/x", foregroundFinalizer] });
  const blocking = entry("blocking", { owners: [reference("item")] });
  const other = entry("other", { owners: [reference("item", false)] });
  assert.deepEqual(plan({ item, owners: [], dependents: [blocking, other] }), { actions: [], consider: ["blocking"] });
  const [action] = plan({ item, owners: [], dependents: [other] }).actions;
  assert.ok(action?.type === "patch");
  assert.deepEqual(action.patch, {
    type: "merge",
    body: { metadata: { resourceVersion: "7", finalizers: ["example.com/x"] } },
  });
});

test("who orphans lets all dependents go before itself", () => {
  const item = entry("item", { ...deleting, finalizers: [orphanFinalizer] });
  const dependents = ["a", "b"].map((name) => entry(name, { owners: [reference("item")] }));
  const { actions } = plan({ item, owners: [], dependents });
  assert.deepEqual(
    actions.map((action) => action.type === "patch" && action.name),
    ["a", "b"],
  );
  assert.equal(plan({ item, owners: [], dependents: [] }).actions.length, 1);
});

test("safety: nothing with a solid owner, without owners or on its way out is ever deleted", () => {
  const states = fc.constantFrom<OwnerState>("solid", "waiting", "absent");
  const items = fc.record({
    states: fc.array(states, { maxLength: 4 }),
    finalizers: fc.uniqueArray(fc.constantFrom(orphanFinalizer, foregroundFinalizer, "example.com/x")),
    deletionTimestamp: fc.constantFrom(undefined, deleting.deletionTimestamp),
    dependents: fc.array(fc.record({ waits: fc.boolean(), blocks: fc.boolean() }), { maxLength: 3 }),
  });
  fc.assert(
    fc.property(items, ({ states, finalizers, deletionTimestamp, dependents }) => {
      const named = Object.fromEntries(states.map((state, i) => [`owner-${i}`, state]));
      const { actions } = plan({
        ...owned(named, { finalizers, deletionTimestamp }),
        dependents: dependents.map(({ waits, blocks }, i) =>
          entry(`dependent-${i}`, {
            owners: [reference("item", blocks)],
            ...(waits ? { ...deleting, finalizers: [foregroundFinalizer] } : {}),
          }),
        ),
      });
      const deletes = actions.filter(({ type }) => type === "delete");
      assert.ok(deletes.length <= 1);
      if (states.includes("solid") || states.length === 0 || deletionTimestamp !== undefined)
        assert.equal(deletes.length, 0);
      else if (!actions.some(({ type }) => type === "patch")) assert.equal(deletes.length, 1);
    }),
  );
});
