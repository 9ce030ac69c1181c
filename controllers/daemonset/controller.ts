import { ControllerRevision } from "../../api/apps/v1/controller-revision.ts";
import { DaemonSet } from "../../api/apps/v1/daemonset.ts";
import { Node } from "../../api/core/v1/node.ts";
import { Pod } from "../../api/core/v1/pod.ts";
import { selectorOf } from "../../api/selector-of.ts";
import { semanticEqual } from "../../apimachinery/json/equal.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import { objectKey } from "../../client/mod.ts";
import type { Cache } from "../runner/cache.ts";
import { type Claims, claim } from "../runner/claim.ts";
import { type Controller, defineController } from "../runner/controller.ts";
import { nodeOf } from "./daemon-pods.ts";
import { FailedPods } from "./failed-pods.ts";
import { type Observed, plan, summarize } from "./plan.ts";
import { historyOf, revisionName } from "./revisions.ts";

export function daemonSetController(): Controller {
  const failed = new FailedPods();
  return defineController<DaemonSet, Observed>({
    name: "daemonset-controller",
    serviceAccount: "daemon-set-controller",
    queue: "daemonset",
    primary: DaemonSet,
    owns: [
      { resource: Pod, matches },
      { resource: ControllerRevision, matches },
    ],
    also: [
      {
        resource: Node,
        keys: (_node, cache) => cache.list(DaemonSet).map(objectKey),
        matters: (node, old) =>
          !semanticEqual(node.metadata.labels, old.metadata.labels) ||
          !semanticEqual((node as Node).spec.taints, (old as Node).spec.taints),
      },
    ],
    workers: 2,
    observe(daemonSet, cache, now) {
      const { namespace = "" } = daemonSet.metadata;
      const key = objectKey(daemonSet);
      const pods = claimed(daemonSet, Pod, cache);
      const revisions = claimed(daemonSet, ControllerRevision, cache);
      return {
        daemonSet,
        claims: [...revisions.actions, ...pods.actions],
        pods: pods.claimed,
        history: historyOf(daemonSet, revisions.claimed, now),
        nodes: cache.list(Node),
        occupant: cache.get(ControllerRevision, `${namespace}/${revisionName(daemonSet)}`),
        mayDelete: (pod) => failed.mayDelete(`${key}/${nodeOf(pod)}`, pod.metadata.uid ?? "", now),
        now,
      };
    },
    plan,
    summarize,
    gone(key) {
      failed.forget(`${key}/`);
      return [];
    },
  });
}

function matches({ spec }: DaemonSet, { metadata }: ApiObject): boolean {
  const selector = selectorOf(spec.selector);
  return selector !== undefined && !selector.empty && selector.matches(metadata.labels ?? {});
}

function claimed<T extends ApiObject>(owner: DaemonSet, resource: ResourceDefinition<T>, cache: Cache): Claims<T> {
  const { namespace = "" } = owner.metadata;
  return claim({
    owner,
    ownerResource: DaemonSet,
    resource,
    candidates: [...cache.ownedBy(owner, resource), ...cache.orphans(resource, namespace)],
    matches: (candidate) => matches(owner, candidate),
  });
}
