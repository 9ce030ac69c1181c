/**
 * Where a field is, from the object's root: `spec.containers[0].name`. Immutable, and cheap until someone asks for its text
 * (apimachinery/pkg/util/validation/field/path.go).
 */
export class Path {
  readonly #parent: Path | undefined;
  /** A field's name, or undefined for a subscript. */
  readonly #name: string | undefined;
  readonly #subscript: string | number;

  constructor(parent: Path | undefined, name: string | undefined, subscript: string | number = "") {
    this.#parent = parent;
    this.#name = name;
    this.#subscript = subscript;
  }

  /** A field below this one; more names go deeper. */
  child(name: string, ...more: readonly string[]): Path {
    let result = new Path(this, name);
    for (const next of more) result = new Path(result, next);
    return result;
  }

  /** An item of this list. */
  index(index: number): Path {
    return new Path(this, undefined, index);
  }

  /** An entry of this map: `metadata.labels[app]`. */
  key(key: string): Path {
    return new Path(this, undefined, key);
  }

  toString(): string {
    const prefix = this.#parent === undefined ? "" : this.#parent.toString();
    if (this.#name === undefined || this.#name === "") return `${prefix}[${this.#subscript}]`;
    return this.#parent === undefined || this.#parent === rootPath ? prefix + this.#name : `${prefix}.${this.#name}`;
  }
}

class RootPath extends Path {
  override toString(): string {
    return "";
  }
}

/** The object as a whole: its text is empty, its children start the path. */
export const rootPath: Path = new RootPath(undefined, "");

/** A path from the object's root. */
export function path(name: string, ...more: readonly string[]): Path {
  let result = new Path(undefined, name);
  for (const next of more) result = new Path(result, next);
  return result;
}
