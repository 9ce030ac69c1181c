import { aggregateLimits, aggregateRequests } from "../../../api/core/v1/pod/aggregate.ts";
import type { MutableResourceList, ResourceList } from "../../../api/core/v1/pod/resource-list.ts";
import type {
  Container,
  LimitRange,
  LimitRangeItem,
  PersistentVolumeClaim,
  Pod,
  ResourceRequirements,
} from "../../../api/generated/types/core-v1.ts";
import type { Draft } from "../../../apimachinery/resource/object.ts";
import { type Asked, aboveMax, aboveRatio, belowMin, requestAboveMax } from "./constraints.ts";

const annotation = "kubernetes.io/limit-ranger";

/** Fills in what containers do not say, and notes that in an annotation (PodMutateLimitFunc). */
export function setDefaults(range: LimitRange, pod: Draft<Pod>): void {
  const requests: MutableResourceList = {};
  const limits: MutableResourceList = {};
  for (const item of itemsOf(range)) {
    if (item.type !== "Container") continue;
    Object.assign(requests, item.defaultRequest);
    Object.assign(limits, item.default);
  }
  const notes: string[] = [];
  for (const container of pod.spec.containers ?? []) addDefaults(container, { requests, limits }, "container", notes);
  for (const container of pod.spec.initContainers ?? []) {
    addDefaults(container, { requests, limits }, "init container", notes);
  }
  if (notes.length === 0) return;
  pod.metadata.annotations = {
    ...pod.metadata.annotations,
    [annotation]: `LimitRanger plugin set: ${notes.join("; ")}`,
  };
}

function addDefaults(container: Draft<Container>, { requests, limits }: Asked, kind: string, notes: string[]): void {
  const own: Draft<ResourceRequirements> = { ...container.resources };
  const setLimits = missing(own.limits, limits);
  const setRequests = missing(own.requests, requests);
  if (setRequests.length > 0) notes.push(`${setRequests.join(", ")} request for ${kind} ${container.name}`);
  if (setLimits.length > 0) notes.push(`${setLimits.join(", ")} limit for ${kind} ${container.name}`);
  if (setLimits.length > 0) own.limits = { ...limits, ...own.limits };
  if (setRequests.length > 0) own.requests = { ...requests, ...own.requests };
  container.resources = own;
}

function missing(own: ResourceList = {}, defaults: ResourceList): string[] {
  return Object.keys(defaults)
    .filter((name) => own[name] === undefined)
    .sort();
}

/** What a pod asks for that a range does not allow (PodValidateLimitFunc). */
export function podProblems(range: LimitRange, { spec }: Pod): readonly string[] {
  const problems: string[] = [];
  for (const item of itemsOf(range)) {
    if (item.type === "Container") {
      for (const container of [...spec.containers, ...(spec.initContainers ?? [])]) {
        const { requests = {}, limits = {} } = (container.resources ?? {}) as ResourceRequirements;
        addProblems(problems, item, { requests, limits });
      }
    } else if (item.type === "Pod") {
      const requests = { ...aggregateRequests(spec), ...podLevel(spec.resources?.requests) };
      const limits = { ...aggregateLimits(spec), ...podLevel(spec.resources?.limits) };
      addProblems(problems, item, { requests, limits });
    }
  }
  return problems;
}

function addProblems(
  problems: string[],
  { type, min = {}, max = {}, maxLimitRequestRatio = {} }: LimitRangeItem,
  asked: Asked,
): void {
  const add = (problem: string | undefined) => problem !== undefined && problems.push(problem);
  for (const resource in min) add(belowMin({ type, resource, amount: min[resource]! }, asked));
  for (const resource in max) add(aboveMax({ type, resource, amount: max[resource]! }, asked));
  for (const resource in maxLimitRequestRatio) {
    add(aboveRatio({ type, resource, amount: maxLimitRequestRatio[resource]! }, asked));
  }
}

/** Of what a whole pod says, cpu and memory count. */
function podLevel(list: ResourceList = {}): ResourceList {
  return Object.fromEntries(Object.entries(list).filter(([name]) => name === "cpu" || name === "memory"));
}

/** What a claim asks for that a range does not allow. */
export function claimProblems(range: LimitRange, { spec }: PersistentVolumeClaim): readonly string[] {
  const asked: Asked = { requests: spec.resources?.requests ?? {}, limits: {} };
  const problems: (string | undefined)[] = [];
  for (const { type, min = {}, max = {} } of itemsOf(range)) {
    if (type !== "PersistentVolumeClaim") continue;
    for (const resource in min) problems.push(belowMin({ type, resource, amount: min[resource]! }, asked));
    for (const resource in max) problems.push(requestAboveMax({ type, resource, amount: max[resource]! }, asked));
  }
  return problems.filter((problem) => problem !== undefined);
}

function itemsOf({ spec }: LimitRange): readonly LimitRangeItem[] {
  return spec?.limits ?? [];
}
