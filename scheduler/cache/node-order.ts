import type { NodeInfo } from "./node-info.ts";

const labels = {
  oldZone: "failure-domain.beta.kubernetes.io/zone",
  oldRegion: "failure-domain.beta.kubernetes.io/region",
  zone: "topology.kubernetes.io/zone",
  region: "topology.kubernetes.io/region",
} as const;

/** One text a zone of a region; "" for nodes that are in none (component-helpers/node/topology GetZoneKey). */
export function zoneOf(node: Pick<NodeInfo, "labels">): string {
  const zone = node.labels[labels.oldZone] ?? node.labels[labels.zone] ?? "";
  const region = node.labels[labels.oldRegion] ?? node.labels[labels.region] ?? "";
  return zone === "" && region === "" ? "" : `${region}:\0:${zone}`;
}

/**
 * Nodes in the order they are looked at: one of each zone, then the next of each, so that however few are looked at they
 * are of all zones (pkg/scheduler/backend/cache node_tree). Pure.
 */
export function inZoneOrder(nodes: Iterable<NodeInfo>): readonly NodeInfo[] {
  const zones = new Map<string, NodeInfo[]>();
  for (const node of nodes) {
    const zone = zoneOf(node);
    const members = zones.get(zone);
    if (members === undefined) zones.set(zone, [node]);
    else members.push(node);
  }
  const lists = [...zones.values()];
  if (lists.length === 1) return lists[0]!;
  const order: NodeInfo[] = [];
  const longest = lists.reduce((most, { length }) => Math.max(most, length), 0);
  for (let i = 0; i < longest; i++) {
    for (const list of lists) if (i < list.length) order.push(list[i]!);
  }
  return order;
}
