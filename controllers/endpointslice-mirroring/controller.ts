import { Endpoints } from "../../api/core/v1/endpoints.ts";
import { Service } from "../../api/core/v1/service.ts";
import { EndpointSlice } from "../../api/discovery/v1/endpoint-slice.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import { objectKey } from "../../client/mod.ts";
import { managedByLabel, serviceNameLabel } from "../endpointslice/plan.ts";
import type { Cache, CacheIndex } from "../runner/cache.ts";
import { defineController } from "../runner/controller.ts";
import { controllerName, plan, planGone, summarize } from "./plan.ts";

export const endpointSliceMirroringController = defineController({
  name: "endpoint-slice-mirroring-controller",
  serviceAccount: "endpointslicemirroring-controller",
  queue: "endpoint_slice_mirroring",
  primary: Endpoints,
  also: [
    { resource: Service, keys: (service) => [objectKey(service)] },
    { resource: EndpointSlice, keys: endpointsOf },
  ],
  workers: 5,
  observe: (endpoints, cache) => ({
    endpoints,
    service: cache.get(Service, objectKey(endpoints)),
    slices: mirrorsOf(objectKey(endpoints), cache),
  }),
  plan,
  summarize,
  gone: (key, cache) => planGone(mirrorsOf(key, cache)),
});

/** Slices that this controller manages, by their Endpoints. */
const mirrorIndex: CacheIndex<EndpointSlice> = { name: "mirrors", of: endpointsOf };

function endpointsOf({ metadata: { namespace, labels = {} } }: ApiObject): readonly string[] {
  const name = labels[serviceNameLabel];
  return name === undefined || labels[managedByLabel] !== controllerName ? [] : [`${namespace}/${name}`];
}

function mirrorsOf(key: string, cache: Cache): readonly EndpointSlice[] {
  const slices = cache.byIndex(EndpointSlice, mirrorIndex, key);
  return slices.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}
