import assert from "node:assert/strict";
import { test } from "node:test";
import type { Entry } from "../inventory/entry.ts";
import { Graph } from "../inventory/graph.ts";
import { goneObjects } from "./controller.ts";

const entry = (plural: string, namespace: string, name: string): Entry => {
  const resource = { group: "", version: "v1", kind: "", plural, scope: "Namespaced", verbs: [] };
  const uid = `${plural}/${namespace}/${name}`;
  return { resource, namespace, name, uid, resourceVersion: "1", owners: [], finalizers: [] } as unknown as Entry;
};

test("what goes has the quotas of its namespace counted again, and costs no look at all else that is there", () => {
  const graph = new Graph();
  const gone = goneObjects({ listen: graph.listen.bind(graph), synced: async () => {} });
  assert.ok("subscribe" in gone);
  for (const namespace of ["a", "b"]) {
    for (const name of ["x", "y", "z"]) graph.set(entry("configmaps", namespace, name));
  }
  const quota = graph.set(entry("resourcequotas", "a", "q"));
  graph.contentOf = () => assert.fail("a namespace is looked through");
  const counted: string[] = [];
  gone.subscribe((key) => void counted.push(key));

  graph.remove(graph.get("configmaps/b/x")!);
  assert.deepEqual(counted, []);
  graph.remove(graph.get("configmaps/a/x")!);
  assert.deepEqual(counted.splice(0), ["a/q"]);
  graph.set(entry("resourcequotas", "b", "late"));
  graph.remove(graph.get("configmaps/b/y")!);
  assert.deepEqual(counted.splice(0), ["b/late"]);
  graph.remove(quota);
  graph.remove(graph.get("configmaps/a/y")!);
  assert.deepEqual(counted, []);
});
