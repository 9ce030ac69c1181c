import type { FieldError } from "../../field/error.ts";
import { forbidden, internalError, invalid } from "../../field/errors.ts";
import type { Path } from "../../field/path.ts";
import type { Props, ValidationRule } from "../props.ts";
import { type CompiledRule, compileRules } from "./compile.ts";
import { ruleTypeOf } from "./schema.ts";

// Rules and texts: apiextensions-apiserver/pkg/apis/apiextensions/validation/{validation,cel_validation}.go.

/** The most that one rule may cost, over all values that fit in a request, and all rules of a schema together. */
const ruleCostLimit = 10_000_000;
const schemaCostLimit = 100_000_000;

export interface TotalCost {
  total: number;
  expensive: { readonly place: Path; readonly cost: number }[];
}

/** Where rules stand: how many values their schema has in one object, and what expressions see of them. */
export interface RuleScope {
  readonly props: Props;
  /** Undefined: nobody knows. */
  readonly cardinality: number | undefined;
  readonly isResource: boolean;
  readonly total: TotalCost;
}

export function rootScope(props: Props): RuleScope {
  const total = { total: 0, expensive: [] };
  return { props, cardinality: 1, isResource: true, total };
}

/** The scope of a schema right within. */
export function innerScope(scope: RuleScope | undefined, props: Props): RuleScope | undefined {
  if (scope === undefined) return undefined;
  const elements = maxElements(scope.props);
  const cardinality =
    scope.cardinality === undefined || elements === undefined ? undefined : scope.cardinality * elements;
  return { props, cardinality, isResource: false, total: scope.total };
}

function maxElements({ type, additionalProperties, maxProperties, maxItems }: Props): number | undefined {
  const bounded = (limit: number | undefined): number | undefined =>
    limit === undefined ? undefined : Math.max(0, limit);
  if (type === "array") return bounded(maxItems);
  return type === "object" && additionalProperties !== undefined ? bounded(maxProperties) : 1;
}

export interface RuleOptions {
  /** The schema is as it was: what its rules cost is not asked again. */
  readonly suppressCost: boolean;
  /** Where values cannot be told apart across an update: rules about changes make no sense there. */
  readonly uncorrelatable: Path | undefined;
}

/** What is wrong with the rules of one schema, once compiled. */
export function* compiledRuleErrors(scope: RuleScope, place: Path, options: RuleOptions): Generator<FieldError> {
  const { props } = scope;
  if ((props["x-kubernetes-validations"]?.length ?? 0) === 0) return;
  const at = place.child("x-kubernetes-validations");
  const type = ruleTypeOf(props, scope.isResource);
  if (type === undefined) {
    const why = "unable to convert structural schema to CEL declarations";
    yield internalError(
      at,
      `internal error: failed to construct type information for x-kubernetes-validations rules: ${why}`,
    );
    return;
  }
  for (const [i, compiled] of compileRules(props, type).entries()) {
    yield* ruleErrors(compiled, scope, at.index(i), options);
  }
}

function* ruleErrors(
  compiled: CompiledRule,
  scope: RuleScope,
  place: Path,
  options: RuleOptions,
): Generator<FieldError> {
  const { rule } = compiled;
  const at = place.child("rule");
  const cost = compiled.maxCost * (scope.cardinality ?? compiled.maxCardinality);
  if (!options.suppressCost && cost > ruleCostLimit)
    yield forbidden(at, costText("estimated rule cost", cost, ruleCostLimit));
  observe(scope.total, at, cost);
  if (compiled.error !== undefined) yield invalid(at, shownRule(rule), compiled.error);
  if (compiled.messageError !== undefined) {
    yield invalid(place.child("messageExpression"), shownRule(rule), compiled.messageError);
  } else if (compiled.message !== undefined) {
    if (!options.suppressCost && compiled.messageMaxCost > ruleCostLimit) {
      const detail = costText("estimated messageExpression cost", compiled.messageMaxCost, ruleCostLimit);
      yield forbidden(place.child("messageExpression"), detail);
    }
    observe(scope.total, place.child("messageExpression"), compiled.messageMaxCost);
  }
  if (compiled.usesOldSelf) {
    if (options.uncorrelatable !== undefined) {
      const detail = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${options.uncorrelatable}`;
      yield invalid(at, rule.rule, detail);
    }
  } else if (rule.optionalOldSelf !== undefined) {
    yield invalid(
      place.child("optionalOldSelf"),
      rule.optionalOldSelf,
      "may not be set if oldSelf is not used in rule",
    );
  }
}

function observe(total: TotalCost, place: Path, cost: number): void {
  total.total += cost;
  if (cost < schemaCostLimit / 100) return;
  total.expensive = [...total.expensive, { place, cost }].sort((a, b) => b.cost - a.cost).slice(0, 4);
}

/** What all rules of a schema cost together. */
export function* totalCostErrors({ total, expensive }: TotalCost, place: Path): Generator<FieldError> {
  if (total <= schemaCostLimit) return;
  for (const rule of expensive) {
    const detail = "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema";
    yield forbidden(rule.place, detail);
  }
  const name = "x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema";
  yield forbidden(place, costText(name, total, schemaCostLimit));
}

function costText(name: string, cost: number, limit: number): string {
  const factor = cost / limit;
  const shown = factor > 100 ? "more than 100x" : factor < 1.5 ? `${factor.toFixed(6)}x` : `${factor.toFixed(1)}x`;
  return `${name} exceeds budget by factor of ${shown} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`;
}

/** A rule as upstream's message shows it. */
export function shownRule({
  rule,
  message = "",
  messageExpression = "",
  reason,
  fieldPath = "",
  optionalOldSelf,
}: ValidationRule): object {
  return {
    Rule: rule,
    Message: message,
    MessageExpression: messageExpression,
    Reason: reason ?? null,
    FieldPath: fieldPath,
    OptionalOldSelf: optionalOldSelf ?? null,
  };
}
