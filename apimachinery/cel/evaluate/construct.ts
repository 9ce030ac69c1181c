import { listCost, mapCost, structCost } from "../cost/runtime.ts";
import type { ListExpression, MapExpression, StructExpression } from "../syntax/ast.ts";
import { CelError } from "../values/error.ts";
import { typeOf } from "../values/kind.ts";
import { ArrayList, LiteralMap, Optional, type Result, type Value } from "../values/value.ts";
import { constant, constantFrame, type Evaluate, type Step } from "./frame.ts";
import type { Planner } from "./planner.ts";

export function planList(planner: Planner, { items, optional }: ListExpression): Step {
  const steps = items.map((item) => planner.step(item));
  if (planner.options.fold && optional.size === 0 && steps.every(({ constant }) => constant !== undefined)) {
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
          return new CelError(`cannot initialize optional list element from non-optional value ${typeOf(value).name}`);
        } else if (value.value !== undefined) values.push(value.value);
      }
      frame.charge(listCost);
      return new ArrayList(values);
    },
  };
}

export function planMap(planner: Planner, { entries }: MapExpression): Step {
  const steps = entries.map(({ key, value, optional }) => ({
    key: planner.step(key),
    value: planner.step(value),
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
  const fixed =
    planner.options.fold && steps.every(({ key, value, optional }) => !optional && key.constant && value.constant);
  if (!fixed) return { evaluate };
  const value = evaluate(constantFrame);
  return value instanceof CelError ? { evaluate: () => value } : constant(value);
}

export function planStruct(planner: Planner, e: StructExpression): Step {
  const reference = planner.reference(e.id);
  const name = reference?.kind === "struct" ? reference.name : e.typeName;
  const steps = e.fields.map(({ name: field, value, optional }) => ({
    field,
    optional,
    evaluate: planner.step(value).evaluate,
  }));
  const { makeStruct } = planner.options;
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

function invalidOptional(field: Value, value: Value): CelError {
  return new CelError(
    `cannot initialize optional entry '${String(field)}' from non-optional value ${typeOf(value).name}`,
  );
}
