import { compareText } from "../text/go-quote.ts";
import { SelectorError } from "./requirement.ts";

export { SelectorError } from "./requirement.ts";

/** One condition on one field, whose value is text. */
export interface FieldRequirement {
  readonly field: string;
  readonly operator: "=" | "!=";
  readonly value: string;
}

/** Requirements on fields, all of which must hold (apimachinery/pkg/fields). Immutable. */
export interface FieldSelector {
  readonly empty: boolean;
  readonly requirements: readonly FieldRequirement[];
  /** `read` gives the text of a field; empty where there is none. */
  matches(read: (field: string) => string): boolean;
  /** The value that the field must have, if it must have one. */
  exactMatch(field: string): string | undefined;
  toString(): string;
}

/** A selector of these requirements; those that speak of no field and no value are dropped. */
export function fieldSelector(requirements: readonly FieldRequirement[]): FieldSelector {
  const kept = requirements.filter(({ field, value }) => field !== "" || value !== "");
  return {
    empty: kept.length === 0,
    requirements: kept,
    matches: (read) => kept.every(({ field, operator, value }) => (read(field) === value) === (operator === "=")),
    exactMatch: (field) =>
      kept.find((requirement) => requirement.operator === "=" && requirement.field === field)?.value,
    toString: () => kept.map(({ field, operator, value }) => `${field}${operator}${escapeFieldValue(value)}`).join(","),
  };
}

/** Reads `metadata.name=a,status.phase!=Running`; `==` is `=`, a backslash quotes `\`, `,` and `=`. Throws SelectorError. */
export function parseFieldSelector(text: string): FieldSelector {
  const requirements: FieldRequirement[] = [];
  for (const term of splitTerms(text).sort(compareText)) {
    if (term === "") continue;
    const match = /!=|==?/.exec(term);
    if (match === null) throw new SelectorError(`invalid selector: '${text}'; can't understand '${term}'`);
    const value = unescapeFieldValue(term.slice(match.index + match[0].length));
    requirements.push({ field: term.slice(0, match.index), operator: match[0] === "!=" ? "!=" : "=", value });
  }
  return fieldSelector(requirements);
}

/** Parts between commas that no backslash quotes. */
function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === ",") {
      terms.push(text.slice(start, i));
      start = i + 1;
    }
  }
  terms.push(text.slice(start));
  return terms;
}

/** Quotes what would end a value. */
export function escapeFieldValue(value: string): string {
  return value.replace(/[\\,=]/g, "\\$&");
}

function unescapeFieldValue(text: string): string {
  if (!/[\\,=]/.test(text)) return text;
  let value = "";
  for (const match of text.matchAll(/\\([\s\S]?)|[^\\]/gu)) {
    const [whole, quoted] = match;
    if (quoted === undefined) {
      if (whole === "," || whole === "=") {
        throw new SelectorError(`invalid field selector: unescaped character in value: ${whole.codePointAt(0)}`);
      }
      value += whole;
    } else if (quoted === "\\" || quoted === "," || quoted === "=") value += quoted;
    else throw new SelectorError(`invalid field selector: invalid escape sequence: ${whole}`);
  }
  return value;
}
