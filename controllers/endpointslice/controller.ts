import { Node } from "../../api/core/v1/node.ts";
import { Pod } from "../../api/core/v1/pod.ts";
import { Service } from "../../api/core/v1/service.ts";
import { EndpointSlice } from "../../api/discovery/v1/endpoint-slice.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import { nodeNameIndex } from "../pods/node-index.ts";
import type { Cache, CacheIndex } from "../runner/cache.ts";
import { defineController } from "../runner/controller.ts";
import { hasEndpoints, podsOf, servicesOf, watchedPods } from "../services/service-pods.ts";
import { controllerName, managedByLabel, type Observed, plan, serviceNameLabel, summarize } from "./plan.ts";

const zoneLabel = "topology.kubernetes.io/zone";

export const endpointSliceController = defineController({
  name: "endpoint-slice-controller",
  serviceAccount: "endpointslice-controller",
  queue: "endpoint_slice",
  primary: Service,
  also: [
    watchedPods,
    { resource: EndpointSlice, keys: serviceOf },
    {
      resource: Node,
      keys: servicesOnNode,
      matters: (node, old) => node.metadata.labels?.[zoneLabel] !== old.metadata.labels?.[zoneLabel],
    },
  ],
  workers: 5,
  observe,
  plan: (observed) => (observed === undefined ? [] : plan(observed)),
  summarize: (observed, failures) => (observed === undefined ? {} : summarize(observed, failures)),
});

/** Slices that this controller manages, by their service. */
const serviceIndex: CacheIndex<EndpointSlice> = { name: "managedSlices", of: serviceOf };

function serviceOf({ metadata: { namespace, labels = {} } }: ApiObject): readonly string[] {
  const name = labels[serviceNameLabel];
  return name === undefined || labels[managedByLabel] !== controllerName ? [] : [`${namespace}/${name}`];
}

/** Its coming, its going and its zone concern the services of the pods on it. */
function* servicesOnNode({ metadata: { name = "" } }: ApiObject, cache: Cache): Iterable<string> {
  for (const pod of cache.byIndex(Pod, nodeNameIndex, name)) yield* servicesOf(pod, cache);
}

function observe(service: Service, cache: Cache): Observed | undefined {
  if (!hasEndpoints(service)) return undefined;
  const { name, namespace } = service.metadata;
  return {
    service,
    pods: podsOf(service, cache),
    slices: cache.byIndex(EndpointSlice, serviceIndex, `${namespace}/${name}`),
    nodeOf: ({ spec }) => (spec.nodeName ? cache.get(Node, spec.nodeName) : undefined),
  };
}
