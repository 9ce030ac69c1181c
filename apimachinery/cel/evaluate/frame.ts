import { CelError, Halt, noSuchOverload } from "../values/error.ts";
import type { Result, Value } from "../values/value.ts";

/** What is set aside for one evaluation: values of variables, loop variables, and the cost so far. */
export class Frame {
  cost = 0;
  readonly limit: number;
  /** Loop variables, by the slot that the plan gave them. `undefined`: not worked out yet. */
  readonly slots: (Result | undefined)[];
  /** Values of the environment's variables, by their number in the plan; read at most once each. */
  readonly variables: (Result | undefined)[];
  readonly read: (name: string) => Result;
  readonly signal: AbortSignal | undefined;
  #steps = 0;

  constructor(options: {
    readonly limit: number;
    readonly slots: number;
    readonly variables: number;
    readonly read: (name: string) => Result;
    readonly signal: AbortSignal | undefined;
  }) {
    this.limit = options.limit;
    this.slots = new Array<Result | undefined>(options.slots);
    this.variables = new Array<Result | undefined>(options.variables);
    this.read = options.read;
    this.signal = options.signal;
  }

  /** Adds to the cost; ends the evaluation once that exceeds the limit. */
  charge(cost: number): void {
    this.cost += cost;
    if (this.cost > this.limit) {
      throw new Halt(new CelError("operation cancelled: actual cost limit exceeded", "cost"));
    }
  }

  /** Called once a turn of a loop: looks at the signal every 100 turns, as upstream's interrupt check does. */
  turn(): void {
    this.#steps++;
    if (this.#steps % 100 === 0 && this.signal?.aborted === true) {
      throw new Halt(new CelError("operation interrupted", "cancelled"));
    }
  }
}

/** A part of an expression, ready to run. Errors are answers; only `Halt` is thrown. */
export type Evaluate = (frame: Frame) => Result;

/** A planned part of an expression. */
export interface Step {
  readonly evaluate: Evaluate;
  /** The value where it is the same in every evaluation. */
  readonly constant?: { readonly value: Exclude<Result, CelError> };
  /**
   * A variable or a path from one: `resolve` is its evaluation without the cost of the path's start, which is charged
   * once for a whole path (`cost`: 1, or 0 where the path starts at a conditional).
   */
  readonly path?: { readonly resolve: Evaluate; readonly cost: 0 | 1 };
}

export function constant(value: Value): Step {
  return { evaluate: () => value, constant: { value } };
}

/** For parts that read no variables and cost nothing. */
export const constantFrame: Frame = new Frame({
  limit: Number.POSITIVE_INFINITY,
  slots: 0,
  variables: 0,
  read: () => noSuchOverload,
  signal: undefined,
});
