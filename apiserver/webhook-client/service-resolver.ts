import { Service } from "../../api/core/v1/service.ts";
import { EndpointSlice } from "../../api/discovery/v1/endpoint-slice.ts";
import type { ServicePort } from "../../api/generated/types/core-v1.ts";
import { ApiError } from "../../apimachinery/errors/api-error.ts";
import { goQuote } from "../../apimachinery/text/go-quote.ts";
import type { Random } from "../../base/random.ts";
import type { ObjectReader } from "../registry/access.ts";

export interface Location {
  /** An address or name, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

/** Finds who answers for a service, for calls that the API server makes itself. */
export interface ServiceResolver {
  /** Throws an ApiError where there is nobody. */
  resolve(namespace: string, name: string, port: number): Location;
}

/**
 * Chooses among a service's ready endpoints, the first address family first (apiserver/pkg/util/proxy ResolveEndpoint): so
 * the machine of the API server need not know the service range. An ExternalName is taken as it is.
 */
export function endpointResolver(reader: ObjectReader, random: Random): ServiceResolver {
  return {
    resolve(namespace, name, port) {
      const service = reader.get(Service, namespace, name);
      if (service === undefined) throw ApiError.notFound({ group: "", resource: "service" }, name);
      const { type = "ClusterIP", externalName, ports = [], ipFamilies = [] } = service.spec ?? {};
      if (type === "ExternalName") return { host: externalName ?? "", port };
      const found = ports.find((one) => one.port === port);
      if (found === undefined) {
        throw ApiError.serviceUnavailable(`no service port ${port} found for service ${goQuote(name)}`);
      }
      const slices = slicesOf(reader, random, { namespace, name, family: ipFamilies[0] });
      for (const slice of slices) {
        const location = readyEndpoint(slice, found, random);
        if (location !== undefined) return location;
      }
      throw ApiError.serviceUnavailable(`no endpoints available for service ${goQuote(name)}`);
    },
  };
}

/** Those of the first family first, otherwise by chance. */
function slicesOf(
  reader: ObjectReader,
  random: Random,
  of: { readonly namespace: string; readonly name: string; readonly family: string | undefined },
): readonly EndpointSlice[] {
  const slices: EndpointSlice[] = [];
  for (const slice of reader.list(EndpointSlice, of.namespace)) {
    if (slice.metadata.labels?.["kubernetes.io/service-name"] === of.name) slices.push(slice);
  }
  if (slices.length < 2) return slices;
  const start = random.below(slices.length);
  const turned = [...slices.slice(start), ...slices.slice(0, start)];
  return turned.sort((a, b) => Number(b.addressType === of.family) - Number(a.addressType === of.family));
}

function readyEndpoint(slice: EndpointSlice, port: ServicePort, random: Random): Location | undefined {
  const { ports = [], endpoints = [] } = slice;
  const found = ports.find((one) => (one.name ?? "") === (port.name ?? "") && one.port !== undefined);
  if (found === undefined || endpoints.length === 0) return undefined;
  const start = random.below(endpoints.length);
  for (let i = 0; i < endpoints.length; i++) {
    const { conditions, addresses } = endpoints[(start + i) % endpoints.length]!;
    if (conditions?.ready !== false && addresses[0] !== undefined) return { host: addresses[0], port: found.port! };
  }
  return undefined;
}
