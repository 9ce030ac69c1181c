import { duplicate, invalid, jsonText, notSupported, required } from "../../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../../apimachinery/field/path.ts";
import { int64Problem } from "../../../../../apimachinery/text/go-integer.ts";
import { isDecimalInteger } from "../../../../../apimachinery/validation/formats.ts";
import { validateLabelName, validateLabelSelector } from "../../../../../apimachinery/validation/label-fields.ts";
import { isValidLabelValue } from "../../../../../apimachinery/validation/labels.ts";
import type { PodSchedulingGate, Toleration, TopologySpreadConstraint } from "../../../../generated/types/core-v1.ts";
import { type Check, checkQualifiedName } from "./check.ts";
import { validateMatchLabelKeys } from "./label-keys.ts";

const effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

export function validateTaintEffect(check: Check, effect: string, place: Path): void {
  if (!effects.includes(effect)) check.errors.push(notSupported(place, jsonText(effect), effects));
}

/** pkg/apis/core/validation ValidateTolerations. */
export function validateTolerations(check: Check, tolerations: readonly Toleration[], place: Path): void {
  tolerations.forEach((toleration, i) => {
    const at = place.index(i);
    const { key = "", operator = "", effect = "" } = toleration;
    if (key !== "") check.errors.push(...validateLabelName(key, at.child("key")));
    else if (operator !== "Exists") {
      const detail = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
      check.errors.push(invalid(at.child("operator"), operator, detail));
    }
    if (toleration.tolerationSeconds !== undefined && effect !== "NoExecute") {
      const detail = "effect must be 'NoExecute' when `tolerationSeconds` is set";
      check.errors.push(invalid(at.child("effect"), effect, detail));
    }
    validateTolerationValue(check, toleration, at);
    if (effect !== "") validateTaintEffect(check, effect, at.child("effect"));
  });
}

function validateTolerationValue(check: Check, { operator = "", value = "" }: Toleration, place: Path): void {
  const at = place.child("operator");
  switch (operator) {
    case "":
    case "Equal": {
      const messages = isValidLabelValue(value);
      if (messages.length > 0) check.errors.push(invalid(at, value, messages.join(";")));
      return;
    }
    case "Exists":
      if (value !== "") check.errors.push(invalid(at, value, "value must be empty when `operator` is 'Exists'"));
      return;
    case "Lt":
    case "Gt":
      if (check.options.allowTolerationComparison) validateComparison(check, value, place.child("value"));
      else check.errors.push(notSupported(at, operator, ["Equal", "Exists", "Lt", "Gt"]));
      return;
    default:
      check.errors.push(notSupported(at, operator, ["Equal", "Exists"]));
  }
}

function validateComparison(check: Check, value: string, place: Path): void {
  for (const message of isDecimalInteger(value)) check.errors.push(invalid(place, value, message));
  const problem = int64Problem(value);
  if (problem !== undefined) check.errors.push(invalid(place, value, problem));
}

const whenUnsatisfiable = ["DoNotSchedule", "ScheduleAnyway"];
const inclusionPolicies = ["Honor", "Ignore"];

/** pkg/apis/core/validation validateTopologySpreadConstraints. */
export function validateTopologySpread(
  check: Check,
  constraints: readonly TopologySpreadConstraint[],
  place: Path,
): void {
  constraints.forEach((constraint, i) => {
    const at = place.index(i);
    const { maxSkew = 0, topologyKey = "", whenUnsatisfiable: action = "", minDomains } = constraint;
    if (maxSkew <= 0) check.errors.push(invalid(at.child("maxSkew"), maxSkew, "must be greater than zero"));
    if (topologyKey === "") check.errors.push(required(at.child("topologyKey"), "can not be empty"));
    if (!whenUnsatisfiable.includes(action)) {
      check.errors.push(notSupported(at.child("whenUnsatisfiable"), action, whenUnsatisfiable));
    }
    const same = (other: TopologySpreadConstraint) =>
      (other.topologyKey ?? "") === topologyKey && (other.whenUnsatisfiable ?? "") === action;
    if (constraints.slice(i + 1).some(same)) {
      check.errors.push(duplicate(at.child("{topologyKey, whenUnsatisfiable}"), `{${topologyKey}, ${action}}`));
    }
    if (minDomains !== undefined) validateMinDomains(check, minDomains, action, at.child("minDomains"));
    for (const field of ["nodeAffinityPolicy", "nodeTaintsPolicy"] as const) {
      const policy = constraint[field];
      if (policy !== undefined && !inclusionPolicies.includes(policy)) {
        check.errors.push(notSupported(at.child(field), policy, inclusionPolicies));
      }
    }
    validateMatchLabelKeys(check, constraint, at);
    check.errors.push(...validateLabelSelector(constraint.labelSelector, at.child("labelSelector")));
  });
}

function validateMinDomains(check: Check, minDomains: number, action: string, place: Path): void {
  if (minDomains <= 0) check.errors.push(invalid(place, minDomains, "must be greater than zero"));
  if (action === "DoNotSchedule") return;
  const detail = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${action}`;
  check.errors.push(invalid(place, minDomains, detail));
}

export function validateSchedulingGates(check: Check, gates: readonly PodSchedulingGate[], place: Path): void {
  const seen = new Set<string>();
  gates.forEach(({ name = "" }, i) => {
    checkQualifiedName(check, place.index(i), name);
    if (seen.has(name)) check.errors.push(duplicate(place.index(i), name));
    seen.add(name);
  });
}
