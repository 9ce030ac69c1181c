import type { CelType } from "../types/type.ts";
import type { Result, Value } from "../values/value.ts";
import type { FunctionDeclaration } from "./function.ts";

/** A type whose values expressions can make: `T{field: value}`. */
export interface StructType {
  readonly type: CelType;
  field(name: string): CelType | undefined;
  /** Makes a value of fields that fit; default: an object that holds them. */
  make?(fields: ReadonlyMap<string, Value>): Result;
}

/** What the checker knows beyond the expression. Names are complete. */
export interface CheckEnvironment {
  /** The namespace that names are looked up in before the outermost one. */
  readonly container: string;
  findVariable(name: string): CelType | undefined;
  findType(name: string): CelType | undefined;
  findStruct(name: string): StructType | undefined;
  findFunction(name: string): FunctionDeclaration | undefined;
}

/** The names that `name` can mean inside a container, the innermost first. A leading dot means the outermost only. */
export function candidates(container: string, name: string): string[] {
  if (name.startsWith(".")) return [name.slice(1)];
  if (container === "") return [name];
  const found: string[] = [];
  for (let prefix = container; prefix !== ""; prefix = prefix.slice(0, Math.max(prefix.lastIndexOf("."), 0))) {
    found.push(`${prefix}.${name}`);
  }
  found.push(name);
  return found;
}
