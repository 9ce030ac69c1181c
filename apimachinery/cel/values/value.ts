import type { CelType } from "../types/type.ts";
import type { CelError } from "./error.ts";

/**
 * A value of CEL: null, boolean, bigint (int), `Uint` (uint), number (double), string, Uint8Array (bytes), `Duration`,
 * `Timestamp`, `ListValue`, `MapValue` (maps and objects), `Optional`, `CelType` (a type), or a library's `OpaqueValue`.
 */
export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | Uint
  | Duration
  | Timestamp
  | ListValue
  | MapValue
  | Optional
  | CelType
  | OpaqueValue;

export type Result = Value | CelError;

/** An unsigned 64-bit integer. */
export class Uint {
  readonly value: bigint;

  constructor(value: bigint) {
    this.value = value;
  }
}

/** A span of time in nanoseconds, within int64. */
export class Duration {
  readonly nanos: bigint;

  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

/** An instant in nanoseconds since 1970, within the years 1 to 9999. */
export class Timestamp {
  readonly nanos: bigint;
  /** Seconds ahead of UTC, as it was written; only its text shows it. */
  readonly offset: number;

  constructor(nanos: bigint, offset = 0) {
    this.nanos = nanos;
    this.offset = offset;
  }
}

/** A sequence. Items are made when read and may then turn out to be errors (a date that is none). */
export abstract class ListValue {
  abstract size(): number;
  /** `index` lies within the list. */
  abstract at(index: number): Result;
  /** What the schema says, for lists of objects that compare without order. */
  get type(): CelType | undefined {
    return undefined;
  }
}

export class ArrayList extends ListValue {
  readonly items: readonly Value[];

  constructor(items: readonly Value[]) {
    super();
    this.items = items;
  }

  size(): number {
    return this.items.length;
  }

  at(index: number): Value {
    return this.items[index]!;
  }
}

/** The list that `map` and `filter` build: adding to it is in place, since nothing else holds it meanwhile. */
export class GrowingList extends ListValue {
  readonly #items: Value[] = [];

  size(): number {
    return this.#items.length;
  }

  at(index: number): Value {
    return this.#items[index]!;
  }

  append(list: ListValue): CelError | undefined {
    const count = list.size();
    for (let index = 0; index < count; index++) this.#items.push(list.at(index) as Value);
    return undefined;
  }

  finished(): ArrayList {
    return new ArrayList(this.#items);
  }
}

/** Two lists one after the other. Made in constant time; laid out once, when first read. */
export class JoinedList extends ListValue {
  readonly #left: ListValue;
  readonly #right: ListValue;
  readonly #size: number;
  #items: Result[] | undefined;

  constructor(left: ListValue, right: ListValue) {
    super();
    this.#left = left;
    this.#right = right;
    this.#size = left.size() + right.size();
  }

  size(): number {
    return this.#size;
  }

  at(index: number): Result {
    this.#items ??= this.#layOut();
    return this.#items[index]!;
  }

  #layOut(): Result[] {
    const items: Result[] = [];
    const waiting: ListValue[] = [this];
    for (let list = waiting.pop(); list !== undefined; list = waiting.pop()) {
      if (list instanceof JoinedList && list.#items === undefined) {
        waiting.push(list.#right, list.#left);
        continue;
      }
      const count = list.size();
      for (let index = 0; index < count; index++) items.push(list.at(index));
    }
    return items;
  }
}

/** A map, or an object with named fields. */
export abstract class MapValue {
  abstract size(): number;
  /** The value of a key, `undefined` where the map has none. */
  abstract get(key: Value): Result | undefined;
  abstract has(key: Value): boolean;
  abstract keys(): readonly Value[];
  /** Whether what expressions cannot see of this and of an equal other is equal too. */
  hiddenEquals(_other: MapValue): boolean {
    return true;
  }

  /** The type of an object made by an expression; maps have none. */
  get objectType(): CelType | undefined {
    return undefined;
  }
}

/** Numbers that are equal are one key, whatever their type. */
export function mapKey(key: Value): string | boolean | bigint | undefined {
  switch (typeof key) {
    case "string":
    case "boolean":
    case "bigint":
      return key;
    case "number":
      return Number.isInteger(key) ? BigInt(key) : undefined;
  }
  return key instanceof Uint ? key.value : undefined;
}

interface Entry {
  readonly key: Value;
  readonly value: Value;
}

/** A map made by an expression. */
export class LiteralMap extends MapValue {
  readonly #entries: Map<string | boolean | bigint, Entry>;

  constructor(entries: Map<string | boolean | bigint, Entry> = new Map()) {
    super();
    this.#entries = entries;
  }

  static of(entries: Iterable<readonly [Value, Value]>): LiteralMap {
    const map = new LiteralMap();
    for (const [key, value] of entries) map.set(key, value);
    return map;
  }

  /** False where the key is there already or cannot be a key. */
  set(key: Value, value: Value): boolean {
    const normal = mapKey(key);
    if (normal === undefined || this.#entries.has(normal)) return false;
    this.#entries.set(normal, { key, value });
    return true;
  }

  size(): number {
    return this.#entries.size;
  }

  get(key: Value): Value | undefined {
    const normal = mapKey(key);
    return normal === undefined ? undefined : this.#entries.get(normal)?.value;
  }

  has(key: Value): boolean {
    const normal = mapKey(key);
    return normal !== undefined && this.#entries.has(normal);
  }

  keys(): readonly Value[] {
    return Array.from(this.#entries.values(), ({ key }) => key);
  }
}

/** An object made by an expression: `Object.spec{replicas: 3}`. Fields that were not set are absent. */
export class StructValue extends MapValue {
  readonly #type: CelType;
  readonly #fields: ReadonlyMap<string, Value>;

  constructor(type: CelType, fields: ReadonlyMap<string, Value>) {
    super();
    this.#type = type;
    this.#fields = fields;
  }

  override get objectType(): CelType {
    return this.#type;
  }

  size(): number {
    return this.#fields.size;
  }

  get(key: Value): Value | undefined {
    return typeof key === "string" ? this.#fields.get(key) : undefined;
  }

  has(key: Value): boolean {
    return typeof key === "string" && this.#fields.has(key);
  }

  keys(): readonly Value[] {
    return [...this.#fields.keys()];
  }
}

export class Optional {
  readonly value: Value | undefined;

  constructor(value: Value | undefined) {
    this.value = value;
  }

  static readonly none: Optional = new Optional(undefined);
}

/** A value of a library's own type: a quantity, an address, an authorizer. */
export abstract class OpaqueValue {
  abstract readonly type: CelType;
  abstract equals(other: Value): boolean;
  /** Where CEL's `size`-driven costs apply to it; 1 otherwise. */
  costSize(): number {
    return 1;
  }
}
