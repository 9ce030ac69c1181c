import { ReplicaSet } from "../../api/apps/v1/replicaset.ts";
import { Pod } from "../../api/core/v1/pod.ts";
import { selectorOf } from "../../api/selector-of.ts";
import { controllerUidIndex, indexes } from "../../client/mod.ts";
import type { Cache } from "../runner/cache.ts";
import { defineController } from "../runner/controller.ts";
import { plan, summarize } from "./plan.ts";

export const replicaSetController = defineController({
  name: "replicaset-controller",
  serviceAccount: "replicaset-controller",
  queue: "replicaset",
  primary: ReplicaSet,
  owns: [
    {
      resource: Pod,
      matches: ({ spec }, { metadata }) => selectorOf(spec.selector)?.matches(metadata.labels ?? {}) === true,
    },
  ],
  workers: 5,
  observe: (replicaSet, cache, now) => ({
    owner: replicaSet,
    ownerResource: ReplicaSet,
    selector: selectorOf(replicaSet.spec.selector),
    pods: [...cache.ownedBy(replicaSet, Pod), ...cache.orphans(Pod, replicaSet.metadata.namespace ?? "")],
    related: () => neighbours(replicaSet, cache),
    now,
    countsTerminating: true,
  }),
  plan,
  summarize,
});

/** Pods of the ReplicaSets that share this one's owner: of one Deployment (getIndirectlyRelatedPods). */
function neighbours(replicaSet: ReplicaSet, cache: Cache): readonly Pod[] {
  const owner = replicaSet.metadata.ownerReferences?.find(({ controller }) => controller);
  if (owner === undefined) return cache.ownedBy(replicaSet, Pod);
  return cache
    .byIndex(ReplicaSet, { name: indexes.controllerUid, of: controllerUidIndex }, owner.uid)
    .flatMap((sibling) => cache.ownedBy(sibling, Pod));
}
