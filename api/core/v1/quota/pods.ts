import type {
  Pod,
  PodAffinityTerm,
  PodSpec,
  ResourceRequirements,
  ScopedResourceSelectorRequirement,
} from "../../../generated/types/core-v1.ts";
import { podQOSClass } from "../pod/qos.ts";
import type { MutableResourceList, ResourceList } from "../pod/resource-list.ts";
import { isExtendedResource, isHugePages, isNativeResource, isPodLevelResource } from "../pod/resource-names.ts";
import { fitsSelector, type QuotaEvaluator, Usage } from "./evaluator.ts";
import { effectiveResources } from "./pod-resources.ts";

// Rules: pkg/quota/v1/evaluator/core/pods.go.

const countName = "count/pods";
const computeNames = ["cpu", "memory", "ephemeral-storage"];
const names: ReadonlySet<string> = new Set([
  countName,
  "pods",
  ...computeNames.flatMap((name) => [name, `requests.${name}`, `limits.${name}`]),
]);
/** Where a quota counts these, each container has to say them. */
const demanded: ReadonlySet<string> = new Set(
  ["cpu", "memory"].flatMap((name) => [name, `requests.${name}`, `limits.${name}`]),
);
export const deviceClassPrefix = "deviceclass.resource.kubernetes.io/";

/** `requests.example.com/gpu`: requests of what nodes or device classes offer. */
export function isExtendedQuotaName(name: string): boolean {
  if (!name.startsWith("requests.")) return false;
  return !isNativeResource(name) || name.startsWith(`requests.${deviceClassPrefix}`);
}

export const podEvaluator: QuotaEvaluator = {
  group: "",
  plural: "pods",
  knowsScopes: true,
  handles({ operation, subresource, object, oldObject }) {
    if (subresource === "resize") return operation === "UPDATE";
    if (subresource !== "") return false;
    if (operation !== "UPDATE") return operation === "CREATE";
    return isTerminating(object as Pod) !== isTerminating(oldObject as Pod);
  },
  matchingResources: (wanted) =>
    wanted.filter(
      (name) =>
        names.has(name) || isHugePages(name) || name.startsWith("requests.hugepages-") || isExtendedQuotaName(name),
    ),
  matchesScope: (selector, object) => podMatchesScope(selector, object as Pod),
  constraint: (required, object) => missingOf(required, (object as Pod).spec),
  usage: (object, { now }) => podUsage(object as Pod, now),
};

/** A pod that ends by itself. */
export function isTerminating({ spec }: Pod): boolean {
  return spec.activeDeadlineSeconds !== undefined && spec.activeDeadlineSeconds >= 0;
}

/** Whether a pod still uses anything: it has not ended, nor should have been gone long since. */
export function usesQuota({ metadata, status }: Pod, now: number): boolean {
  const phase = status?.phase;
  if (phase === "Failed" || phase === "Succeeded") return false;
  const { deletionTimestamp, deletionGracePeriodSeconds } = metadata;
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds === undefined) return true;
  return now <= Date.parse(deletionTimestamp) + deletionGracePeriodSeconds * 1_000;
}

export function podUsage(pod: Pod, now: number): ResourceList {
  const usage = new Usage().add(countName, 1);
  if (usesQuota(pod, now)) usage.addAll(computeUsage(effectiveResources(pod)));
  return usage.amounts;
}

function computeUsage({ requests = {}, limits = {} }: ResourceRequirements): ResourceList {
  const result: MutableResourceList = { pods: "1" };
  for (const name of computeNames) {
    const [request, limit] = [requests[name], limits[name]];
    if (request !== undefined) {
      result[name] = request;
      result[`requests.${name}`] = request;
    }
    if (limit !== undefined) result[`limits.${name}`] = limit;
  }
  for (const name in requests) {
    if (isHugePages(name)) result[name] = requests[name]!;
    if (isHugePages(name) || isExtendedResource(name) || name.startsWith(deviceClassPrefix)) {
      result[`requests.${name}`] = requests[name]!;
    }
  }
  return result;
}

function missingOf(required: readonly string[], spec: PodSpec): string | undefined {
  const { requests = {}, limits = {} } = spec.resources ?? {};
  if (Object.keys({ ...requests, ...limits }).some(isPodLevelResource)) return undefined;
  const containers = [...spec.containers, ...(spec.initContainers ?? [])].map(({ name, resources }) => ({
    name,
    usage: computeUsage((resources ?? {}) as ResourceRequirements),
  }));
  const missing = required
    .filter((name) => demanded.has(name))
    .sort()
    .map((name) => {
      const without = new Set(containers.filter(({ usage }) => usage[name] === undefined).map((one) => one.name));
      return { name, without: [...without].sort() };
    })
    .filter(({ without }) => without.length > 0);
  if (missing.length === 0) return undefined;
  return `must specify ${missing.map(({ name, without }) => `${name} for: ${without.join(",")}`).join("; ")}`;
}

function podMatchesScope(selector: ScopedResourceSelectorRequirement, pod: Pod): boolean {
  switch (selector.scopeName) {
    case "Terminating":
      return isTerminating(pod);
    case "NotTerminating":
      return !isTerminating(pod);
    case "BestEffort":
      return qosOf(pod) === "BestEffort";
    case "NotBestEffort":
      return qosOf(pod) !== "BestEffort";
    case "PriorityClass":
      return fitsSelector(selector, pod.spec.priorityClassName || undefined);
    case "CrossNamespacePodAffinity":
      return crossesNamespaces(pod);
    default:
      return false;
  }
}

function qosOf({ spec, status }: Pod): string {
  return status?.qosClass || podQOSClass(spec);
}

function crossesNamespaces({ spec }: Pod): boolean {
  const crosses = ({ namespaces, namespaceSelector }: PodAffinityTerm): boolean =>
    (namespaces ?? []).length > 0 || namespaceSelector !== undefined;
  return [spec.affinity?.podAffinity, spec.affinity?.podAntiAffinity].some(
    (affinity) =>
      affinity?.requiredDuringSchedulingIgnoredDuringExecution?.some(crosses) ||
      affinity?.preferredDuringSchedulingIgnoredDuringExecution?.some(({ podAffinityTerm }) =>
        crosses(podAffinityTerm),
      ),
  );
}
