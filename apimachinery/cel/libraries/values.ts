import { CelType } from "../types/type.ts";
import { CelError } from "../values/error.ts";
import type { ListValue, OpaqueValue, Result, Value } from "../values/value.ts";

/** A type whose values only functions make and take apart. */
export function closedType(name: string): CelType {
  return new CelType("object", name);
}

/** The items of a list; the first error among them instead. */
export function itemsOf(list: Value | undefined): Value[] | CelError {
  const from = list as ListValue;
  const items: Value[] = [];
  const size = from.size();
  for (let index = 0; index < size; index++) {
    const item = from.at(index);
    if (item instanceof CelError) return item;
    items.push(item);
  }
  return items;
}

/** A value of a closed type, as the type's own functions take it. */
export function receive<T extends OpaqueValue>(
  kind: new (...args: never[]) => T,
  use: (value: T, args: readonly Value[]) => Result,
) {
  return ([first, ...rest]: readonly Value[]): Result =>
    first instanceof kind ? use(first, rest) : new CelError("no such overload");
}
