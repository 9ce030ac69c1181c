import { operators } from "./ast.ts";
import { collector, type Macro, MacroError, Maker, macroKey, quantifier } from "./macro.ts";

const has: Macro = (context, _target, [argument]) => {
  if (argument?.kind !== "select") return new MacroError(argument!.id, "invalid argument to has() macro");
  return { kind: "select", id: context.newId(), operand: argument.operand, field: argument.field, testOnly: true };
};

const map = collector(1, "argument is not an identifier", (make, args) => ({
  initial: make.list(),
  filter: args.length === 3 ? args[1] : undefined,
  step: make.call(operators.add, make.accumulator(), make.list(args.at(-1)!)),
}));

const filter = collector(1, "argument is not an identifier", (make, args) => ({
  initial: make.list(),
  filter: args[1],
  step: make.call(operators.add, make.accumulator(), make.list(args[0]!)),
}));

/** The macros of the language itself. */
export const standardMacros: ReadonlyMap<string, Macro> = new Map([
  [macroKey("has", 1, false), has],
  [macroKey("all", 2, true), quantifier("all", 1)],
  [macroKey("exists", 2, true), quantifier("exists", 1)],
  [macroKey("exists_one", 2, true), quantifier("existsOne", 1)],
  [macroKey("existsOne", 2, true), quantifier("existsOne", 1)],
  [macroKey("map", 2, true), map],
  [macroKey("map", 3, true), map],
  [macroKey("filter", 2, true), filter],
]);

const simpleName = "argument must be a simple name";
const last = 3;

const transformList = collector(2, simpleName, (make, args) => ({
  initial: make.list(),
  filter: args.length > last ? args[2] : undefined,
  step: make.call(operators.add, make.accumulator(), make.list(args.at(-1)!)),
}));

/** Puts an entry, or all entries of a map, into the map under construction; an error where the key is there. */
export const mapInsert = "cel.@mapInsert";

const transformMap = collector(2, simpleName, (make, args, { variable }) => ({
  initial: make.map(),
  filter: args.length > last ? args[2] : undefined,
  step: make.call(mapInsert, make.accumulator(), make.identifier(variable), args.at(-1)!),
}));

const transformMapEntry = collector(2, simpleName, (make, args) => ({
  initial: make.map(),
  filter: args.length > last ? args[2] : undefined,
  step: make.call(mapInsert, make.accumulator(), args.at(-1)!),
}));

/** `x.all(i, v, p)` and the like. */
export const twoVariableMacros: ReadonlyMap<string, Macro> = new Map([
  [macroKey("all", 3, true), quantifier("all", 2)],
  [macroKey("exists", 3, true), quantifier("exists", 2)],
  [macroKey("exists_one", 3, true), quantifier("existsOne", 2)],
  [macroKey("existsOne", 3, true), quantifier("existsOne", 2)],
  [macroKey("transformList", 3, true), transformList],
  [macroKey("transformList", 4, true), transformList],
  [macroKey("transformMap", 3, true), transformMap],
  [macroKey("transformMap", 4, true), transformMap],
  [macroKey("transformMapEntry", 3, true), transformMapEntry],
  [macroKey("transformMapEntry", 4, true), transformMapEntry],
]);

/** The loop variable of a `cel.bind`, whose range is empty. */
export const unusedVariable = "#unused";

function optionalMap(name: string, wrap: boolean): Macro {
  return (context, target, [variable, body]) => {
    if (variable?.kind !== "identifier") {
      return new MacroError(variable!.id, `${name}() variable name must be a simple identifier`);
    }
    const make = new Maker(context);
    const bound = make.comprehension({
      range: make.list(),
      variable: unusedVariable,
      variable2: undefined,
      accumulator: variable.name,
      initial: make.member("value", target!),
      condition: make.literal(false),
      step: make.identifier(variable.name),
      result: body!,
    });
    const present = wrap ? make.call("optional.of", bound) : bound;
    return make.call(operators.conditional, make.member("hasValue", target!), present, make.call("optional.none"));
  };
}

export const optionalMacros: ReadonlyMap<string, Macro> = new Map([
  [macroKey("optMap", 2, true), optionalMap("optMap", true)],
  [macroKey("optFlatMap", 2, true), optionalMap("optFlatMap", false)],
]);

const bind: Macro = (context, target, [variable, initial, body]) => {
  if (target?.kind !== "identifier" || target.name !== "cel") return undefined;
  if (variable?.kind !== "identifier") {
    return new MacroError(variable!.id, "cel.bind() variable names must be simple identifiers");
  }
  const make = new Maker(context);
  return make.comprehension({
    range: make.list(),
    variable: unusedVariable,
    variable2: undefined,
    accumulator: variable.name,
    initial: initial!,
    condition: make.literal(false),
    step: make.identifier(variable.name),
    result: body!,
  });
};

export const bindMacros: ReadonlyMap<string, Macro> = new Map([[macroKey("bind", 3, true), bind]]);
