import { LruMap } from "../../base/lru-map.ts";
import type { NodeInfo } from "./node-info.ts";
import type { PodInfo } from "./pod-info.ts";

type Labels = Readonly<Record<string, string>>;

/** A set of pods by their labels. Equal keys mean equal sets. */
export interface PodMatch {
  readonly key: string;
  matches(labels: Labels | undefined): boolean;
}

/** How many pods of a set, and of a namespace, are where; those on their way out do not count. */
export interface Counts {
  on(node: NodeInfo): number;
  /** By the value that nodes have of a label, over all nodes that have it. */
  byLabel(key: string): ReadonlyMap<string, number>;
}

class Counter implements Counts {
  readonly namespace: string;
  readonly #match: PodMatch;
  readonly #byNode = new Map<NodeInfo, number>();
  readonly #byLabel = new Map<string, Map<string, number>>();

  constructor(namespace: string, match: PodMatch) {
    this.namespace = namespace;
    this.#match = match;
  }

  on(node: NodeInfo): number {
    return this.#byNode.get(node) ?? 0;
  }

  byLabel(key: string): ReadonlyMap<string, number> {
    const known = this.#byLabel.get(key);
    if (known !== undefined) return known;
    const totals = new Map<string, number>();
    for (const [node, count] of this.#byNode) addTo(totals, node.labels[key], count);
    this.#byLabel.set(key, totals);
    return totals;
  }

  count({ pod: { metadata } }: PodInfo, node: NodeInfo, by: 1 | -1): void {
    if (metadata.deletionTimestamp !== undefined || !this.#match.matches(metadata.labels)) return;
    const count = this.on(node) + by;
    if (count === 0) this.#byNode.delete(node);
    else this.#byNode.set(node, count);
    for (const [key, totals] of this.#byLabel) addTo(totals, node.labels[key], by);
  }

  /** Nodes came, went or were relabelled: totals are made anew when next asked for. */
  forgetLabels(gone?: NodeInfo): void {
    this.#byLabel.clear();
    if (gone !== undefined) this.#byNode.delete(gone);
  }
}

function addTo(totals: Map<string, number>, value: string | undefined, by: number): void {
  if (value !== undefined) totals.set(value, (totals.get(value) ?? 0) + by);
}

/** Sets that are counted at once; the one not asked for longest goes first, and is counted anew when asked for again. */
const maxCounters = 1_000;

/**
 * Pods counted by node, for each set that somebody has asked for, and kept up from then on: spreading the replicas of one
 * thing would else count them all for each of them.
 */
export class MatchCounts {
  readonly #counters = new LruMap<string, Counter>(maxCounters);

  of(namespace: string, match: PodMatch, nodes: Iterable<NodeInfo>): Counts {
    const key = `${namespace}/${match.key}`;
    const known = this.#counters.get(key);
    if (known !== undefined) return known;
    const counter = new Counter(namespace, match);
    for (const node of nodes) this.#countAll(counter, node);
    this.#counters.set(key, counter);
    return counter;
  }

  count(info: PodInfo, node: NodeInfo, by: 1 | -1): void {
    for (const [, counter] of this.#counters.entries()) {
      if (counter.namespace === info.pod.metadata.namespace) counter.count(info, node, by);
    }
  }

  nodeAdded(node: NodeInfo): void {
    for (const [, counter] of this.#counters.entries()) this.#countAll(counter, node);
  }

  nodeRemoved(node: NodeInfo): void {
    for (const [, counter] of this.#counters.entries()) counter.forgetLabels(node);
  }

  nodeRelabelled(): void {
    for (const [, counter] of this.#counters.entries()) counter.forgetLabels();
  }

  #countAll(counter: Counter, node: NodeInfo): void {
    for (const info of node.pods.values()) {
      if (info.pod.metadata.namespace === counter.namespace) counter.count(info, node, 1);
    }
  }
}
