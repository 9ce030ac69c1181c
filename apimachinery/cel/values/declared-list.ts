import type { CelType } from "../types/type.ts";
import { equal } from "./equal.ts";
import { CelError } from "./error.ts";
import { ArrayList, type ListValue, MapValue, type Value } from "./value.ts";

/** A list whose schema gives it set or map semantics, after an expression has added to it. */
export class DeclaredList extends ArrayList {
  readonly #type: CelType;

  constructor(items: readonly Value[], type: CelType) {
    super(items);
    this.#type = type;
  }

  override get type(): CelType {
    return this.#type;
  }
}

/**
 * `x + y` where x is a set or map list: the items of x keep their places; items of y replace those of the same key
 * (map) or are added where new (set). `undefined` where x is an ordinary list.
 * Upstream: apiserver/pkg/cel/common/valuesunstructured.go.
 */
export function joinDeclaredLists(left: ListValue, right: ListValue): DeclaredList | CelError | undefined {
  const type = left.type;
  const listType = type?.declaration?.listType;
  if (type === undefined || (listType !== "set" && listType !== "map")) return undefined;
  const items: Value[] = [];
  for (let index = 0; index < left.size(); index++) {
    const item = left.at(index);
    if (item instanceof CelError) return item;
    items.push(item);
  }
  const keys = type.declaration?.mapKeys ?? [];
  const same = listType === "set" ? equal : (a: Value, b: Value) => sameKeys(a, b, keys);
  for (let index = 0; index < right.size(); index++) {
    const item = right.at(index);
    if (item instanceof CelError) return item;
    const at = items.findIndex((known) => same(known, item));
    if (at < 0) items.push(item);
    else if (listType === "map") items[at] = item;
  }
  return new DeclaredList(items, type);
}

function sameKeys(left: Value, right: Value, keys: readonly string[]): boolean {
  if (!(left instanceof MapValue) || !(right instanceof MapValue)) return false;
  return keys.every((key) => {
    const a = left.get(key);
    const b = right.get(key);
    if (a === undefined || b === undefined) return a === b;
    return !(a instanceof CelError) && !(b instanceof CelError) && equal(a, b);
  });
}
