import type { DaemonSet } from "../../api/apps/v1/daemonset.ts";
import type { Node } from "../../api/core/v1/node.ts";
import type {
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodSpec,
  Toleration,
} from "../../api/generated/types/core-v1.ts";
import { tolerates } from "../pods/tolerations.ts";

/** Whether a node should get a daemon's pod, and whether one that is there may stay. */
export interface Fit {
  readonly run: boolean;
  readonly stay: boolean;
}

const taint = (name: string, effect: string): Toleration => ({
  key: `node.kubernetes.io/${name}`,
  operator: "Exists",
  effect,
});

const always: readonly Toleration[] = [
  taint("not-ready", "NoExecute"),
  taint("unreachable", "NoExecute"),
  taint("disk-pressure", "NoSchedule"),
  taint("memory-pressure", "NoSchedule"),
  taint("pid-pressure", "NoSchedule"),
  taint("unschedulable", "NoSchedule"),
];

/** What daemons' pods tolerate beyond what their template says: they belong to their node (AddOrUpdateDaemonPodTolerations). */
export function daemonTolerations({ tolerations = [], hostNetwork = false }: PodSpec): readonly Toleration[] {
  const added = hostNetwork ? [...always, taint("network-unavailable", "NoSchedule")] : always;
  const same = (a: Toleration, b: Toleration): boolean =>
    a.key === b.key && a.effect === b.effect && a.operator === b.operator && (a.value ?? "") === (b.value ?? "");
  return [...tolerations.filter((one) => !added.some((other) => same(one, other))), ...added];
}

/** pkg/controller/daemon NodeShouldRunDaemonPod. */
export function fitOf({ spec }: DaemonSet, tolerations: readonly Toleration[], node: Node): Fit {
  const pod = spec.template.spec;
  const name = node.metadata.name ?? "";
  if ((pod.nodeName ?? "") !== "" && pod.nodeName !== name) return { run: false, stay: false };
  if (!matchesAffinity(pod, node)) return { run: false, stay: false };
  let run = true;
  for (const one of node.spec.taints ?? []) {
    if (one.effect === "PreferNoSchedule" || tolerations.some((toleration) => tolerates(toleration, one))) continue;
    if (one.effect === "NoExecute") return { run: false, stay: false };
    run = false;
  }
  return { run, stay: true };
}

function matchesAffinity({ nodeSelector = {}, affinity }: PodSpec, node: Node): boolean {
  const { labels = {} } = node.metadata;
  for (const key in nodeSelector) if (labels[key] !== nodeSelector[key]) return false;
  const terms = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  return terms === undefined || terms.some((term) => matchesTerm(term, node));
}

function matchesTerm({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm, { metadata }: Node): boolean {
  const { name = "", labels = {} } = metadata;
  // An empty term selects nothing.
  if (matchExpressions.length + matchFields.length === 0) return false;
  return (
    matchExpressions.every((requirement) => matches(requirement, labels[requirement.key])) &&
    matchFields.every((requirement) => matches(requirement, requirement.key === "metadata.name" ? name : undefined))
  );
}

function matches({ operator, values = [] }: NodeSelectorRequirement, value: string | undefined): boolean {
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "Gt":
    case "Lt": {
      const integer = /^[-+]?[0-9]+$/;
      if (!integer.test(value ?? "") || !integer.test(values[0] ?? "")) return false;
      return operator === "Gt" ? Number(value) > Number(values[0]) : Number(value) < Number(values[0]);
    }
    default:
      return false;
  }
}
