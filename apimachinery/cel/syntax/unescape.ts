import { utf8Bytes } from "../values/text.ts";

/** A literal whose escapes mean nothing. */
export class UnescapeError extends Error {}

const plain: Readonly<Record<string, string>> = {
  a: "\u0007",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  "'": "'",
  '"': '"',
  "`": "`",
  "?": "?",
};

/** The text between the quotes of a literal's token, and whether it is raw. */
function content(token: string): { text: string; raw: boolean } {
  let text = token.replaceAll("\r\n", "\n").replaceAll("\r", "\n");
  if (/^[bB]/.test(text)) text = text.slice(1);
  const raw = /^[rR]/.test(text);
  if (raw) text = text.slice(1);
  const quotes = text.length >= 6 && (text.startsWith('"""') || text.startsWith("'''")) ? 3 : 1;
  return { text: text.slice(quotes, text.length - quotes), raw };
}

export function unescapeString(token: string): string {
  const { text, raw } = content(token);
  if (raw || !text.includes("\\")) return text;
  return parts(text, false)
    .map((part) => (typeof part === "string" ? part : String.fromCodePoint(part)))
    .join("");
}

export function unescapeBytes(token: string): Uint8Array {
  const { text, raw } = content(token);
  if (raw || !text.includes("\\")) return utf8Bytes(text);
  const bytes: number[] = [];
  for (const part of parts(text, true)) {
    if (typeof part === "number") bytes.push(part);
    else bytes.push(...utf8Bytes(part));
  }
  return Uint8Array.from(bytes);
}

/** Text as it stands, and numbers: code points of a string, bytes of a bytes literal. */
function parts(text: string, bytes: boolean): (string | number)[] {
  const found: (string | number)[] = [];
  let start = 0;
  for (let at = text.indexOf("\\"); at >= 0; at = text.indexOf("\\", start)) {
    if (at > start) found.push(text.slice(start, at));
    const { value, length } = escapeAt(text, at + 1, bytes);
    found.push(value);
    start = at + 1 + length;
  }
  found.push(text.slice(start));
  return found;
}

function escapeAt(text: string, at: number, bytes: boolean): { value: string | number; length: number } {
  const c = text[at];
  if (c === undefined) throw new UnescapeError("unable to unescape string, found '\\' as last character");
  const simple = plain[c];
  if (simple !== undefined) return { value: simple, length: 1 };
  const digits = c === "x" || c === "X" ? 2 : c === "u" ? 4 : c === "U" ? 8 : 0;
  if (digits > 0) {
    const hex = text.slice(at + 1, at + 1 + digits);
    if ((bytes && digits > 2) || hex.length < digits || !/^[0-9a-fA-F]+$/.test(hex)) {
      throw new UnescapeError("unable to unescape string");
    }
    return { value: codePoint(Number.parseInt(hex, 16), bytes), length: 1 + digits };
  }
  if (c >= "0" && c <= "3") {
    const octal = text.slice(at, at + 3);
    if (!/^[0-7]{3}$/.test(octal)) throw new UnescapeError("unable to unescape octal sequence in string");
    return { value: codePoint(Number.parseInt(octal, 8), bytes), length: 3 };
  }
  throw new UnescapeError("unable to unescape string");
}

function codePoint(value: number, bytes: boolean): number {
  if (!bytes && (value > 0x10ffff || (value >= 0xd800 && value < 0xe000))) {
    throw new UnescapeError("invalid unicode code point");
  }
  return value;
}
