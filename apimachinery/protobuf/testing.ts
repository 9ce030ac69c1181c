import type { CompactMessages } from "./compact.ts";
import { messageTable } from "./messages.ts";

/** Messages in which every kind of field occurs: what the tests of this folder write and read. */
const sample: CompactMessages = {
  "api.shop.v1.Order": {
    fields: ["1 api.shop.v1.Meta metadata", "2 api.shop.v1.OrderSpec spec"],
    kinds: ["shop/v1/Order"],
  },
  "api.shop.v1.Meta": {
    fields: ["1 string name", "8 apimachinery.pkg.apis.meta.v1.Time created", "11 map[string]string labels"],
  },
  "api.shop.v1.OrderSpec": {
    fields: [
      "1 +string title",
      "2 *int32 replicas",
      "3 int64 serial",
      "4 ~api.shop.v1.Source source",
      "5 []api.shop.v1.OrderSpec parts",
      "6 map[string]apimachinery.pkg.api.resource.Quantity limits",
      "7 *apimachinery.pkg.util.intstr.IntOrString port",
      "8 []uint8 secret",
      "9 map[string][]uint8 data",
      "10 *bool express",
      "11 float64 ratio",
      "12 []int32 sizes",
      "13 *apimachinery.pkg.runtime.RawExtension extra",
      "14 map[string]api.shop.v1.ExtraValue tags",
      "15 *apimachinery.pkg.apis.meta.v1.MicroTime renewed",
      "16 []string notes",
      "200 bool done",
    ],
  },
  "api.shop.v1.Source": { fields: ["1 *api.shop.v1.Meta meta", "2 *string path"] },
  "api.shop.v1.ExtraValue": { fields: ["1 =[]string items"] },
  "apimachinery.pkg.apis.meta.v1.Time": { fields: ["1 int64 seconds", "2 int32 nanos"] },
  "apimachinery.pkg.apis.meta.v1.MicroTime": { fields: ["1 int64 seconds", "2 int32 nanos"] },
  "apimachinery.pkg.api.resource.Quantity": { fields: ["1 string string"] },
  "apimachinery.pkg.util.intstr.IntOrString": { fields: ["1 int64 type", "2 int32 intVal", "3 string strVal"] },
  "apimachinery.pkg.runtime.RawExtension": { fields: ["1 []uint8 raw"] },
  "apimachinery.pkg.apis.meta.v1.DeleteOptions": {
    fields: ["1 *int64 gracePeriodSeconds"],
    kinds: ["/v1/DeleteOptions"],
  },
};

export const sampleTable = messageTable(() => sample);
