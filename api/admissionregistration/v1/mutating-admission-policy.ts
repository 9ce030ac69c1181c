import type { FieldError } from "../../../apimachinery/field/error.ts";
import { invalid, notSupported, required } from "../../../apimachinery/field/errors.ts";
import { type Path, path } from "../../../apimachinery/field/path.ts";
import { ageColumn, nameColumn } from "../../columns.ts";
import { defineBuiltIn } from "../../define-built-in.ts";
import type * as types from "../../generated/types/admissionregistration-v1.ts";
import { type Declared, PolicyExpressions } from "./expressions.ts";
import { paramKindColumn } from "./params.ts";
import { validatePolicyConditions, validateScope, validateVariables } from "./policy-spec.ts";
import { reinvocationPolicies, validateMutatingOperations } from "./rules.ts";
import { warnOfStaticSuffix } from "./static-suffix.ts";

// Rules: pkg/apis/admissionregistration/validation ValidateMutatingAdmissionPolicy.

export type MutatingAdmissionPolicy = types.MutatingAdmissionPolicy;

export const MutatingAdmissionPolicy = defineBuiltIn<MutatingAdmissionPolicy>(
  "admissionregistration.k8s.io/v1/mutatingadmissionpolicies",
  {
    generation: true,
    unconditionalUpdate: false,
    columns: [
      nameColumn,
      { name: "Mutations", type: "integer", cell: ({ spec }) => spec.mutations?.length ?? 0 },
      paramKindColumn,
      ageColumn,
    ],
    validate: ({ spec }, old) => validateSpec(spec, old?.spec),
    warnings: warnOfStaticSuffix,
  },
);

const patchTypes = ["ApplyConfiguration", "JSONPatch"];

function validateSpec(
  spec: types.MutatingAdmissionPolicySpec,
  old: types.MutatingAdmissionPolicySpec | undefined,
): readonly FieldError[] {
  const place = path("spec");
  const expressions = new PolicyExpressions({ composes: true });
  const errors = validateScope(spec, place);
  errors.push(...validateMutatingOperations(spec.matchConstraints, place.child("matchConstraints")));
  errors.push(...validatePolicyConditions(spec, old, place));
  errors.push(...validateVariables(spec, new Set(), expressions, place));
  const { mutations = [], paramKind, reinvocationPolicy = "" } = spec;
  if (mutations.length === 0) {
    errors.push(required(place.child("mutations"), "mutations must contain at least one item"));
  }
  const stored = new Set((old?.mutations ?? []).map((one) => one.applyConfiguration?.expression ?? ""));
  const declared = { hasParams: paramKind !== undefined, hasAuthorizer: true, hasPatchTypes: true, stored };
  for (const [i, mutation] of mutations.entries()) {
    errors.push(...validateMutation(mutation, expressions, declared, place.child("mutations").index(i)));
  }
  const at = place.child("reinvocationPolicy");
  if (reinvocationPolicy === "") errors.push(required(at));
  else if (!reinvocationPolicies.includes(reinvocationPolicy)) {
    errors.push(notSupported(at, reinvocationPolicy, reinvocationPolicies));
  }
  return errors;
}

function validateMutation(
  { patchType = "", jsonPatch, applyConfiguration }: types.Mutation,
  expressions: PolicyExpressions,
  declared: Omit<Declared, "result">,
  place: Path,
): readonly FieldError[] {
  if (patchType === "") return [required(place.child("patchType"))];
  if (!patchTypes.includes(patchType)) return [notSupported(place.child("patchType"), patchType, patchTypes)];
  const isJson = patchType === "JSONPatch";
  const [name, given] = isJson
    ? (["jsonPatch", jsonPatch] as const)
    : (["applyConfiguration", applyConfiguration] as const);
  const [otherName, other] = isJson
    ? (["applyConfiguration", applyConfiguration] as const)
    : (["jsonPatch", jsonPatch] as const);
  const errors: FieldError[] = [];
  if (given === undefined) {
    errors.push(required(place.child(name), `must be specified when patchType is ${patchType}`));
  } else {
    const at = place.child(name).child("expression");
    const text = (given.expression ?? "").trim();
    const result = isJson ? "JSON patch" : "Object";
    errors.push(...(text === "" ? [required(at)] : expressions.validate(text, { ...declared, result }, at)));
  }
  if (other !== undefined) {
    const detail = `must not be specified when patchType is ${patchType}`;
    errors.push(invalid(place.child(otherName), `{${otherName}}`, detail));
  }
  return errors;
}
