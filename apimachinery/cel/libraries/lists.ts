import { type FunctionDeclaration, globalFunction, memberFunction } from "../check/function.ts";
import { accumulatorName, operators } from "../syntax/ast.ts";
import { type Macro, MacroError, Maker, macroKey } from "../syntax/macro.ts";
import { unusedVariable } from "../syntax/macros.ts";
import {
  boolType,
  bytesType,
  type CelType,
  doubleType,
  durationType,
  dynType,
  intType,
  listType,
  stringType,
  timestampType,
  typeParameter,
  uintType,
} from "../types/type.ts";
import { compare, equal } from "../values/equal.ts";
import { CelError, Halt } from "../values/error.ts";
import { typeOf } from "../values/kind.ts";
import { add } from "../values/numbers.ts";
import { ArrayList, Duration, ListValue, type Result, Uint, type Value } from "../values/value.ts";
import type { Library } from "./library.ts";
import { itemsOf } from "./values.ts";

const a = typeParameter("A");
const t = typeParameter("T");
const listT = listType(t);

const comparable: readonly (readonly [name: string, type: CelType])[] = [
  ["int", intType],
  ["uint", uintType],
  ["double", doubleType],
  ["bool", boolType],
  ["duration", durationType],
  ["timestamp", timestampType],
  ["string", stringType],
  ["bytes", bytesType],
];
const summable: readonly (readonly [name: string, type: CelType, zero: Value])[] = [
  ["int", intType, 0n],
  ["uint", uintType, new Uint(0n)],
  ["double", doubleType, 0],
  ["duration", durationType, new Duration(0n)],
];

function isSorted([list]: readonly Value[]): Result {
  const items = itemsOf(list);
  if (items instanceof CelError) return items;
  for (let index = 1; index < items.length; index++) {
    const order = compare(items[index - 1]!, items[index]!);
    if (order instanceof CelError) return order;
    if (order === 1) return false;
  }
  return true;
}

function sum(list: Value, zero: Value): Result {
  const items = itemsOf(list);
  if (items instanceof CelError) return items;
  let total: Result = zero;
  for (const item of items) {
    total = add(total, item);
    // Upstream tells any failure, an overflow too, in these words.
    if (total instanceof CelError) return total;
  }
  return total;
}

function extreme(name: "min" | "max", list: Value): Result {
  const items = itemsOf(list);
  if (items instanceof CelError) return items;
  let best = items[0];
  if (best === undefined) return new CelError(`${name} called on empty list`);
  for (const item of items) {
    const order = compare(best, item);
    if (order instanceof CelError) return order;
    if (order === (name === "min" ? 1 : -1)) best = item;
  }
  return best;
}

function position([list, item]: readonly Value[], last: boolean): Result {
  const items = itemsOf(list);
  if (items instanceof CelError) return items;
  const same = (candidate: Value): boolean => equal(candidate, item!);
  return BigInt(last ? items.findLastIndex(same) : items.findIndex(same));
}

/** Kubernetes' own functions of lists. Upstream: apiserver/pkg/cel/library/lists.go. */
export const kubernetesListsLibrary: Library = {
  name: "kubernetes.lists",
  functions: [
    memberFunction(
      "isSorted",
      ...comparable.map(
        ([name, type]) => [`list_${name}_is_sorted_bool`, [listType(type)], boolType, isSorted] as const,
      ),
    ),
    memberFunction(
      "sum",
      ...summable.map(
        ([name, type, zero]) =>
          [`list_${name}_sum_${name}`, [listType(type)], type, ([list]: readonly Value[]) => sum(list!, zero)] as const,
      ),
    ),
    ...(["max", "min"] as const).map((name) =>
      memberFunction(
        name,
        ...comparable.map(
          ([kind, type]) =>
            [
              `list_${kind}_${name}_${kind}`,
              [listType(type)],
              type,
              ([list]: readonly Value[]) => extreme(name, list!),
            ] as const,
        ),
      ),
    ),
    memberFunction("indexOf", ["list_a_index_of_int", [listType(a), a], intType, (args) => position(args, false)]),
    memberFunction("lastIndexOf", [
      "list_a_last_index_of_int",
      [listType(a), a],
      intType,
      (args) => position(args, true),
    ]),
  ],
};

function slice([list, from, to]: readonly Value[]): Result {
  const items = itemsOf(list);
  if (items instanceof CelError) return items;
  const [start, end] = [from as bigint, to as bigint];
  const call = `cannot slice(${start}, ${end})`;
  if (start < 0n || end < 0n) return new CelError(`${call}, negative indexes not supported`);
  if (start > end) return new CelError(`${call}, start index must be less than or equal to end index`);
  if (BigInt(items.length) < end) return new CelError(`${call}, list is length ${items.length}`);
  return new ArrayList(items.slice(Number(start), Number(end)));
}

function flatten(list: Value, depth: bigint): Value[] | CelError {
  if (depth < 0n) return new CelError("level must be non-negative");
  const items = itemsOf(list);
  if (items instanceof CelError || depth === 0n) return items;
  const flat: Value[] = [];
  for (const item of items) {
    if (!(item instanceof ListValue)) {
      flat.push(item);
      continue;
    }
    const inner = flatten(item, depth - 1n);
    if (inner instanceof CelError) return inner;
    for (const each of inner) flat.push(each);
  }
  return flat;
}

function flattened([list, depth]: readonly Value[]): Result {
  const items = flatten(list!, (depth as bigint | undefined) ?? 1n);
  return items instanceof CelError ? items : new ArrayList(items);
}

/** Items in the order of their keys; items of equal keys keep theirs. */
function sortByKeys([list, by]: readonly Value[]): Result {
  const items = itemsOf(list);
  const keys = itemsOf(by);
  if (items instanceof CelError) return items;
  if (keys instanceof CelError) return keys;
  if (items.length !== keys.length) {
    return new CelError(
      `@sortByAssociatedKeys() expected a list of the same size as the associated keys list, but got ${items.length} and ${keys.length} elements respectively`,
    );
  }
  const [first] = keys;
  if (first === undefined) return list!;
  if (compare(first, first) instanceof CelError) return new CelError("list elements must be comparable");
  const type = typeOf(first);
  if (keys.some((key) => typeOf(key) !== type)) return new CelError("list elements must have the same type");
  const order = items.map((_, index) => index);
  order.sort((x, y) => (compare(keys[x]!, keys[y]!) as number | undefined) ?? 0);
  return new ArrayList(order.map((index) => items[index]!));
}

const maxRange = 1_000_000n;

/** What is beyond the budget of any expression is not made first and charged then. */
function range([count]: readonly Value[]): Result {
  const size = count as bigint;
  if (size > maxRange) throw new Halt(new CelError("operation cancelled: actual cost limit exceeded", "cost"));
  return new ArrayList(Array.from({ length: Math.max(Number(size), 0) }, (_, index) => BigInt(index)));
}

function reversed([list]: readonly Value[]): Result {
  const items = itemsOf(list);
  return items instanceof CelError ? items : new ArrayList(items.reverse());
}

function distinct([list]: readonly Value[]): Result {
  const items = itemsOf(list);
  if (items instanceof CelError) return items;
  const unique: Value[] = [];
  for (const item of items) if (!unique.some((known) => equal(known, item))) unique.push(item);
  return new ArrayList(unique);
}

const sortInput = "@__sortBy_input__";

/** `list.sortBy(e, key)`: binds the list, makes the list of keys, sorts by it. */
const sortBy: Macro = (context, target, [variable, key]) => {
  if (target === undefined || target.kind === "literal" || target.kind === "map" || target.kind === "struct") {
    const message = "sortBy can only be applied to a list, identifier, comprehension, call or select expression";
    return new MacroError(target?.id ?? 0, message);
  }
  if (variable?.kind !== "identifier") return new MacroError(variable!.id, "argument is not an identifier");
  const make = new Maker(context);
  const keys = make.comprehension({
    range: make.identifier(sortInput),
    variable: variable.name,
    variable2: undefined,
    accumulator: accumulatorName,
    initial: make.list(),
    condition: make.literal(true),
    step: make.call(operators.add, make.accumulator(), make.list(key!)),
    result: make.accumulator(),
  });
  return make.comprehension({
    range: make.list(),
    variable: unusedVariable,
    variable2: undefined,
    accumulator: sortInput,
    initial: target,
    condition: make.literal(false),
    step: make.identifier(sortInput),
    result: make.member("@sortByAssociatedKeys", make.identifier(sortInput), keys),
  });
};

/** One implementation for lists of anything: what is in them shows only at run time. */
function anyLists(call: (args: readonly Value[]) => Result): (args: readonly Value[]) => Result {
  return (args) => (args[0] instanceof ListValue ? call(args) : new CelError("no such overload"));
}

const listFunctions: readonly FunctionDeclaration[] = [
  memberFunction("slice", ["list_slice", [listT, intType, intType], listT, slice]),
  {
    ...memberFunction(
      "flatten",
      ["list_flatten", [listType(listT)], listT],
      ["list_flatten_int", [listType(dynType), intType], listType(dynType)],
    ),
    call: anyLists(flattened),
  },
  {
    ...memberFunction(
      "sort",
      ...comparable.map(([, type]) => [`list_${type.name}_sort`, [listType(type)], listType(type)] as const),
    ),
    call: anyLists(([list]) => sortByKeys([list!, list!])),
  },
  {
    ...memberFunction(
      "@sortByAssociatedKeys",
      ...comparable.map(
        ([, type]) => [`list_${type.name}_sortByAssociatedKeys`, [listT, listType(type)], listT] as const,
      ),
    ),
    call: anyLists(sortByKeys),
  },
  globalFunction("lists.range", ["lists_range", [intType], listType(intType), range]),
  memberFunction("reverse", ["list_reverse", [listT], listT, reversed]),
  memberFunction("distinct", ["list_distinct", [listT], listT, distinct]),
];

/** cel-go's functions of lists, its version 3. Upstream: cel-go ext/lists.go. */
export const listsLibrary: Library = {
  name: "cel.lib.ext.lists",
  functions: listFunctions,
  macros: new Map([[macroKey("sortBy", 2, true), sortBy]]),
};

/** `sets.contains(a, b)`, `sets.equivalent(a, b)`, `sets.intersects(a, b)`. Upstream: cel-go ext/sets.go. */
function containsAll(list: Value, wanted: Value): boolean | CelError {
  const items = itemsOf(list);
  const others = itemsOf(wanted);
  if (items instanceof CelError) return items;
  if (others instanceof CelError) return others;
  return others.every((other) => items.some((item) => equal(item, other)));
}

function intersects([left, right]: readonly Value[]): Result {
  const items = itemsOf(left);
  const others = itemsOf(right);
  if (items instanceof CelError) return items;
  if (others instanceof CelError) return others;
  return items.some((item) => others.some((other) => equal(item, other)));
}

function equivalent([left, right]: readonly Value[]): Result {
  const first = containsAll(left!, right!);
  return first === true ? containsAll(right!, left!) : first;
}

export const setsLibrary: Library = {
  name: "cel.lib.ext.sets",
  functions: [
    globalFunction("sets.contains", [
      "list_sets_contains_list",
      [listT, listT],
      boolType,
      ([x, y]) => containsAll(x!, y!),
    ]),
    globalFunction("sets.equivalent", ["list_sets_equivalent_list", [listT, listT], boolType, equivalent]),
    globalFunction("sets.intersects", ["list_sets_intersects_list", [listT, listT], boolType, intersects]),
  ],
};
