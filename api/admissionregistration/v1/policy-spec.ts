import type { FieldError } from "../../../apimachinery/field/error.ts";
import { invalid, notSupported, required } from "../../../apimachinery/field/errors.ts";
import type { Path } from "../../../apimachinery/field/path.ts";
import { semanticEqual } from "../../../apimachinery/json/equal.ts";
import type * as types from "../../generated/types/admissionregistration-v1.ts";
import type { PolicyExpressions } from "./expressions.ts";
import { validateMatchConditions } from "./match-conditions.ts";
import { validateParamKind } from "./params.ts";
import { failurePolicies, validateMatchResources } from "./rules.ts";

// What policies of both kinds have in common. Rules: pkg/apis/admissionregistration/validation.

type PolicySpec = Pick<
  types.ValidatingAdmissionPolicySpec,
  "failurePolicy" | "paramKind" | "matchConstraints" | "matchConditions" | "variables"
>;

/** Failure policy, parameters and constraints. */
export function validateScope({ failurePolicy, paramKind, matchConstraints }: PolicySpec, place: Path): FieldError[] {
  const errors: FieldError[] = [];
  if (!failurePolicies.includes(failurePolicy)) {
    errors.push(notSupported(place.child("failurePolicy"), failurePolicy, failurePolicies));
  }
  if (paramKind !== undefined) errors.push(...validateParamKind(paramKind, place.child("paramKind")));
  const at = place.child("matchConstraints");
  if (matchConstraints === undefined) return [...errors, required(at)];
  errors.push(...validateMatchResources(matchConstraints, at));
  if ((matchConstraints.resourceRules ?? []).length === 0) errors.push(required(at.child("resourceRules")));
  return errors;
}

/** Conditions that have not changed since they were stored are not looked at again. */
export function validatePolicyConditions(
  spec: PolicySpec,
  old: PolicySpec | undefined,
  place: Path,
): readonly FieldError[] {
  const same =
    old !== undefined &&
    semanticEqual(spec.paramKind, old.paramKind) &&
    semanticEqual(spec.matchConditions ?? [], old.matchConditions ?? []);
  if (same) return [];
  const stored = new Set((old?.matchConditions ?? []).map(({ expression }) => expression));
  const declared = { hasParams: spec.paramKind !== undefined, stored };
  return validateMatchConditions(spec.matchConditions, declared, place.child("matchConditions"));
}

const identifier = /^[_a-zA-Z][_a-zA-Z0-9]*$/;
const reserved: ReadonlySet<string> = new Set(
  "true false null in as break const continue else for function if import let loop package namespace return var void while".split(
    " ",
  ),
);

/** Declares the policy's variables to its expressions. */
export function validateVariables(
  { variables = [], paramKind }: PolicySpec,
  stored: ReadonlySet<string>,
  expressions: PolicyExpressions,
  place: Path,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (const [i, { name = "", expression = "" }] of variables.entries()) {
    const at = place.child("variables").index(i);
    if (name.trim() === "") errors.push(required(at.child("name"), "name is not specified"));
    else if (!identifier.test(name) || reserved.has(name)) {
      errors.push(invalid(at.child("name"), name, "must be a valid CEL identifier"));
    }
    if (expression.trim() === "") {
      errors.push(required(at.child("expression"), "expression is not specified"));
      continue;
    }
    const declared = { hasParams: paramKind !== undefined, hasAuthorizer: true, stored };
    errors.push(...expressions.addVariable(name, expression, declared, at.child("expression")));
  }
  return errors;
}
