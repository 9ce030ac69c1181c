import { Node } from "../../api/core/v1/node.ts";
import { Pod } from "../../api/core/v1/pod.ts";
import { semanticEqual } from "../../apimachinery/json/equal.ts";
import { objectKey } from "../../client/mod.ts";
import { nodeNameIndex } from "../pods/node-index.ts";
import { type Controller, defineController } from "../runner/controller.ts";
import { evictionMs, type Observed, plan, summarize } from "./plan.ts";

/** Deletes pods from nodes with taints of the effect NoExecute that they do not tolerate, or not for longer. */
export function taintEvictionController(): Controller {
  /** Since when a pod, by its key, has to go some time. A restart begins anew, as upstream's. */
  const since = new Map<string, { readonly uid: string; readonly ms: number }>();
  return defineController<Pod, Observed>({
    name: "taint-eviction-controller",
    serviceAccount: "node-controller",
    queue: "noexec_taint_pod",
    primary: Pod,
    matters: (pod, old) =>
      pod.spec.nodeName !== old.spec.nodeName || !semanticEqual(pod.spec.tolerations, old.spec.tolerations),
    also: [
      {
        resource: Node,
        keys: (node, cache) => cache.byIndex(Pod, nodeNameIndex, node.metadata.name ?? "").map(objectKey),
        matters: (node, old) => !semanticEqual((node as Node).spec.taints, (old as Node).spec.taints),
      },
    ],
    workers: 8,
    observe(pod, cache, now) {
      const node = pod.spec.nodeName ? cache.get(Node, pod.spec.nodeName) : undefined;
      const taints = (node?.spec.taints ?? []).filter(({ effect }) => effect === "NoExecute");
      const key = objectKey(pod);
      const known = since.get(key);
      const sinceMs = known?.uid === pod.metadata.uid ? known?.ms : undefined;
      const observed = { pod, taints, sinceMs, now };
      if (evictionMs(observed) === undefined) since.delete(key);
      else if (sinceMs === undefined) since.set(key, { uid: pod.metadata.uid ?? "", ms: now });
      return observed;
    },
    plan,
    summarize,
    gone(key) {
      since.delete(key);
      return [];
    },
  });
}
