import { schemaTable } from "./build.ts";
import type { CompactDefinitions } from "./compact.ts";

/** A small API in which every kind of field occurs: what the tests of this folder decode. */
export const sample: CompactDefinitions = {
  "api.shop.v1.Order": {
    fields: {
      apiVersion: "string",
      kind: "string",
      metadata: { type: "api.shop.v1.Meta", default: {} },
      spec: { type: "api.shop.v1.OrderSpec", default: {} },
    },
    kinds: ["shop/v1/Order"],
  },
  "api.shop.v1.Meta": { fields: { name: "string", labels: "map[string]string", resourceVersion: "string" } },
  "api.shop.v1.OrderSpec": {
    fields: {
      data: "map[string][]uint8",
      express: { type: "bool", keep: 1, coded: false },
      extra: "apimachinery.pkg.runtime.RawExtension",
      items: {
        type: "[]api.shop.v1.Item",
        list: "map",
        keys: ["name", "side"],
        mergeKey: "name",
        strategy: "merge,retainKeys",
      },
      limits: { type: "map[string]apimachinery.pkg.api.resource.Quantity", go: "v1.Limits" },
      parts: "[]api.shop.v1.OrderSpec",
      placed: "apimachinery.pkg.apis.meta.v1.Time",
      policy: { type: "string", coded: "Always", go: "v1.Policy" },
      rank: { type: "int32", default: 0, coded: 7, keep: 1 },
      replicas: { type: "int32", keep: 1, coded: 1 },
      ratio: "float64",
      resources: { type: "map[string]apimachinery.pkg.api.resource.Quantity", go: "v1.ResourceList" },
      secret: "[]uint8",
      serial: "int64",
      tags: { type: "[]string", list: "set", go: "[]v1.Tag" },
      title: { type: "string", default: "", keep: 1 },
    },
    required: ["title"],
  },
  "api.shop.v1.Item": {
    fields: {
      name: { type: "string", default: "", keep: 1 },
      note: { type: "string", default: "" },
      options: "api.shop.v1.Options",
      port: { type: "apimachinery.pkg.util.intstr.IntOrString", embedded: "Handler" },
      side: { type: "string", default: "Left" },
    },
    required: ["name"],
  },
  "api.shop.v1.Options": { fields: { mode: { type: "int32", keep: 1, coded: 420 } } },
  "apimachinery.pkg.api.resource.Quantity": { type: "string" },
  "apimachinery.pkg.apis.meta.v1.Time": { type: "string", format: "date-time" },
  "apimachinery.pkg.runtime.RawExtension": { type: "object" },
  "apimachinery.pkg.util.intstr.IntOrString": { type: "string", format: "int-or-string" },
};

const table = schemaTable(() => sample);

export const order = table.definition("io.k8s.api.shop.v1.Order");
export const orderSpec = table.definition("io.k8s.api.shop.v1.OrderSpec");
