import type { Checked } from "./check/checker.ts";
import { type Estimate, type EstimateOptions, estimateCost, type SizeEstimator } from "./cost/estimate.ts";
import { Frame } from "./evaluate/frame.ts";
import type { Plan } from "./evaluate/planner.ts";
import type { CelType } from "./types/type.ts";
import { CelError, Halt } from "./values/error.ts";
import { toValue } from "./values/json.ts";
import type { Result, Value } from "./values/value.ts";

/** The most that one expression may cost, and all of one request together (apiserver/pkg/apis/cel/config.go). */
export const perCallLimit = 1_000_000;
export const runtimeBudget = 10_000_000;

/**
 * Values of the variables: JSON, which is read as the variable's type says, or values of CEL. A function is asked for the
 * value when the expression first reads it, at most once an evaluation; what it throws ends the evaluation.
 */
export type Activation = Readonly<Record<string, unknown>>;

export interface EvaluateOptions {
  /** Default: `perCallLimit`. */
  readonly costLimit?: number;
  readonly signal?: AbortSignal;
}

export interface Evaluated {
  readonly value: Value;
  readonly cost: number;
}

export interface Failed {
  readonly error: CelError;
  /** What the evaluation cost until it failed. */
  readonly cost: number;
}

/** What ended an evaluation: its cost, its signal, or a text longer than JavaScript can hold, which no budget allows. */
function endOf(error: unknown): CelError {
  if (error instanceof Halt) return error.error;
  if (error instanceof RangeError) return new CelError("operation cancelled: actual cost limit exceeded", "cost");
  throw error;
}

/** A compiled expression. Evaluations share nothing. */
export class Program {
  /** Type of the answer. */
  readonly outputType: CelType;
  readonly #checked: Checked;
  readonly #plan: Plan;
  readonly #options: EstimateOptions;

  constructor(checked: Checked, plan: Plan, options: EstimateOptions) {
    this.outputType = checked.type;
    this.#checked = checked;
    this.#plan = plan;
    this.#options = options;
  }

  /** Names of the variables that the expression reads. */
  get variables(): readonly string[] {
    return this.#plan.variables;
  }

  /** The checked expression, for those who look into it. */
  get checked(): Checked {
    return this.#checked;
  }

  evaluate(activation: Activation, { costLimit = perCallLimit, signal }: EvaluateOptions = {}): Evaluated | Failed {
    const frame = new Frame({
      limit: costLimit,
      slots: this.#plan.slots,
      variables: this.#plan.variables.length,
      read: (name) => this.#read(activation, name),
      signal,
    });
    let result: Result;
    try {
      result = this.#plan.evaluate(frame);
    } catch (error) {
      result = endOf(error);
    }
    return result instanceof CelError ? { error: result, cost: frame.cost } : { value: result, cost: frame.cost };
  }

  #read(activation: Activation, name: string): Result {
    if (!Object.hasOwn(activation, name)) return new CelError(`no such attribute(s): ${name}`);
    let value = activation[name];
    if (typeof value === "function") value = (value as () => unknown)();
    return value instanceof CelError ? value : toValue(value, this.#options.variables.get(name));
  }

  /** The least and the most that an evaluation can cost, told from the expression and the sizes of its inputs. */
  estimateCost(sizes?: SizeEstimator): Estimate {
    return estimateCost(this.#checked, this.#options, sizes);
  }
}
