import { notSupported, required, tooMany } from "../../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../../apimachinery/field/path.ts";
import type { Container, ContainerRestartRule } from "../../../../generated/types/core-v1.ts";
import type { Check } from "./check.ts";

const policies = ["Always", "Never", "OnFailure"];
const actions = ["Restart", "RestartAllContainers"];
const operators = ["In", "NotIn"];
const maxRules = 20;
const maxExitCodes = 255;

/** A container's own restart policy and its rules by exit code (KEP-5307; validateContainerRestartPolicy). */
export function validateRestartPolicy(check: Check, container: Container, place: Path): void {
  const { restartPolicy: policy, restartPolicyRules: rules } = container;
  if (policy === undefined && !rules?.length) return;
  const at = place.child("restartPolicy");
  if (policy === undefined) {
    check.errors.push(required(at, "must specify restartPolicy when restart rules are used"));
  } else if (!policies.includes(policy)) check.errors.push(notSupported(at, policy, policies));
  if (rules === undefined) return;
  const rulesPlace = place.child("restartPolicyRules");
  if (rules.length > maxRules) check.errors.push(tooMany(rulesPlace, rules.length, maxRules));
  rules.forEach((rule, i) => {
    validateRule(check, rule, rulesPlace.index(i));
  });
}

function validateRule(check: Check, { action = "", exitCodes }: ContainerRestartRule, place: Path): void {
  if (!actions.includes(action)) check.errors.push(notSupported(place.child("action"), action, actions));
  const at = place.child("exitCodes");
  if (exitCodes === undefined) {
    check.errors.push(required(at, "must be specified"));
    return;
  }
  const { operator = "", values = [] } = exitCodes;
  if (!operators.includes(operator)) check.errors.push(notSupported(at.child("operator"), operator, operators));
  if (values.length > maxExitCodes) check.errors.push(tooMany(at.child("values"), values.length, maxExitCodes));
}
