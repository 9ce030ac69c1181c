import { type FunctionDeclaration, globalFunction, memberFunction, type Overload } from "../check/function.ts";
import { operators } from "../syntax/ast.ts";
import { standardMacros } from "../syntax/macros.ts";
import {
  anyList,
  anyMap,
  boolType,
  bytesType,
  type CelType,
  doubleType,
  durationType,
  intType,
  listType,
  mapType,
  nullType,
  stringType,
  timestampType,
  typeParameter,
  typeType,
  uintType,
} from "../types/type.ts";
import { compare, equal } from "../values/equal.ts";
import { CelError, noSuchOverload } from "../values/error.ts";
import { add, divide, modulo, multiply, negate, subtract } from "../values/numbers.ts";
import { codePointLength } from "../values/text.ts";
import { ListValue, MapValue, type Result, type Value } from "../values/value.ts";
import { conversions } from "./conversions.ts";
import type { Library } from "./library.ts";
import { compilePattern } from "./regexp.ts";
import { timeFunctions } from "./time.ts";

const a = typeParameter("A");
const b = typeParameter("B");
const listOfA = listType(a);
const mapOfAB = mapType(a, b);

/** An operator: overloads as `[id, parameters, result]`, one implementation that looks at its arguments. */
function operator(
  name: string,
  call: (args: readonly Value[]) => Result,
  ...signatures: readonly (readonly [id: string, parameters: readonly CelType[], result: CelType])[]
): FunctionDeclaration {
  const overloads: Overload[] = signatures.map(([id, parameters, result]) => ({
    id,
    member: false,
    parameters,
    result,
  }));
  return { name, overloads, call };
}

const numbers = { int64: intType, uint64: uintType, double: doubleType } as const;

function arithmetic(_name: string, verb: string, kinds: readonly (keyof typeof numbers)[]) {
  return kinds.map((kind) => [`${verb}_${kind}`, [numbers[kind], numbers[kind]], numbers[kind]] as const);
}

const [T, D] = [timestampType, durationType];
const all = ["int64", "uint64", "double"] as const;

const arithmeticOperators: readonly FunctionDeclaration[] = [
  operator(
    operators.add,
    ([x, y]) => add(x!, y!),
    ["add_bytes", [bytesType, bytesType], bytesType],
    ["add_double", [doubleType, doubleType], doubleType],
    ["add_duration_duration", [D, D], D],
    ["add_duration_timestamp", [D, T], T],
    ["add_timestamp_duration", [T, D], T],
    ["add_int64", [intType, intType], intType],
    ["add_list", [listOfA, listOfA], listOfA],
    ["add_string", [stringType, stringType], stringType],
    ["add_uint64", [uintType, uintType], uintType],
  ),
  operator(
    operators.subtract,
    ([x, y]) => subtract(x!, y!),
    ...arithmetic(operators.subtract, "subtract", all),
    ["subtract_duration_duration", [D, D], D],
    ["subtract_timestamp_duration", [T, D], T],
    ["subtract_timestamp_timestamp", [T, T], D],
  ),
  operator(operators.multiply, ([x, y]) => multiply(x!, y!), ...arithmetic(operators.multiply, "multiply", all)),
  operator(operators.divide, ([x, y]) => divide(x!, y!), ...arithmetic(operators.divide, "divide", all)),
  operator(
    operators.modulo,
    ([x, y]) => modulo(x!, y!),
    ...arithmetic(operators.modulo, "modulo", ["int64", "uint64"]),
  ),
  operator(
    operators.negate,
    ([x]) => negate(x!),
    ["negate_double", [doubleType], doubleType],
    ["negate_int64", [intType], intType],
  ),
];

function comparison(name: string, verb: string, holds: (order: number) => boolean): FunctionDeclaration {
  const same: Record<string, CelType> = {
    bool: boolType,
    int64: intType,
    uint64: uintType,
    double: doubleType,
    string: stringType,
    bytes: bytesType,
    timestamp: timestampType,
    duration: durationType,
  };
  const mixed = all.flatMap((left) =>
    all
      .filter((right) => right !== left)
      .map((right) => [`${verb}_${left}_${right}`, numbers[left], numbers[right]] as const),
  );
  return operator(
    name,
    ([x, y]) => {
      const order = compare(x!, y!);
      return order instanceof CelError ? order : order !== undefined && holds(order);
    },
    ...Object.entries(same).map(([kind, type]) => [`${verb}_${kind}`, [type, type], boolType] as const),
    ...mixed.map(([id, left, right]) => [id, [left, right], boolType] as const),
  );
}

const comparisons: readonly FunctionDeclaration[] = [
  comparison(operators.less, "less", (order) => order < 0),
  comparison(operators.lessEquals, "less_equals", (order) => order <= 0),
  comparison(operators.greater, "greater", (order) => order > 0),
  comparison(operators.greaterEquals, "greater_equals", (order) => order >= 0),
  operator(operators.equals, ([x, y]) => equal(x!, y!), ["equals", [a, a], boolType]),
  operator(operators.notEquals, ([x, y]) => !equal(x!, y!), ["not_equals", [a, a], boolType]),
];

export function contains(container: Value, item: Value): Result {
  if (container instanceof MapValue) return container.has(item);
  if (!(container instanceof ListValue)) return noSuchOverload;
  const size = container.size();
  for (let index = 0; index < size; index++) {
    const candidate = container.at(index);
    if (!(candidate instanceof CelError) && equal(candidate, item)) return true;
  }
  return false;
}

export function sizeOf(value: Value): Result {
  if (typeof value === "string") return BigInt(codePointLength(value));
  if (value instanceof ListValue || value instanceof MapValue) return BigInt(value.size());
  return value instanceof Uint8Array ? BigInt(value.length) : noSuchOverload;
}

/** The evaluator knows these itself (they need not look at all arguments); the checker needs their types. */
const logic: readonly FunctionDeclaration[] = [
  operator(operators.conditional, () => noSuchOverload, ["conditional", [boolType, a, a], a]),
  operator(operators.and, () => noSuchOverload, ["logical_and", [boolType, boolType], boolType]),
  operator(operators.or, () => noSuchOverload, ["logical_or", [boolType, boolType], boolType]),
  operator(operators.notStrictlyFalse, () => noSuchOverload, ["not_strictly_false", [boolType], boolType]),
  operator(
    operators.index,
    () => noSuchOverload,
    ["index_list", [listOfA, intType], a],
    ["index_map", [mapOfAB, a], b],
  ),
  operator(operators.not, ([x]) => (typeof x === "boolean" ? !x : noSuchOverload), [
    "logical_not",
    [boolType],
    boolType,
  ]),
  operator(
    operators.in,
    ([item, container]) => contains(container!, item!),
    ["in_list", [a, listOfA], boolType],
    ["in_map", [a, mapOfAB], boolType],
  ),
];

const sizes: readonly (readonly [string, CelType])[] = [
  ["bytes", bytesType],
  ["list", listOfA],
  ["map", mapOfAB],
  ["string", stringType],
];

const size: FunctionDeclaration = {
  name: "size",
  overloads: sizes.flatMap(([kind, type]) => [
    { id: `size_${kind}`, member: false, parameters: [type], result: intType },
    { id: `${kind}_size`, member: true, parameters: [type], result: intType },
  ]),
  call: ([value]) => sizeOf(value!),
};

function matches([text, pattern]: readonly Value[]): Result {
  const compiled = compilePattern(pattern as string);
  return compiled instanceof CelError ? compiled : compiled.matcher(text as string).find();
}

const twoTexts = [stringType, stringType] as const;

const texts: readonly FunctionDeclaration[] = [
  memberFunction("contains", ["contains_string", twoTexts, boolType, ([x, y]) => (x as string).includes(y as string)]),
  memberFunction("endsWith", ["ends_with_string", twoTexts, boolType, ([x, y]) => (x as string).endsWith(y as string)]),
  memberFunction("startsWith", [
    "starts_with_string",
    twoTexts,
    boolType,
    ([x, y]) => (x as string).startsWith(y as string),
  ]),
  globalFunction("matches", ["matches", twoTexts, boolType, matches]),
  memberFunction("matches", ["matches_string", twoTexts, boolType, matches]),
];

export const standardTypes: ReadonlyMap<string, CelType> = new Map([
  ["bool", boolType],
  ["bytes", bytesType],
  ["double", doubleType],
  ["google.protobuf.Duration", durationType],
  ["google.protobuf.Timestamp", timestampType],
  ["int", intType],
  ["list", anyList],
  ["map", anyMap],
  ["null_type", nullType],
  ["string", stringType],
  ["type", typeType],
  ["uint", uintType],
]);

/** The language's own operators, functions, macros and types. */
export const standardLibrary: Library = {
  name: "stdlib",
  functions: [...logic, ...arithmeticOperators, ...comparisons, size, ...texts, ...conversions, ...timeFunctions],
  macros: standardMacros,
  types: standardTypes,
};
