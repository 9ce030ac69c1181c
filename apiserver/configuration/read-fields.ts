import { parseDurationMs } from "../../apimachinery/time/duration.ts";
import { typeOfFile } from "./shaped.ts";

/** A part of a server's configuration file, with the place it has there. Every reader throws for what is of another type. */
export interface Fields {
  readonly path: string;
  has(name: string): boolean;
  /** Empty where it is missing. */
  text(name: string): string;
  optionalText(name: string): string | undefined;
  /** False where it is missing. */
  flag(name: string): boolean;
  /** Milliseconds of Go's `5m`; undefined where it is missing. */
  durationMs(name: string): number | undefined;
  integer(name: string): number | undefined;
  texts(name: string): readonly string[];
  /** Undefined where it is missing. `known`: the names of its fields. */
  part(name: string, known: readonly string[]): Fields | undefined;
  parts(name: string, known: readonly string[]): readonly Fields[];
}

/**
 * Reads a file's content, parsed as YAML or JSON, as strictly as upstream decodes such files: a field that nobody knows is
 * refused. Throws where it is of another kind.
 */
export function readConfiguration(
  content: unknown,
  expected: { readonly kind: string; readonly versions: readonly string[]; readonly known: readonly string[] },
): Fields {
  const { apiVersion, kind } = typeOfFile(content);
  const known = expected.versions.map((version) => `apiserver.config.k8s.io/${version}`);
  if (!known.includes(apiVersion) || kind !== expected.kind) {
    throw new Error(`no kind "${kind}" is registered for version "${apiVersion}"`);
  }
  return fieldsOf(content, "", ["apiVersion", "kind", ...expected.known]);
}

function fieldsOf(content: unknown, path: string, known: readonly string[]): Fields {
  if (typeof content !== "object" || content === null || Array.isArray(content)) throw wrong(path, "an object");
  const values = content as Readonly<Record<string, unknown>>;
  const at = (name: string): string => (path === "" ? name : `${path}.${name}`);
  const unknown = Object.keys(values).find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`strict decoding error: unknown field "${at(unknown)}"`);
  const list = (name: string): readonly unknown[] => {
    const value = values[name] ?? [];
    if (!Array.isArray(value)) throw wrong(at(name), "a list");
    return value;
  };
  const typed = <T>(name: string, type: "string" | "boolean" | "number", what: string): T | undefined => {
    const value = values[name] ?? undefined;
    if (value !== undefined && typeof value !== type) throw wrong(at(name), what);
    return value as T | undefined;
  };
  const fields: Fields = {
    path,
    has: (name) => values[name] != null,
    text: (name) => fields.optionalText(name) ?? "",
    optionalText: (name) => typed<string>(name, "string", "a string"),
    flag: (name) => typed<boolean>(name, "boolean", "true or false") ?? false,
    integer(name) {
      const value = typed<number>(name, "number", "a whole number");
      if (value !== undefined && !Number.isInteger(value)) throw wrong(at(name), "a whole number");
      return value;
    },
    durationMs(name) {
      const text = fields.optionalText(name);
      try {
        return text === undefined ? undefined : parseDurationMs(text);
      } catch (cause) {
        throw new Error(`${at(name)}: ${(cause as Error).message}`, { cause });
      }
    },
    texts: (name) =>
      list(name).map((value, i) => {
        if (typeof value !== "string") throw wrong(`${at(name)}[${i}]`, "a string");
        return value;
      }),
    part: (name, names) => (values[name] == null ? undefined : fieldsOf(values[name], at(name), names)),
    parts: (name, names) => list(name).map((value, i) => fieldsOf(value, `${at(name)}[${i}]`, names)),
  };
  return fields;
}

function wrong(path: string, what: string): Error {
  return new Error(`${path === "" ? "the file" : path} has to be ${what}`);
}
