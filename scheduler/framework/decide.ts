import type { Random } from "../../base/random.ts";
import type { NodeInfo } from "../cache/node-info.ts";
import type { PodInfo } from "../cache/pod-info.ts";
import type { Snapshot } from "../cache/snapshot.ts";
import { enoughNodes } from "./enough-nodes.ts";
import type { Diagnosis } from "./fit-message.ts";
import type { Nominations } from "./nominations.ts";
import { isRejection, type NodeFilter, type Plugin, type ScorePlugin } from "./plugin.ts";
import { bestNode } from "./score.ts";
import type { Rejection } from "./status.ts";

export interface Profile {
  /** In the order in which they are asked. */
  readonly filters: readonly Plugin[];
  readonly scores: readonly ScorePlugin[];
}

export interface DecisionInput {
  readonly info: PodInfo;
  readonly snapshot: Snapshot;
  readonly profile: Profile;
  /** Where among the nodes to begin, so that all have their turn. */
  readonly startIndex: number;
  /** Among the best. */
  readonly random: Random;
  readonly nominations: Nominations;
}

/** What became of one pod; `startIndex`: where the next pod is to begin. */
export type Decision =
  | { readonly type: "place"; readonly node: NodeInfo; readonly startIndex: number; readonly feasible: number }
  | { readonly type: "no-nodes"; readonly startIndex: number }
  | {
      readonly type: "reject";
      readonly startIndex: number;
      readonly diagnosis: Diagnosis;
      /** Plugins whose interests could let the pod go. */
      readonly plugins: ReadonlySet<string>;
      readonly filters: readonly NodeFilter[];
    };

/** Finds the node for a pod (pkg/scheduler/schedule_one.go schedulePod). Changes nothing; equal inputs, equal decisions. */
export function decide(input: DecisionInput): Decision {
  const { info, snapshot, profile, startIndex } = input;
  const all = snapshot.nodes;
  if (all.length === 0) return { type: "no-nodes", startIndex };
  const prepared = preFilter(info, snapshot, profile.filters);
  if (prepared.type === "reject") return { ...prepared, startIndex };
  const nominated = nominatedNode(input, prepared.filters);
  if (nominated !== undefined) return { type: "place", node: nominated, startIndex, feasible: 1 };
  const { filters, nodeNames, narrowedBy } = prepared;
  const nodes = nodeNames === undefined ? all : nodesNamed(nodeNames, snapshot);
  const { feasible, rejections } = findFeasible(input, nodes, filters);
  const others = nodeNames === undefined ? undefined : unlisted(narrowedBy);
  const looked = feasible.length + rejections.size;
  const next = (startIndex + looked) % all.length;
  if (feasible.length === 0) {
    const plugins = new Set(narrowedBy);
    for (const { plugin } of rejections.values()) plugins.add(plugin);
    return {
      type: "reject",
      startIndex: next,
      diagnosis: { totalNodes: all.length, rejections, others },
      plugins,
      filters,
    };
  }
  return { type: "place", node: bestNode(input, feasible), startIndex: next, feasible: feasible.length };
}

interface Prepared {
  readonly type: "filters";
  readonly filters: readonly NodeFilter[];
  readonly nodeNames: ReadonlySet<string> | undefined;
  readonly narrowedBy: readonly string[];
}

function preFilter(
  info: PodInfo,
  snapshot: Snapshot,
  plugins: readonly Plugin[],
): Prepared | Omit<Extract<Decision, { type: "reject" }>, "startIndex"> {
  const filters: NodeFilter[] = [];
  const narrowedBy: string[] = [];
  let nodeNames: ReadonlySet<string> | undefined;
  for (const plugin of plugins) {
    const result = plugin.preFilter?.(info, snapshot);
    if (result === undefined) continue;
    if (isRejection(result)) return rejectAll(snapshot, result, [plugin.name, ...narrowedBy]);
    filters.push(result);
    if (result.nodeNames === undefined) continue;
    narrowedBy.push(plugin.name);
    nodeNames = nodeNames === undefined ? result.nodeNames : nodeNames.intersection(result.nodeNames);
    if (nodeNames.size > 0) continue;
    const text =
      narrowedBy.length === 1
        ? `node(s) didn't satisfy plugin ${narrowedBy[0]}`
        : `node(s) didn't satisfy plugin(s) [${[...narrowedBy].sort().join(" ")}] simultaneously`;
    return rejectAll(snapshot, { plugin: "", reasons: [text], unresolvable: true }, narrowedBy);
  }
  return { type: "filters", filters, nodeNames, narrowedBy };
}

function rejectAll(snapshot: Snapshot, others: Rejection, plugins: readonly string[]) {
  const preFilterMessage = others.reasons.join(", ");
  const diagnosis = { totalNodes: snapshot.nodes.length, preFilterMessage, rejections: new Map(), others };
  return { type: "reject", diagnosis, plugins: new Set(plugins), filters: [] } as const;
}

function unlisted(plugins: readonly string[]): Rejection {
  const text = `node(s) didn't satisfy plugin(s) [${[...plugins].sort().join(" ")}]`;
  return { plugin: "", reasons: [text], unresolvable: true };
}

function nodesNamed(names: ReadonlySet<string>, snapshot: Snapshot): readonly NodeInfo[] {
  return Array.from(names, (name) => snapshot.node(name)).filter((node) => node !== undefined);
}

/** Room was made for this pod on a node: where it fits now, nothing else is looked at. */
function nominatedNode(input: DecisionInput, filters: readonly NodeFilter[]): NodeInfo | undefined {
  const name = input.info.pod.status.nominatedNodeName;
  const node = name === undefined || name === "" ? undefined : input.snapshot.node(name);
  if (node === undefined) return undefined;
  return filterNode(input, filters, node) === undefined ? node : undefined;
}

/** Looks at nodes, from `startIndex` on, until enough will do. */
function findFeasible(input: DecisionInput, nodes: readonly NodeInfo[], filters: readonly NodeFilter[]) {
  const wanted = enoughNodes(nodes.length);
  const feasible: NodeInfo[] = [];
  const rejections = new Map<string, Rejection>();
  for (let i = 0; i < nodes.length && feasible.length < wanted; i++) {
    const node = nodes[(input.startIndex + i) % nodes.length]!;
    const rejection = filterNode(input, filters, node);
    if (rejection === undefined) feasible.push(node);
    else rejections.set(node.name, rejection);
  }
  return { feasible, rejections };
}

/**
 * Asks every filter, and where room on the node is kept for pods at least as important, asks again as if they had come:
 * both must agree, for they may not come (RunFilterPluginsWithNominatedPods).
 */
export function filterNode(
  { info, nominations }: Pick<DecisionInput, "info" | "nominations">,
  filters: readonly NodeFilter[],
  node: NodeInfo,
): Rejection | undefined {
  const expected = nominations.size === 0 ? [] : nominations.of(node.name, info);
  if (expected.length > 0) {
    const crowded = node.copy();
    for (const one of expected) crowded.add(one);
    for (const filter of filters) for (const one of expected) filter.podAdded?.(one, crowded);
    const rejection = runFilters(filters, crowded);
    for (const filter of filters) for (const one of expected) filter.podRemoved?.(one, crowded);
    if (rejection !== undefined) return rejection;
  }
  return runFilters(filters, node);
}

function runFilters(filters: readonly NodeFilter[], node: NodeInfo): Rejection | undefined {
  for (let i = 0; i < filters.length; i++) {
    const rejection = filters[i]!.filter(node);
    if (rejection !== undefined) return rejection;
  }
  return undefined;
}
