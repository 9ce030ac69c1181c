import { equalJson } from "../../../../apimachinery/json/equal.ts";
import { covers } from "../covers.ts";
import type {
  AggregationRule,
  AnyBinding,
  AnyRole,
  ClusterRole,
  LabelSelector,
  PolicyRule,
  RoleRef,
  Subject,
} from "../types.ts";
import { autoUpdateAnnotation, type BindingManifest, type RoleManifest } from "./policy.ts";

/** What makes one object as the policy wants it. `protected` objects differ, but have opted out. */
export type Reconciliation<T> =
  | { readonly operation: "none" }
  | { readonly operation: "protected" }
  | { readonly operation: "create"; readonly object: object }
  | { readonly operation: "update"; readonly object: T }
  /** The role a binding refers to cannot be changed: the binding is replaced. */
  | { readonly operation: "recreate"; readonly object: object };

/**
 * Adds what an existing role lacks and removes nothing, unless it aggregates and should not
 * (component-helpers/auth/rbac/reconciliation, without RemoveExtraPermissions).
 */
export function reconcileRole(expected: RoleManifest, existing: AnyRole | undefined): Reconciliation<AnyRole> {
  if (existing === undefined) return { operation: "create", object: expected };
  const metadata = mergedMetadata(expected, existing);
  const missing = missingRules(expected.rules, existing.rules ?? []);
  const aggregation = mergedAggregation(expected.aggregationRule, (existing as ClusterRole).aggregationRule);
  if (metadata === undefined && missing.length === 0 && aggregation === "same") return { operation: "none" };
  if (isProtected(existing)) return { operation: "protected" };
  const { aggregationRule, ...rest } = existing as ClusterRole;
  const wanted = aggregation === "same" ? aggregationRule : aggregation === "remove" ? undefined : aggregation;
  return {
    operation: "update",
    object: {
      ...rest,
      metadata: metadata ?? existing.metadata,
      ...(wanted === undefined ? {} : { aggregationRule: wanted }),
      rules: [...(existing.rules ?? []), ...missing],
    },
  };
}

/** Adds the subjects an existing binding lacks; replaces one that refers to another role. */
export function reconcileBinding(
  expected: BindingManifest,
  existing: AnyBinding | undefined,
): Reconciliation<AnyBinding> {
  if (existing === undefined) return { operation: "create", object: expected };
  if (!sameRoleRef(expected.roleRef, existing.roleRef))
    return isProtected(existing) ? { operation: "protected" } : { operation: "recreate", object: expected };
  const metadata = mergedMetadata(expected, existing);
  const present = existing.subjects ?? [];
  const missing = (expected.subjects ?? []).filter((subject) => !present.some((other) => sameSubject(subject, other)));
  if (metadata === undefined && missing.length === 0) return { operation: "none" };
  if (isProtected(existing)) return { operation: "protected" };
  return {
    operation: "update",
    object: {
      ...existing,
      metadata: metadata ?? existing.metadata,
      ...(missing.length > 0 ? { subjects: [...present, ...missing] } : {}),
    },
  };
}

/** Equal lists are the rule; only where they differ does the costly question need an answer. */
function missingRules(expected: readonly PolicyRule[], existing: readonly PolicyRule[]): readonly PolicyRule[] {
  return equalJson(expected, existing) ? [] : covers(existing, expected).missing;
}

function isProtected(existing: AnyRole | AnyBinding): boolean {
  return existing.metadata.annotations?.[autoUpdateAnnotation] === "false";
}

/** Metadata with the policy's labels and annotations added; what the object already says wins. Undefined if all is there. */
function mergedMetadata(expected: RoleManifest | BindingManifest, existing: AnyRole | AnyBinding) {
  const lacks = (wanted: Readonly<Record<string, string>> = {}, present: Readonly<Record<string, string>> = {}) =>
    Object.keys(wanted).some((key) => present[key] === undefined);
  const { labels, annotations } = expected.metadata;
  const { metadata } = existing;
  if (!lacks(labels, metadata.labels) && !lacks(annotations, metadata.annotations)) return undefined;
  return {
    ...metadata,
    labels: { ...labels, ...metadata.labels },
    annotations: { ...annotations, ...metadata.annotations },
  };
}

function mergedAggregation(
  expected: AggregationRule | undefined,
  existing: AggregationRule | undefined,
): AggregationRule | "same" | "remove" {
  if (expected === undefined) return existing === undefined ? "same" : "remove";
  const present: readonly LabelSelector[] = existing?.clusterRoleSelectors ?? [];
  const missing = (expected.clusterRoleSelectors ?? []).filter(
    (selector) => !present.some((other) => equalJson(selector, other)),
  );
  return missing.length === 0 ? "same" : { clusterRoleSelectors: [...present, ...missing] };
}

function sameSubject(a: Subject, b: Subject): boolean {
  return (
    a.kind === b.kind &&
    a.name === b.name &&
    (a.namespace ?? "") === (b.namespace ?? "") &&
    (a.apiGroup ?? "") === (b.apiGroup ?? "")
  );
}

function sameRoleRef(a: RoleRef, b: RoleRef): boolean {
  return a.kind === b.kind && a.name === b.name && a.apiGroup === b.apiGroup;
}
