import { Pod } from "../../api/core/v1/pod.ts";
import { ReplicationController } from "../../api/core/v1/replication-controller.ts";
import { type Selector, selectorFromSet } from "../../apimachinery/selectors/label-selector.ts";
import { plan, summarize } from "../replicaset/plan.ts";
import { defineController } from "../runner/controller.ts";

/** What ReplicaSets came from: decides as they do (pkg/controller/replication). */
export const replicationControllerController = defineController({
  name: "replication-controller",
  serviceAccount: "replication-controller",
  queue: "replicationmanager",
  primary: ReplicationController,
  owns: [
    {
      resource: Pod,
      matches: (controller, { metadata }) => selectorOf(controller)?.matches(metadata.labels ?? {}) === true,
    },
  ],
  workers: 5,
  observe: (controller, cache, now) => ({
    owner: controller,
    ownerResource: ReplicationController,
    selector: selectorOf(controller),
    pods: [...cache.ownedBy(controller, Pod), ...cache.orphans(Pod, controller.metadata.namespace ?? "")],
    // Replication controllers have no owners: the neighbours are their own.
    related: () => cache.ownedBy(controller, Pod),
    now,
    countsTerminating: false,
  }),
  plan,
  summarize,
});

/** Defaulting has filled it in from the template's labels; an empty one selects nobody. */
function selectorOf({ spec }: ReplicationController): Selector | undefined {
  const { selector = {} } = spec;
  return Object.keys(selector).length === 0 ? undefined : selectorFromSet(selector);
}
