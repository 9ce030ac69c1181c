import { forbidden, invalid, required } from "../../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../../apimachinery/field/path.ts";
import { validateLabelName, validateLabelSelector } from "../../../../../apimachinery/validation/label-fields.ts";
import { isValidLabelValue } from "../../../../../apimachinery/validation/labels.ts";
import { nameIsDNSSubdomain, validateNamespaceName } from "../../../../../apimachinery/validation/names.ts";
import type {
  Affinity,
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinity,
  PodAffinityTerm,
} from "../../../../generated/types/core-v1.ts";
import { type Check, checkMessages } from "./check.ts";
import { validateMatchLabelKeys } from "./label-keys.ts";

const requiredTerms = "requiredDuringSchedulingIgnoredDuringExecution";
const preferredTerms = "preferredDuringSchedulingIgnoredDuringExecution";

/** pkg/apis/core/validation validateAffinity. */
export function validateAffinity(check: Check, affinity: Affinity, place: Path): void {
  const { nodeAffinity, podAffinity, podAntiAffinity } = affinity;
  if (nodeAffinity !== undefined) {
    const at = place.child("nodeAffinity");
    const needed = nodeAffinity[requiredTerms];
    if (needed !== undefined) validateNodeSelector(check, needed, at.child(requiredTerms));
    nodeAffinity[preferredTerms]?.forEach(({ weight, preference }, i) => {
      const term = at.child(preferredTerms).index(i);
      validateWeight(check, weight, term);
      validateNodeSelectorTerm(check, preference ?? {}, term.child("preference"), { checkValues: false });
    });
  }
  if (podAffinity !== undefined) validatePodAffinity(check, podAffinity, place.child("podAffinity"));
  if (podAntiAffinity !== undefined) validatePodAffinity(check, podAntiAffinity, place.child("podAntiAffinity"));
}

function validateWeight(check: Check, weight: number | undefined, place: Path): void {
  const value = weight ?? 0;
  if (value > 0 && value <= 100) return;
  check.errors.push(invalid(place.child("weight"), value, "must be in the range 1-100"));
}

/** pkg/apis/core/validation ValidateNodeSelector: also of persistent volumes. */
export function validateNodeSelector(
  check: Pick<Check, "errors">,
  selector: NodeSelector,
  place: Path,
  options: { readonly checkValues: boolean } = { checkValues: true },
): void {
  const at = place.child("nodeSelectorTerms");
  if (!selector.nodeSelectorTerms?.length) {
    check.errors.push(required(at, "must have at least one node selector term"));
  }
  selector.nodeSelectorTerms?.forEach((term, i) => {
    validateNodeSelectorTerm(check, term, at.index(i), options);
  });
}

function validateNodeSelectorTerm(
  check: Pick<Check, "errors">,
  term: NodeSelectorTerm,
  place: Path,
  options: { readonly checkValues: boolean },
): void {
  term.matchExpressions?.forEach((requirement, i) => {
    validateRequirement(check, requirement, place.child("matchExpressions").index(i), options);
  });
  term.matchFields?.forEach((requirement, i) => {
    validateFieldRequirement(check, requirement, place.child("matchFields").index(i));
  });
}

function validateRequirement(
  check: Pick<Check, "errors">,
  { key = "", operator, values = [] }: NodeSelectorRequirement,
  place: Path,
  { checkValues }: { readonly checkValues: boolean },
): void {
  const at = place.child("values");
  switch (operator) {
    case "In":
    case "NotIn":
      if (values.length > 0) break;
      check.errors.push(required(at, "must be specified when `operator` is 'In' or 'NotIn'"));
      break;
    case "Exists":
    case "DoesNotExist":
      if (values.length === 0) break;
      check.errors.push(forbidden(at, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
      break;
    case "Gt":
    case "Lt":
      if (values.length === 1) break;
      check.errors.push(required(at, "must be specified single value when `operator` is 'Lt' or 'Gt'"));
      break;
    default:
      check.errors.push(invalid(place.child("operator"), operator ?? "", "not a valid selector operator"));
  }
  check.errors.push(...validateLabelName(key, place.child("key")));
  if (!checkValues) return;
  values.forEach((value, i) => {
    checkMessages(check, at.index(i), value, isValidLabelValue(value));
  });
}

/** Nodes may be chosen by one field, their name. */
function validateFieldRequirement(
  check: Pick<Check, "errors">,
  { key = "", operator, values = [] }: NodeSelectorRequirement,
  place: Path,
): void {
  if (operator !== "In" && operator !== "NotIn") {
    check.errors.push(invalid(place.child("operator"), operator ?? "", "not a valid selector operator"));
  } else if (values.length !== 1) {
    const detail = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
    check.errors.push(required(place.child("values"), detail));
  }
  if (key !== "metadata.name") {
    check.errors.push(invalid(place.child("key"), key, "not a valid field selector key"));
    return;
  }
  values.forEach((value, i) => {
    checkMessages(check, place.child("values").index(i), value, nameIsDNSSubdomain(value, false));
  });
}

function validatePodAffinity(check: Check, affinity: PodAffinity, place: Path): void {
  affinity[requiredTerms]?.forEach((term, i) => {
    validateAffinityTerm(check, term, place.child(requiredTerms).index(i));
  });
  affinity[preferredTerms]?.forEach(({ weight, podAffinityTerm }, i) => {
    const at = place.child(preferredTerms).index(i);
    validateWeight(check, weight, at);
    validateAffinityTerm(check, podAffinityTerm ?? {}, at.child("podAffinityTerm"));
  });
}

function validateAffinityTerm(check: Check, term: Partial<PodAffinityTerm>, place: Path): void {
  const options = { allowInvalidLabelValue: check.options.allowInvalidLabelValueInSelector };
  const { labelSelector, namespaceSelector, topologyKey = "" } = term;
  check.errors.push(...validateLabelSelector(labelSelector, place.child("labelSelector"), options));
  check.errors.push(...validateLabelSelector(namespaceSelector, place.child("namespaceSelector"), options));
  for (const name of term.namespaces ?? []) {
    checkMessages(check, place.child("namespace"), name, validateNamespaceName(name, false));
  }
  validateMatchLabelKeys(check, term, place);
  if (topologyKey === "") check.errors.push(required(place.child("topologyKey"), "can not be empty"));
  check.errors.push(...validateLabelName(topologyKey, place.child("topologyKey")));
}
