import type { Area } from "../rule.ts";
import { configMap } from "./config-map.ts";
import { endpoints } from "./endpoints.ts";
import { coreEvent, event, eventElsewhere, oldEvent } from "./event.ts";
import { limitRange } from "./limit-range.ts";
import { namespace } from "./namespace.ts";
import { node } from "./node.ts";
import { resourceQuota } from "./resource-quota.ts";
import { secret } from "./secret.ts";
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
    limitRange,
    namespace,
    node,
    resourceQuota,
    secret,
    service,
    serviceAddresses,
    serviceFamilies,
    serviceBalancer,
  ],
  unreachable,
};
