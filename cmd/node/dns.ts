import { loopbackAddresses, runDns } from "../../dns/mod.ts";
import type { ComponentParts } from "../components/component.ts";
import type { NodeFacts } from "./facts.ts";

/**
 * The cluster's DNS on this node, at the service's address itself: packets to it end here. The address stays when this ends,
 * so that questions wait for its successor instead of leaving the machine.
 */
export async function runNodeDns(parts: ComponentParts, facts: NodeFacts, signal: AbortSignal): Promise<void> {
  const local = loopbackAddresses();
  for (const address of facts.clusterDns) await local.add(address);
  await runDns({ ...parts, addresses: facts.clusterDns, clusterDomain: facts.clusterDomain }, signal);
}
