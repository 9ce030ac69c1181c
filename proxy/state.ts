import type { Service } from "../api/generated/types/core-v1.ts";
import type { EndpointSlice } from "../api/generated/types/discovery-v1.ts";
import type { Lister } from "../client/mod.ts";
import { assemble, families } from "./build.ts";
import type { UdpService } from "./conntrack.ts";
import { endpointsOf } from "./endpoints.ts";
import type { ServiceHealth } from "./health-check.ts";
import type { NodeFacts } from "./node-facts.ts";
import type { Family, Ruleset } from "./ruleset.ts";
import { servicePorts } from "./service-port.ts";
import { type ServiceRules, serviceRules } from "./service-rules.ts";

/** The index of slices by their service. */
export const byServiceIndex = "service";

/**
 * The rules of every service, kept as services and slices change.
 *
 * Law: after any changes that were all announced by `changed`, `ruleset` is what `buildRuleset` gives for the caches.
 */
export class ProxyState {
  readonly #services: Lister<Service>;
  readonly #slices: Lister<EndpointSlice>;
  readonly #rules = new Map<string, ServiceRules>();
  readonly #dirty = new Set<string>();
  #facts: NodeFacts;
  #udpChanged = false;

  constructor(services: Lister<Service>, slices: Lister<EndpointSlice>, facts: NodeFacts) {
    this.#services = services;
    this.#slices = slices;
    this.#facts = facts;
  }

  get facts(): NodeFacts {
    return this.#facts;
  }

  /** A service or one of its slices has changed. */
  changed(key: string): void {
    this.#dirty.add(key);
  }

  setFacts(facts: NodeFacts): void {
    this.#facts = facts;
    for (const key of this.#services.keys()) this.#dirty.add(key);
  }

  ruleset(): Ruleset {
    for (const key of this.#dirty) {
      const service = this.#services.get(key);
      if (service === undefined) this.#rules.delete(key);
      else {
        this.#rules.set(key, serviceRules(service, this.#slicesOf(key), this.#facts));
        this.#udpChanged ||= (service.spec.ports ?? []).some(({ protocol }) => protocol === "UDP");
      }
    }
    this.#dirty.clear();
    return assemble([...this.#rules.values()], this.#facts);
  }

  /** UDP services as they are now; undefined where none has changed since the last call. */
  takeUdpServices(): readonly UdpService[] | undefined {
    if (!this.#udpChanged) return undefined;
    this.#udpChanged = false;
    const found: UdpService[] = [];
    for (const service of this.#services.values()) {
      for (const port of servicePorts(service)) {
        if (port.protocol !== "udp" || this.#facts.localServiceIPs.includes(port.clusterIP)) continue;
        const slices = this.#slicesOf(`${port.namespace}/${port.name}`);
        found.push({ port, endpoints: endpointsOf(port, slices, this.#facts.nodeName) });
      }
    }
    return found;
  }

  /** What was done with them last failed: they are to be looked at again. */
  keepUdpServices(): void {
    this.#udpChanged = true;
  }

  health(): readonly ServiceHealth[] {
    const found: ServiceHealth[] = [];
    for (const service of this.#services.values()) {
      const port = service.spec.healthCheckNodePort ?? 0;
      if (port === 0) continue;
      const { namespace = "", name = "" } = service.metadata;
      const local = new Set<string>();
      for (const servicePort of servicePorts(service)) {
        const slices = this.#slicesOf(`${namespace}/${name}`);
        for (const { ip, isLocal, ready } of endpointsOf(servicePort, slices, this.#facts.nodeName))
          if (isLocal && ready) local.add(ip);
      }
      found.push({ namespace, name, port, localEndpoints: local.size });
    }
    return found;
  }

  /** Ports with policy Local and no endpoint on this node. */
  withoutLocal(): readonly (readonly [family: Family, internal: number, external: number])[] {
    return families(this.#facts).map((family) => {
      let internal = 0;
      let external = 0;
      for (const { [family]: part } of this.#rules.values()) {
        internal += part.withoutLocal.internal;
        external += part.withoutLocal.external;
      }
      return [family, internal, external];
    });
  }

  #slicesOf(key: string): readonly EndpointSlice[] {
    return this.#slices.byIndex(byServiceIndex, key);
  }
}
