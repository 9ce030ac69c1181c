import { type Expression, type Literal, type MapEntry, operators, type StructField } from "./ast.ts";
import {
  BracketReader,
  middle,
  ofArgument,
  ofEntry,
  ofIndex,
  ofItem,
  ofKey,
  ofNested,
  startsField,
  startsItem,
} from "./brackets.ts";
import { expectedStart, isName, keywords, products, relations, reserved, startsExpression, sums } from "./grammar.ts";
import type { Token } from "./lexer.ts";
import { numberValue, textValue } from "./literal.ts";
import { type Macro, MacroError, type MacroTable, macroKey } from "./macro.ts";
import type { Issue, Source } from "./source.ts";
import { SyntaxFailure } from "./token-reader.ts";
import { UnescapeError } from "./unescape.ts";

export interface ParseOptions {
  readonly macros: MacroTable;
  /** `a.?b`, `a[?b]`, `[?a]`, `{?a: b}` */
  readonly optionalSyntax: boolean;
  /** a.`b-c` */
  readonly escapedIdentifiers?: boolean;
}

export interface Parsed {
  readonly expression: Expression;
  readonly source: Source;
  /** Code point where an expression, an entry or a field stands, by its id. */
  readonly offsets: ReadonlyMap<number, number>;
}

export type ParseResult =
  | { readonly ok: true; readonly parsed: Parsed }
  | { readonly ok: false; readonly issues: Issue[] };

const maxDepth = 250;
const maxSize = 100_000;
/** Parses an expression and expands its macros. Linear in its length, and bounded: 100,000 code points, 250 levels. */
export function parse(source: Source, options: ParseOptions): ParseResult {
  const size = source.characters.length;
  if (size > maxSize) {
    const message = `expression code point size exceeds limit: size: ${size}, limit ${maxSize}`;
    return { ok: false, issues: [{ message, line: -1, column: -1 }] };
  }
  const parser = new Parser(source, options);
  const expression = parser.run();
  return expression !== undefined && parser.issues.length === 0
    ? { ok: true, parsed: { expression, source, offsets: parser.offsets } }
    : { ok: false, issues: parser.issues };
}

class Parser extends BracketReader {
  readonly #options: ParseOptions;
  #depth = 0;
  #links = 0;

  constructor(source: Source, options: ParseOptions) {
    super(source);
    this.#options = options;
  }

  run(): Expression | undefined {
    try {
      const expression = this.#expression();
      const token = this.token;
      if (token.kind !== "end") this.unexpected("<EOF>", (next) => next.kind === "end");
      return expression;
    } catch (error) {
      if (!(error instanceof SyntaxFailure)) throw error;
      if (error.offset < 0) this.issues.push({ message: error.message, line: -1, column: -1 });
      else if (error.message !== "") this.issue(error.message, error.offset);
      return undefined;
    }
  }

  #deepen(): void {
    this.#depth++;
    if (this.#depth > maxDepth) throw new SyntaxFailure(`expression recursion limit exceeded: ${maxDepth}`, -1);
  }

  /** One more link of a chain such as `a.b.c` or `1 + 2 + 3`, which nests to the left. */
  #link(): void {
    this.#links++;
    if (this.#links > maxDepth) throw new SyntaxFailure("max recursion depth exceeded", -1);
  }

  readonly #read = (): Expression => this.#expression();

  #expression(): Expression {
    this.#deepen();
    const condition = this.#logical("||", operators.or);
    const mark = this.accept("?");
    if (mark === undefined) {
      this.#depth--;
      return condition;
    }
    const id = this.id(mark.offset);
    const yes = this.inside(middle, () => this.#logical("||", operators.or));
    this.expect(":", startsExpression);
    const no = this.#expression();
    this.#depth--;
    return this.#call(id, operators.conditional, undefined, [condition, yes, no]);
  }

  /** `a || b || c` is one call of three arguments: deep chains stay flat. */
  #logical(symbol: "||" | "&&", name: string): Expression {
    const term = (): Expression => (symbol === "||" ? this.#logical("&&", operators.and) : this.#relation());
    const first = term();
    if (!this.is(symbol)) return first;
    const terms = [first];
    let id = 0;
    for (let mark = this.accept(symbol); mark !== undefined; mark = this.accept(symbol)) {
      terms.push(term());
      id = this.id(mark.offset);
    }
    return this.#call(id, name, undefined, terms);
  }

  #relation(): Expression {
    return this.#binary(relations, () => this.#binary(sums, () => this.#binary(products, () => this.#unary())));
  }

  #binary(names: Readonly<Record<string, string>>, operand: () => Expression): Expression {
    let left = operand();
    let links = 0;
    for (;;) {
      const token = this.token;
      const operator = Object.hasOwn(names, token.text) ? names[token.text] : undefined;
      if (operator === undefined || !this.is(token.text)) break;
      this.at++;
      links++;
      this.#link();
      const id = this.id(token.offset);
      left = this.#call(id, operator, undefined, [left, operand()]);
    }
    this.#links -= links;
    return left;
  }

  #unary(): Expression {
    const token = this.token;
    if (this.is("!")) return this.#repeated("!", operators.not);
    if (this.is("-")) {
      const next = this.tokens[this.at + 1]!;
      if (next.kind !== "int" && next.kind !== "double") return this.#repeated("-", operators.negate);
      this.at += 2;
      return this.#members(this.#number(next, "-", token.offset));
    }
    return this.#members(this.#primary());
  }

  #repeated(symbol: "!" | "-", name: string): Expression {
    const first = this.token;
    let count = 0;
    while (this.is(symbol)) {
      const next = this.tokens[this.at + 1]!;
      if (symbol === "-" && count > 0 && (next.kind === "int" || next.kind === "double")) break;
      this.at++;
      count++;
    }
    const odd = count % 2 === 1;
    const id = odd ? this.id(first.offset) : 0;
    const negative = symbol === "-" && this.is("-");
    const operand = negative ? this.#unary() : this.#members(this.#primary());
    return odd ? this.#call(id, name, undefined, [operand]) : operand;
  }

  #members(first: Expression): Expression {
    let operand = first;
    let links = 0;
    for (;;) {
      const dot = this.accept(".");
      const bracket = dot === undefined ? this.accept("[") : undefined;
      if (dot === undefined && bracket === undefined) break;
      links++;
      this.#link();
      operand = dot !== undefined ? this.#select(operand, dot) : this.#index(operand, bracket!);
    }
    this.#links -= links;
    return operand;
  }

  #select(operand: Expression, dot: Token): Expression {
    const mark = this.accept("?");
    const name = this.#fieldName();
    const open = mark === undefined && name.kind === "identifier" ? this.accept("(") : undefined;
    if (open !== undefined) {
      const id = this.id(open.offset);
      return this.#call(id, name.text, operand, this.#expressions(")"));
    }
    const field = this.#normalName(name);
    if (mark === undefined) return { kind: "select", id: this.id(dot.offset), operand, field, testOnly: false };
    if (!this.#options.optionalSyntax) this.issue("unsupported syntax '.?'", dot.offset);
    const id = this.id(dot.offset);
    const argument: Expression = { kind: "literal", id: this.id(name.offset), value: field };
    return { kind: "call", id, function: operators.optionalSelect, target: undefined, args: [operand, argument] };
  }

  #index(operand: Expression, bracket: Token): Expression {
    const mark = this.accept("?");
    const id = this.id(bracket.offset);
    if (mark === undefined && !startsExpression(this.token)) this.unexpected(expectedStart("?"), startsItem);
    const index = this.inside(ofIndex, this.#read);
    this.close("]");
    if (mark !== undefined && !this.#options.optionalSyntax) this.issue("unsupported syntax '[?'", bracket.offset);
    return this.#call(id, mark === undefined ? operators.index : operators.optionalIndex, undefined, [operand, index]);
  }

  #fieldName(): Token {
    const token = this.token;
    if (token.kind === "escaped" || (token.kind === "identifier" && !keywords.has(token.text))) {
      this.at++;
      return token;
    }
    if (token.kind === "identifier") this.fail(`mismatched input '${token.text}' expecting IDENTIFIER`, token);
    this.fail(`no viable alternative at input '.${token.kind === "end" ? "" : token.text}'`, token);
  }

  /** The name of a field in `T{name: value}`. */
  #initializerName(): Token {
    if (!isName(this.token)) this.unexpected("{IDENTIFIER, ESC_IDENTIFIER}", isName);
    return this.tokens[this.at++]!;
  }

  #normalName(token: Token): string {
    if (token.kind !== "escaped") return token.text;
    if (this.#options.escapedIdentifiers !== true) this.issue("unsupported syntax: '`'", token.offset);
    return token.text.slice(1, -1);
  }

  /** Comma-separated expressions up to a closing symbol, which is consumed. */
  #expressions(close: string): Expression[] {
    const found: Expression[] = [];
    const starts = (token: Token): boolean => startsExpression(token) || token.text === close;
    if (!starts(this.token)) this.unexpected(expectedStart(close), starts);
    if (this.accept(close) !== undefined) return found;
    do found.push(this.inside(ofArgument, this.#read));
    while (this.accept(",") !== undefined);
    this.close(close);
    return found;
  }

  #primary(): Expression {
    if (!startsExpression(this.token)) this.unexpected(expectedStart(), startsExpression);
    const token = this.token;
    switch (token.kind) {
      case "int":
      case "uint":
      case "double":
        this.at++;
        return this.#number(token, "", token.offset);
      case "string":
      case "bytes":
        this.at++;
        return this.#quoted(token);
    }
    if (this.accept("(") !== undefined) {
      const inner = this.inside(ofNested, this.#read);
      this.close(")");
      return inner;
    }
    if (this.accept("[") !== undefined) return this.#list(token);
    if (this.accept("{") !== undefined) return this.#map(token);
    return this.#name();
  }

  #name(): Expression {
    const dot = this.accept(".") === undefined ? "" : ".";
    const named = ({ kind, text }: Token): boolean => kind === "identifier" && !keywords.has(text);
    if (dot !== "" && !named(this.token)) this.unexpected("IDENTIFIER", named);
    const token = this.token;
    if (dot === "" && keywords.has(token.text)) {
      this.at++;
      const value = token.text === "null" ? null : token.text === "true";
      return { kind: "literal", id: this.id(token.offset), value };
    }
    const message = this.#messageName();
    if (message !== undefined) return this.#struct(dot + message);
    this.at++;
    if (reserved.has(token.text)) this.issue(`reserved identifier: ${token.text}`, token.offset);
    const open = this.accept("(");
    if (open === undefined) return { kind: "identifier", id: this.id(token.offset), name: dot + token.text };
    const id = this.id(open.offset);
    return this.#call(id, dot + token.text, undefined, this.#expressions(")"));
  }

  /** `a.b.c` where `{` follows it: the start of a message. Consumes it then, and nothing otherwise. */
  #messageName(): string | undefined {
    let at = this.at;
    let name = this.tokens[at]!.text;
    while (this.tokens[at + 1]!.text === "." && this.tokens[at + 2]?.kind === "identifier") {
      at += 2;
      name += `.${this.tokens[at]!.text}`;
    }
    const next = this.tokens[at + 1]!;
    if (next.kind !== "symbol" || next.text !== "{") return undefined;
    this.at = at + 1;
    return name;
  }

  #struct(typeName: string): Expression {
    const id = this.id(this.expect("{", () => false).offset);
    const fields: StructField[] = [];
    this.items("}", { starts: startsField, expected: "{'}', ',', '?', IDENTIFIER, ESC_IDENTIFIER}" }, () => {
      const optional = this.#optionalMark();
      const name = this.#normalName(this.#initializerName());
      const colon = this.expect(":", startsExpression);
      const fieldId = this.id(colon.offset);
      fields.push({ id: fieldId, name, value: this.inside(ofEntry, this.#read), optional });
    });
    return { kind: "struct", id, typeName, fields };
  }

  #optionalMark(): boolean {
    const mark = this.accept("?");
    if (mark !== undefined && !this.#options.optionalSyntax) this.issue("unsupported syntax '?'", mark.offset);
    return mark !== undefined;
  }

  #list(open: Token): Expression {
    const id = this.id(open.offset);
    const items: Expression[] = [];
    const optional = new Set<number>();
    this.items("]", { starts: startsItem, expected: expectedStart("]", ",", "?") }, () => {
      if (this.#optionalMark()) optional.add(items.length);
      items.push(this.inside(ofItem, this.#read));
    });
    return { kind: "list", id, items, optional };
  }

  #map(open: Token): Expression {
    const id = this.id(open.offset);
    const entries: MapEntry[] = [];
    this.items("}", { starts: startsItem, expected: expectedStart("}", ",", "?") }, () => {
      const optional = this.#optionalMark();
      const key = this.inside(ofKey, this.#read);
      const entryId = this.id(this.expect(":", startsExpression).offset);
      entries.push({ id: entryId, key, value: this.inside(ofEntry, this.#read), optional });
    });
    return { kind: "map", id, entries };
  }

  #number(token: Token, sign: "" | "-", offset: number): Expression {
    return this.#literal(offset, () => numberValue(token, sign));
  }

  #quoted(token: Token): Expression {
    return this.#literal(token.offset, () => textValue(token));
  }

  #literal(offset: number, read: () => Literal): Expression {
    const id = this.id(offset);
    try {
      return { kind: "literal", id, value: read() };
    } catch (error) {
      if (!(error instanceof UnescapeError)) throw error;
      this.issue(error.message, offset);
      return { kind: "literal", id, value: null };
    }
  }

  #call(id: number, name: string, target: Expression | undefined, args: Expression[]): Expression {
    const receiver = target !== undefined;
    const { macros } = this.#options;
    const macro: Macro | undefined = macros.get(macroKey(name, args.length, receiver));
    if (macro !== undefined) {
      const offset = this.offsets.get(id)!;
      const expanded = macro({ newId: () => this.id(offset) }, target, args);
      if (expanded instanceof MacroError) {
        this.issue(expanded.message, this.offsets.get(expanded.id) ?? offset);
        return { kind: "literal", id, value: null };
      }
      if (expanded !== undefined) return expanded;
    }
    return { kind: "call", id, function: name, target, args };
  }
}
