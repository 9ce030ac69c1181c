import type { Node, Pod } from "../../api/generated/types/core-v1.ts";
import type { PodDisruptionBudget } from "../../api/generated/types/policy-v1.ts";
import { semanticEqual } from "../../apimachinery/json/equal.ts";
import { type Counts, MatchCounts, type PodMatch } from "./match-counts.ts";
import { NodeInfo } from "./node-info.ts";
import { inZoneOrder, zoneOf } from "./node-order.ts";
import { type PodInfo, podInfo } from "./pod-info.ts";
import type { Labels, Snapshot } from "./snapshot.ts";

interface PodState {
  info: PodInfo;
  readonly nodeName: string;
  /** Decided by us, and not yet seen bound. */
  assumed: boolean;
}

/** What else decisions may ask of the cluster. */
export interface CacheSources {
  namespaceLabels?(namespace: string): Labels | undefined;
  disruptionBudgets?(): readonly PodDisruptionBudget[];
  siblings?(pod: Pod): PodMatch | undefined;
}

const noLabels: Labels = Object.freeze({});

/**
 * Nodes and the pods on them, as decisions see them (pkg/scheduler/backend/cache).
 *
 * Guarantees: an assumed pod counts on its node from `assume` until it is forgotten or, once seen bound, deleted; a pod
 * counts on one node at a time; a node that is gone is no longer in `nodes`, though pods may still name it.
 *
 * There is no copy for a decision to look at, as upstream's threads need one: a decision waits for nothing, so nothing
 * changes under it.
 */
export class Cache implements Snapshot {
  readonly #nodes = new Map<string, NodeInfo>();
  /** Pods of nodes that have not been heard of yet, or are gone. */
  readonly #orphans = new Map<string, Map<string, PodInfo>>();
  readonly #pods = new Map<string, PodState>();
  readonly #imageNodes = new Map<string, number>();
  readonly #sources: CacheSources;
  readonly #counts = new MatchCounts();
  #order: readonly NodeInfo[] | undefined;
  #withAffinity: Set<NodeInfo> = new Set();
  #assumed = 0;

  constructor(sources: CacheSources = {}) {
    this.#sources = sources;
  }

  get nodes(): readonly NodeInfo[] {
    this.#order ??= inZoneOrder(this.#nodes.values());
    return this.#order;
  }

  get nodesWithAffinity(): Iterable<NodeInfo> {
    return this.#withAffinity;
  }

  get size(): { readonly nodes: number; readonly pods: number; readonly assumed: number } {
    return { nodes: this.#nodes.size, pods: this.#pods.size, assumed: this.#assumed };
  }

  node(name: string): NodeInfo | undefined {
    return this.#nodes.get(name);
  }

  namespaceLabels(namespace: string): Labels {
    return this.#sources.namespaceLabels?.(namespace) ?? noLabels;
  }

  counts(namespace: string, match: PodMatch): Counts {
    return this.#counts.of(namespace, match, this.#nodes.values());
  }

  disruptionBudgets(): readonly PodDisruptionBudget[] {
    return this.#sources.disruptionBudgets?.() ?? [];
  }

  siblings(pod: Pod): PodMatch | undefined {
    return this.#sources.siblings?.(pod);
  }

  nodesWithImage(name: string): number {
    return this.#imageNodes.get(name) ?? 0;
  }

  setNode(node: Node): void {
    const name = node.metadata.name ?? "";
    const known = this.#nodes.get(name);
    if (known === undefined) {
      this.#addNode(new NodeInfo(node));
      return;
    }
    const zone = zoneOf(known);
    this.#countImages(known, -1);
    const { labels } = known;
    known.node = node;
    if (!semanticEqual(labels, known.labels)) this.#counts.nodeRelabelled();
    this.#countImages(known, 1);
    if (zoneOf(known) !== zone) this.#order = undefined;
  }

  removeNode(name: string): void {
    const node = this.#nodes.get(name);
    if (node === undefined) return;
    this.#nodes.delete(name);
    this.#withAffinity.delete(node);
    this.#counts.nodeRemoved(node);
    this.#countImages(node, -1);
    this.#order = undefined;
    if (node.pods.size > 0) this.#orphans.set(name, new Map(node.pods));
  }

  /** Whether we decided on a node for this pod and have not yet seen it bound. */
  isAssumed(uid: string): boolean {
    return this.#pods.get(uid)?.assumed === true;
  }

  has(uid: string): boolean {
    return this.#pods.has(uid);
  }

  /** Counts a pod on a node before the API says so. Throws where it already is on one: it would be bound twice. */
  assume(info: PodInfo, nodeName: string): void {
    if (this.#pods.has(info.uid)) throw new Error(`pod ${info.key}(${info.uid}) is in the cache, so can't be assumed`);
    this.#assumed++;
    this.#place({ info, nodeName, assumed: true });
  }

  /** Takes an assumed pod back: it could not be bound. Does nothing for any other pod. */
  forget(uid: string): void {
    if (this.isAssumed(uid)) this.removePod(uid);
  }

  /** A pod with a node, new or changed: what the API says counts, whatever was assumed. */
  setPod(pod: Pod): void {
    this.removePod(pod.metadata.uid ?? "");
    this.#place({ info: podInfo(pod), nodeName: pod.spec.nodeName ?? "", assumed: false });
  }

  removePod(uid: string): void {
    const state = this.#pods.get(uid);
    if (state === undefined) return;
    this.#pods.delete(uid);
    if (state.assumed) this.#assumed--;
    const node = this.#nodes.get(state.nodeName);
    if (node !== undefined) {
      node.remove(uid);
      this.#counts.count(state.info, node, -1);
      if (node.podsWithAffinity.size === 0) this.#withAffinity.delete(node);
      return;
    }
    const orphans = this.#orphans.get(state.nodeName);
    orphans?.delete(uid);
    if (orphans?.size === 0) this.#orphans.delete(state.nodeName);
  }

  #place(state: PodState): void {
    const { info, nodeName } = state;
    this.#pods.set(info.uid, state);
    const node = this.#nodes.get(nodeName);
    if (node !== undefined) {
      node.add(info);
      this.#counts.count(info, node, 1);
      if (node.podsWithAffinity.size > 0) this.#withAffinity.add(node);
      return;
    }
    const orphans = this.#orphans.get(nodeName);
    if (orphans === undefined) this.#orphans.set(nodeName, new Map([[info.uid, info]]));
    else orphans.set(info.uid, info);
  }

  #addNode(node: NodeInfo): void {
    this.#nodes.set(node.name, node);
    this.#order = undefined;
    this.#countImages(node, 1);
    for (const info of this.#orphans.get(node.name)?.values() ?? []) node.add(info);
    this.#orphans.delete(node.name);
    this.#counts.nodeAdded(node);
    if (node.podsWithAffinity.size > 0) this.#withAffinity.add(node);
  }

  #countImages(node: NodeInfo, sign: 1 | -1): void {
    for (const name of node.images.keys()) {
      const count = (this.#imageNodes.get(name) ?? 0) + sign;
      if (count === 0) this.#imageNodes.delete(name);
      else this.#imageNodes.set(name, count);
    }
  }
}
