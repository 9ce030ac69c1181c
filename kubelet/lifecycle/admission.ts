import { compareQuantities } from "../../api/core/v1/pod/resource-list.ts";
import type { Pod } from "../../api/core/v1/pod.ts";
import type { Node, NodeSelectorRequirement, NodeSelectorTerm } from "../../api/generated/types/core-v1.ts";
import { Quantity } from "../../apimachinery/quantity/quantity.ts";
import { podRequests } from "../cgroups/pod-resources.ts";
import { isStaticPod } from "../pods/static-annotations.ts";
import type { Waiting } from "../worker/memory.ts";

export interface AdmissionInput {
  readonly pod: Pod;
  /** Pods that hold something of this node. */
  readonly others: readonly Pod[];
  /** Undefined: not registered yet. Then nothing can be said against the pod. */
  readonly node: Node | undefined;
}

/** Why a node refuses a pod that was bound to it; undefined: it does not (pkg/kubelet/lifecycle/predicate.go). */
export function admitPod({ pod, others, node }: AdmissionInput): Waiting | undefined {
  const { os } = pod.spec;
  const selectedOs = pod.metadata.labels?.["kubernetes.io/os"];
  if (selectedOs !== undefined && selectedOs !== "linux") {
    const message = "Failed to admit pod as the `kubernetes.io/os` label doesn't match node label";
    return { reason: "PodOSSelectorNodeLabelDoesNotMatch", message };
  }
  if (os !== undefined && os.name !== "linux") {
    return { reason: "PodOSNotSupported", message: "Failed to admit pod as the OS field doesn't match node OS" };
  }
  if (node === undefined) return undefined;
  return fitsResources(pod, others, node) ?? fitsNode(pod, node) ?? fitsPorts(pod, others) ?? tolerates(pod, node);
}

function predicate(name: string, description: string): Waiting {
  return { reason: name, message: `Predicate ${name} failed: ${description}` };
}

function fitsResources(pod: Pod, others: readonly Pod[], node: Node): Waiting | undefined {
  const allocatable = node.status.allocatable ?? {};
  const refuse = (name: string, requested: number, used: number, capacity: number): Waiting => ({
    reason: `OutOf${name}`,
    message: `Node didn't have enough resource: ${name}, requested: ${requested}, used: ${used}, capacity: ${capacity}`,
  });
  const maxPods = allocatable["pods"] === undefined ? Infinity : Quantity.parse(allocatable["pods"]).value();
  if (others.length + 1 > maxPods) return refuse("pods", 1, others.length, maxPods);
  for (const [name, requested] of Object.entries(podRequests(pod))) {
    const capacity = allocatable[name];
    // Extended resources that the node does not have are the cluster's business, not this node's.
    if (capacity === undefined) continue;
    let used = Quantity.zero;
    for (const other of others) {
      const held = podRequests(other)[name];
      if (held !== undefined) used = used.add(Quantity.parse(held));
    }
    const wanted = Quantity.parse(requested);
    if (wanted.isZero() || compareQuantities(String(used.add(wanted)), capacity) <= 0) continue;
    const unit = (quantity: Quantity): number => (name === "cpu" ? quantity.milliValue() : quantity.value());
    return refuse(name, unit(wanted), unit(used), unit(Quantity.parse(capacity)));
  }
  return undefined;
}

const affinityMessage = "node(s) didn't match Pod's node affinity/selector";

function fitsNode({ spec }: Pod, { metadata }: Node): Waiting | undefined {
  const labels = metadata.labels ?? {};
  const selected = Object.entries(spec.nodeSelector ?? {}).every(([key, value]) => labels[key] === value);
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const matches =
    required === undefined || required.nodeSelectorTerms.some((term) => matchesTerm(term, labels, metadata.name ?? ""));
  if (!selected || !matches) return predicate("NodeAffinity", affinityMessage);
  if (spec.nodeName !== undefined && spec.nodeName !== metadata.name) {
    return predicate("NodeName", "node(s) didn't match the requested node name");
  }
  return undefined;
}

function matchesTerm(
  { matchExpressions = [], matchFields = [] }: NodeSelectorTerm,
  labels: Readonly<Record<string, string>>,
  name: string,
): boolean {
  if (matchExpressions.length + matchFields.length === 0) return false;
  return (
    matchExpressions.every((requirement) => matchesRequirement(requirement, labels[requirement.key])) &&
    matchFields.every((requirement) => requirement.key === "metadata.name" && matchesRequirement(requirement, name))
  );
}

function matchesRequirement({ operator, values = [] }: NodeSelectorRequirement, value: string | undefined): boolean {
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
      return value !== undefined && Number(value) > Number(values[0]);
    case "Lt":
      return value !== undefined && Number(value) < Number(values[0]);
    default:
      return false;
  }
}

interface HostPort {
  readonly ip: string;
  readonly protocol: string;
  readonly port: number;
}

function hostPorts({ spec }: Pod): readonly HostPort[] {
  const sidecars = spec.initContainers?.filter(({ restartPolicy }) => restartPolicy === "Always") ?? [];
  const ports = [...spec.containers, ...sidecars].flatMap(({ ports = [] }) => ports);
  return ports.flatMap(({ hostIP = "", hostPort = 0, protocol = "TCP" }) =>
    hostPort === 0 ? [] : [{ ip: hostIP === "" ? "0.0.0.0" : hostIP, protocol, port: hostPort }],
  );
}

function fitsPorts(pod: Pod, others: readonly Pod[]): Waiting | undefined {
  const wanted = hostPorts(pod);
  if (wanted.length === 0) return undefined;
  const conflict = (a: HostPort, b: HostPort): boolean =>
    a.port === b.port && a.protocol === b.protocol && (a.ip === b.ip || a.ip === "0.0.0.0" || b.ip === "0.0.0.0");
  const taken = others.flatMap(hostPorts);
  const clash = wanted.some((port) => taken.some((other) => conflict(port, other)));
  return clash ? predicate("NodePorts", "node(s) didn't have free ports for the requested pod ports") : undefined;
}

function tolerates(pod: Pod, { spec }: Node): Waiting | undefined {
  if (isStaticPod(pod)) return undefined;
  for (const taint of spec.taints ?? []) {
    if (taint.effect !== "NoExecute") continue;
    const tolerated = pod.spec.tolerations?.some(
      ({ key = "", operator = "Equal", value = "", effect = "" }) =>
        (effect === "" || effect === taint.effect) &&
        (key === "" ? operator === "Exists" : key === taint.key) &&
        (operator === "Exists" || value === (taint.value ?? "")),
    );
    if (!tolerated) return predicate("TaintToleration", "node(s) had taints that the pod didn't tolerate");
  }
  return undefined;
}
