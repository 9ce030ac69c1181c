import { Endpoints } from "../../api/core/v1/endpoints.ts";
import { Service } from "../../api/core/v1/service.ts";
import { objectKey } from "../../client/mod.ts";
import { defineController } from "../runner/controller.ts";
import { hasEndpoints, podsOf, watchedPods } from "../services/service-pods.ts";
import { controllerName, managedByLabel, plan, planGone } from "./plan.ts";

/** Keeps the Endpoints of services with a selector: what EndpointSlices came from. */
export const endpointsController = defineController({
  name: controllerName,
  serviceAccount: "endpoint-controller",
  queue: "endpoint",
  primary: Service,
  also: [
    watchedPods,
    {
      resource: Endpoints,
      // What is made by hand may be there before its service.
      keys: (endpoints) =>
        endpoints.metadata.labels?.[managedByLabel] === controllerName ? [objectKey(endpoints)] : [],
    },
  ],
  workers: 5,
  observe: (service, cache) =>
    hasEndpoints(service)
      ? { service, pods: podsOf(service, cache), endpoints: cache.get(Endpoints, objectKey(service)) }
      : undefined,
  plan: (observed) => (observed === undefined ? [] : plan(observed)),
  gone: (key, cache) => planGone(cache.get(Endpoints, key)),
});
