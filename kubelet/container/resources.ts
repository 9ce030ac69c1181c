import { isZero, type ResourceList } from "../../api/core/v1/pod/resource-list.ts";
import type { Pod } from "../../api/core/v1/pod.ts";
import type { Container } from "../../api/generated/types/core-v1.ts";
import { Quantity } from "../../apimachinery/quantity/quantity.ts";
import type { Init, LinuxContainerResources } from "../../cri/mod.ts";
import { milliCpuToQuotaUs, milliCpuToShares, podLimits, podRequests, qosClassOf } from "../cgroups/pod-resources.ts";
import { isSidecar } from "../worker/restart-policy.ts";

const periodUs = 100_000;
const guaranteedScore = -997;
const bestEffortScore = 1000;
/** Priorities from here on are those of what the node itself needs (scheduling.SystemCriticalPriority). */
const nodeCriticalPriority = 2_000_001_000;

export interface ResourcesInput {
  readonly pod: Pod;
  readonly container: Container;
  /** Of the machine. */
  readonly memoryBytes: number;
}

function amount(list: ResourceList | undefined, name: string): string | undefined {
  const value = list?.[name];
  return value === undefined || isZero(value) ? undefined : value;
}

function milliCpu(value: string | undefined): number {
  return value === undefined ? 0 : Quantity.parse(value).milliValue();
}

function bytes(value: string | undefined): number {
  return value === undefined ? 0 : Quantity.parse(value).value();
}

/** What a container's cgroup is given (kuberuntime_container_linux.go calculateLinuxResources). */
export function containerResources({ pod, container, memoryBytes }: ResourcesInput): Init<LinuxContainerResources> {
  const { requests, limits } = container.resources ?? {};
  // A limit of the whole pod bounds each of its containers that has none.
  const cpuLimit = amount(limits, "cpu") ?? amount(pod.spec.resources?.limits, "cpu");
  const memoryLimit = amount(limits, "memory") ?? amount(pod.spec.resources?.limits, "memory");
  const cpuRequest = requests?.["cpu"] ?? cpuLimit;
  return {
    ...linuxResources(cpuRequest, cpuLimit, memoryLimit),
    oomScoreAdj: oomScoreAdjustment({ pod, container, memoryBytes }),
    hugepageLimits: Object.entries(limits ?? {})
      .filter(([name]) => name.startsWith("hugepages-"))
      .map(([name, value]) => ({ pageSize: pageSizeOf(name), limit: bytes(value) })),
  };
}

function linuxResources(
  cpuRequest: string | undefined,
  cpuLimit: string | undefined,
  memoryLimit: string | undefined,
): Init<LinuxContainerResources> {
  return {
    cpuShares: milliCpuToShares(milliCpu(cpuRequest)),
    cpuQuota: milliCpuToQuotaUs(milliCpu(cpuLimit), periodUs),
    cpuPeriod: periodUs,
    memoryLimitInBytes: bytes(memoryLimit),
  };
}

/** `hugepages-2Mi` → `2MB`, as the runtime names it. */
function pageSizeOf(resource: string): string {
  return `${resource.slice("hugepages-".length).replace(/i$/, "")}B`;
}

/** What all of a pod asks for and may have: for runtimes that run sandboxes in machines of their own. */
export function sandboxResources(pod: Pod): Init<LinuxContainerResources> {
  const requests = podRequests(pod);
  const limits = podLimits(pod);
  return linuxResources(requests["cpu"] ?? limits["cpu"], limits["cpu"], limits["memory"]);
}

export function overheadResources({ spec }: Pod): Init<LinuxContainerResources> {
  const { overhead } = spec;
  return overhead === undefined ? {} : linuxResources(overhead["cpu"], overhead["cpu"], overhead["memory"]);
}

/** Who dies first when memory runs out: the less was asked for, the sooner (pkg/kubelet/qos/policy.go). */
export function oomScoreAdjustment({ pod, container, memoryBytes }: ResourcesInput): number {
  const qosClass = qosClassOf(pod);
  if ((pod.spec.priority ?? 0) >= nodeCriticalPriority || qosClass === "Guaranteed") return guaranteedScore;
  if (qosClass === "BestEffort") return bestEffortScore;
  const scoreOf = (requested: number): number => 1000 - Math.floor((1000 * requested) / memoryBytes);
  const requestOf = (one: Container): number => bytes(one.resources?.requests?.["memory"]);
  let score = scoreOf(requestOf(container));
  if (isSidecar(container) && pod.spec.containers.length > 0) {
    score = Math.min(score, scoreOf(Math.min(...pod.spec.containers.map(requestOf))));
  }
  return Math.min(Math.max(score, 1000 + guaranteedScore), bestEffortScore - 1);
}
