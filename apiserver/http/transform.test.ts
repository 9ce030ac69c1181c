import assert from "node:assert/strict";
import { test } from "node:test";
import { FlowSchema } from "../../api/flowcontrol/v1/flow-schema.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import type { Table } from "../../apimachinery/table/table.ts";
import { transformList } from "./transform.ts";

function flowSchema(name: string, matchingPrecedence: number): ApiObject {
  const spec = { matchingPrecedence, priorityLevelConfiguration: { name: "catch-all" } };
  return { apiVersion: "flowcontrol.apiserver.k8s.io/v1", kind: "FlowSchema", metadata: { name }, spec } as ApiObject;
}

const objects = [flowSchema("a", 9000), flowSchema("b", 10), flowSchema("c", 9), flowSchema("d", 10)];

function namesAs(as: "Table" | "PartialObjectMetadata"): readonly unknown[] {
  const output = { as, version: "v1", encoding: "json" } as never;
  const definition = FlowSchema as unknown as ResourceDefinition;
  const context = { output, includeObject: "None", now: 0 } as const;
  const list = transformList(definition, objects, {}, context) as Table & { readonly items: readonly ApiObject[] };
  return as === "Table" ? list.rows.map(({ cells }) => cells[0]) : list.items.map(({ metadata }) => metadata.name);
}

test("a table has the order of its resource, what is no table that of the list", () => {
  assert.deepEqual(namesAs("Table"), ["c", "b", "d", "a"]);
  assert.deepEqual(namesAs("PartialObjectMetadata"), ["a", "b", "c", "d"]);
});
