import type { Namespace, Service } from "../api/generated/types/core-v1.ts";
import type { Endpoint, EndpointPort, EndpointSlice } from "../api/generated/types/discovery-v1.ts";
import { formatIP, parseIP } from "../apimachinery/net/ip.ts";

/** A ready endpoint under its name below the service: `web-0` of `web-0.web.default.svc`. */
export interface NamedEndpoint {
  readonly hostname: string;
  readonly ip: string;
  readonly ports: readonly Pick<EndpointPort, "name" | "port" | "protocol">[];
}

/** A service an address belongs to, and the endpoint's name where it is one's. */
export interface AddressOwner {
  readonly namespace: string;
  readonly name: string;
  readonly hostname?: string;
}

const serviceNameLabel = "kubernetes.io/service-name";

/**
 * What the cluster's names mean, by service and by address.
 *
 * Law: after any changes, every look-up gives what a fresh index of the objects that are left gives.
 */
export class ZoneIndex {
  readonly #namespaces = new Set<string>();
  readonly #services = new Map<string, Service>();
  /** By service, then by the slice's own name. */
  readonly #slices = new Map<string, Map<string, EndpointSlice>>();
  /** Keys of services by their addresses. */
  readonly #serviceIPs = new Map<string, Set<string>>();
  /** By endpoints' addresses, keys of services, each as often as slices name it. */
  readonly #endpointIPs = new Map<string, Map<string, number>>();
  #version = 0;

  /** Rises with every change: what was looked up at another version may be wrong. */
  get version(): number {
    return this.#version;
  }

  setNamespace({ metadata }: Pick<Namespace, "metadata">): void {
    if (this.#namespaces.has(metadata.name ?? "")) return;
    this.#version++;
    this.#namespaces.add(metadata.name ?? "");
  }

  deleteNamespace({ metadata }: Pick<Namespace, "metadata">): void {
    this.#version++;
    this.#namespaces.delete(metadata.name ?? "");
  }

  setService(service: Service): void {
    this.deleteService(service);
    const key = keyOf(service);
    this.#services.set(key, service);
    for (const ip of clusterIPs(service)) {
      const keys = this.#serviceIPs.get(ip);
      if (keys === undefined) this.#serviceIPs.set(ip, new Set([key]));
      else keys.add(key);
    }
  }

  deleteService(service: Pick<Service, "metadata">): void {
    this.#version++;
    const key = keyOf(service);
    const known = this.#services.get(key);
    if (known === undefined) return;
    this.#services.delete(key);
    for (const ip of clusterIPs(known)) {
      const keys = this.#serviceIPs.get(ip);
      keys?.delete(key);
      if (keys?.size === 0) this.#serviceIPs.delete(ip);
    }
  }

  /** `old`: the slice's last state, which may have belonged to another service. */
  setSlice(slice: EndpointSlice, old?: EndpointSlice): void {
    if (old !== undefined) this.deleteSlice(old);
    this.deleteSlice(slice);
    const key = serviceKeyOf(slice);
    if (key === undefined) return;
    const slices = this.#slices.get(key);
    if (slices === undefined) this.#slices.set(key, new Map([[slice.metadata.name ?? "", slice]]));
    else slices.set(slice.metadata.name ?? "", slice);
    for (const ip of addressesOf(slice)) {
      const keys = this.#endpointIPs.get(ip) ?? new Map<string, number>();
      keys.set(key, (keys.get(key) ?? 0) + 1);
      this.#endpointIPs.set(ip, keys);
    }
  }

  deleteSlice(slice: EndpointSlice): void {
    this.#version++;
    const key = serviceKeyOf(slice);
    const slices = key === undefined ? undefined : this.#slices.get(key);
    const known = slices?.get(slice.metadata.name ?? "");
    if (key === undefined || slices === undefined || known === undefined) return;
    slices.delete(slice.metadata.name ?? "");
    if (slices.size === 0) this.#slices.delete(key);
    for (const ip of addressesOf(known)) {
      const keys = this.#endpointIPs.get(ip);
      const left = (keys?.get(key) ?? 0) - 1;
      if (left > 0) keys?.set(key, left);
      else keys?.delete(key);
      if (keys?.size === 0) this.#endpointIPs.delete(ip);
    }
  }

  hasNamespace(name: string): boolean {
    return this.#namespaces.has(name);
  }

  service(namespace: string, name: string): Service | undefined {
    return this.#services.get(`${namespace}/${name}`);
  }

  /** The ready endpoints of a service, one an address; those that are published unready are ready in their slices. */
  endpoints(namespace: string, name: string): readonly NamedEndpoint[] {
    const found: NamedEndpoint[] = [];
    for (const slice of this.#slices.get(`${namespace}/${name}`)?.values() ?? []) {
      if (slice.addressType === "FQDN") continue;
      // A headless service need not have ports; its endpoints have names all the same.
      const ports = slice.ports?.length ? slice.ports : [{ name: "", protocol: "TCP" }];
      for (const endpoint of slice.endpoints ?? []) {
        if (!isReady(endpoint)) continue;
        for (const ip of endpoint.addresses) found.push({ hostname: hostnameOf(endpoint, ip), ip, ports });
      }
    }
    return found;
  }

  /** Whom an address belongs to: services before endpoints, each in the order of names. `ip` as `formatIP` writes it. */
  owners(ip: string): readonly AddressOwner[] {
    const services = [...(this.#serviceIPs.get(ip) ?? [])].sort().map(splitKey);
    if (services.length > 0) return services;
    return [...(this.#endpointIPs.get(ip)?.keys() ?? [])].sort().flatMap((key) => {
      const owner = splitKey(key);
      const named = this.endpoints(owner.namespace, owner.name).filter((endpoint) => canonical(endpoint.ip) === ip);
      return [...new Set(named.map(({ hostname }) => hostname))].sort().map((hostname) => ({ ...owner, hostname }));
    });
  }
}

export function clusterIPs({ spec }: Service): readonly string[] {
  const all = spec.clusterIPs?.length ? spec.clusterIPs : [spec.clusterIP ?? ""];
  return all.filter((ip) => ip !== "" && ip !== "None").map(canonical);
}

function isReady({ conditions }: Endpoint): boolean {
  return conditions?.ready ?? true;
}

/** The name it was given, or its address in dashes (CoreDNS plugin/kubernetes, endpointHostname). */
function hostnameOf({ hostname }: Endpoint, ip: string): string {
  return hostname !== undefined && hostname !== "" ? hostname.toLowerCase() : ip.replace(/[.:]/g, "-");
}

function addressesOf({ endpoints }: EndpointSlice): readonly string[] {
  return (endpoints ?? []).flatMap(({ addresses }) => addresses.map(canonical));
}

function canonical(ip: string): string {
  const parsed = parseIP(ip);
  return parsed === undefined ? ip : formatIP(parsed);
}

function keyOf({ metadata }: Pick<Service, "metadata">): string {
  return `${metadata.namespace}/${metadata.name}`;
}

function serviceKeyOf({ metadata }: EndpointSlice): string | undefined {
  const service = metadata.labels?.[serviceNameLabel];
  return service === undefined ? undefined : `${metadata.namespace}/${service}`;
}

function splitKey(key: string): { readonly namespace: string; readonly name: string } {
  const [namespace = "", name = ""] = key.split("/");
  return { namespace, name };
}
