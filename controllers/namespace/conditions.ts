import type { NamespaceCondition } from "../../api/generated/types/core-v1.ts";
import { formatTime } from "../../apimachinery/time/time.ts";

// Types, reasons and messages: pkg/controller/namespace/deletion/status_condition_utils.go.

export interface Findings {
  readonly discoveryFailure: string | undefined;
  readonly contentFailures: readonly string[];
  /** By resource: `plural.group` (`pods.` in the core group), how many, and each one's finalizers, all in one list. */
  readonly remaining: readonly {
    readonly name: string;
    readonly count: number;
    readonly finalizers: readonly string[];
  }[];
}

type Condition = Pick<NamespaceCondition, "type" | "status" | "reason" | "message">;

const fine: readonly Condition[] = [
  {
    type: "NamespaceDeletionDiscoveryFailure",
    status: "False",
    reason: "ResourcesDiscovered",
    message: "All resources successfully discovered",
  },
  {
    type: "NamespaceDeletionGroupVersionParsingFailure",
    status: "False",
    reason: "ParsedGroupVersions",
    message: "All legacy kube types successfully parsed",
  },
  {
    type: "NamespaceDeletionContentFailure",
    status: "False",
    reason: "ContentDeleted",
    message: "All content successfully deleted, may be waiting on finalization",
  },
  {
    type: "NamespaceContentRemaining",
    status: "False",
    reason: "ContentRemoved",
    message: "All content successfully removed",
  },
  {
    type: "NamespaceFinalizersRemaining",
    status: "False",
    reason: "ContentHasNoFinalizers",
    message: "All content-preserving finalizers finished",
  },
];

/** One condition of each type, in upstream's order. A version that cannot be parsed is not told by any server: never true. */
export function conditionsOf({ discoveryFailure, contentFailures, remaining }: Findings): readonly Condition[] {
  const bad = new Map<string, Pick<Condition, "reason" | "message">>();
  if (discoveryFailure !== undefined) {
    bad.set("NamespaceDeletionDiscoveryFailure", { reason: "DiscoveryFailed", message: discoveryFailure });
  }
  if (contentFailures.length > 0) {
    const texts = [...contentFailures].sort().join(", ");
    const message = `Failed to delete all resource types, ${contentFailures.length} remaining: ${texts}`;
    bad.set("NamespaceDeletionContentFailure", { reason: "ContentDeletionFailed", message });
  }
  if (remaining.length > 0) {
    const texts = remaining.map(({ name, count }) => `${name} has ${count} resource instances`).sort();
    const message = `Some resources are remaining: ${texts.join(", ")}`;
    bad.set("NamespaceContentRemaining", { reason: "SomeResourcesRemain", message });
  }
  const finalizers = Map.groupBy(
    remaining.flatMap((one) => one.finalizers),
    (finalizer) => finalizer,
  );
  if (finalizers.size > 0) {
    const texts = [...finalizers].map(([finalizer, all]) => `${finalizer} in ${all.length} resource instances`).sort();
    const message = `Some content in the namespace has finalizers remaining: ${texts.join(", ")}`;
    bad.set("NamespaceFinalizersRemaining", { reason: "SomeFinalizersRemain", message });
  }
  return fine.map((condition) => {
    const found = bad.get(condition.type);
    return found === undefined ? condition : { type: condition.type, status: "True", ...found };
  });
}

/** The conditions as they shall be: those of other types stay, times change with the status alone. */
export function updateConditions(
  current: readonly NamespaceCondition[],
  wanted: readonly Condition[],
  now: number,
): readonly NamespaceCondition[] {
  const result = [...current];
  for (const condition of wanted) {
    const at = result.findIndex(({ type }) => type === condition.type);
    const old = result[at];
    const lastTransitionTime = old?.status === condition.status ? old.lastTransitionTime : formatTime(now);
    const next = { ...condition, ...(lastTransitionTime === undefined ? {} : { lastTransitionTime }) };
    if (at < 0) result.push(next);
    else result[at] = next;
  }
  return result;
}
