import type { DaemonSet } from "../../api/apps/v1/daemonset.ts";
import type { Pod } from "../../api/core/v1/pod.ts";
import { scaledIntOrPercent } from "../../apimachinery/int-or-string/int-or-string.ts";
import { isPodAvailable } from "../pods/pod-state.ts";
import { isUpdated } from "./daemon-pods.ts";

export interface Changes {
  /** Names of nodes that get a pod. */
  readonly create: readonly string[];
  readonly remove: readonly Pod[];
}

export interface RollingOptions {
  readonly daemonSet: DaemonSet;
  readonly hash: string;
  readonly byNode: ReadonlyMap<string, readonly Pod[]>;
  /** Nodes that should have a pod. */
  readonly wanted: ReadonlySet<string>;
  readonly now: number;
}

export interface Bounds {
  readonly surge: number;
  readonly unavailable: number;
}

/** How many nodes may have two pods, or none that is available, while a DaemonSet rolls. Never both zero. */
export function boundsOf({ spec }: DaemonSet, desired: number): Bounds {
  const { type, rollingUpdate } = spec.updateStrategy;
  if (type !== "RollingUpdate" || rollingUpdate === undefined) return { surge: 0, unavailable: 0 };
  const surge = scaledIntOrPercent(rollingUpdate.maxSurge ?? 0, desired, "up");
  const unavailable = scaledIntOrPercent(rollingUpdate.maxUnavailable ?? 1, desired, "up");
  return { surge, unavailable: desired > 0 && surge === 0 && unavailable === 0 ? 1 : unavailable };
}

interface Pair {
  readonly node: string;
  readonly next: Pod | undefined;
  readonly old: Pod | undefined;
}

/** The next step of a rolling update (DaemonSetsController.rollingUpdate). */
export function roll(options: RollingOptions): Changes {
  const bounds = boundsOf(options.daemonSet, options.wanted.size);
  const pairs: Pair[] = [];
  let crowded = 0;
  for (const [node, pods] of options.byNode) {
    const alive = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    const [next, ...moreNew] = alive.filter((pod) => isUpdated(pod, options.daemonSet, options.hash));
    const [old, ...moreOld] = alive.filter((pod) => !isUpdated(pod, options.daemonSet, options.hash));
    // Pods that are too many are another step's matter.
    if (moreNew.length + moreOld.length > 0) crowded++;
    else pairs.push({ node, next, old });
  }
  return bounds.surge === 0
    ? replace(options, pairs, bounds.unavailable - crowded)
    : surge(options, pairs, bounds.surge - crowded);
}

function isAvailable({ daemonSet, now }: RollingOptions, pod: Pod): boolean {
  return isPodAvailable(pod, daemonSet.spec.minReadySeconds ?? 0, now);
}

/** Old pods go, those that are of no use first; new ones come when they have gone. */
function replace(options: RollingOptions, pairs: readonly Pair[], allowed: number): Changes {
  const useless: Pod[] = [];
  const candidates: Pod[] = [];
  let unavailable = 0;
  for (const { next, old } of pairs) {
    if (old === undefined || next !== undefined) {
      if (next === undefined || old !== undefined || !isAvailable(options, next)) unavailable++;
    } else if (isAvailable(options, old)) {
      candidates.push(old);
    } else {
      useless.push(old);
      unavailable++;
    }
  }
  return { create: [], remove: [...useless, ...candidates.slice(0, Math.max(0, allowed - unavailable))] };
}

/** New pods come beside old ones, which go when the new ones are available. */
function surge(options: RollingOptions, pairs: readonly Pair[], allowed: number): Changes {
  const remove: Pod[] = [];
  const misplaced: Pod[] = [];
  const useless: string[] = [];
  const candidates: string[] = [];
  let surging = 0;
  let available = 0;
  for (const { node, next, old } of pairs) {
    const serving = old ?? next;
    if (serving !== undefined && isAvailable(options, serving)) available++;
    if (old === undefined) continue;
    if (next === undefined) {
      const isWanted = options.wanted.has(node);
      if (isAvailable(options, old)) isWanted ? candidates.push(node) : misplaced.push(old);
      else if (isWanted) useless.push(node);
      else remove.push(old);
    } else if (isAvailable(options, next)) remove.push(old);
    else surging++;
  }
  const spare = Math.max(0, available - options.wanted.size);
  return {
    create: [...useless, ...candidates.slice(0, Math.max(0, allowed - surging))],
    remove: [...remove, ...misplaced.slice(0, spare)],
  };
}
