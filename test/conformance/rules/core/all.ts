import type { Area } from "../rule.ts";
import { configMap } from "./config-map.ts";
import { service } from "./service.ts";
import { serviceAddresses, serviceFamilies } from "./service-addresses.ts";
import { serviceBalancer } from "./service-balancer.ts";
import { unreachable } from "./unreachable.ts";

export const core: Area = {
  kinds: [configMap, service, serviceAddresses, serviceFamilies, serviceBalancer],
  unreachable,
};
