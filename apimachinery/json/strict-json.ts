import { maxDepth, parseExactly } from "./exact-parser.ts";
import type { JsonValue } from "./json.ts";
import { hasEscapedKey } from "./read-json.ts";

export { type FaultyField, findFaultyFields, JsonSyntaxError, maxDepth } from "./exact-parser.ts";

export interface ParsedJson {
  /**
   * Integers beyond 2^53 that fit into 64 bits are bigints (untyped here: `JsonValue` does not name them); write them with
   * `stringifyJson`. Of repeated keys the last counts.
   */
  readonly value: JsonValue;
  /** Keys written in the text, repeated ones included: more than the value has means that some key is repeated. */
  readonly keys: number;
  /**
   * Paths of repeated keys (`spec.containers[0].name`), in the order met. Costs nothing where `walked`, the number of keys
   * that the caller has met in `value` (see countKeys), says that there are none.
   */
  duplicates(walked: number): readonly string[];
}

/**
 * Parses JSON nearly as fast as JSON.parse, and as Go's encoding/json means it. Throws JsonSyntaxError alone, worded as Go
 * words it (`invalid character 'x' looking for beginning of value`, `unexpected end of JSON input`). Bytes are UTF-8.
 */
export function parseJson(body: string | Uint8Array): ParsedJson {
  const text =
    typeof body === "string" ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8");
  const { keys, depth, unusual } = scan(text);
  const duplicates = (walked: number) => (walked < keys ? findDuplicateFields(text) : none);
  if (!unusual && depth <= maxDepth) {
    try {
      return { value: JSON.parse(text) as JsonValue, keys, duplicates };
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  return { value: parseExactly(text).value, keys, duplicates };
}

const none: readonly string[] = [];

/** True if an object of the text repeats a key: `value` and `keys` are what parseJson said of it. */
export function hasDuplicateKeys({ value, keys }: Pick<ParsedJson, "value" | "keys">): boolean {
  return countKeys(value) < keys;
}

/** Keys of all objects in the value. */
export function countKeys(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) for (const item of value) count += countKeys(item);
  else for (const key in value) count += 1 + countKeys((value as Record<string, unknown>)[key]);
  return count;
}

/** Paths of repeated keys: `spec.containers[0].name`. For texts that parseJson has read; slow. */
export function findDuplicateFields(text: string): readonly string[] {
  return parseExactly(text).duplicates;
}

// ES2026's, which Node 24 has and TypeScript's ES2024 library does not declare.
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };

/** JSON.stringify for values that may hold bigints. */
export function stringifyJson(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return JSON.stringify(value, (_key, inner: unknown) =>
      typeof inner === "bigint" ? rawJSON(String(inner)) : inner,
    );
  }
}

interface Scan {
  readonly keys: number;
  readonly depth: number;
  /** JSON.parse would read something else than Go: a long or exponential number, an escaped surrogate, an escaped key. */
  readonly unusual: boolean;
}

/** Integers of fewer digits are below 2^53. */
const manyDigits = 16;

/**
 * One pass over the text outside of strings. Every colon there follows a key. Nothing is checked: of a text that is no JSON
 * it says something, soon.
 */
function scan(text: string): Scan {
  let keys = 0;
  let depth = 0;
  let deepest = 0;
  let digits = 0;
  let unusual = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x22) {
      i = endOfString(text, i);
      digits = 0;
    } else if (code >= 0x30 && code <= 0x39) {
      if (++digits >= manyDigits) unusual = true;
    } else {
      if (code === 0x3a) keys++;
      else if (code === 0x7b || code === 0x5b) deepest = Math.max(deepest, ++depth);
      else if (code === 0x7d || code === 0x5d) depth--;
      else if (digits > 0 && (code | 0x20) === 0x65) unusual = true;
      digits = 0;
    }
  }
  unusual ||= (text.includes("\\u") && /\\u[dD][89a-fA-F]/.test(text)) || hasEscapedKey(text);
  return { keys, depth: deepest, unusual };
}

/** Index of the quote that ends the string begun at `start`. */
function endOfString(text: string, start: number): number {
  let end = start;
  for (;;) {
    end = text.indexOf('"', end + 1);
    if (end < 0) return text.length;
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === 0x5c) backslashes++;
    if (backslashes % 2 === 0) return end;
  }
}
