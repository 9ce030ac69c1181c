import type {
  Container,
  ContainerStatus,
  Pod,
  PodSpec,
  ResourceRequirements,
} from "../../../generated/types/core-v1.ts";
import { aggregateLimits, aggregateRequests } from "../pod/aggregate.ts";
import { addToList, isZero, type MutableResourceList, maxIntoList, type ResourceList } from "../pod/resource-list.ts";
import { isPodLevelResource } from "../pod/resource-names.ts";

/**
 * What a pod holds: what it asks for, or, while its containers are being resized, the larger of that, what was allotted and
 * what they have; with its overhead (component-helpers/resource PodRequests, PodLimits with UseStatusResources).
 */
export function effectiveResources(pod: Pod): { requests: ResourceList; limits: ResourceList } {
  const spec = withActual(pod);
  const { resources, overhead = {} } = pod.spec;
  const requests: MutableResourceList = { ...aggregateRequests(spec), ...podLevel(resources?.requests) };
  const limits: MutableResourceList = { ...aggregateLimits(spec), ...podLevel(resources?.limits) };
  addToList(requests, overhead);
  for (const name in overhead) {
    const limit = limits[name];
    if (limit !== undefined && !isZero(limit)) addToList(limits, { [name]: overhead[name]! });
  }
  return { requests, limits };
}

function podLevel(list: ResourceList = {}): ResourceList {
  return Object.fromEntries(Object.entries(list).filter(([name]) => isPodLevelResource(name)));
}

function withActual({ spec, status }: Pod): Partial<PodSpec> {
  const statuses = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
  if (!statuses.some(({ resources }) => resources !== undefined)) return spec;
  const pending = status.conditions?.find(({ type }) => type === "PodResizePending");
  const infeasible = pending?.reason === "Infeasible";
  const byName = new Map(statuses.map((one) => [one.name, one]));
  const effective = (container: Container): Container => {
    const actual = byName.get(container.name);
    return actual?.resources === undefined
      ? container
      : { ...container, resources: larger(container, actual, infeasible) };
  };
  const initContainers = (spec.initContainers ?? []).map((container) =>
    container.restartPolicy === "Always" ? effective(container) : container,
  );
  return { containers: spec.containers.map(effective), initContainers };
}

function larger(container: Container, actual: ContainerStatus, infeasible: boolean): ResourceRequirements {
  const wanted: ResourceRequirements = infeasible ? {} : ((container.resources ?? {}) as ResourceRequirements);
  const requests: MutableResourceList = { ...wanted.requests };
  const limits: MutableResourceList = { ...wanted.limits };
  maxIntoList(requests, actual.resources?.requests);
  maxIntoList(requests, actual.allocatedResources);
  maxIntoList(limits, actual.resources?.limits);
  return { requests, limits };
}
