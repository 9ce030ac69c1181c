import type { Service } from "../api/generated/types/core-v1.ts";
import type { EndpointSlice } from "../api/generated/types/discovery-v1.ts";
import { baseChains, baseSets, nodePortIPs } from "./base-rules.ts";
import type { NodeFacts } from "./node-facts.ts";
import { type Chain, type Family, familyOf, isIPv6, type NftSet, type Ruleset, type Table } from "./ruleset.ts";
import { type ServiceRules, serviceRules, shared } from "./service-rules.ts";

export const serviceNameLabel = "kubernetes.io/service-name";

/** The whole ruleset of a node, from nothing but what is given. */
export function buildRuleset(services: Iterable<Service>, slices: Iterable<EndpointSlice>, facts: NodeFacts): Ruleset {
  const byService = new Map<string, EndpointSlice[]>();
  for (const slice of slices) {
    const key = `${slice.metadata.namespace}/${slice.metadata.labels?.[serviceNameLabel]}`;
    const known = byService.get(key);
    if (known === undefined) byService.set(key, [slice]);
    else known.push(slice);
  }
  const parts = Array.from(services, (service) =>
    serviceRules(service, byService.get(`${service.metadata.namespace}/${service.metadata.name}`) ?? [], facts),
  );
  return assemble(parts, facts);
}

/** One ruleset of what each service needs. Where two claim the same address and port, the choice does not hang on their order. */
export function assemble(services: readonly ServiceRules[], facts: NodeFacts): Ruleset {
  return families(facts).map((family) => table(family, services, facts));
}

/** IPv6 has a table where the node or the service range has such addresses. */
export function families({ nodeIPs, serviceCidrs }: NodeFacts): readonly Family[] {
  return [...nodeIPs, ...serviceCidrs].some(isIPv6) ? ["ip", "ip6"] : ["ip"];
}

function table(family: Family, services: readonly ServiceRules[], facts: NodeFacts): Table {
  const chains = new Map<string, Chain>(baseChains(family, facts));
  const sets = new Map<string, NftSet>(baseSets(family));
  const elements = new Map<string, Map<string, string>>(Object.values(shared).map((name) => [name, new Map()]));
  for (const { [family]: part } of services) {
    for (const [name, chain] of part.chains) chains.set(name, chain);
    for (const [name, set] of part.sets) sets.set(name, set);
    for (const { set, key, value } of part.elements) {
      const known = elements.get(set) as Map<string, string>;
      const other = known.get(key);
      if (other === undefined || value < other) known.set(key, value);
    }
  }
  elements.set(
    nodePortIPs,
    new Map(facts.nodeIPs.filter((ip) => familyOf(ip) === family).map((ip) => [ip, ""] as const)),
  );
  for (const [name, content] of elements) sets.set(name, { ...(sets.get(name) as NftSet), elements: content });
  return { family, name: facts.tableName, chains, sets };
}
