import type { CelType } from "../types/type.ts";
import type { Result, Value } from "../values/value.ts";

/** One signature of a function and what it does. */
export interface Overload {
  /** Unique in the environment; costs are told by it. */
  readonly id: string;
  /** `a.f(b)`: the first parameter is `a`. */
  readonly member: boolean;
  readonly parameters: readonly CelType[];
  readonly result: CelType;
  /** Arguments are of the parameters' types and no errors. Absent where the function's `call` serves all overloads. */
  readonly call?: (args: readonly Value[]) => Result;
}

export interface FunctionDeclaration {
  readonly name: string;
  readonly overloads: readonly Overload[];
  /** One implementation for every overload: it looks at its arguments itself. Errors never reach it. */
  readonly call?: (args: readonly Value[]) => Result;
}

/** Declares `name` with overloads given as `[id, parameters, result, implementation]`. */
export type Signature = readonly [id: string, parameters: readonly CelType[], result: CelType, call?: Overload["call"]];

function overload(member: boolean, [id, parameters, result, call]: Signature): Overload {
  return { id, member, parameters, result, ...(call === undefined ? {} : { call }) };
}

export function globalFunction(name: string, ...signatures: Signature[]): FunctionDeclaration {
  return { name, overloads: signatures.map((signature) => overload(false, signature)) };
}

export function memberFunction(name: string, ...signatures: Signature[]): FunctionDeclaration {
  return { name, overloads: signatures.map((signature) => overload(true, signature)) };
}

/** The functions of all libraries by name; those of one name are joined. */
export function functionTable(declarations: Iterable<FunctionDeclaration>): ReadonlyMap<string, FunctionDeclaration> {
  const table = new Map<string, FunctionDeclaration>();
  for (const declaration of declarations) {
    const known = table.get(declaration.name);
    if (known === undefined) {
      table.set(declaration.name, declaration);
      continue;
    }
    const call = known.call ?? declaration.call;
    const bind = ({ overloads, call: shared }: FunctionDeclaration): Overload[] =>
      overloads.map((each) => (each.call === undefined && shared !== undefined ? { ...each, call: shared } : each));
    const mixed = known.call !== declaration.call;
    const overloads = mixed ? [...bind(known), ...bind(declaration)] : [...known.overloads, ...declaration.overloads];
    const distinct = overloads.filter((each, index) => overloads.findIndex((other) => other.id === each.id) === index);
    table.set(declaration.name, {
      name: declaration.name,
      overloads: distinct,
      ...(call === undefined || mixed ? {} : { call }),
    });
  }
  return table;
}
