import { proxyTable } from "../../node/files.ts";
import { createConntrack, createNft, runProxy } from "../../proxy/mod.ts";
import type { ComponentParts } from "../components/component.ts";
import type { NodeFacts } from "./facts.ts";

/** The service proxy of this node. */
export function runNodeProxy(
  parts: ComponentParts,
  facts: NodeFacts,
  dataDir: string,
  signal: AbortSignal,
): Promise<void> {
  return runProxy(
    {
      ...parts,
      ...facts,
      tableName: proxyTable(dataDir),
      nft: createNft(),
      conntrack: createConntrack(),
      // DNS answers at its service address itself.
      localServiceIPs: facts.clusterDns,
    },
    signal,
  );
}
