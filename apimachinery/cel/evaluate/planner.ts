import type { Checked, Reference } from "../check/checker.ts";
import { candidates } from "../check/environment.ts";
import { type CostRule, selectCost } from "../cost/runtime.ts";
import { conversionNames } from "../libraries/conversions.ts";
import { compilePattern } from "../libraries/regexp.ts";
import {
  type CallExpression,
  type ComprehensionExpression,
  type Expression,
  type IdentifierExpression,
  operators,
  type SelectExpression,
} from "../syntax/ast.ts";
import { CelError, noSuchOverload } from "../values/error.ts";
import { ListValue, mapKey, Optional, type Result, Uint, type Value } from "../values/value.ts";
import { planCall } from "./call.ts";
import { planLoop } from "./comprehension.ts";
import { planList, planMap, planStruct } from "./construct.ts";
import { constant, constantFrame, type Evaluate, type Step } from "./frame.ts";
import { present, qualify, qualifyOptional } from "./select.ts";

export interface PlanOptions {
  readonly costs: ReadonlyMap<string, CostRule>;
  readonly container: string;
  /** Makes a value of a declared type: `Object{a: 1}`. */
  makeStruct(name: string, fields: ReadonlyMap<string, Value>): Result;
  /** Work out constant parts once, when planning. They cost nothing then, as upstream's programs have it. */
  readonly fold: boolean;
}

export interface Plan {
  readonly evaluate: Evaluate;
  readonly slots: number;
  /** Names of the variables that the expression reads, in the order of `Frame.variables`. */
  readonly variables: readonly string[];
}

/** Functions whose second argument, the first being the text, is a regular expression. */
const patternFunctions: ReadonlySet<string> = new Set(["matches", "find", "findAll"]);

/** A constant part of the expression is wrong: there is no program. */
export class PlanError extends Error {}

/** Turns a checked expression into nested functions. */
export function plan(checked: Checked, options: PlanOptions): Plan {
  const planner = new Planner(checked, options);
  const step = planner.step(checked.parsed.expression);
  return { evaluate: step.evaluate, slots: planner.slots, variables: planner.variables };
}

export class Planner {
  slots = 0;
  readonly variables: string[] = [];
  readonly options: PlanOptions;
  readonly #checked: Checked;
  /** Slots of the loop variables in scope. */
  readonly #locals: Map<string, number>[] = [];
  /** How to fill the slots of `cel.bind`. */
  readonly #lazy = new Map<number, Evaluate>();

  constructor(checked: Checked, options: PlanOptions) {
    this.#checked = checked;
    this.options = options;
  }

  reference(id: number): Reference | undefined {
    return this.#checked.references.get(id);
  }

  step(e: Expression): Step {
    switch (e.kind) {
      case "literal":
        return constant(e.value);
      case "identifier":
        return this.#identifier(e);
      case "select":
        return this.#select(e);
      case "call":
        return this.#call(e);
      case "list":
        return planList(this, e);
      case "map":
        return planMap(this, e);
      case "struct":
        return planStruct(this, e);
      case "comprehension":
        return planLoop(this, e);
    }
  }

  /** Plans within a scope of loop variables, each with a slot of its own. */
  within<T>(names: readonly string[], inner: (slots: readonly number[]) => T): T {
    const slots = names.map(() => this.slots++);
    this.#locals.push(new Map(names.map((name, index) => [name, slots[index]!])));
    const result = inner(slots);
    this.#locals.pop();
    return result;
  }

  #identifier(e: IdentifierExpression): Step {
    const reference = this.reference(e.id);
    if (reference !== undefined) return this.#referred(reference);
    return this.#local(e.name) ?? this.#unknown(e.name);
  }

  #unknown(name: string): Step {
    const spelled = candidates(this.options.container, name).join(", ");
    const error = new CelError(`undeclared reference to '${spelled}' (in container '${this.options.container}')`);
    return path(() => error);
  }

  #local(name: string): Step | undefined {
    for (let scope = this.#locals.length - 1; scope >= 0; scope--) {
      const slot = this.#locals[scope]!.get(name);
      if (slot === undefined) continue;
      const initial = this.#lazy.get(slot);
      if (initial === undefined) return path((frame) => frame.slots[slot]!);
      return path((frame) => {
        const known = frame.slots[slot];
        if (known !== undefined) return known;
        const value = initial(frame);
        frame.slots[slot] = value;
        return value;
      });
    }
    return undefined;
  }

  /** Plans what reads a slot that is filled when first read. */
  lazily<T>(slot: number, initial: Evaluate, inner: () => T): T {
    this.#lazy.set(slot, initial);
    return inner();
  }

  #referred(reference: Reference): Step {
    if (reference.kind === "type") return constant(reference.type);
    if (reference.kind === "local") return this.#local(reference.name) ?? this.#unknown(reference.name);
    if (reference.kind !== "variable") throw new PlanError(`unexpected reference ${reference.kind}`);
    const { name } = reference;
    let number = this.variables.indexOf(name);
    if (number < 0) number = this.variables.push(name) - 1;
    return path((frame) => {
      const known = frame.variables[number];
      if (known !== undefined) return known;
      const value = frame.read(name);
      frame.variables[number] = value;
      return value;
    });
  }

  #select(e: SelectExpression): Step {
    const reference = this.reference(e.id);
    if (reference !== undefined) return this.#referred(reference);
    const operand = this.step(e.operand);
    const from = operand.path?.resolve ?? operand.evaluate;
    const { field } = e;
    if (e.testOnly) {
      const extra = selectCost + (operand.path?.cost ?? 1) - 1;
      return {
        evaluate: (frame) => {
          const value = from(frame);
          frame.charge(extra);
          return value instanceof CelError ? value : present(value, field);
        },
      };
    }
    return extend(operand, (frame) => {
      const value = from(frame);
      if (value instanceof CelError) return value;
      const result = qualify(value, field);
      if (result !== Optional.none) frame.charge(selectCost);
      return result;
    });
  }

  #call(e: CallExpression): Step {
    switch (e.function) {
      case operators.and:
      case operators.or:
        return this.#logical(e.args, e.function === operators.or);
      case operators.conditional:
        return this.#conditional(e.args);
      case operators.index:
      case operators.optionalIndex:
      case operators.optionalSelect:
        return this.#index(e);
      case operators.notStrictlyFalse: {
        const { evaluate } = this.step(e.args[0]!);
        return {
          evaluate: (frame) => {
            const value = evaluate(frame);
            frame.charge(1);
            return value !== false;
          },
        };
      }
    }
    const reference = this.reference(e.id);
    if (reference?.kind === "function" && reference.overloads.length === 1) {
      const { id } = reference.overloads[0]!;
      if (id === "optional_or_optional" || id === "optional_orValue_value") return this.#otherwise(e, id);
    }
    return this.#foldCall(e, planCall(this, e));
  }

  /** `optional.or(other)` and `optional.orValue(other)`: the other is looked at only where there is nothing. */
  #otherwise(e: CallExpression, id: string): Step {
    const first = this.step(e.target!).evaluate;
    const second = this.step(e.args[0]!).evaluate;
    return {
      evaluate: (frame) => {
        const optional = first(frame);
        if (!(optional instanceof Optional)) return optional instanceof CelError ? optional : noSuchOverload;
        if (optional.value !== undefined) return id === "optional_or_optional" ? optional : optional.value;
        return second(frame);
      },
    };
  }

  /** Conversions of constants, and membership in constant lists, are worked out ahead. */
  #foldCall(e: CallExpression, { step, args, overload }: ReturnType<typeof planCall>): Step {
    if (!this.options.fold) return step;
    const pattern = patternFunctions.has(e.function) ? args[1]?.constant?.value : undefined;
    if (typeof pattern === "string") {
      const compiled = compilePattern(pattern);
      if (compiled instanceof CelError) throw new PlanError(compiled.message);
    }
    if (
      e.target === undefined &&
      args.length === 1 &&
      conversionNames.has(e.function) &&
      args[0]!.constant !== undefined
    ) {
      const value = step.evaluate(constantFrame);
      if (value instanceof CelError) throw new PlanError(value.message);
      return constant(value);
    }
    const list = overload === "in_list" ? args[1]?.constant?.value : undefined;
    if (!(list instanceof ListValue)) return step;
    if (list.size() === 0) return constant(false);
    const members = new Set<string | boolean | bigint | number>();
    for (let index = 0; index < list.size(); index++) {
      const item = list.at(index);
      if (typeof item === "object" && !(item instanceof Uint)) return step;
      const key = mapKey(item) ?? (typeof item === "number" ? item : undefined);
      if (key !== undefined) members.add(key);
    }
    const { evaluate } = args[0]!;
    return {
      evaluate: (frame) => {
        const item = evaluate(frame);
        if (item instanceof CelError) return item;
        const key = mapKey(item) ?? item;
        return members.has(key as string);
      },
    };
  }

  /** The first term that decides wins, whatever errors stand before it. */
  #logical(terms: readonly Expression[], decisive: boolean): Step {
    const steps = terms.map((term) => this.step(term).evaluate);
    return {
      evaluate: (frame) => {
        let error: CelError | undefined;
        for (const step of steps) {
          const value = step(frame);
          if (value === decisive) return decisive;
          if (value !== !decisive) error ??= value instanceof CelError ? value : noSuchOverload;
        }
        return error ?? !decisive;
      },
    };
  }

  /** A conditional costs nothing itself; what it picks is charged as the rest of a path is. */
  #conditional([condition, yes, no]: readonly Expression[]): Step {
    const test = this.step(condition!).evaluate;
    const [whenTrue, whenFalse] = [this.step(yes!), this.step(no!)].map(
      (step) => step.path?.resolve ?? step.evaluate,
    ) as [Evaluate, Evaluate];
    const resolve: Evaluate = (frame) => {
      const value = test(frame);
      if (value === true) return whenTrue(frame);
      if (value === false) return whenFalse(frame);
      return value instanceof CelError ? value : noSuchOverload;
    };
    return { evaluate: resolve, path: { resolve, cost: 0 } };
  }

  #index(e: CallExpression): Step {
    const operand = this.step(e.args[0]!);
    const index = this.step(e.args[1]!);
    const from = operand.path?.resolve ?? operand.evaluate;
    const key = index.path?.resolve ?? index.evaluate;
    const apply = e.function === operators.index ? qualify : qualifyOptional;
    return extend(operand, (frame) => {
      const value = from(frame);
      if (value instanceof CelError) return value;
      if (value === Optional.none) return value;
      const at = key(frame);
      if (at instanceof CelError) return at;
      const result = apply(value, at);
      if (result !== Optional.none) frame.charge(selectCost);
      return result;
    });
  }

  isBind({ range, condition }: ComprehensionExpression): boolean {
    return (
      range.kind === "list" && range.items.length === 0 && condition.kind === "literal" && condition.value === false
    );
  }
}

/** A path's start: a variable. */
function path(resolve: Evaluate): Step {
  return {
    evaluate: (frame) => {
      frame.charge(selectCost);
      return resolve(frame);
    },
    path: { resolve, cost: 1 },
  };
}

/** One step further along a path; on anything else, a path starts here and is charged as such. */
function extend(operand: Step, resolve: Evaluate): Step {
  const cost = operand.path?.cost ?? 1;
  if (cost === 0) return { evaluate: resolve, path: { resolve, cost } };
  return {
    evaluate: (frame) => {
      frame.charge(cost);
      return resolve(frame);
    },
    path: { resolve, cost },
  };
}
