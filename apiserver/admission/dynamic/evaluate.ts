import type { CompiledExpression } from "../../../api/admissionregistration/v1/expressions.ts";
import { CelError, MapValue, perCallLimit, type Result, type Value } from "../../../apimachinery/cel/mod.ts";
import type { ApiObject } from "../../../apimachinery/resource/object.ts";
import type { AdmissionRequest } from "./admission-request.ts";
import type { AuthorizerValues } from "./authorizer-values.ts";
import type { VersionedObjects } from "./versioned.ts";

// apiserver/pkg/admission/plugin/cel activation.go and composition.go.

/** What expressions see of one write. */
export interface Input {
  readonly objects: VersionedObjects;
  readonly request: AdmissionRequest;
  readonly namespace?: ApiObject | undefined;
  readonly params?: ApiObject | undefined;
  readonly authorizer?: AuthorizerValues | undefined;
}

/** Variables of a policy in their order, compiled. */
export type Variables = ReadonlyMap<string, CompiledExpression>;

export type Evaluation = { readonly value: Value } | { readonly error: string };

/** No further expression is evaluated: the budget is spent. */
export class OutOfBudget extends Error {
  override readonly name = "OutOfBudget";
  constructor() {
    super("validation failed due to running out of cost budget, no further validation rules will be run");
  }
}

/** What all expressions of a write may cost together (apiserver/pkg/apis/cel/config.go). */
export const runtimeBudget = 10_000_000;
export const matchConditionsBudget: number = runtimeBudget / 4;

/** Evaluates the expressions of one policy over one write, one after another, out of one budget. */
export class Evaluator {
  readonly #activation: Record<string, unknown>;
  readonly #values: VariablesMap;
  remaining: number;

  constructor(input: Input, variables: Variables, budget: number) {
    const { objects, request, namespace, params, authorizer } = input;
    this.remaining = budget;
    this.#values = new VariablesMap(variables, (name, text) => this.#variable(name, text));
    this.#activation = {
      object: objects.object ?? null,
      oldObject: objects.oldObject ?? null,
      request,
      namespaceObject: namespace ?? null,
      params: params ?? null,
      variables: this.#values,
      ...(authorizer === undefined
        ? {}
        : { authorizer: authorizer.authorizer, "authorizer.requestResource": authorizer.requestResource }),
    };
  }

  /** Throws OutOfBudget. */
  evaluate(expression: CompiledExpression): Evaluation {
    if ("problem" in expression) return { error: `compilation error: ${expression.problem}` };
    const before = this.#values.cost;
    const outcome = expression.program.evaluate(this.#activation, { costLimit: perCallLimit });
    this.#spend(this.#values.cost - before);
    this.#spend(outcome.cost);
    if ("value" in outcome) return { value: outcome.value };
    return { error: `expression '${expression.text}' resulted in error: ${outcome.error.message}` };
  }

  #spend(cost: number): void {
    if (cost > this.remaining) throw new OutOfBudget();
    this.remaining -= cost;
  }

  #variable(name: string, expression: CompiledExpression): { readonly result: Result; readonly cost: number } {
    if ("problem" in expression) {
      return { result: new CelError(`composited variable "${name}" fails to compile: ${expression.problem}`), cost: 0 };
    }
    const outcome = expression.program.evaluate(this.#activation, { costLimit: perCallLimit });
    const { cost } = outcome;
    if ("value" in outcome) return { result: outcome.value, cost };
    const error = new CelError(`composited variable "${name}" fails to evaluate: ${outcome.error.message}`);
    return { result: error, cost };
  }
}

/** `variables`: each evaluated when first read, once. */
class VariablesMap extends MapValue {
  readonly #variables: Variables;
  readonly #evaluate: (
    name: string,
    expression: CompiledExpression,
  ) => { readonly result: Result; readonly cost: number };
  readonly #known = new Map<string, Result>();
  /** Of all evaluated so far. */
  cost = 0;

  constructor(
    variables: Variables,
    evaluate: (name: string, expression: CompiledExpression) => { readonly result: Result; readonly cost: number },
  ) {
    super();
    this.#variables = variables;
    this.#evaluate = evaluate;
  }

  size(): number {
    return this.#variables.size;
  }

  get(key: Value): Result | undefined {
    if (typeof key !== "string") return undefined;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const expression = this.#variables.get(key);
    if (expression === undefined) return undefined;
    const { result, cost } = this.#evaluate(key, expression);
    this.cost += cost;
    this.#known.set(key, result);
    return result;
  }

  has(key: Value): boolean {
    return typeof key === "string" && this.#variables.has(key);
  }

  keys(): readonly Value[] {
    return [...this.#variables.keys()];
  }
}
