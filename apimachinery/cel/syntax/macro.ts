import { accumulatorName, type ComprehensionExpression, type Expression, type Literal, operators } from "./ast.ts";

/** Where a macro gets ids for the expressions it makes; they stand where the macro's call stands. */
export interface MacroContext {
  newId(): number;
}

/** The macro was called with arguments it cannot take. `id` is the expression at fault. */
export class MacroError {
  readonly id: number;
  readonly message: string;

  constructor(id: number, message: string) {
    this.id = id;
    this.message = message;
  }
}

/** Rewrites a call; `undefined` leaves it a call. */
export type Macro = (
  context: MacroContext,
  target: Expression | undefined,
  args: readonly Expression[],
) => Expression | MacroError | undefined;

export type MacroTable = ReadonlyMap<string, Macro>;

export function macroKey(name: string, args: number, receiver: boolean): string {
  return `${name}:${args}:${receiver}`;
}

/** Makes expressions for macros. */
export class Maker {
  readonly #context: MacroContext;

  constructor(context: MacroContext) {
    this.#context = context;
  }

  literal(value: Literal): Expression {
    return { kind: "literal", id: this.#context.newId(), value };
  }

  identifier(name: string): Expression {
    return { kind: "identifier", id: this.#context.newId(), name };
  }

  accumulator(): Expression {
    return this.identifier(accumulatorName);
  }

  call(name: string, ...args: Expression[]): Expression {
    return { kind: "call", id: this.#context.newId(), function: name, target: undefined, args };
  }

  member(name: string, target: Expression, ...args: Expression[]): Expression {
    return { kind: "call", id: this.#context.newId(), function: name, target, args };
  }

  list(...items: Expression[]): Expression {
    return { kind: "list", id: this.#context.newId(), items, optional: new Set() };
  }

  map(): Expression {
    return { kind: "map", id: this.#context.newId(), entries: [] };
  }

  comprehension(parts: Omit<ComprehensionExpression, "kind" | "id">): Expression {
    return { kind: "comprehension", id: this.#context.newId(), ...parts };
  }
}

/** The loop variables that a macro's first arguments name. */
export interface LoopVariables {
  readonly variable: string;
  readonly variable2: string | undefined;
}

export function loopVariables(
  args: readonly Expression[],
  count: 1 | 2,
  complaint: string,
): LoopVariables | MacroError {
  const names: string[] = [];
  for (const argument of args.slice(0, count)) {
    if (argument.kind !== "identifier") return new MacroError(argument.id, complaint);
    names.push(argument.name);
  }
  if (count === 2 && names[0] === names[1]) {
    return new MacroError(args[1]!.id, `duplicate variable name: ${names[0]}`);
  }
  for (const [index, name] of names.entries()) {
    if (name === accumulatorName || name === "__result__") {
      return new MacroError(args[index]!.id, "iteration variable overwrites accumulator variable");
    }
  }
  return { variable: names[0]!, variable2: names[1] };
}

/** `x.all(v, p)`, `x.exists(v, p)`, `x.exists_one(v, p)`, with one variable or two. */
export function quantifier(kind: "all" | "exists" | "existsOne", count: 1 | 2): Macro {
  return (context, target, args) => {
    const variables = loopVariables(args, count, "argument must be a simple name");
    if (variables instanceof MacroError) return variables;
    const make = new Maker(context);
    const predicate = args[count]!;
    const loop = { range: target!, ...variables, accumulator: accumulatorName };
    if (kind === "existsOne") {
      const plusOne = make.call(operators.add, make.accumulator(), make.literal(1n));
      return make.comprehension({
        ...loop,
        initial: make.literal(0n),
        condition: make.literal(true),
        step: make.call(operators.conditional, predicate, plusOne, make.accumulator()),
        result: make.call(operators.equals, make.accumulator(), make.literal(1n)),
      });
    }
    const all = kind === "all";
    const going = all ? make.accumulator() : make.call(operators.not, make.accumulator());
    return make.comprehension({
      ...loop,
      initial: make.literal(all),
      condition: make.call(operators.notStrictlyFalse, going),
      step: make.call(all ? operators.and : operators.or, make.accumulator(), predicate),
      result: make.accumulator(),
    });
  };
}

/** A loop that adds to its accumulator where the filter, if there is one, holds. */
export function collector(
  count: 1 | 2,
  complaint: string,
  parts: (
    make: Maker,
    args: readonly Expression[],
    variables: LoopVariables,
  ) => { initial: Expression; step: Expression; filter: Expression | undefined },
): Macro {
  return (context, target, args) => {
    const variables = loopVariables(args, count, complaint);
    if (variables instanceof MacroError) return variables;
    const make = new Maker(context);
    const { initial, step, filter } = parts(make, args, variables);
    return make.comprehension({
      range: target!,
      ...variables,
      accumulator: accumulatorName,
      initial,
      condition: make.literal(true),
      step: filter === undefined ? step : make.call(operators.conditional, filter, step, make.accumulator()),
      result: make.accumulator(),
    });
  };
}
