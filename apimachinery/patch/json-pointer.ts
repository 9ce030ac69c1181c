import { isJsonObject, type JsonObject, type JsonValue } from "../json/json.ts";
import { goQuote } from "../text/go-quote.ts";
import { getOwn, setOwn } from "./go-value.ts";

/** A key that a container does not have or cannot have; the message is upstream's. */
export class PointerError extends Error {
  override readonly name = "PointerError";
}

export type Container = JsonObject | JsonValue[];

/** Where a JSON pointer (RFC 6901) leads: the keys down to a container, and the key within it. */
export interface Pointer {
  readonly parents: readonly string[];
  readonly key: string;
}

/** Undefined for the whole document. What stands before the first slash is ignored, as upstream does. */
export function parsePointer(path: string): Pointer | undefined {
  const parts = path.split("/");
  if (parts.length < 2) return undefined;
  const keys = parts.slice(1).map(unescapePart);
  return { parents: keys.slice(0, -1), key: keys.at(-1)! };
}

function unescapePart(part: string): string {
  return part.includes("~") ? part.replace(/~[01]/g, (found) => (found === "~1" ? "/" : "~")) : part;
}

/**
 * A document being changed: containers are copied the first time they are written, so what was given stays as it is, and a
 * patch of many operations copies each container once.
 */
export class Draft {
  root: JsonValue;
  /** Containers that this draft made itself and that are reachable by one path only. */
  #owned = new WeakSet<object>();

  constructor(root: JsonValue) {
    this.root = root;
  }

  find(keys: readonly string[]): Container | undefined {
    let current: JsonValue | undefined = this.root;
    for (const key of keys) {
      if (!isContainer(current)) return undefined;
      current = Array.isArray(current) ? current[indexIn(current, key) ?? -1] : getOwn(current, key);
    }
    return isContainer(current) ? current : undefined;
  }

  /** As `find`, with every container on the way ready to be changed in place. */
  writable(keys: readonly string[]): Container | undefined {
    if (this.find(keys) === undefined) return undefined;
    let current = this.#own(this.root as Container);
    this.root = current;
    for (const key of keys) {
      const at: string | number = Array.isArray(current) ? indexIn(current, key)! : key;
      const child: Container = this.#own((current as JsonObject)[at] as Container);
      if (typeof at === "number") (current as JsonValue[])[at] = child;
      else setOwn(current as JsonObject, at, child);
      current = child;
    }
    return current;
  }

  /** Undefined where an object has no such key; throws where a list has no such index. */
  get(container: Container, key: string): JsonValue | undefined {
    return Array.isArray(container) ? container[mustIndex(container, key)] : getOwn(container, key);
  }

  /** Whether there is such a key: an object has any. */
  has(container: Container, key: string): boolean {
    return !Array.isArray(container) || indexIn(container, key) !== undefined;
  }

  add(container: Container, key: string, value: JsonValue): void {
    if (!Array.isArray(container)) setOwn(container, key, value);
    else if (key === "-") container.push(value);
    else container.splice(insertionIndex(container, key), 0, value);
  }

  replace(container: Container, key: string, value: JsonValue): void {
    if (Array.isArray(container)) container[mustIndex(container, key)] = value;
    else setOwn(container, key, value);
  }

  remove(container: Container, key: string): void {
    if (Array.isArray(container)) container.splice(mustIndex(container, key), 1);
    else if (!Object.hasOwn(container, key))
      throw new PointerError(`Unable to remove nonexistent key: ${key}: missing value`);
    else delete container[key];
  }

  /** From now on every container of this draft counts as seen from elsewhere: the next write copies it. */
  share(value: JsonValue): JsonValue {
    if (isContainer(value)) this.#owned = new WeakSet();
    return value;
  }

  #own(container: Container): Container {
    if (this.#owned.has(container)) return container;
    const copy = Array.isArray(container) ? [...container] : { ...container };
    this.#owned.add(copy);
    return copy;
  }
}

function isContainer(value: JsonValue | undefined): value is Container {
  return Array.isArray(value) || isJsonObject(value);
}

const integer = /^[+-]?\d+$/;

/** The index that `key` names of existing items; negative ones count from the end. */
function indexIn(list: readonly JsonValue[], key: string): number | undefined {
  if (!integer.test(key)) return undefined;
  const index = Number(key);
  const at = index < 0 ? index + list.length : index;
  return at >= 0 && at < list.length ? at + 0 : undefined;
}

function mustIndex(list: readonly JsonValue[], key: string): number {
  const index = indexIn(list, key);
  if (index === undefined) throw badIndex(key);
  return index;
}

/** As `mustIndex`, with the place behind the last item too. */
function insertionIndex(list: readonly JsonValue[], key: string): number {
  if (!integer.test(key)) throw new PointerError(`value was not a proper array index: '${key}': ${noInteger(key)}`);
  const index = Number(key);
  const at = index < 0 ? index + list.length + 1 : index;
  if (!(at >= 0 && at <= list.length)) throw badIndex(key);
  return at;
}

const noInteger = (key: string): string => `strconv.Atoi: parsing ${goQuote(key)}: invalid syntax`;

function badIndex(key: string): PointerError {
  if (!integer.test(key)) return new PointerError(noInteger(key));
  return new PointerError(`Unable to access invalid index: ${Number(key)}: invalid index referenced`);
}
