import { ReplicaSet } from "../api/apps/v1/replicaset.ts";
import { StatefulSet } from "../api/apps/v1/statefulset.ts";
import { ReplicationController } from "../api/core/v1/replication-controller.ts";
import { Service } from "../api/core/v1/service.ts";
import type { Pod } from "../api/generated/types/core-v1.ts";
import { fromLabelSelector, type Selector, selectorFromSet } from "../apimachinery/selectors/label-selector.ts";
import { type Informers, indexes } from "../client/mod.ts";
import type { PodMatch } from "./cache/match-counts.ts";

/**
 * What selects the pods that a pod is one of many of: the Services that select it and the controller that owns it, all at
 * once (plugins/helper DefaultSelector). Undefined for a pod that stands alone.
 */
export function siblingsFrom(informers: Informers): (pod: Pod) => PodMatch | undefined {
  const services = informers.of(Service).cache;
  const controllers = {
    "v1/ReplicationController": informers.of(ReplicationController).cache,
    "apps/v1/ReplicaSet": informers.of(ReplicaSet).cache,
    "apps/v1/StatefulSet": informers.of(StatefulSet).cache,
  } as const;
  return ({ metadata: { namespace = "", labels, ownerReferences } }) => {
    const selectors: Selector[] = [];
    for (const { spec } of services.byIndex(indexes.namespace, namespace)) {
      if (spec.selector === undefined) continue;
      const selector = selectorFromSet(spec.selector);
      if (!selector.empty && selector.matches(labels)) selectors.push(selector);
    }
    const owner = ownerReferences?.find(({ controller }) => controller);
    const kind = `${owner?.apiVersion}/${owner?.kind}`;
    const key = `${namespace}/${owner?.name}`;
    if (kind === "v1/ReplicationController") {
      const selector = controllers[kind].get(key)?.spec.selector;
      if (selector !== undefined) selectors.push(selectorFromSet(selector));
    } else if (kind === "apps/v1/ReplicaSet" || kind === "apps/v1/StatefulSet") {
      const selector = controllers[kind].get(key)?.spec.selector;
      if (selector !== undefined) selectors.push(fromLabelSelector(selector));
    }
    const telling = selectors.filter(({ empty }) => !empty);
    if (telling.length === 0) return undefined;
    return {
      key: telling.map(String).sort().join(";"),
      matches: (of) => telling.every((selector) => selector.matches(of)),
    };
  };
}
