// Kubectl's JSONPath (client-go util/jsonpath/parser.go), without templates: one path, with or without its braces.

/** One step of a path: from each value reached so far to those below it. */
export type Step =
  | { readonly type: "field"; readonly name: string }
  | { readonly type: "wildcard" }
  | { readonly type: "descend" }
  | { readonly type: "slice"; readonly from?: number; readonly to?: number; readonly by?: number; readonly one?: true }
  | { readonly type: "union"; readonly paths: readonly (readonly Step[])[] }
  | { readonly type: "filter"; readonly left: Operand; readonly operator: Operator; readonly right: Operand };

export type Operator = "==" | "!=" | "<" | "<=" | ">" | ">=" | "exists";
export type Operand = { readonly path: readonly Step[] } | { readonly value: string | number | boolean };

/** Text that is no path, in upstream's words where they are known. */
export class JsonPathError extends Error {
  override readonly name = "JsonPathError";
}

/** Characters of a path: what stands in filters is looked at once for each level. */
const maxLength = 4096;

/** Reads a path such as `.status.conditions[?(@.type=="Ready")].status`. Throws JsonPathError. */
export function parsePath(text: string): readonly Step[] {
  if (text.length > maxLength) throw new JsonPathError(`path is longer than ${maxLength} characters`);
  const bare = text.startsWith("{") && text.endsWith("}") ? text.slice(1, -1) : text;
  return new Parser(bare.trim()).path();
}

class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  path(): readonly Step[] {
    const steps: Step[] = [];
    if (this.#peek() === "$" || this.#peek() === "@") this.#at++;
    while (this.#at < this.#text.length) {
      const character = this.#peek();
      if (character === "[") steps.push(this.#bracket());
      else if (character === ".") this.#dot(steps);
      else if (steps.length === 0) this.#name(steps);
      else throw new JsonPathError(`unrecognized character in action: U+${hexOf(character)} '${character}'`);
    }
    return steps;
  }

  #peek(): string {
    return this.#text[this.#at] ?? "";
  }

  #dot(steps: Step[]): void {
    this.#at++;
    if (this.#peek() === ".") {
      this.#at++;
      if (steps.at(-1)?.type === "descend") throw new JsonPathError("invalid multiple recursive descent");
      steps.push({ type: "descend" });
    }
    if (this.#peek() === "" || this.#peek() === "[" || this.#peek() === ".") return;
    this.#name(steps);
  }

  /** A name ends at the next dot or bracket; a backslash takes the next character as it is. */
  #name(steps: Step[]): void {
    let name = "";
    while (this.#at < this.#text.length && !".[ ,]".includes(this.#peek())) {
      if (this.#peek() === "\\") this.#at++;
      name += this.#peek();
      this.#at++;
    }
    if (name === "")
      throw new JsonPathError(`unrecognized character in action: U+${hexOf(this.#peek())} '${this.#peek()}'`);
    steps.push(name === "*" ? { type: "wildcard" } : { type: "field", name });
  }

  #bracket(): Step {
    const end = this.#endOfBracket();
    const inner = this.#text.slice(this.#at + 1, end).trim();
    this.#at = end + 1;
    if (inner.startsWith("?(") && inner.endsWith(")")) return filterOf(inner.slice(2, -1).trim());
    const parts = splitOutside(inner, ",");
    if (parts.length > 1) return { type: "union", paths: parts.map((part) => [subscript(part.trim())]) };
    return subscript(inner);
  }

  /** Index of the bracket that closes the one at the current place; quotes and inner brackets are passed over. */
  #endOfBracket(): number {
    let depth = 0;
    let quote = "";
    for (let i = this.#at; i < this.#text.length; i++) {
      const character = this.#text[i]!;
      if (quote !== "") {
        if (character === "\\") i++;
        else if (character === quote) quote = "";
      } else if (character === '"' || character === "'") quote = character;
      else if (character === "[") depth++;
      else if (character === "]" && --depth === 0) return i;
    }
    throw new JsonPathError("unterminated array");
  }
}

function hexOf(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
}

function splitOutside(text: string, separator: string): string[] {
  const parts: string[] = [];
  let quote = "";
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const character = text[i]!;
    if (quote !== "") {
      if (character === "\\") i++;
      else if (character === quote) quote = "";
    } else if (character === '"' || character === "'") quote = character;
    else if (character === separator) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  return [...parts, text.slice(start)];
}

function subscript(text: string): Step {
  if (text === "*") return { type: "wildcard" };
  if (/^'.*'$|^".*"$/s.test(text)) return { type: "field", name: unquote(text) };
  if (/^-?\d+$/.test(text)) return { type: "slice", from: Number(text), one: true };
  const match = /^(-?\d*):(-?\d*)(?::(-?\d*))?$/.exec(text);
  if (match === null) throw new JsonPathError(`invalid array index ${text}`);
  const [, from, to, by] = match;
  return {
    type: "slice",
    ...(from ? { from: Number(from) } : {}),
    ...(to ? { to: Number(to) } : {}),
    ...(by ? { by: Number(by) } : {}),
  };
}

function unquote(text: string): string {
  return text.slice(1, -1).replace(/\\(.)/gs, "$1");
}

function filterOf(text: string): Step {
  const match = /^((?:[^"'=!<>]|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')+?)\s*(==|!=|<=|>=|<|>)\s*(.+)$/s.exec(text);
  if (match === null) return { type: "filter", left: operand(text), operator: "exists", right: { value: "" } };
  const [, left, operator, right] = match;
  return { type: "filter", left: operand(left!), operator: operator as Operator, right: operand(right!) };
}

function operand(text: string): Operand {
  const trimmed = text.trim();
  if (/^'.*'$|^".*"$/s.test(trimmed)) return { value: unquote(trimmed) };
  if (/^-?\d+(\.\d+)?$/.test(trimmed)) return { value: Number(trimmed) };
  if (trimmed === "true" || trimmed === "false") return { value: trimmed === "true" };
  return { path: new Parser(trimmed).path() };
}
