import { keywords } from "./grammar.ts";
import { type Token, tokenize } from "./lexer.ts";
import type { Issue, Source } from "./source.ts";

/** Ends the parse: a grammar error, or a limit. */
export class SyntaxFailure extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** Walks over the tokens of an expression and keeps what is said of it: mistakes, and where each part stands. */
export class TokenReader {
  readonly issues: Issue[] = [];
  /** Code points from the start, by the ids of expressions, entries and fields. */
  readonly offsets = new Map<number, number>();
  protected readonly tokens: readonly Token[];
  protected at = 0;
  readonly #source: Source;
  #lastId = 0;

  constructor(source: Source) {
    this.#source = source;
    const { tokens, errors } = tokenize(source);
    this.tokens = tokens;
    for (const { offset, message } of errors) this.issue(message, offset);
  }

  protected get token(): Token {
    return this.tokens[this.at]!;
  }

  protected issue(message: string, offset: number): void {
    this.issues.push({ message, ...this.#source.locate(offset) });
  }

  protected fail(message: string, token: Token): never {
    throw new SyntaxFailure(`Syntax error: ${message}`, token.offset);
  }

  /** A token that no rule takes: `extraneous` where the one after it would be fine in its place. */
  protected unexpected(expected: string, fits: (next: Token) => boolean): never {
    const token = this.token;
    const next = this.tokens[this.at + 1];
    const what = next !== undefined && fits(next) ? "extraneous" : "mismatched";
    this.fail(`${what} input '${token.text}' expecting ${expected}`, token);
  }

  protected is(text: string): boolean {
    const token = this.token;
    return token.text === text && (token.kind === "symbol" || (token.kind === "identifier" && keywords.has(text)));
  }

  protected accept(text: string): Token | undefined {
    if (!this.is(text)) return undefined;
    const token = this.token;
    this.at++;
    return token;
  }

  protected expect(text: string): Token {
    const token = this.accept(text);
    if (token !== undefined) return token;
    return this.unexpected(`'${text}'`, (next) => next.text === text && next.kind === "symbol");
  }

  protected id(offset: number): number {
    this.#lastId++;
    this.offsets.set(this.#lastId, offset);
    return this.#lastId;
  }
}
