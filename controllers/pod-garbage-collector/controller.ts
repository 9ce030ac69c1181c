import { Node } from "../../api/core/v1/node.ts";
import { Pod } from "../../api/core/v1/pod.ts";
import { isNotFound } from "../../apimachinery/errors/api-error.ts";
import { semanticEqual } from "../../apimachinery/json/equal.ts";
import { type Client, objectKey } from "../../client/mod.ts";
import { nodeNameIndex } from "../pods/node-index.ts";
import { isPodTerminal } from "../pods/pod-state.ts";
import type { CacheIndex } from "../runner/cache.ts";
import { type Controller, defineController } from "../runner/controller.ts";
import { defaultQuarantineMs, type Observed, plan, summarize } from "./plan.ts";

/** Pods that have ended, all under one value. */
const terminatedIndex: CacheIndex<Pod> = { name: "terminated", of: (pod) => (isPodTerminal(pod) ? [""] : []) };

export interface PodGarbageCollectorOptions {
  /** How long a node has to be missing before its pods go. Default 40 s, as upstream's. */
  readonly quarantineMs?: number;
}

export function podGarbageCollector({
  quarantineMs = defaultQuarantineMs,
}: PodGarbageCollectorOptions = {}): Controller {
  /** Since when a pod's node is missing, by the pod's key. */
  const missing = new Map<string, { readonly uid: string; readonly ms: number }>();
  return defineController<Pod, Observed>({
    name: "pod-garbage-collector",
    serviceAccount: "pod-garbage-collector",
    queue: "orphaned_pods_nodes",
    primary: Pod,
    matters: (pod, old) =>
      pod.spec.nodeName !== old.spec.nodeName ||
      pod.metadata.deletionTimestamp !== old.metadata.deletionTimestamp ||
      isPodTerminal(pod) !== isPodTerminal(old),
    also: [
      {
        resource: Node,
        keys: (node, cache) => cache.byIndex(Pod, nodeNameIndex, node.metadata.name ?? "").map(objectKey),
        matters: (node, old) => !semanticEqual((node as Node).spec.taints, (old as Node).spec.taints),
      },
    ],
    workers: 4,
    observe(pod, cache, now, { client, signal }) {
      const { nodeName } = pod.spec;
      const node = nodeName ? cache.get(Node, nodeName) : undefined;
      const key = objectKey(pod);
      const known = missing.get(key);
      const isMissing = nodeName !== undefined && nodeName !== "" && node === undefined;
      const missingSinceMs = isMissing ? (known?.uid === pod.metadata.uid ? known!.ms : now) : undefined;
      if (missingSinceMs === undefined) missing.delete(key);
      else missing.set(key, { uid: pod.metadata.uid ?? "", ms: missingSinceMs });
      const terminated = () => cache.byIndex(Pod, terminatedIndex, "");
      const observed = { pod, node, missingSinceMs, quarantineMs, nodeIsGone: false, terminated, now };
      if (missingSinceMs === undefined || now < missingSinceMs + quarantineMs) return observed;
      return isGone(client, nodeName!, signal).then((nodeIsGone) => ({ ...observed, nodeIsGone }));
    },
    plan,
    summarize,
    gone(key) {
      missing.delete(key);
      return [];
    },
  });
}

async function isGone(client: Client, nodeName: string, signal: AbortSignal): Promise<boolean> {
  try {
    await client.resource(Node).get(nodeName, { signal });
    return false;
  } catch (error) {
    if (isNotFound(error)) return true;
    throw error;
  }
}
