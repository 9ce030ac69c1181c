import { qualifiedName } from "../check/checker.ts";
import { candidates } from "../check/environment.ts";
import type { FunctionDeclaration, Overload } from "../check/function.ts";
import { type CallCost, costOfCall } from "../cost/runtime.ts";
import type { CallExpression } from "../syntax/ast.ts";
import { CelError } from "../values/error.ts";
import { isOfType, typeOf } from "../values/kind.ts";
import type { Result, Value } from "../values/value.ts";
import type { Evaluate, Frame, Step } from "./frame.ts";
import type { Planner } from "./planner.ts";

interface PlannedCall {
  readonly step: Step;
  readonly args: readonly Step[];
  /** The one overload that the checker found; empty where the arguments decide. */
  readonly overload: string;
}

/** A call of a function that wants all its arguments and no errors among them. */
export function planCall(planner: Planner, e: CallExpression): PlannedCall {
  const reference = planner.reference(e.id);
  if (reference?.kind !== "function") {
    const prefix = e.target === undefined ? undefined : qualifiedName(e.target);
    const name = prefix === undefined ? e.function : `${prefix}.${e.function}`;
    const spelled = candidates(planner.options.container, name).at(-1)!;
    const error = new CelError(`no such overload: ${spelled}`);
    return { step: { evaluate: () => error }, args: [], overload: "" };
  }
  const { function: declaration, overloads, namespaced } = reference;
  const expressions = e.target === undefined || namespaced ? e.args : [e.target, ...e.args];
  const args = expressions.map((argument) => planner.step(argument));
  const overload = overloads.length === 1 ? overloads[0]!.id : "";
  const cost = costOfCall(declaration.name, overload, planner.options.costs);
  const call = implementation(declaration, overloads);
  return { step: { evaluate: invoke(args, call, cost) }, args, overload };
}

type Implementation = (args: readonly Value[]) => Result;

function implementation(declaration: FunctionDeclaration, overloads: readonly Overload[]): Implementation {
  if (declaration.call !== undefined) return declaration.call;
  const [only] = overloads;
  if (overloads.length === 1 && only?.call !== undefined) {
    const { call, parameters } = only;
    return (args) => (fits(args, parameters) ? call(args) : noOverload(declaration.name, args));
  }
  return (args) => {
    for (const { call, parameters } of overloads) {
      if (call !== undefined && fits(args, parameters)) return call(args);
    }
    return noOverload(declaration.name, args);
  };
}

function fits(args: readonly Value[], parameters: Overload["parameters"]): boolean {
  if (args.length !== parameters.length) return false;
  for (let index = 0; index < args.length; index++) {
    if (!isOfType(args[index]!, parameters[index]!)) return false;
  }
  return true;
}

function noOverload(name: string, args: readonly Value[]): CelError {
  return new CelError(`no such overload: ${name}(${args.map((value) => typeOf(value).name).join(", ")})`);
}

function invoke(steps: readonly Step[], call: Implementation, cost: CallCost | number): Evaluate {
  const [first, second] = steps.map(({ evaluate }) => evaluate);
  if (first === undefined) return (frame) => charged(frame, call([]), [], cost);
  if (second === undefined) {
    return (frame) => {
      const value = first(frame);
      return charged(frame, value instanceof CelError ? value : call([value]), [value], cost);
    };
  }
  if (steps.length === 2) {
    return (frame) => {
      const left = first(frame);
      const right = second(frame);
      const args = [left, right];
      if (left instanceof CelError) return charged(frame, left, args, cost);
      return charged(frame, right instanceof CelError ? right : call(args as Value[]), args, cost);
    };
  }
  const all = steps.map(({ evaluate }) => evaluate);
  return (frame) => {
    const args: Value[] = [];
    for (const evaluate of all) {
      const value = evaluate(frame);
      if (value instanceof CelError) return value;
      args.push(value);
    }
    return charged(frame, call(args), args, cost);
  };
}

function charged(frame: Frame, result: Result, args: readonly Result[], cost: CallCost | number): Result {
  frame.charge(typeof cost === "number" ? cost : cost(args, result));
  return result;
}
