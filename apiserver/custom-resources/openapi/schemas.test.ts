import assert from "node:assert/strict";
import { test } from "node:test";
import type { ServedDefinition } from "../custom-resources.ts";
import { customSchemas } from "./schemas.ts";

const embedded = { type: "object", "x-kubernetes-embedded-resource": true } as const;
const schema = {
  type: "object",
  properties: {
    one: { ...embedded, required: ["kind"], properties: { own: { type: "string" } } },
    open: { ...embedded, "x-kubernetes-preserve-unknown-fields": true },
    many: { type: "array", items: embedded },
  },
};
const kind = { group: "example.com", version: "v1", kind: "Holder", listKind: "HolderList", plural: "holders" };
const served = [
  {
    crd: { spec: { versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: schema } }] } },
    definitions: [kind],
  },
] as unknown as readonly ServedDefinition[];
type Schema = { readonly required?: string[]; readonly properties?: Record<string, Schema>; readonly items?: Schema };

function holder(version: "v2" | "v3"): Record<string, Schema> {
  const schemas = customSchemas(served, { version, descriptions: undefined }) as unknown as Record<string, Schema>;
  return schemas["com.example.v1.Holder"]!.properties!;
}

test("what is embedded has an object's fields, beside its own, and requires its type", () => {
  const { one, many, metadata } = holder("v3");
  assert.deepEqual(Object.keys(one!.properties!), ["own", "apiVersion", "kind", "metadata"]);
  assert.deepEqual(one!.required, ["kind", "apiVersion"]);
  assert.deepEqual(one!.properties!["metadata"], metadata);
  assert.deepEqual(metadata, {
    description:
      "Standard object's metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata",
    allOf: [{ $ref: "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta" }],
  });
  assert.deepEqual(Object.keys(many!.items!.properties!), ["apiVersion", "kind", "metadata"]);
});

test("where more may stand than is described, only v3 says so much", () => {
  assert.deepEqual(holder("v3")["open"]!.required, ["kind", "apiVersion"]);
  assert.equal(holder("v2")["open"]!.properties, undefined);
  assert.deepEqual(holder("v2")["one"]!.required, ["kind", "apiVersion"]);
});
