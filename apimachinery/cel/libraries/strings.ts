import { type FunctionDeclaration, globalFunction, memberFunction } from "../check/function.ts";
import { dynType, intType, listType, stringType } from "../types/type.ts";
import { CelError } from "../values/error.ts";
import { isSimple } from "../values/text.ts";
import { ArrayList, type Result, type Value } from "../values/value.ts";
import { formatText } from "./format-text.ts";
import type { Library } from "./library.ts";
import { itemsOf } from "./values.ts";

/** Code points; texts without surrogates are indexed as they are. */
function points(text: string): string | readonly string[] {
  return isSimple(text) ? text : Array.from(text);
}

function joined(part: string | readonly string[]): string {
  return typeof part === "string" ? part : part.join("");
}

function outOfRange(index: bigint): CelError {
  return new CelError(`index out of range: ${index}`);
}

function charAt([text, at]: readonly Value[]): Result {
  const characters = points(text as string);
  const index = at as bigint;
  if (index < 0n || index > BigInt(characters.length)) return outOfRange(index);
  return characters[Number(index)] ?? "";
}

function substring([text, from, to]: readonly Value[]): Result {
  const characters = points(text as string);
  const length = BigInt(characters.length);
  const [start, end] = [from as bigint, to as bigint | undefined];
  if (end !== undefined && start > end) return new CelError(`invalid substring range. start: ${start}, end: ${end}`);
  if (start < 0n || start > length) return outOfRange(start);
  if (end !== undefined && (end < 0n || end > length)) return outOfRange(end);
  return joined(characters.slice(Number(start), end === undefined ? undefined : Number(end)));
}

function matchesAt(characters: string | readonly string[], part: string | readonly string[], at: number): boolean {
  for (let index = 0; index < part.length; index++) if (characters[at + index] !== part[index]) return false;
  return true;
}

function indexOf([text, part, from]: readonly Value[]): Result {
  const offset = (from as bigint | undefined) ?? 0n;
  if (part === "") return offset;
  if (offset < 0n) return outOfRange(offset);
  const characters = points(text as string);
  if (offset >= BigInt(characters.length)) return -1n;
  if (typeof characters === "string") return BigInt(characters.indexOf(part as string, Number(offset)));
  const wanted = Array.from(part as string);
  for (let at = Number(offset); at + wanted.length <= characters.length; at++) {
    if (matchesAt(characters, wanted, at)) return BigInt(at);
  }
  return -1n;
}

function lastIndexOf([text, part, from]: readonly Value[]): Result {
  const characters = points(text as string);
  const wanted = Array.from(part as string);
  if (wanted.length === 0) return (from as bigint | undefined) ?? BigInt(characters.length);
  if (from === undefined && characters.length < wanted.length) return -1n;
  const offset = (from as bigint | undefined) ?? BigInt(characters.length - 1);
  if (offset < 0n) return outOfRange(offset);
  if (offset >= BigInt(characters.length)) return -1n;
  for (let at = Math.min(Number(offset), characters.length - wanted.length); at >= 0; at--) {
    if (matchesAt(characters, wanted, at)) return BigInt(at);
  }
  return -1n;
}

const lower = ([text]: readonly Value[]): Result => (text as string).replace(/[A-Z]+/g, (part) => part.toLowerCase());
const upper = ([text]: readonly Value[]): Result => (text as string).replace(/[a-z]+/g, (part) => part.toUpperCase());

/** Go's strings.Replace: a negative count is all; an empty text stands before, between and after all characters. */
function replace([text, old, by, count]: readonly Value[]): Result {
  const limit = count === undefined || (count as bigint) < 0n ? Number.POSITIVE_INFINITY : Number(count as bigint);
  const [from, to] = [old as string, by as string];
  const parts = from === "" ? ["", ...Array.from(text as string), ""] : (text as string).split(from);
  let result = parts[0]!;
  for (let index = 1; index < parts.length; index++) result += (index <= limit ? to : from) + parts[index]!;
  return result;
}

/** Go's strings.SplitN: 0 is nothing, negative is all. */
function split([text, separator, count]: readonly Value[]): Result {
  const limit = count === undefined || (count as bigint) < 0n ? Number.POSITIVE_INFINITY : Number(count as bigint);
  if (limit === 0) return new ArrayList([]);
  const by = separator as string;
  const parts = by === "" ? Array.from(text as string) : (text as string).split(by);
  if (parts.length <= limit) return new ArrayList(parts);
  return new ArrayList([...parts.slice(0, limit - 1), parts.slice(limit - 1).join(by)]);
}

function join([list, separator]: readonly Value[]): Result {
  const items = itemsOf(list);
  if (items instanceof CelError) return items;
  const wrong = items.find((item) => typeof item !== "string");
  if (wrong !== undefined) return new CelError(`join: invalid input: ${String(wrong)}`);
  return items.join((separator as string | undefined) ?? "");
}

/** Go's strings.TrimSpace: Unicode's White_Space, which has U+0085 and lacks U+FEFF. */
function trim([text]: readonly Value[]): Result {
  return (text as string).replace(/^\p{White_Space}+/u, "").replace(/(?<!\p{White_Space})\p{White_Space}+$/u, "");
}

const escapes: Readonly<Record<string, string>> = {
  "\u0007": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
  '"': '\\"',
};

function quote([text]: readonly Value[]): Result {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to escape.
  return `"${(text as string).toWellFormed().replace(/[\u0007-\r\\"]/g, (character) => escapes[character]!)}"`;
}

const s = stringType;

function functions(localized: boolean): FunctionDeclaration[] {
  return [
    memberFunction("charAt", ["string_char_at_int", [s, intType], s, charAt]),
    memberFunction(
      "indexOf",
      ["string_index_of_string", [s, s], intType, indexOf],
      ["string_index_of_string_int", [s, s, intType], intType, indexOf],
    ),
    memberFunction(
      "lastIndexOf",
      ["string_last_index_of_string", [s, s], intType, lastIndexOf],
      ["string_last_index_of_string_int", [s, s, intType], intType, lastIndexOf],
    ),
    memberFunction("lowerAscii", ["string_lower_ascii", [s], s, lower]),
    memberFunction("upperAscii", ["string_upper_ascii", [s], s, upper]),
    memberFunction(
      "replace",
      ["string_replace_string_string", [s, s, s], s, replace],
      ["string_replace_string_string_int", [s, s, s, intType], s, replace],
    ),
    memberFunction(
      "split",
      ["string_split_string", [s, s], listType(s), split],
      ["string_split_string_int", [s, s, intType], listType(s), split],
    ),
    memberFunction(
      "substring",
      ["string_substring_int", [s, intType], s, substring],
      ["string_substring_int_int", [s, intType, intType], s, substring],
    ),
    memberFunction("trim", ["string_trim", [s], s, trim]),
    memberFunction("format", [
      "string_format",
      [s, listType(dynType)],
      s,
      ([text, list]) => {
        const items = itemsOf(list);
        return items instanceof CelError ? items : formatText(text as string, items, localized);
      },
    ]),
    globalFunction("strings.quote", ["strings_quote", [s], s, quote]),
    memberFunction("join", ["list_join", [listType(s)], s, join], ["list_join_string", [listType(s), s], s, join]),
  ];
}

/** cel-go's functions of strings, version 2: what Kubernetes has. Upstream: cel-go ext/strings.go. */
export const stringsLibrary: Library = { name: "cel.lib.ext.strings", functions: functions(true) };

/** The same, version 4: numbers are formatted without a locale, and there is `reverse`. Kubernetes does not have it. */
export const latestStringsLibrary: Library = {
  name: "cel.lib.ext.strings",
  functions: [
    ...functions(false),
    memberFunction("reverse", [
      "string_reverse",
      [s],
      s,
      ([text]) =>
        Array.from(text as string)
          .reverse()
          .join(""),
    ]),
  ],
};
