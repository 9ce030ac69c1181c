import { aggregateLimits, aggregateRequests } from "../../api/core/v1/pod/aggregate.ts";
import { podQOSClass, type QOSClass } from "../../api/core/v1/pod/qos.ts";
import { addToList, isZero, type MutableResourceList, type ResourceList } from "../../api/core/v1/pod/resource-list.ts";
import type { Pod } from "../../api/core/v1/pod.ts";
import { Quantity } from "../../apimachinery/quantity/quantity.ts";

/** What a cgroup is given. Absent: left as the kernel made it. */
export interface CgroupResources {
  /** In cgroup v1's measure, 1024 a CPU, 2 to 262144. */
  readonly cpuShares?: number;
  /** Of `cpuPeriodUs`; -1: no bound. */
  readonly cpuQuotaUs?: number;
  readonly cpuPeriodUs?: number;
  readonly memoryLimitBytes?: number;
  readonly pidsLimit?: number;
  /** Bytes by page size (`2Mi`). */
  readonly hugePageLimits?: Readonly<Record<string, number>>;
}

export interface PodResourcesOptions {
  /** Default true. */
  readonly cpuQuota?: boolean;
  /** Default 100,000. */
  readonly cpuPeriodUs?: number;
  /** Processes of one pod; absent or not positive: no bound of its own. */
  readonly podPidsLimit?: number;
}

const minShares = 2;
const maxShares = 262_144;
const minQuotaUs = 1000;

export function milliCpuToShares(milliCpu: number): number {
  return Math.min(Math.max(Math.floor((milliCpu * 1024) / 1000), minShares), maxShares);
}

export function milliCpuToQuotaUs(milliCpu: number, periodUs: number): number {
  return milliCpu === 0 ? 0 : Math.max(Math.floor((milliCpu * periodUs) / 1000), minQuotaUs);
}

/** cgroup v2's 1 to 10000 (KEP-2254). */
export function sharesToWeight(shares: number): number {
  return Math.floor(((shares - 2) * 9999) / 262_142) + 1;
}

/** The class that the API server has written down, or what the spec makes it. */
export function qosClassOf({ spec, status }: Pod): QOSClass {
  const stored = (status as Partial<Pod["status"]> | undefined)?.qosClass;
  return stored === "Guaranteed" || stored === "Burstable" || stored === "BestEffort" ? stored : podQOSClass(spec);
}

const ofPodLevel = (name: string): boolean => name === "cpu" || name === "memory" || name.startsWith("hugepages-");

/** With the pod's own resources in the place of its containers', and its overhead (component-helpers/resource PodRequests). */
export function podRequests({ spec }: Pod): ResourceList {
  const total: MutableResourceList = aggregateRequests(spec);
  for (const [name, amount] of Object.entries(spec.resources?.requests ?? {}))
    if (ofPodLevel(name)) total[name] = amount;
  addToList(total, spec.overhead);
  return total;
}

/** Likewise; overhead counts where there is a limit at all. */
export function podLimits({ spec }: Pod): ResourceList {
  const total: MutableResourceList = aggregateLimits(spec);
  for (const [name, amount] of Object.entries(spec.resources?.limits ?? {})) if (ofPodLevel(name)) total[name] = amount;
  for (const [name, amount] of Object.entries(spec.overhead ?? {}))
    if (total[name] !== undefined && !isZero(total[name])) addToList(total, { [name]: amount });
  return total;
}

export function milliCpuOf(list: ResourceList): number {
  return list["cpu"] === undefined ? 0 : Quantity.parse(list["cpu"]).milliValue();
}

export function bytesOf(list: ResourceList): number {
  return list["memory"] === undefined ? 0 : Quantity.parse(list["memory"]).value();
}

/** The bounds of a pod's cgroup (pkg/kubelet/cm/helpers_linux.go ResourceConfigForPod). */
export function podResources(pod: Pod, options: PodResourcesOptions = {}): CgroupResources {
  const { cpuQuota = true, cpuPeriodUs = 100_000, podPidsLimit = 0 } = options;
  const requests = podRequests(pod);
  const limits = podLimits(pod);
  const pids = podPidsLimit > 0 ? { pidsLimit: podPidsLimit } : {};
  const hugePageLimits = hugePagesOf(requests);
  const shared = { ...pids, ...(Object.keys(hugePageLimits).length > 0 ? { hugePageLimits } : {}) };
  const qosClass = qosClassOf(pod);
  if (qosClass === "BestEffort") return { cpuShares: minShares, ...shared };
  const cpu = {
    cpuQuotaUs: cpuQuota ? milliCpuToQuotaUs(milliCpuOf(limits), cpuPeriodUs) || -1 : -1,
    cpuPeriodUs,
  };
  const everywhere = (name: "cpu" | "memory"): boolean => qosClass === "Guaranteed" || isLimited(pod, name);
  return {
    cpuShares: milliCpuToShares(milliCpuOf(requests)),
    ...(everywhere("cpu") ? cpu : {}),
    ...(everywhere("memory") ? { memoryLimitBytes: bytesOf(limits) } : {}),
    ...shared,
  };
}

/** Whether each container, or the pod as a whole, has a limit: only then can the pod's sum be one. */
function isLimited({ spec }: Pod, name: "cpu" | "memory"): boolean {
  const limits = (list: ResourceList | undefined): boolean => list?.[name] !== undefined && !isZero(list[name]);
  if (limits(spec.resources?.limits)) return true;
  return [...spec.containers, ...(spec.initContainers ?? [])].every(({ resources }) =>
    limits((resources as typeof resources | undefined)?.limits),
  );
}

function hugePagesOf(requests: ResourceList): Record<string, number> {
  const found: Record<string, number> = {};
  for (const [name, amount] of Object.entries(requests)) {
    if (name.startsWith("hugepages-")) found[name.slice("hugepages-".length)] = Quantity.parse(amount).value();
  }
  return found;
}
