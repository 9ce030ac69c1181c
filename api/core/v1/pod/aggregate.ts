import type { Container, PodSpec, ResourceRequirements } from "../../../generated/types/core-v1.ts";
import { addToList, type MutableResourceList, maxIntoList, type ResourceList } from "./resource-list.ts";

type Kind = "requests" | "limits";

function listOf(container: Container, kind: Kind): ResourceList | undefined {
  return (container.resources as ResourceRequirements | undefined)?.[kind];
}

/**
 * What all containers need at once: ordinary ones and sidecars together, or, where it is more, an init container and the
 * sidecars started before it (component-helpers/resource AggregateContainerRequests).
 */
function aggregate(spec: Partial<PodSpec>, kind: Kind): MutableResourceList {
  const total: MutableResourceList = {};
  for (const container of spec.containers ?? []) addToList(total, listOf(container, kind));
  const sidecars: MutableResourceList = {};
  const starting: MutableResourceList = {};
  for (const container of spec.initContainers ?? []) {
    const own = listOf(container, kind);
    if (container.restartPolicy === "Always") {
      addToList(total, own);
      addToList(sidecars, own);
      maxIntoList(starting, sidecars);
    } else {
      const during: MutableResourceList = { ...own };
      addToList(during, sidecars);
      maxIntoList(starting, during);
    }
  }
  maxIntoList(total, starting);
  return total;
}

export function aggregateRequests(spec: Partial<PodSpec>): MutableResourceList {
  return aggregate(spec, "requests");
}

export function aggregateLimits(spec: Partial<PodSpec>): MutableResourceList {
  return aggregate(spec, "limits");
}
