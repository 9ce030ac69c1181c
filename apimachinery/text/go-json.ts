import { compareText } from "./go-quote.ts";

// ES2026's, which Node 24 has and TypeScript's ES2024 library does not declare.
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };
const special = /[<>&\u2028\u2029]/g;

/** JSON text as Go's json.Marshal writes it: `<`, `>`, `&` and the two line separators are escaped. */
export function goJson(value: unknown): string {
  const text = JSON.stringify(value ?? null, (_key, inner: unknown) =>
    typeof inner === "bigint" ? rawJSON(String(inner)) : inner,
  );
  return goEscape(text);
}

/** The same of what Go holds in maps: their keys are sorted. */
export function goMapJson(value: unknown): string {
  return goJson(sorted(value));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => compareText(a, b));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}

/** JSON text with what Go's json.Marshal escapes beyond what JSON needs. */
export function goEscape(text: string): string {
  return text.replace(special, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
