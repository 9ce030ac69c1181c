import type { Area } from "../rule.ts";
import { configMap } from "./config-map.ts";
import { endpoints } from "./endpoints.ts";
import { coreEvent, event, eventElsewhere, oldEvent } from "./event.ts";
import { namespace } from "./namespace.ts";
import { service } from "./service.ts";
import { serviceAddresses, serviceFamilies } from "./service-addresses.ts";
import { serviceBalancer } from "./service-balancer.ts";
import { unreachable } from "./unreachable.ts";

export const core: Area = {
  kinds: [
    configMap,
    endpoints,
    oldEvent,
    eventElsewhere,
    coreEvent,
    event,
    namespace,
    service,
    serviceAddresses,
    serviceFamilies,
    serviceBalancer,
  ],
  unreachable,
};
