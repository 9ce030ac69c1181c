import {
  duplicate,
  invalid,
  notSupported,
  omittedValue,
  required,
  tooMany,
} from "../../../apimachinery/field/errors.ts";
import type { Path } from "../../../apimachinery/field/path.ts";
import { goQuote } from "../../../apimachinery/text/go-quote.ts";
import { type Check, checkQualifiedName } from "../../core/v1/pod/validation/check.ts";
import type {
  JobSpec,
  PodFailurePolicyOnExitCodesRequirement,
  PodFailurePolicyOnPodConditionsPattern,
  PodFailurePolicyRule,
} from "../../generated/types/batch-v1.ts";

const actions = ["Count", "FailIndex", "FailJob", "Ignore"];
const operators = ["In", "NotIn"];
const statuses = ["False", "True", "Unknown"];
const maxRules = 20;
const maxExitCodes = 255;
const maxPatterns = 20;

/** A list as Go's `%q` prints it. */
function quoted(values: readonly string[]): string {
  return `valid values: [${values.map(goQuote).join(" ")}]`;
}

/** What a failed pod means for its job (pkg/apis/batch/validation validatePodFailurePolicy). */
export function validatePodFailurePolicy(check: Check, spec: JobSpec, place: Path): void {
  const rules = spec.podFailurePolicy?.rules ?? [];
  const at = place.child("rules");
  if (rules.length > maxRules) check.errors.push(tooMany(at, rules.length, maxRules));
  const { containers = [], initContainers = [] } = spec.template?.spec ?? {};
  const names = new Set([...containers, ...initContainers].map(({ name }) => name));
  rules.forEach((rule, i) => {
    validateRule(check, rule, at.index(i), { names, perIndex: spec.backoffLimitPerIndex !== undefined });
  });
}

interface Surroundings {
  readonly names: ReadonlySet<string>;
  readonly perIndex: boolean;
}

function validateRule(check: Check, rule: PodFailurePolicyRule, place: Path, { names, perIndex }: Surroundings): void {
  const { action = "", onExitCodes, onPodConditions = [] } = rule;
  const at = place.child("action");
  if (action === "") check.errors.push(required(at, quoted(actions)));
  else if (action === "FailIndex" && !perIndex) {
    check.errors.push(invalid(at, action, "requires the backoffLimitPerIndex to be set"));
  } else if (!actions.includes(action)) check.errors.push(notSupported(at, action, actions));
  if (onExitCodes !== undefined) validateExitCodes(check, onExitCodes, place.child("onExitCodes"), names);
  if (onPodConditions.length > 0) validateConditions(check, onPodConditions, place.child("onPodConditions"));
  if (onExitCodes !== undefined && onPodConditions.length > 0) {
    const detail = "specifying both OnExitCodes and OnPodConditions is not supported";
    check.errors.push(invalid(place, omittedValue, detail));
  }
  if (onExitCodes === undefined && onPodConditions.length === 0) {
    const detail = "specifying one of OnExitCodes and OnPodConditions is required";
    check.errors.push(invalid(place, omittedValue, detail));
  }
}

function validateConditions(
  check: Check,
  patterns: readonly PodFailurePolicyOnPodConditionsPattern[],
  place: Path,
): void {
  if (patterns.length > maxPatterns) check.errors.push(tooMany(place, patterns.length, maxPatterns));
  patterns.forEach(({ type = "", status = "" }, i) => {
    const at = place.index(i);
    checkQualifiedName(check, at.child("type"), type);
    if (status === "") check.errors.push(required(at.child("status"), quoted(statuses)));
    else if (!statuses.includes(status)) check.errors.push(notSupported(at.child("status"), status, statuses));
  });
}

function validateExitCodes(
  check: Check,
  requirement: PodFailurePolicyOnExitCodesRequirement,
  place: Path,
  names: ReadonlySet<string>,
): void {
  const { operator = "", containerName, values = [] } = requirement;
  const at = place.child("values");
  if (operator === "") check.errors.push(required(place.child("operator"), quoted(operators)));
  else if (!operators.includes(operator)) {
    check.errors.push(notSupported(place.child("operator"), operator, operators));
  }
  if (containerName !== undefined && !names.has(containerName)) {
    const detail = "must be one of the container or initContainer names in the pod template";
    check.errors.push(invalid(place.child("containerName"), containerName, detail));
  }
  if (values.length === 0) check.errors.push(invalid(at, requirement.values ?? null, "at least one value is required"));
  else if (values.length > maxExitCodes) check.errors.push(tooMany(at, values.length, maxExitCodes));
  const seen = new Set<number>();
  values.forEach((code, i) => {
    if (operator === "In" && code === 0) {
      check.errors.push(invalid(at.index(i), code, "must not be 0 for the In operator"));
    }
    if (seen.has(code)) check.errors.push(duplicate(at.index(i), code));
    seen.add(code);
  });
  if (values.some((code, i) => i > 0 && values[i - 1]! > code)) {
    check.errors.push(invalid(at, values, "must be ordered"));
  }
}
