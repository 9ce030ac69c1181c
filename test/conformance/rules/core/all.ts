import { longLabelValue } from "../messages.ts";
import { labelName, named, segmentName, subdomainName } from "../names.ts";
import { type Area, invalid } from "../rule.ts";
import { configMap } from "./config-map.ts";
import { endpoints } from "./endpoints.ts";
import { coreEvent, event, eventElsewhere, oldEvent } from "./event.ts";
import { limitRange } from "./limit-range.ts";
import { namespace } from "./namespace.ts";
import { node } from "./node.ts";
import { resourceQuota } from "./resource-quota.ts";
import { secret } from "./secret.ts";
import { service } from "./service.ts";
import { serviceAccount } from "./service-account.ts";
import { serviceAddresses, serviceFamilies } from "./service-addresses.ts";
import { serviceBalancer } from "./service-balancer.ts";
import { unreachable } from "./unreachable.ts";

/** A namespace has its name for a label. */
const longName = invalid("metadata.labels", "x".repeat(64), longLabelValue);

export const core: Area = {
  kinds: [
    named(configMap, subdomainName),
    named(endpoints, subdomainName),
    named(oldEvent, segmentName),
    eventElsewhere,
    coreEvent,
    named(event, subdomainName),
    limitRange,
    named(namespace, labelName(longName)),
    named(node, subdomainName),
    named(resourceQuota, subdomainName),
    named(secret, subdomainName),
    named(service, labelName()),
    named(serviceAccount, subdomainName),
    serviceAddresses,
    serviceFamilies,
    serviceBalancer,
  ],
  unreachable,
};
