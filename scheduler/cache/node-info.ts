import type { Node, Taint } from "../../api/generated/types/core-v1.ts";
import { HostPorts } from "./host-ports.ts";
import { hasAffinity, type PodInfo } from "./pod-info.ts";
import { podLimit, type Resources, resourcesOf } from "./resources.ts";

type Labels = Readonly<Record<string, string>>;
const noLabels: Labels = Object.freeze({});
const noTaints: readonly Taint[] = Object.freeze([]);

/**
 * A node, the pods on it, and their sums, kept up with each pod that comes or goes (pkg/scheduler/framework NodeInfo).
 *
 * Guarantee: the sums are those of `pods`. Only the cache, and preemption on its own copy, change one.
 */
export class NodeInfo {
  readonly name: string;
  #node: Node;
  labels: Labels = noLabels;
  taints: readonly Taint[] = noTaints;
  unschedulable = false;
  allocatable: Resources = resourcesOf(undefined);
  podLimit = 0;
  /** By uid. */
  readonly pods = new Map<string, PodInfo>();
  readonly podsWithAffinity = new Set<PodInfo>();
  readonly podsWithRequiredAntiAffinity = new Set<PodInfo>();
  readonly hostPorts = new HostPorts();
  milliCpu = 0;
  memoryBytes = 0;
  ephemeralStorageBytes = 0;
  readonly scalars = new Map<string, number>();
  /** With an assumed request for containers that name none: what scoring looks at. */
  assumedMilliCpu = 0;
  assumedMemoryBytes = 0;
  /** Image names, normalized as the kubelet tells them, to bytes. */
  images: ReadonlyMap<string, number> = new Map();

  constructor(node: Node) {
    this.name = node.metadata.name ?? "";
    this.#node = node;
    this.node = node;
  }

  get node(): Node {
    return this.#node;
  }

  set node(node: Node) {
    const old = this.#node;
    this.#node = node;
    this.labels = node.metadata.labels ?? noLabels;
    this.taints = node.spec.taints ?? noTaints;
    this.unschedulable = node.spec.unschedulable === true;
    this.allocatable = resourcesOf(node.status.allocatable);
    this.podLimit = podLimit(node.status.allocatable);
    if (old === node || old.status.images !== node.status.images) this.images = imagesOf(node);
  }

  add(info: PodInfo): void {
    this.remove(info.uid);
    this.pods.set(info.uid, info);
    this.#count(info, 1);
    for (const port of info.hostPorts) this.hostPorts.add(port);
    if (!hasAffinity(info)) return;
    this.podsWithAffinity.add(info);
    if (info.affinity.requiredAntiAffinity.length > 0) this.podsWithRequiredAntiAffinity.add(info);
  }

  /** The pod that was there, if it was. */
  remove(uid: string): PodInfo | undefined {
    const info = this.pods.get(uid);
    if (info === undefined) return undefined;
    this.pods.delete(uid);
    this.#count(info, -1);
    for (const port of info.hostPorts) this.hostPorts.remove(port);
    this.podsWithAffinity.delete(info);
    this.podsWithRequiredAntiAffinity.delete(info);
    return info;
  }

  /** A copy whose pods can come and go without anybody noticing. */
  copy(): NodeInfo {
    const copy = new NodeInfo(this.#node);
    for (const info of this.pods.values()) copy.add(info);
    return copy;
  }

  #count({ requests: { requested, assumed } }: PodInfo, sign: 1 | -1): void {
    this.milliCpu += sign * requested.milliCpu;
    this.memoryBytes += sign * requested.memoryBytes;
    this.ephemeralStorageBytes += sign * requested.ephemeralStorageBytes;
    this.assumedMilliCpu += sign * assumed.milliCpu;
    this.assumedMemoryBytes += sign * assumed.memoryBytes;
    if (requested.scalars === undefined) return;
    for (const [name, amount] of requested.scalars) {
      this.scalars.set(name, (this.scalars.get(name) ?? 0) + sign * amount);
    }
  }
}

function imagesOf(node: Node): ReadonlyMap<string, number> {
  const images = new Map<string, number>();
  for (const { names, sizeBytes } of node.status.images ?? []) {
    for (const name of names ?? []) images.set(name, sizeBytes ?? 0);
  }
  return images;
}
