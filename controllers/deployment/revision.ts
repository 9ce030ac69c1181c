import type { Deployment } from "../../api/apps/v1/deployment.ts";
import type { ReplicaSet } from "../../api/apps/v1/replicaset.ts";
import { maxSurge } from "./fenceposts.ts";
import { byAge } from "./replica-sets.ts";

// Annotations of ReplicaSets: pkg/controller/deployment/util/deployment_util.go.

export const revisionAnnotation = "deployment.kubernetes.io/revision";
const historyAnnotation = "deployment.kubernetes.io/revision-history";
export const desiredAnnotation = "deployment.kubernetes.io/desired-replicas";
export const maxAnnotation = "deployment.kubernetes.io/max-replicas";

/** Of a Deployment's annotations, those that its ReplicaSets do not share. */
const ownAnnotations: ReadonlySet<string> = new Set([
  "kubectl.kubernetes.io/last-applied-configuration",
  revisionAnnotation,
  historyAnnotation,
  desiredAnnotation,
  maxAnnotation,
  "deprecated.deployment.rollback.to",
]);

const maxHistoryLength = 2000;

type Annotations = Readonly<Record<string, string>>;

const maxRevision = 2n ** 63n - 1n;

/** 0 where it has none; undefined where it is no number of 64 bits. */
export function revisionOf({ metadata }: ReplicaSet): bigint | undefined {
  const text = metadata.annotations?.[revisionAnnotation];
  if (text === undefined) return 0n;
  if (!/^[-+]?[0-9]{1,40}$/.test(text)) return undefined;
  const revision = BigInt(text.replace(/^\+/, ""));
  return revision > maxRevision || revision < -maxRevision ? undefined : revision;
}

/** The number that the current one has at least: one more than the highest of the old ones. */
export function nextRevision(old: readonly ReplicaSet[]): bigint {
  let highest = 0n;
  for (const set of old) {
    const revision = revisionOf(set) ?? 0n;
    if (revision > highest) highest = revision;
  }
  return highest + 1n;
}

export function byRevision(a: ReplicaSet, b: ReplicaSet): number {
  const [first, second] = [revisionOf(a), revisionOf(b)];
  return first === undefined || second === undefined || first === second ? byAge(a, b) : first < second ? -1 : 1;
}

/** The annotations that the current ReplicaSet should have; the same object where it has them. */
export function currentAnnotations(deployment: Deployment, set: ReplicaSet, revision: bigint): Annotations {
  const before: Annotations = set.metadata.annotations ?? {};
  const after: Record<string, string> = { ...before };
  for (const [name, value] of Object.entries(deployment.metadata.annotations ?? {})) {
    if (!ownAnnotations.has(name)) after[name] = value;
  }
  const had = revisionOf(set);
  if (had !== undefined && had < revision) {
    after[revisionAnnotation] = String(revision);
    const text = before[revisionAnnotation];
    if (text !== undefined) after[historyAnnotation] = appendToHistory(before[historyAnnotation] ?? "", text);
  }
  const same = Object.keys(after).every((name) => after[name] === before[name]);
  return same ? before : after;
}

/** Revisions that the ReplicaSet had before, the oldest dropped where they grow too long. */
function appendToHistory(history: string, revision: string): string {
  const revisions = history === "" ? [] : history.split(",");
  let length = history.length + revision.length + 1;
  while (length > maxHistoryLength && revisions.length > 0) length -= revisions.shift()!.length + 1;
  return length > maxHistoryLength ? history : [...revisions, revision].join(",");
}

/** How large the Deployment was when a ReplicaSet was scaled: tells scaling from rolling, and gives proportions. */
export function sizeAnnotations(deployment: Deployment): Annotations {
  const { replicas } = deployment.spec;
  return { [desiredAnnotation]: String(replicas), [maxAnnotation]: String(replicas + maxSurge(deployment)) };
}

/** Annotations of a ReplicaSet that is about to be made. */
export function firstAnnotations(deployment: Deployment, revision: bigint): Annotations {
  const shared = Object.entries(deployment.metadata.annotations ?? {}).filter(([name]) => !ownAnnotations.has(name));
  return { ...Object.fromEntries(shared), [revisionAnnotation]: String(revision), ...sizeAnnotations(deployment) };
}

/** A count that an annotation states; undefined where it states none. */
export function annotatedCount({ metadata }: ReplicaSet, annotation: string): number | undefined {
  const text = metadata.annotations?.[annotation] ?? "";
  if (!/^[0-9]+$/.test(text)) return undefined;
  const count = Number(text);
  return count <= 0x7fffffff ? count : undefined;
}
