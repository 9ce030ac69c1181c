import type { Deployment } from "../../api/apps/v1/deployment.ts";
import type { ReplicaSet } from "../../api/apps/v1/replicaset.ts";
import type { PodTemplateSpec } from "../../api/generated/types/core-v1.ts";
import { semanticEqual } from "../../apimachinery/json/equal.ts";
import { hashLabel } from "./template-hash.ts";

// What a Deployment asks of its ReplicaSets: pkg/controller/deployment/util.

export interface Split {
  /** The one of the Deployment's template. */
  readonly current: ReplicaSet | undefined;
  /** All others, from old to new. */
  readonly old: readonly ReplicaSet[];
}

/** Of several with the Deployment's template the oldest is the current one (FindNewReplicaSet). */
export function split(deployment: Deployment, sets: readonly ReplicaSet[]): Split {
  const sorted = [...sets].sort(byAge);
  const template = withoutHash(deployment.spec.template);
  const current = sorted.find(({ spec }) => semanticEqual(withoutHash(spec.template), template));
  return { current, old: sorted.filter((set) => set !== current) };
}

function withoutHash(template: PodTemplateSpec): PodTemplateSpec {
  const { labels } = template.metadata ?? {};
  if (labels?.[hashLabel] === undefined) return template;
  const { [hashLabel]: _, ...rest } = labels;
  return { ...template, metadata: { ...template.metadata, labels: rest } };
}

/** From old to new; of one second, by name. */
export function byAge(a: ReplicaSet, b: ReplicaSet): number {
  return (
    compareText(a.metadata.creationTimestamp ?? "", b.metadata.creationTimestamp ?? "") ||
    compareText(a.metadata.name ?? "", b.metadata.name ?? "")
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function isActive(set: ReplicaSet | undefined): set is ReplicaSet {
  return set !== undefined && set.spec.replicas > 0;
}

/** Replicas that are wanted. */
export function wanted(sets: readonly ReplicaSet[]): number {
  return sets.reduce((sum, { spec }) => sum + spec.replicas, 0);
}

export function available(sets: readonly ReplicaSet[]): number {
  return sets.reduce((sum, { status }) => sum + (status.availableReplicas ?? 0), 0);
}

/** The only ReplicaSet with replicas, or the newest where none has any; undefined where several have. */
export function activeOrLatest({ current, old }: Split): ReplicaSet | undefined {
  const active = [...old, current].filter(isActive);
  if (active.length > 1) return undefined;
  return active[0] ?? current ?? old.at(-1);
}
