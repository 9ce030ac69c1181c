import type { Checked, Reference } from "../check/checker.ts";
import { candidates } from "../check/environment.ts";
import { type CostRule, listCost, mapCost, selectCost, structCost } from "../cost/runtime.ts";
import { conversionNames } from "../libraries/conversions.ts";
import {
  type CallExpression,
  type ComprehensionExpression,
  type Expression,
  type IdentifierExpression,
  type ListExpression,
  type MapExpression,
  operators,
  type SelectExpression,
  type StructExpression,
} from "../syntax/ast.ts";
import { CelError, noSuchOverload } from "../values/error.ts";
import { typeOf } from "../values/kind.ts";
import { ArrayList, ListValue, LiteralMap, mapKey, Optional, type Result, Uint, type Value } from "../values/value.ts";
import { planCall } from "./call.ts";
import { planLoop } from "./comprehension.ts";
import { type Evaluate, Frame, type Step } from "./frame.ts";
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
        return this.#list(e);
      case "map":
        return this.#map(e);
      case "struct":
        return this.#struct(e);
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

  #list({ items, optional }: ListExpression): Step {
    const steps = items.map((item) => this.step(item));
    if (this.options.fold && optional.size === 0 && steps.every(({ constant }) => constant !== undefined)) {
      return constant(new ArrayList(steps.map((step) => step.constant!.value)));
    }
    return {
      evaluate: (frame) => {
        const values: Value[] = [];
        for (const [index, { evaluate }] of steps.entries()) {
          const value = evaluate(frame);
          if (value instanceof CelError) return value;
          if (!optional.has(index)) values.push(value);
          else if (!(value instanceof Optional)) {
            return new CelError(
              `cannot initialize optional list element from non-optional value ${typeOf(value).name}`,
            );
          } else if (value.value !== undefined) values.push(value.value);
        }
        frame.charge(listCost);
        return new ArrayList(values);
      },
    };
  }

  #map({ entries }: MapExpression): Step {
    const steps = entries.map(({ key, value, optional }) => ({
      key: this.step(key),
      value: this.step(value),
      optional,
    }));
    const evaluate: Evaluate = (frame) => {
      const map = new LiteralMap();
      for (const { key: keyStep, value: valueStep, optional } of steps) {
        const key = keyStep.evaluate(frame);
        if (key instanceof CelError) return key;
        let value: Result | undefined = valueStep.evaluate(frame);
        if (value instanceof CelError) return value;
        if (optional) {
          if (!(value instanceof Optional)) return invalidOptional(key, value);
          value = value.value;
          if (value === undefined) continue;
        }
        if (!map.set(key, value)) {
          return map.has(key)
            ? new CelError(`Failed with repeated key ${String(key)}`)
            : new CelError("unsupported key type");
        }
      }
      frame.charge(mapCost);
      return map;
    };
    const fixed = this.options.fold && steps.every(({ key, value, optional }) => !optional && key.constant && value.constant);
    if (!fixed) return { evaluate };
    const value = evaluate(constantFrame);
    return value instanceof CelError ? { evaluate: () => value } : constant(value);
  }

  #struct(e: StructExpression): Step {
    const reference = this.reference(e.id);
    const name = reference?.kind === "struct" ? reference.name : e.typeName;
    const steps = e.fields.map(({ name: field, value, optional }) => ({
      field,
      optional,
      evaluate: this.step(value).evaluate,
    }));
    const { makeStruct } = this.options;
    return {
      evaluate: (frame) => {
        const fields = new Map<string, Value>();
        for (const { field, optional, evaluate } of steps) {
          let value: Result | undefined = evaluate(frame);
          if (value instanceof CelError) return value;
          if (optional) {
            if (!(value instanceof Optional)) return invalidOptional(field, value);
            value = value.value;
            if (value === undefined) continue;
          }
          fields.set(field, value);
        }
        frame.charge(structCost);
        return makeStruct(name, fields);
      },
    };
  }

  isBind({ range, condition }: ComprehensionExpression): boolean {
    return (
      range.kind === "list" && range.items.length === 0 && condition.kind === "literal" && condition.value === false
    );
  }
}

function invalidOptional(field: Value, value: Value): CelError {
  return new CelError(
    `cannot initialize optional entry '${String(field)}' from non-optional value ${typeOf(value).name}`,
  );
}

export function constant(value: Value): Step {
  return { evaluate: () => value, constant: { value } };
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

/** For parts that read no variables and cost nothing. */
const constantFrame = new Frame({
  limit: Number.POSITIVE_INFINITY,
  slots: 0,
  variables: 0,
  read: () => noSuchOverload,
  signal: undefined,
});
