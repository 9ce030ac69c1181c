import type { Node } from "../../api/core/v1/node.ts";
import { readyCondition } from "./taints.ts";

/** Nodes a second that pods are made to leave, where a zone is well; where much of a large one is not. */
const evictionRate = 0.1;
const reducedRate = 0.01;
/** A zone of more nodes is large. */
const largeZone = 50;
/** The part of a zone's nodes, of three at least, that makes it unwell. */
const unhealthyPart = 0.55;

export function zoneOf({ metadata: { labels = {} } }: Node): string {
  const region = labels["topology.kubernetes.io/region"] ?? "";
  return `${region}:${labels["topology.kubernetes.io/zone"] ?? ""}`;
}

/**
 * How many nodes a second of a zone may be evicted: none where all nodes of the cluster are down, for then it is this side
 * that is cut off (handleDisruption, ComputeZoneState). Pure.
 */
export function evictionRateOf(zone: string, nodes: readonly Node[]): number | "all down" {
  let ready = 0;
  let readyInZone = 0;
  let size = 0;
  for (const node of nodes) {
    if (node.metadata.labels?.["node.kubernetes.io/exclude-disruption"] !== undefined) continue;
    const isReady = readyCondition(node)?.status === "True";
    if (isReady) ready++;
    if (zoneOf(node) !== zone) continue;
    size++;
    if (isReady) readyInZone++;
  }
  if (ready === 0) return "all down";
  const down = size - readyInZone;
  const partial = readyInZone > 0 && down > 2 && down / size >= unhealthyPart;
  if (!partial) return evictionRate;
  return size > largeZone ? reducedRate : 0;
}
