import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApiObject } from "../resource/object.ts";
import type { Column } from "../resource/resource.ts";
import { ageOf } from "../time/time.ts";
import { partialMetadataList } from "./partial-metadata.ts";
import { type IncludeObject, tableOf } from "./table.ts";

const pod: ApiObject = {
  kind: "Pod",
  apiVersion: "v1",
  metadata: { name: "a", creationTimestamp: "1970-01-01T00:00:00Z" },
};
const columns: readonly Column<ApiObject>[] = [
  { name: "Name", type: "string", format: "name", cell: ({ metadata }) => metadata.name ?? "" },
  { name: "Age", type: "string", priority: 1, cell: ({ metadata }, now) => ageOf(metadata.creationTimestamp, now) },
];

function table(shown: readonly Column<ApiObject>[], includeObject: IncludeObject, object = pod) {
  return tableOf(shown, [object], { now: 300_000, includeObject, version: "v1", metadata: { resourceVersion: "7" } });
}

test("objects become rows with their metadata, in upstream's shape", () => {
  assert.equal(
    JSON.stringify(table(columns, "")),
    '{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{"resourceVersion":"7"},"columnDefinitions":[{"name":"Name","type":"string","format":"name","description":"","priority":0},{"name":"Age","type":"string","format":"","description":"","priority":1}],"rows":[{"cells":["a","5m"],"object":{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":{"name":"a","creationTimestamp":"1970-01-01T00:00:00Z"}}}]}',
  );
});

test("a row carries as much of its object as was asked for", () => {
  assert.equal(table(columns, "Object").rows[0]?.object, pod);
  assert.equal(table(columns, "None").rows[0]?.object, null);
  const bookmark = { ...pod, metadata: { annotations: { "k8s.io/initial-events-end": "true" } } };
  assert.deepEqual(table(columns, "None", bookmark).rows[0]?.object, {
    kind: "PartialObjectMetadata",
    apiVersion: "meta.k8s.io/v1",
    metadata: bookmark.metadata,
  });
});

test("a resource without columns shows its name and when it was made", () => {
  const { rows, columnDefinitions } = table([], "None");
  assert.deepEqual(
    columnDefinitions?.map(({ name, type }) => [name, type]),
    [
      ["Name", "string"],
      ["Created At", "date"],
    ],
  );
  assert.deepEqual(rows[0]?.cells, ["a", "1970-01-01T00:00:00Z"]);
  assert.deepEqual(table([], "None", { ...pod, metadata: {} }).rows[0]?.cells, ["", "0001-01-01T00:00:00Z"]);
});

test("a list of metadata keeps the list's own", () => {
  const list = partialMetadataList([pod], { resourceVersion: "9" }, "v1beta1");
  assert.deepEqual(list.metadata, { resourceVersion: "9" });
  assert.equal(list.items[0]?.apiVersion, "meta.k8s.io/v1beta1");
});
