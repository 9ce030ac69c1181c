import type { Pod, PodAffinity, PodAffinityTerm } from "../../api/generated/types/core-v1.ts";
import {
  fromLabelSelector,
  nothing,
  type Selector,
  SelectorError,
} from "../../apimachinery/selectors/label-selector.ts";
import type { LabelSelector } from "../../apimachinery/validation/label-fields.ts";

type Labels = Readonly<Record<string, string>>;

/** One term of a pod's affinity or anti-affinity, ready to be matched (kube-scheduler/framework AffinityTerm). */
export interface AffinityTerm {
  readonly topologyKey: string;
  readonly weight: number;
  /** Whether a pod is one that this term speaks of. */
  matches(pod: Pod, namespaceLabels: Labels): boolean;
}

export interface AffinityTerms {
  readonly requiredAffinity: readonly AffinityTerm[];
  readonly requiredAntiAffinity: readonly AffinityTerm[];
  readonly preferredAffinity: readonly AffinityTerm[];
  readonly preferredAntiAffinity: readonly AffinityTerm[];
}

const none: readonly AffinityTerm[] = [];
export const noAffinityTerms: AffinityTerms = Object.freeze({
  requiredAffinity: none,
  requiredAntiAffinity: none,
  preferredAffinity: none,
  preferredAntiAffinity: none,
});

/** A selector that cannot be selects nothing. */
export function affinityTermsOf(pod: Pod): AffinityTerms {
  const { podAffinity, podAntiAffinity } = pod.spec.affinity ?? {};
  if (podAffinity === undefined && podAntiAffinity === undefined) return noAffinityTerms;
  const namespace = pod.metadata.namespace ?? "";
  return {
    requiredAffinity: required(podAffinity, namespace),
    requiredAntiAffinity: required(podAntiAffinity, namespace),
    preferredAffinity: preferred(podAffinity, namespace),
    preferredAntiAffinity: preferred(podAntiAffinity, namespace),
  };
}

function required(affinity: PodAffinity | undefined, namespace: string): readonly AffinityTerm[] {
  return (affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map((term) => termOf(term, namespace, 1));
}

function preferred(affinity: PodAffinity | undefined, namespace: string): readonly AffinityTerm[] {
  const terms = affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  return terms.filter(({ weight }) => weight !== 0).map((one) => termOf(one.podAffinityTerm, namespace, one.weight));
}

function selectorOf(selector: LabelSelector | undefined): Selector {
  try {
    return fromLabelSelector(selector);
  } catch (error) {
    if (error instanceof SelectorError) return nothing;
    throw error;
  }
}

function termOf(term: PodAffinityTerm, namespace: string, weight: number): AffinityTerm {
  const selector = selectorOf(term.labelSelector);
  const named = term.namespaces ?? [];
  const ofNamespaces = selectorOf(term.namespaceSelector);
  // Without a word on namespaces, the pod's own is meant.
  const namespaces = new Set(named.length === 0 && term.namespaceSelector === undefined ? [namespace] : named);
  return {
    topologyKey: term.topologyKey,
    weight,
    matches: ({ metadata }, namespaceLabels) =>
      selector.matches(metadata.labels) &&
      (namespaces.has(metadata.namespace ?? "") || ofNamespaces.matches(namespaceLabels)),
  };
}
