import type { CompiledExpression } from "../../../api/admissionregistration/v1/expressions.ts";
import { PolicyExpressions } from "../../../api/admissionregistration/v1/expressions.ts";
import type { MatchCondition } from "../../../api/generated/types/admissionregistration-v1.ts";
import { formatAggregate } from "../../../apimachinery/field/errors.ts";
import type { Authorizer } from "../../authorization/authorizer.ts";
import { admissionRequest } from "./admission-request.ts";
import { WriteAuthorizer } from "./authorizer-values.ts";
import { Evaluator, matchConditionsBudget, OutOfBudget } from "./evaluate.ts";
import type { CompileConditions, MatchResult } from "./match-conditions.ts";

/** Conditions of webhooks: no parameters, no variables, no namespace. */
export function conditionCompiler(authorizer: Authorizer): CompileConditions {
  return (conditions, failurePolicy) => {
    const expressions = new PolicyExpressions({ composes: false });
    const compiled = compileAll(expressions, conditions, false);
    return ({ attributes, resource, objects }) => {
      const asked = new WriteAuthorizer(authorizer, attributes);
      const request = admissionRequest(attributes, objects.kind, resource);
      return asked.settled(() => {
        const input = { objects, request, authorizer: asked.values };
        return conditionsMatch(compiled, new Evaluator(input, new Map(), matchConditionsBudget), failurePolicy);
      });
    };
  };
}

export function compileAll(
  expressions: PolicyExpressions,
  conditions: readonly MatchCondition[],
  hasParams: boolean,
): readonly CompiledExpression[] {
  return conditions.map(({ expression }) =>
    expressions.compile(expression, { hasParams, hasAuthorizer: true }, "bool"),
  );
}

/** All are evaluated; one that is false decides, else one that fails, by the failure policy (webhook/matchconditions Match). */
export function conditionsMatch(
  compiled: readonly CompiledExpression[],
  evaluator: Evaluator,
  failurePolicy: string,
): MatchResult {
  const errors: string[] = [];
  let isFalse = false;
  try {
    for (const expression of compiled) {
      const result = evaluator.evaluate(expression);
      if (isFalse) continue;
      if ("error" in result) errors.push(result.error);
      else isFalse = result.value === false;
    }
  } catch (error) {
    if (!(error instanceof OutOfBudget)) throw error;
    return failurePolicy === "Ignore" ? { matches: false } : { error: error.message };
  }
  if (errors.length === 0) return { matches: !isFalse };
  const failed = errors.length;
  return isFalse || failurePolicy === "Ignore"
    ? { matches: false, failed }
    : { error: formatAggregate(errors), failed };
}
