import { Lease } from "../../api/coordination/v1/lease.ts";
import { Node } from "../../api/core/v1/node.ts";
import { Pod } from "../../api/core/v1/pod.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import { objectKey } from "../../client/mod.ts";
import { nodeNameIndex } from "../pods/node-index.ts";
import type { Cache } from "../runner/cache.ts";
import { type Controller, defineController, type Watched } from "../runner/controller.ts";
import { type Observed, plan, summarize } from "./plan.ts";
import { type Eviction, notReady, readyCondition, unreachable } from "./taints.ts";
import { Vitals } from "./vitals.ts";
import { evictionRateOf, zoneOf } from "./zones.ts";

const leaseNamespace = "kube-node-lease";

const leases: Watched = {
  resource: Lease,
  keys: ({ metadata: { name = "", namespace } }, cache) =>
    namespace === leaseNamespace && cache.get(Node, name) !== undefined ? [name] : [],
};

function statusOf(node: ApiObject): string | undefined {
  return readyCondition(node as Node)?.status;
}

/** Where a node is or was down: all that are. */
function nodesDown(node: ApiObject, cache: Cache): readonly string[] {
  const isDown = (one: ApiObject): boolean => statusOf(one) === "False" || statusOf(one) === "Unknown";
  return isDown(node) ? cache.list(Node).filter(isDown).map(objectKey) : [];
}

/** Tells of nodes that fall silent, keeps pods away from those that are not well, and makes them leave the lost ones. */
export function nodeLifecycleController(): Controller {
  const vitals = new Vitals();
  return defineController<Node, Observed>({
    name: "node-controller",
    serviceAccount: "node-controller",
    queue: "node_lifecycle_controller",
    primary: Node,
    // Whether anybody is evicted, and how fast, depends on how many are down.
    also: [{ resource: Node, keys: nodesDown, matters: (node, old) => statusOf(node) !== statusOf(old) }, leases],
    reads: [Pod],
    workers: 8,
    observe(node, cache, now) {
      const { name = "" } = node.metadata;
      const { first, aliveMs } = vitals.note(node, cache.get(Lease, `${leaseNamespace}/${name}`), now);
      return {
        node,
        first,
        aliveMs,
        ...decideEviction(node, cache, vitals, now),
        pods: () => cache.byIndex(Pod, nodeNameIndex, name),
        now,
      };
    },
    plan,
    summarize,
    gone(key) {
      vitals.forget(key);
      return [];
    },
  });
}

function decideEviction(
  node: Node,
  cache: Cache,
  vitals: Vitals,
  now: number,
): { readonly eviction: Eviction; readonly evictAtMs?: number | undefined } {
  const ready = readyCondition(node)?.status;
  if (ready === undefined || ready === "True") {
    if (ready === "True") vitals.allDown(false, now);
    return { eviction: "swap" };
  }
  const zone = zoneOf(node);
  const rate = evictionRateOf(zone, cache.list(Node));
  vitals.allDown(rate === "all down", now);
  if (rate === "all down") return { eviction: "remove" };
  const isEvicted = node.spec.taints?.some(
    ({ key, effect }) => effect === "NoExecute" && (key === notReady || key === unreachable),
  );
  if (isEvicted) return { eviction: "swap" };
  const turn = vitals.takeTurn(zone, rate, now);
  return turn === true ? { eviction: "add" } : { eviction: "swap", evictAtMs: turn };
}
