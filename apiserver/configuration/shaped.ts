/** What a part of a file has to be: a text, a list of one shape, an object of known fields, or (`*`) of fields of any name. */
export type Shape = "text" | "number" | "flag" | "anything" | readonly [Shape] | { readonly [field: string]: Shape };

export const texts: Shape = ["text"];

const typeOf = { text: "string", number: "number", flag: "boolean" } as const;
const words = { text: "a string", number: "a number", flag: "true or false" } as const;

/**
 * What of a file's content has a place in the shape: nulls count as absent, fields that nobody knows are left out, as where
 * upstream decodes leniently. Throws for what is of another type.
 */
export function shaped(content: unknown, shape: Shape, path = ""): unknown {
  if (content === undefined || content === null) return undefined;
  if (shape === "anything") return content;
  const wrong = (what: string): Error => new Error(`${path === "" ? "the file" : path} has to be ${what}`);
  if (typeof shape === "string") {
    if (typeof content !== typeOf[shape]) throw wrong(words[shape]);
    return content;
  }
  if (isList(shape)) {
    if (!Array.isArray(content)) throw wrong("a list");
    return content.map((item, i) => {
      const read = shaped(item, shape[0], `${path}[${i}]`);
      if (read === undefined) throw new Error(`${path}[${i}] is missing`);
      return read;
    });
  }
  if (typeof content !== "object" || Array.isArray(content)) throw wrong("an object");
  const known = Object.entries(content).filter(([name]) => "*" in shape || Object.hasOwn(shape, name));
  const entries = known.map(([name, value]) => {
    return [name, shaped(value, shape["*"] ?? shape[name]!, path === "" ? name : `${path}.${name}`)];
  });
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

const isList = (shape: Shape): shape is readonly [Shape] => Array.isArray(shape);

/** The type that a file names for itself; empty where it names none, or no text. */
export function typeOfFile(content: unknown): { readonly apiVersion: string; readonly kind: string } {
  const { apiVersion, kind } = (content ?? {}) as { apiVersion?: unknown; kind?: unknown };
  return { apiVersion: typeof apiVersion === "string" ? apiVersion : "", kind: typeof kind === "string" ? kind : "" };
}
