import type { Lease } from "../../api/coordination/v1/lease.ts";
import type { Node } from "../../api/core/v1/node.ts";
import { parseTime } from "../../apimachinery/time/time.ts";
import { readyCondition } from "./taints.ts";

interface Sign {
  readonly uid: string;
  readonly heartbeat: string | undefined;
  readonly renewal: string | undefined;
  readonly seenMs: number;
}

/**
 * When each node was last heard of, by this side's clock: nodes' clocks may be wrong. Also which may be evicted when.
 *
 * Guarantee: a node's signs are of its own uid; one that came back under its name begins anew.
 */
export class Vitals {
  readonly #signs = new Map<string, Sign>();
  readonly #nextEvictionMs = new Map<string, number>();
  #allDownSince: number | undefined;
  /** When nodes came back after all had been down: silence from before does not count. */
  #backMs = 0;

  /** Takes note of what node and lease say; `first`: it was not known. */
  note(node: Node, lease: Lease | undefined, now: number): { readonly first: boolean; readonly aliveMs: number } {
    const { name = "", uid = "", creationTimestamp } = node.metadata;
    const known = this.#signs.get(name);
    const before = known?.uid === uid ? known : undefined;
    const ready = readyCondition(node);
    const heartbeat = ready?.lastHeartbeatTime;
    const renewal = lease?.spec.renewTime;
    const changed =
      before === undefined
        ? ready !== undefined || renewal !== undefined
        : heartbeat !== before.heartbeat || (renewal !== undefined && renewal > (before.renewal ?? ""));
    const seenMs = changed
      ? now
      : (before?.seenMs ?? (creationTimestamp === undefined ? now : parseTime(creationTimestamp)));
    this.#signs.set(name, { uid, heartbeat, renewal, seenMs });
    return { first: before === undefined, aliveMs: Math.max(seenMs, this.#backMs) };
  }

  forget(name: string): void {
    this.#signs.delete(name);
  }

  /** To be told whether all nodes are down. */
  allDown(down: boolean, now: number): void {
    if (!down && this.#allDownSince !== undefined) this.#backMs = now;
    this.#allDownSince = down ? (this.#allDownSince ?? now) : undefined;
  }

  /** Takes a zone's turn to evict a node; else when the next one is, undefined where there is none. */
  takeTurn(zone: string, perSecond: number, now: number): true | number | undefined {
    if (perSecond === 0) return undefined;
    const nextMs = this.#nextEvictionMs.get(zone) ?? 0;
    if (nextMs > now) return nextMs;
    this.#nextEvictionMs.set(zone, now + 1000 / perSecond);
    return true;
  }
}
