import type { Source } from "./source.ts";

export type TokenKind = "int" | "uint" | "double" | "string" | "bytes" | "identifier" | "escaped" | "symbol" | "end";

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** Code points from the start of the source. */
  readonly offset: number;
}

export interface LexicalError {
  readonly offset: number;
  readonly message: string;
}

const symbols = ["==", "!=", "<=", ">=", "&&", "||"];
const single = new Set("<>[]{}().,-!?:+*/%".split(""));

export const isDigit = (c: string | undefined): boolean => c !== undefined && c >= "0" && c <= "9" && c.length === 1;
const isHex = (c: string | undefined): boolean => c !== undefined && /^[0-9a-fA-F]$/.test(c);
const isLetter = (c: string | undefined): boolean => c !== undefined && /^[A-Za-z_]$/.test(c);
const isEscaped = (c: string | undefined): boolean => c !== undefined && /^[A-Za-z0-9_.\-/ ]$/.test(c);

/** Splits an expression into tokens, leaving out blanks and `//` comments. What is no token becomes an error and is skipped. */
export function tokenize(source: Source): { tokens: Token[]; errors: LexicalError[] } {
  const lexer = new Lexer(source.characters);
  lexer.run();
  return { tokens: lexer.tokens, errors: lexer.errors };
}

class Lexer {
  readonly tokens: Token[] = [];
  readonly errors: LexicalError[] = [];
  readonly #text: readonly string[];
  #at = 0;

  constructor(text: readonly string[]) {
    this.#text = text;
  }

  run(): void {
    while (this.#at < this.#text.length) this.#next();
    this.tokens.push({ kind: "end", text: "<EOF>", offset: this.#text.length });
  }

  #push(kind: TokenKind, end: number): void {
    this.tokens.push({ kind, text: this.#text.slice(this.#at, end).join(""), offset: this.#at });
    this.#at = end;
  }

  #reject(end: number): void {
    const text = this.#text.slice(this.#at, end).join("").replaceAll("\n", "\\n").replaceAll("\r", "\\r");
    this.errors.push({
      offset: this.#at,
      message: `Syntax error: token recognition error at: '${text.replaceAll("\t", "\\t")}'`,
    });
    this.#at = end;
  }

  #next(): void {
    const text = this.#text;
    const c = text[this.#at]!;
    const prefix = this.#stringPrefix();
    if (c === " " || c === "\t" || c === "\n" || c === "\r" || c === "\f") this.#at++;
    else if (c === "/" && text[this.#at + 1] === "/")
      while (this.#at < text.length && text[this.#at] !== "\n") this.#at++;
    else if (isDigit(c) || (c === "." && isDigit(text[this.#at + 1]))) this.#number();
    else if (prefix !== undefined) this.#string(prefix);
    else if (isLetter(c)) this.#identifier();
    else if (c === "`") this.#escapedIdentifier();
    else this.#symbol(c);
  }

  #identifier(): void {
    let end = this.#at + 1;
    while (isLetter(this.#text[end]) || isDigit(this.#text[end])) end++;
    this.#push("identifier", end);
  }

  #escapedIdentifier(): void {
    let end = this.#at + 1;
    while (isEscaped(this.#text[end])) end++;
    if (this.#text[end] === "`" && end > this.#at + 1) this.#push("escaped", end + 1);
    else this.#reject(Math.min(end + 1, this.#text.length));
  }

  #symbol(c: string): void {
    if (symbols.includes(c + (this.#text[this.#at + 1] ?? ""))) this.#push("symbol", this.#at + 2);
    else if (single.has(c)) this.#push("symbol", this.#at + 1);
    else {
      const begun = c === "=" || c === "&" || c === "|";
      this.#reject(Math.min(this.#at + (begun ? 2 : 1), this.#text.length));
    }
  }

  #number(): void {
    const text = this.#text;
    let end = this.#at;
    if (text[end] === "0" && text[end + 1] === "x" && isHex(text[end + 2])) {
      end += 2;
      while (isHex(text[end])) end++;
      this.#integer(end);
      return;
    }
    while (isDigit(text[end])) end++;
    let real = false;
    if (text[end] === "." && isDigit(text[end + 1])) {
      real = true;
      end++;
      while (isDigit(text[end])) end++;
    }
    if (text[end] === "e" || text[end] === "E") {
      const sign = text[end + 1] === "+" || text[end + 1] === "-" ? 1 : 0;
      if (isDigit(text[end + 1 + sign])) {
        real = true;
        end += 1 + sign;
        while (isDigit(text[end])) end++;
      }
    }
    if (real) this.#push("double", end);
    else this.#integer(end);
  }

  #integer(end: number): void {
    if (this.#text[end] === "u" || this.#text[end] === "U") this.#push("uint", end + 1);
    else this.#push("int", end);
  }

  #stringPrefix(): { length: number; raw: boolean; bytes: boolean } | undefined {
    const text = this.#text;
    let at = this.#at;
    const bytes = text[at] === "b" || text[at] === "B";
    if (bytes) at++;
    const raw = text[at] === "r" || text[at] === "R";
    if (raw) at++;
    return text[at] === '"' || text[at] === "'" ? { length: at - this.#at, raw, bytes } : undefined;
  }

  #string({ length, raw, bytes }: { length: number; raw: boolean; bytes: boolean }): void {
    const text = this.#text;
    const start = this.#at + length;
    const quote = text[start]!;
    const triple = text[start + 1] === quote && text[start + 2] === quote;
    const end = this.#stringEnd(start + (triple ? 3 : 1), { quote, triple, raw });
    if (end > 0) this.#push(bytes ? "bytes" : "string", end);
    else this.#reject(-end);
  }

  /** Where the string ends, after its quotes; negative: where it breaks off. */
  #stringEnd(start: number, { quote, triple, raw }: { quote: string; triple: boolean; raw: boolean }): number {
    const text = this.#text;
    let end = start;
    for (; end < text.length; end++) {
      const c = text[end]!;
      if (c === "\\" && !raw) end++;
      else if (!triple && (c === "\n" || c === "\r")) break;
      else if (c === quote && !triple) return end + 1;
      else if (c === quote && text[end + 1] === quote && text[end + 2] === quote) return end + 3;
    }
    return -Math.min(end, text.length);
  }
}
