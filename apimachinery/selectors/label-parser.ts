import { formatFieldError, invalid } from "../field/errors.ts";
import { compareText } from "../text/go-quote.ts";
import { isQualifiedName } from "../validation/labels.ts";
import { binaryOperators, newRequirement, type Operator, type Requirement, SelectorError } from "./requirement.ts";

type TokenKind = "end" | "identifier" | "in" | "notin" | ")" | "(" | "," | "!" | "==" | "=" | "!=" | ">" | "<";

interface Token {
  readonly kind: TokenKind;
  readonly text: string;
}

const end: Token = { kind: "end", text: "" };

function isSpace(character: string): boolean {
  return character === " " || character === "\t" || character === "\r" || character === "\n";
}

function isSymbol(character: string): boolean {
  return "=!(),><".includes(character);
}

/** Splits the text as labels.Lexer does; a NUL ends a word, and the text where a word would begin. */
function scan(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    while (at < text.length && isSpace(text[at]!)) at++;
    const character = text[at];
    if (character === undefined || character === "\0") break;
    const start = at;
    if (isSymbol(character)) {
      const two = text.slice(at, at + 2);
      const symbol = two === "==" || two === "!=" ? two : character;
      at += symbol.length;
      tokens.push({ kind: symbol as TokenKind, text: symbol });
      continue;
    }
    while (at < text.length && text[at] !== "\0" && !isSymbol(text[at]!) && !isSpace(text[at]!)) at++;
    const word = text.slice(start, at);
    if (text[at] === "\0") at++;
    tokens.push({ kind: word === "in" || word === "notin" ? word : "identifier", text: word });
  }
  tokens.push(end);
  return tokens;
}

/** Requirements of a selector's text, in the order written. Throws SelectorError (labels.Parse). */
export function parseRequirements(text: string): Requirement[] {
  return new Parser(scan(text)).parse();
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  parse(): Requirement[] {
    const requirements: Requirement[] = [];
    for (;;) {
      const next = this.#peek();
      if (next.kind === "end") return requirements;
      if (next.kind !== "identifier" && next.kind !== "!") {
        throw new SelectorError(`found '${next.text}', expected: !, identifier, or 'end of string'`);
      }
      requirements.push(this.#wrapped());
      const after = this.#take();
      if (after.kind === "end") return requirements;
      if (after.kind !== ",") throw new SelectorError(`found '${after.text}', expected: ',' or 'end of string'`);
      const following = this.#peek();
      if (following.kind !== "identifier" && following.kind !== "!") {
        throw new SelectorError(`found '${following.text}', expected: identifier after ','`);
      }
    }
  }

  #wrapped(): Requirement {
    try {
      return this.#requirement();
    } catch (error) {
      if (!(error instanceof SelectorError)) throw error;
      throw new SelectorError(`unable to parse requirement: ${error.message}`, { cause: error });
    }
  }

  #requirement(): Requirement {
    const absent = this.#peek().kind === "!";
    if (absent) this.#take();
    const key = this.#take();
    if (key.kind !== "identifier") throw new SelectorError(`found '${key.text}', expected: identifier`);
    const messages = isQualifiedName(key.text);
    // The path is a nil pointer here, and upstream prints it.
    if (messages.length > 0) throw new SelectorError(formatFieldError(invalid("<nil>", key.text, messages.join("; "))));
    const next = this.#peek().kind;
    if (absent) return newRequirement(key.text, "!", []);
    if (next === "end" || next === ",") return newRequirement(key.text, "exists", []);
    const operator = this.#operator();
    const values = operator === "in" || operator === "notin" ? this.#list() : [this.#value()];
    return newRequirement(key.text, operator, values.sort(compareText));
  }

  #operator(): Operator {
    const token = this.#tokens[this.#at++]!;
    switch (token.kind) {
      case "in":
      case "notin":
      case "=":
      case "==":
      case "!=":
        return token.kind;
      case ">":
        return "gt";
      case "<":
        return "lt";
      default:
        throw new SelectorError(`found '${token.text}', expected: ${binaryOperators.join(", ")}`);
    }
  }

  #value(): string {
    const next = this.#peek().kind;
    if (next === "end" || next === ",") return "";
    const token = this.#take();
    if (token.kind !== "identifier") throw new SelectorError(`found '${token.text}', expected: identifier`);
    return token.text;
  }

  #list(): string[] {
    const opening = this.#take();
    if (opening.kind !== "(") throw new SelectorError(`found '${opening.text}' expected: '('`);
    const first = this.#peek();
    if (first.kind === ")") {
      this.#take();
      return [""];
    }
    if (first.kind !== "identifier" && first.kind !== ",") {
      throw new SelectorError(`found '${first.text}', expected: ',', ')' or identifier`);
    }
    const values = this.#identifiers();
    this.#take();
    return [...values];
  }

  /** Up to the closing parenthesis, which stays. Commas with nothing between them stand for the empty value. */
  #identifiers(): Set<string> {
    const values = new Set<string>();
    for (;;) {
      const token = this.#take();
      const next = this.#peek();
      if (token.kind === "identifier") {
        values.add(token.text);
        if (next.kind === ")") return values;
        if (next.kind !== ",") throw new SelectorError(`found '${next.text}', expected: ',' or ')'`);
      } else if (token.kind === ",") {
        if (values.size === 0 || next.kind === ")" || next.kind === ",") values.add("");
        if (next.kind === ")") return values;
      } else {
        throw new SelectorError(`found '${token.text}', expected: ',', or identifier`);
      }
    }
  }

  /** The next token where a key or value may stand: keywords are identifiers there. */
  #peek(): Token {
    const token = this.#tokens[this.#at] ?? end;
    return token.kind === "in" || token.kind === "notin" ? { kind: "identifier", text: token.text } : token;
  }

  #take(): Token {
    const token = this.#peek();
    this.#at++;
    return token;
  }
}
