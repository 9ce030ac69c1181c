import type { Checked } from "../check/checker.ts";
import {
  accumulatorName,
  type CallExpression,
  type ComprehensionExpression,
  type Expression,
  type ListExpression,
  type MapExpression,
  operators,
  type SelectExpression,
} from "../syntax/ast.ts";
import { type CelType, dynType, isOptionalType } from "../types/type.ts";
import { codePointLength } from "../values/text.ts";
import { Uint } from "../values/value.ts";
import { addRanges, type Estimate, fixed, multiplyRanges, nothing, type Range, unbounded, unionOf } from "./range.ts";
import { listCost, mapCost, selectCost, structCost } from "./runtime.ts";
import { concatenations, estimateStandardCall } from "./standard-estimate.ts";

export type { Estimate } from "./range.ts";

/** A part of an expression whose cost or size is wanted. */
export interface CostNode {
  /** From a variable through fields, `@items`, `@keys`, `@values`; absent where the part is computed. */
  readonly path: readonly string[] | undefined;
  readonly type: CelType;
  /** Size where the expression itself tells it. */
  readonly size: Range | undefined;
  readonly expression: Expression | undefined;
}

/** Sizes of inputs that the caller knows; `undefined` where it does not. */
export type SizeEstimator = (node: CostNode) => Range | undefined;

export interface CallEstimate {
  readonly cost: Range;
  readonly size?: Range;
}

/** What a call costs beyond its arguments. */
export type CallEstimator = (call: {
  readonly name: string;
  readonly overload: string;
  readonly target: CostNode | undefined;
  readonly args: readonly CostNode[];
  readonly sizeOf: (node: CostNode) => Range;
}) => CallEstimate | undefined;

export interface EstimateOptions {
  readonly variables: ReadonlyMap<string, CelType>;
  /** What the functions of libraries cost, by name. */
  readonly estimates: ReadonlyMap<string, CallEstimator>;
}

/** Bounds of an expression's cost. Upstream: cel-go checker/cost.go with apiserver/pkg/cel/library/cost.go. */
export function estimateCost(
  checked: Checked,
  { variables, estimates }: EstimateOptions,
  sizes: SizeEstimator = (node) => declaredSize(node, variables),
): Estimate {
  const estimator = new Estimator(checked, estimates, sizes);
  return estimator.cost(checked.parsed.expression);
}

/** The limit that the variable's declared type sets at the end of a path. */
export function declaredSize({ path }: CostNode, variables: ReadonlyMap<string, CelType>): Range | undefined {
  const [root, ...rest] = path ?? [];
  let type = root === undefined ? undefined : variables.get(root);
  for (const name of rest) {
    if (type === undefined) return undefined;
    if (name === "@items" || name === "@values") type = type.parameters.at(-1);
    else if (name === "@keys") type = type.kind === "map" ? type.parameters[0] : undefined;
    else if (type.kind === "map") type = type.parameters[1];
    else type = type.field?.(name);
  }
  if (type === undefined || variables.get(root!)?.declaration === undefined) return undefined;
  // What a schema gives no limit has none to give: a number, a boolean, an object. Upstream takes their size for 0.
  return { min: 0, max: type.declaration?.maxElements ?? 0 };
}

/** Sizes of the entries of a list or map. */
interface EntrySizes {
  readonly container: "list" | "map";
  readonly key: Range;
  readonly value: Range;
}

interface Local {
  readonly path: readonly string[] | undefined;
  readonly size: Range | undefined;
  readonly entries: EntrySizes | undefined;
}

class Estimator {
  readonly #checked: Checked;
  readonly #estimates: ReadonlyMap<string, CallEstimator>;
  readonly #estimateSize: SizeEstimator;
  readonly #paths = new Map<number, readonly string[] | undefined>();
  readonly #sizes = new Map<number, Range>();
  readonly #entries = new Map<number, EntrySizes>();
  readonly #locals = new Map<string, Local[]>();

  constructor(checked: Checked, estimates: ReadonlyMap<string, CallEstimator>, estimateSize: SizeEstimator) {
    this.#checked = checked;
    this.#estimates = estimates;
    this.#estimateSize = estimateSize;
  }

  cost(e: Expression): Range {
    switch (e.kind) {
      case "literal":
        return nothing;
      case "identifier": {
        const local = this.#local(e.name);
        this.#paths.set(e.id, local === undefined ? [e.name] : local.path);
        return fixed(selectCost);
      }
      case "select":
        return this.#select(e);
      case "call":
        return this.#call(e);
      case "list":
        return this.#list(e);
      case "map":
        return this.#map(e);
      case "struct":
        return addRanges(fixed(structCost), ...e.fields.map(({ value }) => this.cost(value)));
      case "comprehension":
        return isBind(e) ? this.#bind(e) : this.#loop(e);
    }
  }

  #type(e: Expression): CelType {
    return this.#checked.types.get(e.id) ?? dynType;
  }

  #local(name: string): Local | undefined {
    return this.#locals.get(name)?.at(-1);
  }

  #push(name: string, local: Local): void {
    const known = this.#locals.get(name);
    if (known === undefined) this.#locals.set(name, [local]);
    else known.push(local);
  }

  #pop(name: string): void {
    this.#locals.get(name)?.pop();
  }

  #path(e: Expression): readonly string[] | undefined {
    if (e.kind === "identifier") {
      const local = this.#local(e.name);
      if (local !== undefined) return local.path;
    }
    return this.#paths.get(e.id);
  }

  #extended(e: Expression, name: string): readonly string[] {
    return [...(this.#path(e) ?? []), name];
  }

  #node(e: Expression): CostNode {
    const path = this.#path(e);
    const known = path !== undefined && path.length > 0 && path[0] !== accumulatorName && path[0] !== "__result__";
    return { path: known ? path : undefined, type: this.#type(e), size: this.#size(e), expression: e };
  }

  #size(e: Expression): Range | undefined {
    const known = this.#sizes.get(e.id) ?? literalSize(e);
    if (known !== undefined) return known;
    const type = this.#type(e);
    const estimated = this.#estimateSize({ path: this.#path(e), type, size: undefined, expression: e });
    if (estimated !== undefined) {
      this.#sizes.set(e.id, estimated);
      return estimated;
    }
    if (isScalar(type)) return fixed(1);
    return e.kind === "identifier" ? this.#local(e.name)?.size : undefined;
  }

  #sizeOrUnbounded(e: Expression): Range {
    return this.#size(e) ?? unbounded;
  }

  #entriesOf(e: Expression): EntrySizes | undefined {
    const known = this.#entries.get(e.id);
    if (known !== undefined) return known;
    return e.kind === "identifier" ? this.#local(e.name)?.entries : undefined;
  }

  #select(e: SelectExpression): Range {
    const whole = this.#checked.references.get(e.id);
    if (whole?.kind === "variable" || whole?.kind === "type") {
      // Several names that stand for one thing: `google.protobuf.Duration`.
      this.#paths.set(e.id, [whole.kind === "type" ? whole.type.name : whole.name]);
      return fixed(selectCost);
    }
    const operand = this.cost(e.operand);
    if (e.testOnly) return operand;
    this.#paths.set(e.id, this.#extended(e.operand, e.field));
    const { kind } = this.#type(e.operand);
    return kind === "map" || kind === "object" || kind === "parameter"
      ? addRanges(operand, fixed(selectCost))
      : operand;
  }

  #call(e: CallExpression): Range {
    if (e.function === "dyn" && e.args.length === 1) {
      const [argument] = e.args;
      const cost = this.cost(argument!);
      const size = this.#size(argument!);
      if (size !== undefined) this.#sizes.set(e.id, size);
      const entries = this.#entriesOf(argument!);
      if (entries !== undefined) this.#entries.set(e.id, entries);
      return addRanges(fixed(1), cost);
    }
    const costs = e.args.map((argument) => this.cost(argument));
    const nodes = e.args.map((argument) => this.#node(argument));
    const reference = this.#checked.references.get(e.id);
    const overloads = reference?.kind === "function" ? reference.overloads : [];
    const name = reference?.kind === "function" ? reference.function.name : e.function;
    if (overloads.length === 0 && e.function !== operators.optionalSelect) return nothing;
    const member = e.target !== undefined && !(reference?.kind === "function" && reference.namespaced);
    const target = member ? e.target : undefined;
    const targetCost = target === undefined ? nothing : this.cost(target);
    const targetNode = target === undefined ? undefined : this.#node(target);
    const ids = overloads.length === 0 ? ["select_optional_field"] : overloads.map(({ id }) => id);
    let cost: Range = { min: unbounded.max, max: 0 };
    let size: Range | undefined;
    for (const id of ids) {
      const estimate = this.#functionCost(e, { name, id, target: targetNode, nodes, costs });
      cost = unionOf(cost, estimate.cost);
      if (estimate.size !== undefined) size = size === undefined ? estimate.size : unionOf(size, estimate.size);
      if (id === "index_list" || id === "index_map") {
        size = this.#entriesOf(e.args[0]!)?.value;
        this.#paths.set(e.id, this.#extended(e.args[0]!, id === "index_list" ? "@items" : "@values"));
      }
      size ??= this.#size(e);
    }
    if (size !== undefined) this.#sizes.set(e.id, size);
    return addRanges(targetCost, cost);
  }

  #functionCost(
    e: CallExpression,
    call: {
      readonly name: string;
      readonly id: string;
      readonly target: CostNode | undefined;
      readonly nodes: readonly CostNode[];
      readonly costs: readonly Range[];
    },
  ): CallEstimate {
    const { name, id, target, nodes, costs } = call;
    const arguments_ = addRanges(nothing, ...costs);
    const estimate = this.#estimates.get(name)?.({
      name,
      overload: id,
      target,
      args: nodes,
      sizeOf: (node) => node.size ?? this.#estimateSize(node) ?? unbounded,
    });
    if (concatenations.has(id)) this.#joinEntries(e, e.args[0]!, e.args[1]!);
    const found = estimate ?? estimateStandardCall(id, target, nodes);
    if (found !== undefined) return { ...found, cost: addRanges(found.cost, arguments_) };
    if (name === operators.and || name === operators.or) {
      return { cost: { min: costs[0]!.min, max: arguments_.max } };
    }
    if (name === operators.conditional) {
      const [yes, no] = [e.args[1]!, e.args[2]!];
      this.#joinEntries(e, yes, no);
      return {
        cost: addRanges(costs[0]!, unionOf(costs[1]!, costs[2]!)),
        size: unionOf(this.#sizeOrUnbounded(yes), this.#sizeOrUnbounded(no)),
      };
    }
    return { cost: addRanges(fixed(1), arguments_) };
  }

  #joinEntries(e: Expression, left: Expression, right: Expression): void {
    const [a, b] = [this.#entriesOf(left), this.#entriesOf(right)];
    if (a === undefined || b === undefined) return;
    this.#entries.set(e.id, { container: a.container, key: unionOf(a.key, b.key), value: unionOf(a.value, b.value) });
  }

  #list(e: ListExpression): Range {
    let item: Range = { min: e.items.length === 0 ? 0 : unbounded.max, max: 0 };
    let cost = fixed(listCost);
    for (const each of e.items) {
      cost = addRanges(cost, this.cost(each));
      item = unionOf(item, this.#sizeOrUnbounded(each));
    }
    this.#entries.set(e.id, { container: "list", key: fixed(1), value: item });
    return cost;
  }

  #map(e: MapExpression): Range {
    const start: Range = { min: e.entries.length === 0 ? 0 : unbounded.max, max: 0 };
    let [keys, values] = [start, start];
    let cost = fixed(mapCost);
    for (const { key, value } of e.entries) {
      cost = addRanges(cost, this.cost(key), this.cost(value));
      keys = unionOf(keys, this.#sizeOrUnbounded(key));
      values = unionOf(values, this.#sizeOrUnbounded(value));
    }
    this.#entries.set(e.id, { container: "map", key: keys, value: values });
    return cost;
  }

  #loop(e: ComprehensionExpression): Range {
    let sum = addRanges(this.cost(e.range), this.cost(e.initial));
    this.#push(e.accumulator, {
      path: this.#path(e.initial),
      size: this.#size(e.initial),
      entries: this.#entriesOf(e.initial),
    });
    this.#pushLoopVariables(e);
    const turn = addRanges(this.cost(e.condition), this.cost(e.step));
    this.#pop(e.variable);
    if (e.variable2 !== undefined) this.#pop(e.variable2);
    sum = addRanges(sum, this.cost(e.result));
    this.#pop(e.accumulator);
    const turns = this.#sizeOrUnbounded(e.range);
    if (e.initial.kind === "literal") {
      const size = this.#size(e.initial);
      if (size !== undefined) this.#sizes.set(e.id, size);
    } else if (e.initial.kind === "list" || e.initial.kind === "map") {
      this.#sizes.set(e.id, turns);
      const entries = this.#entriesOf(e.step);
      if (entries !== undefined) this.#entries.set(e.id, entries);
    }
    return addRanges(sum, multiplyRanges(turns, turn));
  }

  #pushLoopVariables({ range, variable, variable2 }: ComprehensionExpression): void {
    const entries = this.#entriesOf(range);
    const list = (entries?.container ?? this.#type(range).kind) === "list";
    const local = (name: string, size: Range | undefined): Local => ({
      path: this.#extended(range, name),
      size,
      entries: undefined,
    });
    if (variable2 === undefined) {
      this.#push(variable, list ? local("@items", entries?.value) : local("@keys", entries?.key));
      return;
    }
    this.#push(variable, local(list ? "@indices" : "@keys", entries?.key));
    this.#push(variable2, local(list ? "@items" : "@values", entries?.value));
  }

  #bind(e: ComprehensionExpression): Range {
    let sum = addRanges(this.cost(e.range), this.cost(e.initial));
    this.#push(e.accumulator, {
      path: this.#path(e.initial),
      size: this.#size(e.initial),
      entries: this.#entriesOf(e.initial),
    });
    sum = addRanges(sum, this.cost(e.result));
    const size = this.#size(e.result);
    const entries = this.#entriesOf(e.result);
    this.#pop(e.accumulator);
    if (size !== undefined) this.#sizes.set(e.id, size);
    if (entries !== undefined) this.#entries.set(e.id, entries);
    return sum;
  }
}

function isBind({ range, condition, accumulator }: ComprehensionExpression): boolean {
  const never = condition.kind === "literal" && condition.value === false;
  return range.kind === "list" && range.items.length === 0 && never && accumulator !== "__result__";
}

function literalSize(e: Expression): Range | undefined {
  if (e.kind === "list") return fixed(e.items.length);
  if (e.kind === "map") return fixed(e.entries.length);
  if (e.kind !== "literal") return undefined;
  const { value } = e;
  if (typeof value === "string") return fixed(codePointLength(value));
  return fixed(value instanceof Uint8Array && !(value instanceof Uint) ? value.length : 1);
}

const scalars = new Set(["bool", "double", "duration", "int", "timestamp", "uint"]);

function isScalar(type: CelType): boolean {
  if (isOptionalType(type)) return isScalar(type.parameters[0]!);
  return scalars.has(type.kind) && !type.nullable;
}
