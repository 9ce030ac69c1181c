import { IPAddress } from "../../api/networking/v1/ip-address.ts";
import { ServiceCIDR } from "../../api/networking/v1/service-cidr.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import type { Cache } from "../runner/cache.ts";
import { defineController } from "../runner/controller.ts";
import { controllerName, isNeeded, plan, summarize } from "./plan.ts";
import { addressOf, hasAddress, isAllocated, overlap, prefixesOf } from "./prefixes.ts";

export const serviceCidrController = defineController({
  name: controllerName,
  serviceAccount: "service-cidrs-controller",
  queue: "ipaddresses",
  primary: ServiceCIDR,
  also: [
    {
      // One more range, or one less, may be what another that is being deleted waits for.
      resource: ServiceCIDR,
      keys: (object, cache) => {
        const own = prefixesOf(object as ServiceCIDR);
        return ending(cache, (one) => prefixesOf(one).some((prefix) => own.some((other) => overlap(prefix, other))));
      },
      matters: () => false,
    },
    {
      resource: IPAddress,
      keys: (object: ApiObject, cache) => {
        const ip = isAllocated(object as IPAddress) ? addressOf(object as IPAddress) : undefined;
        if (ip === undefined) return [];
        return ending(cache, (one) => prefixesOf(one).some((prefix) => hasAddress(prefix, ip)));
      },
      matters: () => false,
    },
  ],
  workers: 5,
  observe: (serviceCidr: ServiceCIDR, cache, now) => ({
    serviceCidr,
    needed:
      serviceCidr.metadata.deletionTimestamp !== undefined &&
      isNeeded(serviceCidr, cache.list(ServiceCIDR), cache.list(IPAddress)),
    now,
  }),
  plan,
  summarize,
});

/** Names of those that are being deleted, of which there are hardly any: nobody else depends on addresses. */
function ending(cache: Cache, concerned: (one: ServiceCIDR) => boolean): readonly string[] {
  return cache
    .list(ServiceCIDR)
    .filter((one) => one.metadata.deletionTimestamp !== undefined && concerned(one))
    .map(({ metadata }) => metadata.name ?? "");
}
