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
  /** Where a token was missing: until the next one is taken nothing more is said. */
  #missingAt = -1;

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

  /** Ends the parse. */
  protected fail(message: string, token: Token): never {
    throw new SyntaxFailure(this.at === this.#missingAt ? "" : `Syntax error: ${message}`, token.offset);
  }

  #report(message: string, token: Token): void {
    if (this.at !== this.#missingAt) this.issue(`Syntax error: ${message}`, token.offset);
  }

  /** A token that no rule takes. It is passed over where the one after it would be fine in its place; else all ends. */
  protected unexpected(expected: string, fits: (next: Token) => boolean): void {
    const { token } = this;
    const next = this.tokens[this.at + 1];
    if (next === undefined || !fits(next)) this.fail(`mismatched input '${token.text}' expecting ${expected}`, token);
    this.#report(`extraneous input '${token.text}' expecting ${expected}`, token);
    this.at++;
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

  /** Takes a token, or goes on as if it were there before one that may follow it (ANTLR's DefaultErrorStrategy). */
  protected expect(text: string, follows: (next: Token) => boolean): Token {
    const found = this.accept(text);
    if (found !== undefined) return found;
    const { token } = this;
    const isIt = (next: Token): boolean => next.text === text && next.kind === "symbol";
    if (!isIt(this.tokens[this.at + 1] ?? token) && follows(token)) {
      this.#report(`missing '${text}' at '${token.text}'`, token);
      this.#missingAt = this.at;
      return token;
    }
    this.unexpected(`'${text}'`, isIt);
    return this.accept(text)!;
  }

  protected id(offset: number): number {
    this.#lastId++;
    this.offsets.set(this.#lastId, offset);
    return this.#lastId;
  }
}
