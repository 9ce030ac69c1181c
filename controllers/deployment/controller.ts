import { Deployment } from "../../api/apps/v1/deployment.ts";
import { ReplicaSet } from "../../api/apps/v1/replicaset.ts";
import { Pod } from "../../api/core/v1/pod.ts";
import { selectorOf } from "../../api/selector-of.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import type { Cache } from "../runner/cache.ts";
import { claim } from "../runner/claim.ts";
import { defineController } from "../runner/controller.ts";
import { newReplicaSetName } from "./new-replica-set.ts";
import { type Observed, plan } from "./plan.ts";
import { split } from "./replica-sets.ts";
import { summarize } from "./summarize.ts";

export const deploymentController = defineController({
  name: "deployment-controller",
  serviceAccount: "deployment-controller",
  queue: "deployment",
  primary: Deployment,
  owns: [{ resource: ReplicaSet, matches }],
  also: [
    {
      resource: Pod,
      keys: recreating,
      matters: (pod, old) => (pod as Pod).status?.phase !== (old as Pod).status?.phase,
    },
  ],
  workers: 5,
  observe,
  plan,
  summarize,
});

function matches({ spec }: Deployment, { metadata }: ApiObject): boolean {
  const selector = selectorOf(spec.selector);
  return selector !== undefined && !selector.empty && selector.matches(metadata.labels ?? {});
}

/** The Deployment that may wait for the end of this pod. */
function recreating({ metadata: { namespace, ownerReferences } }: ApiObject, cache: Cache): readonly string[] {
  const owner = ownerReferences?.find(({ controller, kind }) => controller && kind === "ReplicaSet");
  const set = owner && cache.get(ReplicaSet, `${namespace}/${owner.name}`);
  const above = set?.metadata.ownerReferences?.find(({ controller, kind }) => controller && kind === "Deployment");
  const key = `${namespace}/${above?.name}`;
  return above !== undefined && cache.get(Deployment, key)?.spec.strategy.type === "Recreate" ? [key] : [];
}

function observe(deployment: Deployment, cache: Cache, now: number): Observed {
  const { namespace = "" } = deployment.metadata;
  const { claimed, actions } = claim({
    owner: deployment,
    ownerResource: Deployment,
    resource: ReplicaSet,
    candidates: [...cache.ownedBy(deployment, ReplicaSet), ...cache.orphans(ReplicaSet, namespace)],
    matches: (set) => matches(deployment, set),
  });
  const sets = split(deployment, claimed);
  const recreates = deployment.spec.strategy.type === "Recreate";
  return {
    deployment,
    claims: actions,
    sets,
    oldPods: recreates ? sets.old.flatMap((set) => cache.ownedBy(set, Pod)) : [],
    occupant: sets.current ?? cache.get(ReplicaSet, `${namespace}/${newReplicaSetName(deployment)}`),
    now,
  };
}
