import type { Path } from "../../../../../apimachinery/field/path.ts";
import { isValidLabelValue } from "../../../../../apimachinery/validation/labels.ts";
import type { NodeSelectorTerm, PodSpec } from "../../../../generated/types/core-v1.ts";

const requiredTerms = "requiredDuringSchedulingIgnoredDuringExecution";
const preferredTerms = "preferredDuringSchedulingIgnoredDuringExecution";
const nullSelector = "a null labelSelector results in matching no pod";

/** Labels of nodes that have a successor (pkg/api/node/util.go). */
const deprecatedNodeLabels: Readonly<Record<string, string>> = {
  "beta.kubernetes.io/arch": 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  "beta.kubernetes.io/os": 'deprecated since v1.14; use "kubernetes.io/os" instead',
  "failure-domain.beta.kubernetes.io/region": 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  "failure-domain.beta.kubernetes.io/zone": 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  "beta.kubernetes.io/instance-type": 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
  "app.kubernetes.io/created-by": "deprecated since v1.9",
  "scheduler.alpha.kubernetes.io/preferAvoidPods": "deprecated since v1.22; use Taints and Tolerations instead",
  "node-role.kubernetes.io/master": 'use "node-role.kubernetes.io/control-plane" instead',
};

export function* nodeLabelWarnings({ nodeSelector, affinity }: PodSpec, specPath: Path): Iterable<string> {
  for (const key in nodeSelector) {
    const message = deprecatedNodeLabels[key];
    if (message !== undefined) yield `${specPath.child("nodeSelector").key(key)}: ${message}`;
  }
  const nodeAffinity = affinity?.nodeAffinity;
  const place = specPath.child("affinity", "nodeAffinity");
  for (const [i, term] of (nodeAffinity?.[requiredTerms]?.nodeSelectorTerms ?? []).entries()) {
    yield* termWarnings(term, place.child(requiredTerms, "nodeSelectorTerms").index(i));
  }
  for (const [i, { preference }] of (nodeAffinity?.[preferredTerms] ?? []).entries()) {
    const at = place.child(preferredTerms).index(i).child("preference");
    yield* termWarnings(preference ?? {}, at);
    yield* valueWarnings(preference ?? {}, at);
  }
}

function* termWarnings({ matchExpressions = [] }: NodeSelectorTerm, place: Path): Iterable<string> {
  for (const [i, { key = "" }] of matchExpressions.entries()) {
    const message = deprecatedNodeLabels[key];
    if (message === undefined) continue;
    yield `${place.child("matchExpressions").index(i).child("key")}: ${key} is ${message}`;
  }
}

/** A preference for what no label can be is allowed, and never met. */
function* valueWarnings({ matchExpressions = [] }: NodeSelectorTerm, place: Path): Iterable<string> {
  for (const [i, { values = [] }] of matchExpressions.entries()) {
    for (const [j, value] of values.entries()) {
      for (const message of isValidLabelValue(value)) {
        const at = place.child("matchExpressions").index(i).child("values").index(j);
        yield `${at}: ${value} is invalid, ${message}`;
      }
    }
  }
}

export function* topologyWarnings({ topologySpreadConstraints = [] }: PodSpec, specPath: Path): Iterable<string> {
  for (const [i, { topologyKey = "", labelSelector }] of topologySpreadConstraints.entries()) {
    const at = specPath.child("topologySpreadConstraints").index(i);
    const message = deprecatedNodeLabels[topologyKey];
    if (message !== undefined) yield `${at.child("topologyKey")}: ${topologyKey} is ${message}`;
    if (labelSelector === undefined) yield `${at.child("labelSelector")}: ${nullSelector}`;
  }
}

export function* affinityWarnings({ affinity }: PodSpec, specPath: Path): Iterable<string> {
  for (const field of ["podAffinity", "podAntiAffinity"] as const) {
    const place = specPath.child("affinity", field);
    for (const [i, term] of (affinity?.[field]?.[requiredTerms] ?? []).entries()) {
      if (term.labelSelector !== undefined) continue;
      yield `${place.child(requiredTerms).index(i).child("labelSelector")}: ${nullSelector}`;
    }
    for (const [i, { podAffinityTerm }] of (affinity?.[field]?.[preferredTerms] ?? []).entries()) {
      if (podAffinityTerm?.labelSelector !== undefined) continue;
      yield `${place.child(preferredTerms).index(i).child("podAffinityTerm", "labelSelector")}: ${nullSelector}`;
    }
  }
}
