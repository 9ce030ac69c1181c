import { continuesOperand, isName, startsExpression } from "./grammar.ts";
import type { Token } from "./lexer.ts";
import { TokenReader } from "./token-reader.ts";

/** What may stand behind an expression, by the place where it stands. */
export type Ends = readonly string[];

const ofAll: Ends = ["<EOF>"];
/** Between `?` and `:`, where no further `?` may stand. */
export const middle: Ends = [":"];
export const ofKey: Ends = [":"];
export const ofIndex: Ends = ["]"];
export const ofNested: Ends = [")"];
export const ofArgument: Ends = [",", ")"];
export const ofItem: Ends = [",", "]"];
export const ofEntry: Ends = [",", "}"];

const isMark = ({ kind, text }: Token): boolean => kind === "symbol" && text === "?";
export const startsItem = (token: Token): boolean => startsExpression(token) || isMark(token);
export const startsField = (token: Token): boolean => isName(token) || isMark(token);

/** Knows what is open around the current token, and so whether a bracket that is missing can be passed over. */
export class BracketReader extends TokenReader {
  #ends: Ends = ofAll;

  /** Reads what has `ends` behind it. */
  protected inside<T>(ends: Ends, read: () => T): T {
    const around = this.#ends;
    this.#ends = ends;
    const found = read();
    this.#ends = around;
    return found;
  }

  protected close(text: string): void {
    this.expect(text, this.#follows);
  }

  /** What may follow an operand here. */
  readonly #follows = (token: Token): boolean =>
    continuesOperand(token) ||
    ((token.kind === "symbol" || token.kind === "end") && this.#ends.includes(token.text)) ||
    (isMark(token) && this.#ends !== middle);

  /** What stands between brackets, with commas between and perhaps one behind; the closing bracket is taken, too. */
  protected items(
    close: "]" | "}",
    { starts, expected }: { readonly starts: (token: Token) => boolean; readonly expected: string },
    item: () => void,
  ): void {
    const ends = ({ kind, text }: Token): boolean => kind === "symbol" && (text === close || text === ",");
    const fits = (token: Token): boolean => starts(token) || ends(token);
    if (!fits(this.token)) this.unexpected(expected, fits);
    if (starts(this.token)) {
      do {
        item();
        if (!ends(this.token)) this.unexpected(`{'${close}', ','}`, ends);
      } while (this.accept(",") !== undefined && starts(this.token));
    } else {
      this.accept(",");
    }
    this.close(close);
  }
}
