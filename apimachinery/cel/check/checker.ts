import type {
  CallExpression,
  ComprehensionExpression,
  Expression,
  ListExpression,
  MapExpression,
  SelectExpression,
  StructExpression,
} from "../syntax/ast.ts";
import { operators } from "../syntax/ast.ts";
import type { Parsed } from "../syntax/parser.ts";
import type { Issue } from "../syntax/source.ts";
import {
  boolType,
  type CelType,
  dynType,
  errorType,
  formatType,
  intType,
  listType,
  mapType,
  optionalType,
  typeOfType,
  typeParameter,
} from "../types/type.ts";
import { typeOf } from "../values/kind.ts";
import { type CheckEnvironment, candidates } from "./environment.ts";
import type { FunctionDeclaration, Overload } from "./function.ts";
import {
  assignAll,
  hasParameter,
  isDynamic,
  mostGeneral,
  type Substitution,
  substitute,
  unwrapOptional,
} from "./unify.ts";

/** What a name or a call turned out to mean. */
export type Reference =
  | { readonly kind: "variable"; readonly name: string }
  | { readonly kind: "local"; readonly name: string }
  | { readonly kind: "type"; readonly type: CelType }
  | { readonly kind: "struct"; readonly name: string }
  | {
      readonly kind: "function";
      readonly function: FunctionDeclaration;
      readonly overloads: readonly Overload[];
      /** `a.b.f(x)` where `a.b.f` is a function: there is no receiver. */
      readonly namespaced: boolean;
    };

export interface Checked {
  readonly parsed: Parsed;
  readonly type: CelType;
  readonly types: ReadonlyMap<number, CelType>;
  readonly references: ReadonlyMap<number, Reference>;
}

/** Finds the type of every part of an expression and what every name means. */
export function check(parsed: Parsed, environment: CheckEnvironment): { checked: Checked; issues: readonly Issue[] } {
  const checker = new Checker(parsed, environment);
  checker.check(parsed.expression);
  return { checked: checker.finish(), issues: checker.issues };
}

class Checker {
  readonly issues: Issue[] = [];
  readonly #parsed: Parsed;
  readonly #environment: CheckEnvironment;
  readonly #types = new Map<number, CelType>();
  readonly #references = new Map<number, Reference>();
  readonly #locals: Map<string, CelType>[] = [];
  #bound: Substitution = new Map();
  #freeTypes = 0;

  constructor(parsed: Parsed, environment: CheckEnvironment) {
    this.#parsed = parsed;
    this.#environment = environment;
  }

  finish(): Checked {
    for (const [id, type] of this.#types) this.#types.set(id, substitute(this.#bound, type, true));
    return {
      parsed: this.#parsed,
      type: this.#types.get(this.#parsed.expression.id)!,
      types: this.#types,
      references: this.#references,
    };
  }

  #report(id: number, message: string): void {
    this.issues.push({ message, ...this.#parsed.source.locate(this.#parsed.offsets.get(id) ?? 0) });
  }

  #mismatch(id: number, expected: CelType, actual: CelType): void {
    this.#report(id, `expected type '${formatType(expected)}' but found '${formatType(actual)}'`);
  }

  #undeclared(id: number, name: string): void {
    this.#report(id, `undeclared reference to '${name}' (in container '${this.#environment.container}')`);
  }

  #set(id: number, type: CelType): CelType {
    this.#types.set(id, type);
    return type;
  }

  #newType(): CelType {
    return typeParameter(`_var${this.#freeTypes++}`);
  }

  #assign(left: CelType, right: CelType): boolean {
    const bound = assignAll(this.#bound, [left], [right]);
    if (bound !== undefined) this.#bound = bound;
    return bound !== undefined;
  }

  check(e: Expression): CelType {
    switch (e.kind) {
      case "literal":
        return this.#set(e.id, typeOf(e.value));
      case "identifier": {
        const type = this.#resolve(e.id, e.name);
        if (type === undefined) this.#undeclared(e.id, e.name);
        return this.#set(e.id, type ?? errorType);
      }
      case "select":
        return this.#set(e.id, this.#select(e));
      case "call":
        return this.#set(e.id, this.#call(e));
      case "list":
        return this.#set(e.id, this.#list(e));
      case "map":
        return this.#set(e.id, this.#map(e));
      case "struct":
        return this.#set(e.id, this.#struct(e));
      case "comprehension":
        return this.#set(e.id, this.#comprehension(e));
    }
  }

  /** The type of a name, recording what it refers to. */
  #resolve(id: number, name: string): CelType | undefined {
    for (let scope = this.#locals.length - 1; scope >= 0; scope--) {
      const type = this.#locals[scope]!.get(name);
      if (type === undefined) continue;
      this.#references.set(id, { kind: "local", name });
      return type;
    }
    for (const candidate of candidates(this.#environment.container, name)) {
      const variable = this.#environment.findVariable(candidate);
      if (variable !== undefined) {
        this.#references.set(id, { kind: "variable", name: candidate });
        return variable;
      }
      const type = this.#environment.findType(candidate);
      if (type !== undefined) {
        this.#references.set(id, { kind: "type", type });
        return typeOfType(type);
      }
    }
    return undefined;
  }

  #select(e: SelectExpression): CelType {
    const name = e.testOnly ? undefined : qualifiedName(e);
    if (name !== undefined) {
      const type = this.#resolve(e.id, name);
      if (type !== undefined) return type;
    }
    const type = this.#field(e.id, e.operand, e.field, false);
    return e.testOnly ? boolType : substitute(this.#bound, type, false);
  }

  #field(id: number, operand: Expression, field: string, optionalSelect: boolean): CelType {
    const { type: target, optional } = unwrapOptional(substitute(this.#bound, this.check(operand), false));
    const type = this.#fieldOf(id, target, field);
    return optional || optionalSelect ? optionalType(type) : type;
  }

  #fieldOf(id: number, target: CelType, field: string): CelType {
    switch (target.kind) {
      case "map":
        return target.parameters[1]!;
      case "object": {
        const type = target.field?.(field);
        if (type === undefined) this.#report(id, `undefined field '${field}'`);
        return type ?? errorType;
      }
      case "parameter":
        this.#assign(dynType, target);
        return dynType;
    }
    if (!isDynamic(target)) this.#report(id, `type '${formatType(target)}' does not support field selection`);
    return dynType;
  }

  #call(e: CallExpression): CelType {
    if (e.function === operators.optionalSelect) {
      const [operand, name] = e.args;
      const field = name?.kind === "literal" ? String(name.value) : "";
      const type = substitute(this.#bound, this.#field(e.id, operand!, field, true), false);
      this.check(name!);
      return type;
    }
    for (const argument of e.args) this.check(argument);
    if (e.target === undefined) {
      const found = this.#function(e.function);
      if (found === undefined) {
        this.#undeclared(e.id, e.function);
        return errorType;
      }
      return this.#overloads(e, found, undefined, false);
    }
    const prefix = qualifiedName(e.target);
    const namespaced = prefix === undefined ? undefined : this.#function(`${prefix}.${e.function}`);
    if (namespaced !== undefined) return this.#overloads(e, namespaced, undefined, true);
    this.check(e.target);
    const found = this.#function(e.function);
    if (found === undefined) {
      this.#undeclared(e.id, e.function);
      return errorType;
    }
    return this.#overloads(e, found, e.target, false);
  }

  #function(name: string): FunctionDeclaration | undefined {
    for (const candidate of candidates(this.#environment.container, name)) {
      const found = this.#environment.findFunction(candidate);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #overloads(e: CallExpression, fn: FunctionDeclaration, target: Expression | undefined, namespaced: boolean): CelType {
    const args = target === undefined ? e.args : [target, ...e.args];
    const types = args.map((argument) => this.#types.get(argument.id)!);
    if (fn.name === operators.and || fn.name === operators.or) return this.#logical(e, fn, types);
    const matching: Overload[] = [];
    let result: CelType | undefined;
    for (const overload of fn.overloads) {
      if (overload.member !== (target !== undefined)) continue;
      const type = this.#match(overload, types);
      if (type === undefined) continue;
      matching.push(overload);
      if (result === undefined) result = type;
      else if (result.kind !== "dyn" && !type.equals(result)) result = dynType;
    }
    if (result === undefined) {
      const possible = fn.overloads.filter(({ member }) => member === (target !== undefined));
      this.#references.set(e.id, { kind: "function", function: fn, overloads: possible, namespaced });
      const spelled = types.map((type) => formatType(substitute(this.#bound, type, true)));
      const receiver = target === undefined ? "" : `${spelled.shift()}.`;
      const signature = `${receiver}(${spelled.join(", ")})`;
      this.#report(e.id, `found no matching overload for '${fn.name}' applied to '${signature}'`);
      return errorType;
    }
    this.#references.set(e.id, { kind: "function", function: fn, overloads: matching, namespaced });
    return result;
  }

  /** Every term is to be a bool; the mistake is told of the term, not of the operator. */
  #logical(e: CallExpression, fn: FunctionDeclaration, types: readonly CelType[]): CelType {
    let wrong = false;
    for (const [index, type] of types.entries()) {
      if (this.#assign(type, boolType)) continue;
      wrong = true;
      this.#mismatch(e.args[index]!.id, boolType, type);
    }
    this.#references.set(e.id, { kind: "function", function: fn, overloads: fn.overloads, namespaced: false });
    return wrong ? errorType : boolType;
  }

  #match(overload: Overload, types: readonly CelType[]): CelType | undefined {
    if (overload.parameters.length !== types.length) return undefined;
    let { parameters, result } = overload;
    if (parameters.some(hasParameter) || hasParameter(result)) {
      const fresh: Substitution = new Map();
      const name = (type: CelType): void => {
        if (type.kind === "parameter" && !fresh.has(type.name)) fresh.set(type.name, this.#newType());
        for (const inner of type.parameters) name(inner);
      };
      for (const type of [...parameters, result]) name(type);
      parameters = parameters.map((type) => substitute(fresh, type, false));
      result = substitute(fresh, result, false);
    }
    const bound = assignAll(this.#bound, types, parameters);
    if (bound === undefined) return undefined;
    this.#bound = bound;
    return substitute(bound, result, false);
  }

  #list({ items, optional }: ListExpression): CelType {
    let joined: CelType | undefined;
    for (const [index, item] of items.entries()) {
      const type = this.#maybeOptional(item, this.check(item), optional.has(index));
      joined = this.#join(joined, type);
    }
    return listType(joined ?? this.#newType());
  }

  #map({ entries }: MapExpression): CelType {
    let keys: CelType | undefined;
    let values: CelType | undefined;
    for (const { key, value, optional } of entries) {
      keys = this.#join(keys, this.check(key));
      values = this.#join(values, this.#maybeOptional(value, this.check(value), optional));
    }
    return mapType(keys ?? this.#newType(), values ?? this.#newType());
  }

  #maybeOptional(e: Expression, type: CelType, optional: boolean): CelType {
    if (!optional) return type;
    const unwrapped = unwrapOptional(type);
    if (!unwrapped.optional && type.kind !== "dyn") this.#mismatch(e.id, optionalType(type), type);
    return unwrapped.type;
  }

  #join(previous: CelType | undefined, current: CelType): CelType {
    if (previous === undefined) return current;
    if (this.#assign(previous, current)) return mostGeneral(previous, current);
    return dynType;
  }

  #struct(e: StructExpression): CelType {
    for (const candidate of candidates(this.#environment.container, e.typeName)) {
      const found = this.#environment.findStruct(candidate);
      if (found === undefined) continue;
      this.#references.set(e.id, { kind: "struct", name: candidate });
      for (const { id, name, value, optional } of e.fields) {
        const type = this.#maybeOptional(value, this.check(value), optional);
        const declared = found.field(name);
        if (declared === undefined) this.#report(id, `undefined field '${name}'`);
        else if (!this.#assign(declared, type)) {
          const [expected, actual] = [formatType(declared), formatType(type)];
          this.#report(id, `expected type of field '${name}' is '${expected}' but provided type is '${actual}'`);
        }
      }
      return found.type;
    }
    const other = this.#resolve(e.id, e.typeName);
    if (other === undefined) this.#undeclared(e.id, e.typeName);
    else if (other.kind !== "type") this.#report(e.id, `'${other.name}' is not a type`);
    else this.#report(e.id, `'${other.parameters[0]?.name}' is not a message type`);
    return errorType;
  }

  #comprehension(e: ComprehensionExpression): CelType {
    const range = substitute(this.#bound, this.check(e.range), false);
    const accumulator = this.check(e.initial);
    this.#locals.push(new Map([[e.accumulator, accumulator]]));
    const [first, second] = this.#loopTypes(e, range);
    const loop = new Map([[e.variable, first]]);
    if (e.variable2 !== undefined) loop.set(e.variable2, second);
    this.#locals.push(loop);
    this.#expect(e.condition, boolType);
    this.#expect(e.step, accumulator);
    this.#locals.pop();
    const result = this.check(e.result);
    this.#locals.pop();
    return substitute(this.#bound, result, false);
  }

  #expect(e: Expression, expected: CelType): void {
    const type = this.check(e);
    if (!this.#assign(expected, type)) this.#mismatch(e.id, expected, type);
  }

  #loopTypes({ range: e, variable2 }: ComprehensionExpression, range: CelType): readonly [CelType, CelType] {
    switch (range.kind) {
      case "list":
        return variable2 === undefined ? [range.parameters[0]!, errorType] : [intType, range.parameters[0]!];
      case "map":
        return [range.parameters[0]!, range.parameters[1]!];
      case "dyn":
      case "error":
      case "parameter":
        this.#assign(dynType, range);
        return [dynType, dynType];
    }
    const spelled = formatType(range);
    this.#report(
      e.id,
      `expression of type '${spelled}' cannot be range of a comprehension (must be list, map, or dynamic)`,
    );
    return [errorType, errorType];
  }
}

/** `a.b.c` where an expression is only names. */
export function qualifiedName(e: Expression): string | undefined {
  if (e.kind === "identifier") return e.name;
  if (e.kind !== "select" || e.testOnly) return undefined;
  const prefix = qualifiedName(e.operand);
  return prefix === undefined ? undefined : `${prefix}.${e.field}`;
}
