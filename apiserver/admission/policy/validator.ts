import { type CompiledExpression, PolicyExpressions } from "../../../api/admissionregistration/v1/expressions.ts";
import type {
  AuditAnnotation,
  ValidatingAdmissionPolicy,
  Validation,
} from "../../../api/generated/types/admissionregistration-v1.ts";
import { byteLength } from "../../../apimachinery/text/go-quote.ts";
import { compileAll, conditionsMatch } from "../dynamic/compile-conditions.ts";
import {
  type Evaluation,
  Evaluator,
  type Input,
  matchConditionsBudget,
  OutOfBudget,
  runtimeBudget,
} from "../dynamic/evaluate.ts";
import type { MatchResult } from "../dynamic/match-conditions.ts";

/** A validating policy's expressions, compiled; what does not compile fails when it is evaluated. */
export interface CompiledPolicy {
  readonly failurePolicy: string;
  readonly variables: ReadonlyMap<string, CompiledExpression>;
  readonly conditions: readonly CompiledExpression[];
  readonly validations: readonly {
    readonly validation: Validation;
    readonly expression: CompiledExpression;
    readonly message: CompiledExpression | undefined;
  }[];
  readonly annotations: readonly { readonly annotation: AuditAnnotation; readonly expression: CompiledExpression }[];
}

export interface PolicyDecision {
  readonly action: "admit" | "deny";
  /** Why it could not be told; admitted or denied by the failure policy. */
  readonly failed: boolean;
  readonly message: string;
  readonly reason: string;
}

export type PolicyAnnotation =
  | { readonly key: string; readonly value: string }
  /** By the failure policy, the write is denied. */
  | { readonly key: string; readonly error: string };

export interface PolicyVerdict {
  readonly decisions: readonly PolicyDecision[];
  readonly annotations: readonly PolicyAnnotation[];
}

/** The longest message that a messageExpression may give (apiserver/pkg/apis/cel/config.go). */
const maxMessageBytes = 5 * 1024;

export function compileValidatingPolicy({ spec }: ValidatingAdmissionPolicy): CompiledPolicy {
  const hasParams = spec.paramKind !== undefined;
  const expressions = new PolicyExpressions({ composes: true });
  const all = { hasParams, hasAuthorizer: true };
  const variables = new Map(
    (spec.variables ?? []).map(({ name, expression }) => [name, expressions.define(name, expression, all)] as const),
  );
  return {
    failurePolicy: spec.failurePolicy,
    variables,
    conditions: compileAll(expressions, spec.matchConditions ?? [], hasParams),
    validations: (spec.validations ?? []).map((validation) => ({
      validation,
      expression: expressions.compile(validation.expression, all, "bool"),
      message: validation.messageExpression
        ? expressions.compile(validation.messageExpression, { hasParams }, "string")
        : undefined,
    })),
    annotations: (spec.auditAnnotations ?? []).map((annotation) => ({
      annotation,
      expression: expressions.compile(annotation.valueExpression, all, "string or null"),
    })),
  };
}

/** Whether a policy's conditions have it look at one write. */
export function policyConditions({ failurePolicy, variables, conditions }: CompiledPolicy, input: Input): MatchResult {
  return conditionsMatch(conditions, new Evaluator(input, variables, matchConditionsBudget), failurePolicy);
}

/** What a policy says of a write where its conditions do not match, or cannot be told. */
export function unmatched({ failurePolicy }: CompiledPolicy, result: MatchResult): PolicyVerdict {
  return { decisions: "error" in result ? [failure(failurePolicy, result.error)] : [], annotations: [] };
}

function failure(failurePolicy: string, message: string): PolicyDecision {
  return { action: failurePolicy === "Ignore" ? "admit" : "deny", failed: true, message, reason: "" };
}

/** What a policy says of one write that its conditions match (admission/plugin/policy/validating/validator.go). Changes nothing. */
export function validatePolicy(policy: CompiledPolicy, input: Input): PolicyVerdict {
  const { failurePolicy, variables, validations, annotations } = policy;
  const evaluator = new Evaluator(input, variables, runtimeBudget);
  // Messages and annotations may not ask the authorizer.
  const unprivileged = { ...input, authorizer: undefined };
  try {
    const results = validations.map(({ expression }) => evaluator.evaluate(expression));
    const messages = messagesOf(validations, new Evaluator(unprivileged, variables, evaluator.remaining));
    const decisions = validations.map(({ validation }, i) => {
      const result = results[i]!;
      if ("error" in result) return failure(failurePolicy, result.error);
      if (typeof messages === "string") return failure(failurePolicy, `failed messageExpression: ${messages}`);
      if (result.value === true) return { action: "admit", failed: false, message: "", reason: "" } as const;
      return denied(validation, messages[i]);
    });
    return {
      decisions,
      annotations: annotationsOf(annotations, new Evaluator(unprivileged, variables, runtimeBudget), failurePolicy),
    };
  } catch (error) {
    if (!(error instanceof OutOfBudget)) throw error;
    return { decisions: [failure(failurePolicy, error.message)], annotations: [] };
  }
}

/** The messages; or, as text, why none could be made. */
function messagesOf(
  validations: CompiledPolicy["validations"],
  evaluator: Evaluator,
): readonly (Evaluation | undefined)[] | string {
  try {
    return validations.map(({ message }) => (message === undefined ? undefined : evaluator.evaluate(message)));
  } catch (error) {
    if (!(error instanceof OutOfBudget)) throw error;
    return error.message;
  }
}

function denied(validation: Validation, said: Evaluation | undefined): PolicyDecision {
  const message =
    usable(said) || (validation.message ?? "").trim() || `failed expression: ${validation.expression.trim()}`;
  return { action: "deny", failed: false, message, reason: validation.reason ?? "Invalid" };
}

/** A message of one line and of no excessive length; else none. */
function usable(said: Evaluation | undefined): string {
  if (said === undefined || !("value" in said) || typeof said.value !== "string") return "";
  const text = said.value.trim();
  return byteLength(text) > maxMessageBytes || text.includes("\n") ? "" : text;
}

function annotationsOf(
  annotations: CompiledPolicy["annotations"],
  evaluator: Evaluator,
  failurePolicy: string,
): readonly PolicyAnnotation[] {
  const found: PolicyAnnotation[] = [];
  for (const { annotation, expression } of annotations) {
    const { key } = annotation;
    const result = evaluator.evaluate(expression);
    if ("error" in result) {
      if (failurePolicy !== "Ignore") found.push({ key, error: result.error });
    } else if (typeof result.value === "string" && result.value.trim() !== "") {
      found.push({ key, value: result.value.trim() });
    }
  }
  return found;
}
