import { parseExactly } from "./exact-parser.ts";

/**
 * V8 13.6 (Node 24) reads a key of one escaped character (`"\n"`, `"\u0041"`) as a backslash, unless it is the first of its
 * object.
 */
const escapedKey = /"\\(?:u[\da-fA-F]{4}|["/bfnrt])"\s*:/;

/** True where JSON.parse might read another key than the text has. */
export function hasEscapedKey(text: string): boolean {
  return text.includes('"\\') && escapedKey.test(text);
}

/** JSON.parse, for whatever may hold others' keys: throws SyntaxError. */
export function readJson(text: string): unknown {
  return hasEscapedKey(text) ? parseExactly(text).value : JSON.parse(text);
}
