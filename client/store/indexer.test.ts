import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import { controllerUidIndex, Indexer, namespaceIndex, objectKey, ownerUidIndex, splitKey } from "./indexer.ts";

const object = (namespace: string | undefined, name: string, owners: readonly string[] = []): ApiObject => ({
  apiVersion: "v1",
  kind: "Thing",
  metadata: {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ownerReferences: owners.map((uid, i) => ({ apiVersion: "v1", kind: "Owner", name: uid, uid, controller: i === 0 })),
  },
});

test("keys are namespace/name, or the name alone, and are taken apart again", () => {
  assert.equal(objectKey(object("a", "b")), "a/b");
  assert.equal(objectKey(object(undefined, "b")), "b");
  assert.deepEqual(splitKey("a/b"), { namespace: "a", name: "b" });
  assert.deepEqual(splitKey("b"), { namespace: undefined, name: "b" });
});

test("an index may come later; the same name for another function is refused", () => {
  const indexer = new Indexer();
  indexer.set(object("a", "b", ["u", "v"]));
  indexer.addIndex("controller", controllerUidIndex);
  indexer.addIndex("controller", controllerUidIndex);
  assert.equal(indexer.byIndex("controller", "u").length, 1);
  assert.equal(indexer.byIndex("controller", "v").length, 0);
  assert.throws(() => indexer.addIndex("controller", ownerUidIndex), /there is another index named controller/);
});

test("after any changes, each index holds exactly what its function says of each object", () => {
  const change = fc.record({
    remove: fc.boolean(),
    namespace: fc.constantFrom("a", "b"),
    name: fc.constantFrom("x", "y", "z"),
    owners: fc.uniqueArray(fc.constantFrom("1", "2", "3")),
  });
  fc.assert(
    fc.property(fc.array(change), (changes) => {
      const indexer = new Indexer<ApiObject>({ namespace: namespaceIndex, owner: ownerUidIndex });
      const model = new Map<string, ApiObject>();
      for (const { remove, namespace, name, owners } of changes) {
        const next = object(namespace, name, owners);
        const key = objectKey(next);
        assert.equal(remove ? indexer.delete(key) : indexer.set(next), model.get(key));
        if (remove) model.delete(key);
        else model.set(key, next);
      }
      assert.deepEqual(new Set(indexer.list()), new Set(model.values()));
      for (const [index, of, values] of [
        ["namespace", namespaceIndex, ["a", "b"]],
        ["owner", ownerUidIndex, ["1", "2", "3"]],
      ] as const) {
        for (const value of values) {
          const expected = [...model.values()].filter((each) => of(each).includes(value));
          assert.deepEqual(new Set(indexer.byIndex(index, value)), new Set(expected));
          assert.equal(indexer.indexValues(index).includes(value), expected.length > 0);
        }
      }
    }),
  );
});
