import type { NodeInfo } from "../../cache/node-info.ts";
import type { PodInfo } from "../../cache/pod-info.ts";
import type { Snapshot } from "../../cache/snapshot.ts";
import type { NodeFilter } from "../../framework/plugin.ts";
import { rejection } from "../../framework/status.ts";
import { type Constraint, constraintsOf, hasAllKeys, inclusion } from "./constraints.ts";

const name = "PodTopologySpread";
const uneven = rejection(name, "node(s) didn't match pod topology spread constraints", { unresolvable: false });
const unlabelled = rejection(name, "node(s) didn't match pod topology spread constraints (missing required label)", {
  unresolvable: true,
});

/** Matching pods by domain, and the fewest of any. */
interface Domains {
  readonly constraint: Constraint;
  readonly counts: Map<string, number>;
  /** 1 where the pod itself will count. */
  readonly self: number;
  fewest: number;
}

/** Keeps a pod out of domains that would then have too many more of its like than another (podtopologyspread/filtering.go). */
export function spreadFilter({ pod }: PodInfo, snapshot: Snapshot): NodeFilter | undefined {
  const constraints = constraintsOf(pod, "DoNotSchedule", snapshot);
  if (constraints.length === 0) return undefined;
  const { namespace = "", labels } = pod.metadata;
  const { includes } = inclusion(pod);
  const placed = constraints.map(({ match }) => snapshot.counts(namespace, match));
  const all: Domains[] = constraints.map((constraint) => ({
    constraint,
    counts: new Map(),
    self: constraint.match.matches(labels) ? 1 : 0,
    fewest: 0,
  }));
  const count = (domains: Domains, node: NodeInfo, by: number): void => {
    const value = node.labels[domains.constraint.topologyKey] ?? "";
    domains.counts.set(value, (domains.counts.get(value) ?? 0) + by);
  };
  for (const node of snapshot.nodes) {
    if (!hasAllKeys(node, constraints)) continue;
    all.forEach((domains, i) => {
      if (includes(domains.constraint, node)) count(domains, node, placed[i]!.on(node));
    });
  }
  for (const domains of all) domains.fewest = fewestOf(domains);
  const change = (one: PodInfo, node: NodeInfo, by: 1 | -1): void => {
    const { namespace: its = "", deletionTimestamp } = one.pod.metadata;
    if (its !== namespace || deletionTimestamp !== undefined || !hasAllKeys(node, constraints)) return;
    for (const domains of all) {
      const { constraint } = domains;
      if (!constraint.match.matches(one.pod.metadata.labels) || !includes(constraint, node)) continue;
      count(domains, node, by);
      domains.fewest = fewestOf(domains);
    }
  };
  return {
    filter(node) {
      for (const { constraint, counts, self, fewest } of all) {
        const value = node.labels[constraint.topologyKey];
        if (value === undefined) return unlabelled;
        if ((counts.get(value) ?? 0) + self - fewest > constraint.maxSkew) return uneven;
      }
      return undefined;
    },
    podAdded: (one, node) => change(one, node, 1),
    podRemoved: (one, node) => change(one, node, -1),
  };
}

/** Where there are fewer domains than there should be, those that are missing have none. */
function fewestOf({ constraint, counts }: Domains): number {
  if (counts.size < constraint.minDomains) return 0;
  let fewest = Infinity;
  for (const count of counts.values()) if (count < fewest) fewest = count;
  return fewest;
}
