import type { PodInfo } from "../cache/pod-info.ts";

const none: readonly PodInfo[] = [];

/**
 * Pods for which room has been, or is being, made on a node and that are not there yet (pkg/scheduler/backend/queue
 * nominator). Others of lower importance must not take the room meanwhile.
 */
export class Nominations {
  readonly #byNode = new Map<string, Map<string, PodInfo>>();
  readonly #nodeByPod = new Map<string, string>();

  get size(): number {
    return this.#nodeByPod.size;
  }

  nodeOf(uid: string): string | undefined {
    return this.#nodeByPod.get(uid);
  }

  set(info: PodInfo, nodeName: string): void {
    this.delete(info.uid);
    this.#nodeByPod.set(info.uid, nodeName);
    const pods = this.#byNode.get(nodeName);
    if (pods === undefined) this.#byNode.set(nodeName, new Map([[info.uid, info]]));
    else pods.set(info.uid, info);
  }

  delete(uid: string): void {
    const nodeName = this.#nodeByPod.get(uid);
    if (nodeName === undefined) return;
    this.#nodeByPod.delete(uid);
    const pods = this.#byNode.get(nodeName);
    pods?.delete(uid);
    if (pods?.size === 0) this.#byNode.delete(nodeName);
  }

  /** Those that a pod has to respect on a node: other ones, at least as important. */
  of(nodeName: string, info: PodInfo): readonly PodInfo[] {
    const pods = this.#byNode.get(nodeName);
    if (pods === undefined) return none;
    return Array.from(pods.values()).filter((one) => one.uid !== info.uid && one.priority >= info.priority);
  }

  /** All on a node. */
  on(nodeName: string): readonly PodInfo[] {
    return Array.from(this.#byNode.get(nodeName)?.values() ?? none);
  }
}
