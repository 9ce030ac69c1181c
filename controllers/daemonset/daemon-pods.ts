import { DaemonSet } from "../../api/apps/v1/daemonset.ts";
import type { Pod } from "../../api/core/v1/pod.ts";
import type { Affinity } from "../../api/generated/types/core-v1.ts";
import { createPod, podFromTemplate } from "../pods/pod-actions.ts";
import { isPodTerminal } from "../pods/pod-state.ts";
import type { Action } from "../runner/action.ts";
import { daemonTolerations } from "./fits.ts";
import { hashLabel } from "./revisions.ts";

const generationLabel = "pod-template-generation";
const generationAnnotation = "deprecated.daemonset.template.generation";

/** The node that a pod is on, or is meant for; undefined where it says none (GetTargetNodeName). */
export function nodeOf({ spec }: Pod): string | undefined {
  if (spec.nodeName) return spec.nodeName;
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  for (const { matchFields = [] } of terms) {
    const field = matchFields.find(({ key, operator }) => key === "metadata.name" && operator === "In");
    if (field !== undefined) return field.values?.length === 1 ? field.values[0] : undefined;
  }
  return undefined;
}

/** Pods by their node, from old to new, those on a node before those that wait for one. What has ended and goes is left out. */
export function byNode(pods: readonly Pod[]): ReadonlyMap<string, readonly Pod[]> {
  const nodes = new Map<string, Pod[]>();
  for (const pod of pods) {
    const node = nodeOf(pod);
    if (node === undefined || (isPodTerminal(pod) && pod.metadata.deletionTimestamp !== undefined)) continue;
    const there = nodes.get(node);
    if (there === undefined) nodes.set(node, [pod]);
    else there.push(pod);
  }
  for (const there of nodes.values()) there.sort(byAge);
  return nodes;
}

function byAge(a: Pod, b: Pod): number {
  const waits = ({ spec }: Pod): number => (spec.nodeName ? 0 : 1);
  const keyOf = ({ metadata }: Pod): string => `${metadata.creationTimestamp} ${metadata.name}`;
  return waits(a) - waits(b) || (keyOf(a) < keyOf(b) ? -1 : 1);
}

/** Whether a pod is of the current template. */
export function isUpdated({ metadata }: Pod, daemonSet: DaemonSet, hash: string): boolean {
  const generation = daemonSet.metadata.annotations?.[generationAnnotation];
  const { labels = {} } = metadata;
  return labels[hashLabel] === hash || (generation !== undefined && labels[generationLabel] === generation);
}

/** Makes the pod of a node: no scheduler may put it elsewhere. */
export function createDaemonPod(daemonSet: DaemonSet, node: string, hash: string): Action {
  const { template } = daemonSet.spec;
  const generation = daemonSet.metadata.annotations?.[generationAnnotation];
  const labels = {
    ...template.metadata?.labels,
    ...(generation === undefined ? {} : { [generationLabel]: generation }),
    [hashLabel]: hash,
  };
  const spec = {
    ...template.spec,
    tolerations: daemonTolerations(template.spec),
    affinity: bound(template.spec.affinity, node),
  };
  return createPod(podFromTemplate({ metadata: { ...template.metadata, labels }, spec }, daemonSet, DaemonSet));
}

function bound(affinity: Affinity | undefined, node: string): Affinity {
  const matchFields = [{ key: "metadata.name", operator: "In", values: [node] }];
  const requiredDuringSchedulingIgnoredDuringExecution = { nodeSelectorTerms: [{ matchFields }] };
  return { ...affinity, nodeAffinity: { ...affinity?.nodeAffinity, requiredDuringSchedulingIgnoredDuringExecution } };
}
