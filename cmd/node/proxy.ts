import { createConntrack, createNft, runProxy } from "../../proxy/mod.ts";
import type { ComponentParts } from "../components/component.ts";
import type { NodeFacts } from "./facts.ts";

/** The service proxy of this node. */
export function runNodeProxy(parts: ComponentParts, facts: NodeFacts, signal: AbortSignal): Promise<void> {
  return runProxy(
    {
      ...parts,
      ...facts,
      nft: createNft(),
      conntrack: createConntrack(),
      // DNS answers at its service address itself.
      localServiceIPs: facts.clusterDns,
    },
    signal,
  );
}
