import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { DiscoveredResource } from "./discovery.ts";
import type { Entry } from "./entry.ts";
import { Graph } from "./graph.ts";

const resource: DiscoveredResource = {
  group: "",
  version: "v1",
  kind: "ConfigMap",
  plural: "configmaps",
  scope: "Namespaced",
  verbs: new Set(),
};

const uids = fc.constantFrom("a", "b", "c", "d", "e");
const entries: fc.Arbitrary<Entry> = fc.record(
  {
    resource: fc.constant(resource),
    namespace: fc.constantFrom("", "n", "m"),
    name: uids,
    uid: uids,
    resourceVersion: fc.nat({ max: 99 }).map(String),
    owners: fc
      .uniqueArray(uids, { maxLength: 3 })
      .map((owners) => owners.map((uid) => ({ apiVersion: "v1", kind: "ConfigMap", name: uid, uid }))),
    finalizers: fc.uniqueArray(fc.constantFrom("orphan", "foregroundDeletion"), { maxLength: 2 }),
    deletionTimestamp: fc.constantFrom(undefined, "2026-01-01T00:00:00Z"),
  },
  // An equal entry that comes again is not taken over, so what differs but in its prototype would stay so.
  { noNullPrototype: true },
);

test("entries are found by exactly their uid, namespace and owners, and listeners hear what the graph is", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(entries, uids), { maxLength: 40 }), (steps) => {
      const graph = new Graph();
      const model = new Map<string, Entry>();
      const heard = new Map<string, Entry>();
      graph.listen({
        changed: (entry, old) => {
          assert.equal(heard.get(entry.uid), old);
          heard.set(entry.uid, entry);
        },
        removed: (entry) => assert.ok(heard.delete(entry.uid)),
      });
      for (const step of steps) {
        if (typeof step === "string") {
          const entry = graph.get(step);
          if (entry !== undefined) graph.remove(entry);
          model.delete(step);
        } else {
          // A uid never changes its place: only what is written about it does.
          const known = model.get(step.uid);
          const entry = known === undefined ? step : { ...step, namespace: known.namespace, name: known.name };
          graph.set(entry);
          model.set(entry.uid, entry);
        }
      }
      assert.deepEqual(new Map([...graph.values()].map((entry) => [entry.uid, entry])), model);
      assert.deepEqual(heard, model);
      for (const uid of ["a", "b", "c", "d", "e"]) {
        const dependents = [...model.values()].filter(({ owners }) => owners.some((owner) => owner.uid === uid));
        assert.deepEqual(
          new Set([...graph.dependents(uid)].map((one) => one.uid)),
          new Set(dependents.map((one) => one.uid)),
        );
      }
      for (const namespace of ["n", "m"]) {
        const content = [...model.values()].filter((one) => one.namespace === namespace);
        assert.deepEqual(
          new Set([...graph.contentOf(namespace)].map((one) => one.uid)),
          new Set(content.map((one) => one.uid)),
        );
      }
    }),
  );
});

test("a change of nothing but the version is kept, and told to nobody", () => {
  const graph = new Graph();
  const told: Entry[] = [];
  graph.listen({ changed: (entry) => told.push(entry), removed() {} });
  const entry: Entry = {
    resource,
    namespace: "n",
    name: "a",
    uid: "a",
    resourceVersion: "1",
    owners: [],
    finalizers: [],
    deletionTimestamp: undefined,
  };
  graph.set(entry);
  graph.set({ ...entry, resourceVersion: "2" });
  assert.equal(told.length, 1);
  assert.equal(graph.get("a")?.resourceVersion, "2");
});
