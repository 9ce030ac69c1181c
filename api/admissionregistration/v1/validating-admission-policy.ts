import type { FieldError } from "../../../apimachinery/field/error.ts";
import { duplicate, invalid, notSupported, required } from "../../../apimachinery/field/errors.ts";
import { type Path, path } from "../../../apimachinery/field/path.ts";
import { JsonPathError, parsePath } from "../../../apimachinery/json-path/parse.ts";
import { byteLength } from "../../../apimachinery/text/go-quote.ts";
import { validateConditions } from "../../../apimachinery/validation/conditions.ts";
import { isQualifiedName } from "../../../apimachinery/validation/labels.ts";
import { ageColumn, nameColumn } from "../../columns.ts";
import { defineBuiltIn } from "../../define-built-in.ts";
import type * as types from "../../generated/types/admissionregistration-v1.ts";
import { internalValue } from "../../internal-values.ts";
import { PolicyExpressions } from "./expressions.ts";
import { paramKindColumn } from "./params.ts";
import { validatePolicyConditions, validateScope, validateVariables } from "./policy-spec.ts";
import { warnOfStaticSuffix } from "./static-suffix.ts";

// Rules: pkg/apis/admissionregistration/validation ValidateValidatingAdmissionPolicy.

export type ValidatingAdmissionPolicy = types.ValidatingAdmissionPolicy;

export const ValidatingAdmissionPolicy = defineBuiltIn<ValidatingAdmissionPolicy>(
  "admissionregistration.k8s.io/v1/validatingadmissionpolicies",
  {
    generation: true,
    keeps: { status: [["metadata"]] },
    unconditionalUpdate: false,
    columns: [
      nameColumn,
      { name: "Validations", type: "integer", cell: ({ spec }) => spec.validations?.length ?? 0 },
      paramKindColumn,
      ageColumn,
    ],
    validate: (policy, old, { subresource }) =>
      subresource === "status" ? validateStatus(policy.status) : validateSpec(policy, old),
    warnings: warnOfStaticSuffix,
  },
);

const maxAuditAnnotations = 20;
const maxValueExpressionBytes = 5 * 1024;
const reasons = ["Forbidden", "Invalid", "RequestEntityTooLarge"];
const neither = "validations or auditAnnotations must contain at least one item";

function validateSpec({ metadata, spec }: ValidatingAdmissionPolicy, old: ValidatingAdmissionPolicy | undefined) {
  const place = path("spec");
  const { validations = [], auditAnnotations = [] } = spec;
  const expressions = new PolicyExpressions({ composes: (spec.variables ?? []).length > 0 });
  const errors = validateScope(spec, place);
  errors.push(...validatePolicyConditions(spec, old?.spec, place));
  const stored = new Set((old?.spec.validations ?? []).map(({ expression }) => expression));
  errors.push(...validateVariables(spec, stored, expressions, place));
  if (validations.length === 0 && auditAnnotations.length === 0) {
    errors.push(required(place.child("validations"), neither), required(place.child("auditAnnotations"), neither));
    return errors;
  }
  const context = { expressions, hasParams: spec.paramKind !== undefined, old: old?.spec };
  for (const [i, validation] of validations.entries()) {
    errors.push(...validateValidation(validation, context, place.child("validations").index(i)));
  }
  const at = place.child("auditAnnotations");
  if (auditAnnotations.length > maxAuditAnnotations) {
    const shown = internalValue("AuditAnnotation", auditAnnotations);
    errors.push(invalid(at, shown, `must not have more than ${maxAuditAnnotations} auditAnnotations`));
  }
  const keys = new Set<string>();
  for (const [i, annotation] of auditAnnotations.entries()) {
    const { key } = annotation;
    errors.push(...validateAuditAnnotation(metadata.name ?? "", annotation, context, at.index(i)));
    if (keys.has(key)) errors.push(duplicate(at.index(i).child("key"), key));
    keys.add(key);
  }
  return errors;
}

interface Context {
  readonly expressions: PolicyExpressions;
  readonly hasParams: boolean;
  readonly old: types.ValidatingAdmissionPolicySpec | undefined;
}

function validateValidation(
  { expression = "", message = "", messageExpression = "", reason }: types.Validation,
  { expressions, hasParams, old }: Context,
  place: Path,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  const before = old?.validations ?? [];
  if (expression.trim() === "") errors.push(required(place.child("expression"), "expression is not specified"));
  else {
    const stored = new Set(before.map((one) => one.expression));
    const declared = { hasParams, hasAuthorizer: true, stored, result: "bool" } as const;
    errors.push(...expressions.validate(expression, declared, place.child("expression")));
  }
  if (messageExpression !== "") {
    const at = place.child("messageExpression");
    const stored = new Set(before.map((one) => one.messageExpression ?? ""));
    if (messageExpression.trim() === "") {
      errors.push(invalid(at, messageExpression, "must be non-empty if specified"));
    } else {
      errors.push(...expressions.validate(messageExpression, { hasParams, stored, result: "string" }, at));
    }
  }
  if (message !== "" && message.trim() === "") {
    errors.push(invalid(place.child("message"), message, "must be non-empty if specified"));
  } else if (/[\n\r]/.test(message.trim())) {
    errors.push(invalid(place.child("message"), message, "must not contain line breaks"));
  }
  if (reason !== undefined && !reasons.includes(reason)) {
    errors.push(notSupported(place.child("reason"), reason, reasons));
  }
  return errors;
}

function validateAuditAnnotation(
  policyName: string,
  { key = "", valueExpression = "" }: types.AuditAnnotation,
  { expressions, hasParams, old }: Context,
  place: Path,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  const at = place.child("key");
  if (policyName === "") errors.push(invalid(at, key, "requires metadata.name be non-empty"));
  else {
    const whole = `${policyName}/${key}`;
    for (const message of isQualifiedName(whole)) errors.push(invalid(at, whole, message));
  }
  const value = place.child("valueExpression");
  const text = valueExpression.trim();
  if (text === "") return [...errors, required(value, "valueExpression is not specified")];
  if (byteLength(text) > maxValueExpressionBytes) {
    return [...errors, required(value, `must not exceed ${maxValueExpressionBytes} bytes in length`)];
  }
  const stored = new Set((old?.auditAnnotations ?? []).map((one) => one.valueExpression));
  const declared = { hasParams, hasAuthorizer: true, stored, result: "string or null" } as const;
  const found = expressions.validate(text, declared, value);
  // It is shown as it was sent.
  return [...errors, ...found.map((error) => ({ ...error, value: valueExpression }))];
}

function validateStatus(status: types.ValidatingAdmissionPolicyStatus | undefined): readonly FieldError[] {
  const place = path("status");
  const errors: FieldError[] = [];
  for (const [i, { fieldRef = "", warning = "" }] of (status?.typeChecking?.expressionWarnings ?? []).entries()) {
    const at = place.child("typeChecking").child("expressionWarnings").index(i);
    if (warning === "") errors.push(required(at.child("warning")));
    errors.push(...fieldRefErrors(fieldRef.trim(), at.child("fieldRef")));
  }
  return [...errors, ...validateConditions(status?.conditions ?? [], place.child("conditions"))];
}

function fieldRefErrors(fieldRef: string, place: Path): readonly FieldError[] {
  if (fieldRef === "") return [required(place)];
  try {
    parsePath(fieldRef);
    return [];
  } catch (error) {
    if (error instanceof JsonPathError) return [invalid(place, fieldRef, `invalid JSONPath: ${error.message}`)];
    throw error;
  }
}
