import { aggregateRequests } from "../../api/core/v1/pod/aggregate.ts";
import { addToList, type MutableResourceList, maxIntoList } from "../../api/core/v1/pod/resource-list.ts";
import type {
  Container,
  ContainerStatus,
  Pod,
  PodSpec,
  ResourceRequirements,
} from "../../api/generated/types/core-v1.ts";
import { emptyResources, type Resources, resourcesOf } from "./resources.ts";

/** What scoring takes a container for that names no request (pkg/scheduler/util DefaultMilliCPURequest, DefaultMemoryRequest). */
const assumedCpu = "100m";
const assumedMemory = String(200 * 1024 * 1024);

export interface PodRequests {
  /** All containers together, with init containers, sidecars, pod-level requests and overhead. */
  readonly requested: Resources;
  /** The same with an assumed request where a container names none, so that idle-looking nodes are not heaped with pods. */
  readonly assumed: { readonly milliCpu: number; readonly memoryBytes: number };
}

type Requests = Partial<PodSpec>;

/** What a pod asks of its node (component-helpers/resource PodRequests). Pure. */
export function podRequests(pod: Pod): PodRequests {
  const spec = effectiveSpec(pod);
  const requested = resourcesOf(requestsOf(spec));
  if (namesAll(spec)) {
    return { requested, assumed: { milliCpu: requested.milliCpu, memoryBytes: requested.memoryBytes } };
  }
  const { milliCpu, memoryBytes } = resourcesOf(requestsOf(withAssumed(spec)));
  return { requested, assumed: { milliCpu, memoryBytes } };
}

export const noRequests: PodRequests = { requested: emptyResources, assumed: { milliCpu: 0, memoryBytes: 0 } };

function requestsOf(spec: Requests): MutableResourceList {
  const total = aggregateRequests(spec);
  const own = spec.resources?.requests;
  if (own !== undefined) {
    for (const name in own) {
      if (name === "cpu" || name === "memory" || name.startsWith("hugepages-")) total[name] = own[name]!;
    }
  }
  addToList(total, spec.overhead);
  return total;
}

function requestsIn(container: Container): Readonly<Record<string, string>> | undefined {
  return (container.resources as ResourceRequirements | undefined)?.requests;
}

function namesAll(spec: Requests): boolean {
  const names = (container: Container): boolean => {
    const requests = requestsIn(container);
    return requests?.["cpu"] !== undefined && requests["memory"] !== undefined;
  };
  return (spec.containers ?? []).every(names) && (spec.initContainers ?? []).every(names);
}

function withAssumed(spec: Requests): Requests {
  const assume = (container: Container): Container => ({
    ...container,
    resources: { requests: { cpu: assumedCpu, memory: assumedMemory, ...requestsIn(container) } },
  });
  return {
    ...spec,
    containers: (spec.containers ?? []).map(assume),
    initContainers: (spec.initContainers ?? []).map(assume),
  };
}

/**
 * While a container is being resized in place, its node holds the larger of what it is to get, has been allotted and has
 * (determineContainerReqs). A resize that its node refused for good asks for nothing more.
 */
function effectiveSpec({ spec, status }: Pod): Requests {
  const statuses = status.containerStatuses;
  if (spec.nodeName === undefined || statuses === undefined) return spec;
  if (!statuses.some((one) => one.resources?.requests !== undefined || one.allocatedResources !== undefined))
    return spec;
  const infeasible = status.conditions?.some(
    ({ type, reason }) => type === "PodResizePending" && reason === "Infeasible",
  );
  const byName = new Map(statuses.map((one) => [one.name, one]));
  const effective = (container: Container): Container => {
    const actual = byName.get(container.name);
    return actual === undefined ? container : withActual(container, actual, infeasible === true);
  };
  return { ...spec, containers: spec.containers.map(effective) };
}

function withActual(container: Container, actual: ContainerStatus, infeasible: boolean): Container {
  const requests: MutableResourceList = infeasible ? {} : { ...requestsIn(container) };
  maxIntoList(requests, actual.resources?.requests);
  maxIntoList(requests, actual.allocatedResources);
  return { ...container, resources: { requests } };
}
