import { Service } from "../../api/core/v1/service.ts";
import { EndpointSlice } from "../../api/discovery/v1/endpoint-slice.ts";
import { ApiError } from "../../apimachinery/errors/api-error.ts";
import { goQuote } from "../../apimachinery/text/go-quote.ts";
import type { Random } from "../../base/random.ts";
import type { ObjectReader } from "../registry/access.ts";
import type { ServiceTarget } from "./api-services.ts";

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface ResolveParts {
  readonly reader: ObjectReader;
  readonly random: Random;
  /** To one of the service's endpoints (--enable-aggregator-routing); else to the service's own address. */
  readonly toEndpoints: boolean;
}

const serviceNameLabel = "kubernetes.io/service-name";

export function slicesOf(reader: ObjectReader, namespace: string, service: string): readonly EndpointSlice[] {
  const all = [...reader.list(EndpointSlice, namespace)];
  return all.filter(({ metadata }) => metadata.labels?.[serviceNameLabel] === service);
}

/** Where a service's requests go (apiserver/pkg/util/proxy ResolveEndpoint, ResolveCluster). Throws where they go nowhere. */
export function resolveService(parts: ResolveParts, target: ServiceTarget): Address {
  const { reader, toEndpoints } = parts;
  const service = reader.get(Service, target.namespace, target.name);
  if (service === undefined) throw ApiError.notFound({ group: "", resource: "services" }, target.name);
  const { type = "ClusterIP", clusterIP = "", externalName = "" } = service.spec ?? {};
  if (type === "ExternalName") {
    if (toEndpoints) throw new Error(`unsupported service type ${goQuote(type)}`);
    return { host: externalName, port: target.port };
  }
  const port = (service.spec?.ports ?? []).find((one) => one.port === target.port);
  if (!toEndpoints && clusterIP === "None") throw new Error('cannot route to service with ClusterIP "None"');
  if (port === undefined) {
    throw ApiError.serviceUnavailable(`no service port ${target.port} found for service ${goQuote(target.name)}`);
  }
  return toEndpoints ? endpointOf(parts, service, port.name ?? "") : { host: clusterIP, port: target.port };
}

function endpointOf({ reader, random }: ResolveParts, service: Service, portName: string): Address {
  const { namespace = "", name = "" } = service.metadata;
  const preferred = service.spec?.ipFamilies?.[0];
  const slices = turned(slicesOf(reader, namespace, name), random);
  const ordered = [
    ...slices.filter(({ addressType }) => addressType === preferred),
    ...slices.filter(({ addressType }) => addressType !== preferred),
  ];
  for (const { ports, endpoints } of ordered) {
    const port = (ports ?? []).find((one) => (one.name ?? "") === portName && one.port !== undefined);
    if (port === undefined) continue;
    const ready = turned(endpoints ?? [], random).find(({ conditions }) => conditions?.ready !== false);
    const host = ready?.addresses[0];
    if (host !== undefined) return { host, port: port.port! };
  }
  throw ApiError.serviceUnavailable(`no endpoints available for service ${goQuote(name)}`);
}

/** All, from a place that chance chooses. */
function turned<T>(list: readonly T[], random: Random): readonly T[] {
  if (list.length < 2) return list;
  const start = random.below(list.length);
  return [...list.slice(start), ...list.slice(0, start)];
}
