import { parseDurationMs } from "../../apimachinery/time/duration.ts";

/**
 * What a part of a file has to be: a text, a number, Go's `5m` (milliseconds), a list of one shape, an object of known fields,
 * or (`*`) of fields of any name.
 */
export type Shape = Leaf | "anything" | readonly [Shape] | { readonly [field: string]: Shape };
type Leaf = "text" | "number" | "integer" | "flag" | "duration";

/** What comes out. Any field may be missing. */
export type Shaped<S> = S extends "text"
  ? string
  : S extends "number" | "integer" | "duration"
    ? number
    : S extends "flag"
      ? boolean
      : S extends readonly [infer Item]
        ? readonly Shaped<Item>[]
        : S extends { readonly "*": infer Item }
          ? Readonly<Record<string, Shaped<Item>>>
          : S extends object
            ? { readonly [K in keyof S]?: Shaped<S[K]> }
            : unknown;

export const texts = ["text"] as const;

/** Several fields of one shape. */
export function each<const S extends Shape, const N extends string>(
  shape: S,
  ...names: readonly N[]
): { readonly [K in N]: S } {
  return Object.fromEntries(names.map((name) => [name, shape])) as { readonly [K in N]: S };
}

const leaves: Readonly<Record<Leaf, readonly [words: string, is: (value: unknown) => boolean]>> = {
  text: ["a string", (value) => typeof value === "string"],
  duration: ["a string", (value) => typeof value === "string"],
  number: ["a number", (value) => typeof value === "number"],
  integer: ["a whole number", Number.isInteger],
  flag: ["true or false", (value) => typeof value === "boolean"],
};

export interface ShapeOptions {
  /** Fields that nobody knows are refused, as where upstream decodes strictly; else they are left out. */
  readonly strict?: boolean;
}

/** What of a file's content has a place in the shape; nulls count as absent. Throws for what is of another type. */
export function shaped<const S extends Shape>(
  content: unknown,
  shape: S,
  options: ShapeOptions = {},
): Shaped<S> | undefined {
  return walk(content, shape, "", options) as Shaped<S> | undefined;
}

function walk(content: unknown, shape: Shape, path: string, options: ShapeOptions): unknown {
  if (content === undefined || content === null) return undefined;
  if (shape === "anything") return content;
  if (typeof shape === "string") return leaf(content, shape, path);
  if (isList(shape)) {
    if (!Array.isArray(content)) throw wrong(path, "a list");
    return content.map((item, i) => {
      const read = walk(item, shape[0], `${path}[${i}]`, options);
      if (read === undefined) throw new Error(`${path}[${i}] is missing`);
      return read;
    });
  }
  if (typeof content !== "object" || Array.isArray(content)) throw wrong(path, "an object");
  const entries = Object.entries(content).flatMap(([name, value]): [string, unknown][] => {
    const at = path === "" ? name : `${path}.${name}`;
    const known = shape["*"] ?? (Object.hasOwn(shape, name) ? shape[name] : undefined);
    if (known === undefined && options.strict === true) {
      throw new Error(`strict decoding error: unknown field "${at}"`);
    }
    const read = known === undefined ? undefined : walk(value, known, at, options);
    return read === undefined ? [] : [[name, read]];
  });
  return Object.fromEntries(entries);
}

function leaf(content: unknown, shape: Leaf, path: string): unknown {
  const [words, is] = leaves[shape];
  if (!is(content)) throw wrong(path, words);
  if (shape !== "duration") return content;
  try {
    return parseDurationMs(content as string);
  } catch (cause) {
    throw new Error(`${path}: ${(cause as Error).message}`, { cause });
  }
}

const isList = (shape: Shape): shape is readonly [Shape] => Array.isArray(shape);

function wrong(path: string, what: string): Error {
  return new Error(`${path === "" ? "the file" : path} has to be ${what}`);
}

/** The type that a file names for itself; empty where it names none, or no text. */
export function typeOfFile(content: unknown): { readonly apiVersion: string; readonly kind: string } {
  const { apiVersion, kind } = (content ?? {}) as { apiVersion?: unknown; kind?: unknown };
  return { apiVersion: typeof apiVersion === "string" ? apiVersion : "", kind: typeof kind === "string" ? kind : "" };
}

export interface ServerConfiguration<S> {
  readonly kind: string;
  /** Of `apiserver.config.k8s.io`. */
  readonly versions: readonly string[];
  /** Of the fields beside apiVersion and kind. */
  readonly shape: S;
}

/**
 * Reads a file's content, parsed as YAML or JSON, as strictly as upstream decodes such files: a field that nobody knows is
 * refused. Throws where it is of another kind.
 */
export function readConfiguration<const S extends { readonly [field: string]: Shape }>(
  content: unknown,
  { kind, versions, shape }: ServerConfiguration<S>,
): Shaped<S> {
  const found = typeOfFile(content);
  const known = versions.map((version) => `apiserver.config.k8s.io/${version}`);
  if (!known.includes(found.apiVersion) || found.kind !== kind) {
    throw new Error(`no kind "${found.kind}" is registered for version "${found.apiVersion}"`);
  }
  return shaped(content, { apiVersion: "text", kind: "text", ...shape }, { strict: true }) as Shaped<S>;
}
