/** What differs from run to run and says nothing: ages, times, identities, the server's port. */
const vague: readonly (readonly [RegExp, string])[] = [
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, "UID"],
  [/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, "TIME"],
  [/\b(\d+[dhms]){1,2}\b/g, "AGE"],
  [/(127\.0\.0\.1|localhost):\d{2,5}\b/g, "$1:PORT"],
  [/\bpid \d+/g, "pid PID"],
  [/\b\d+ MiB\b/g, "N MiB"],
  [/\b\d+ (ms|milliseconds)\b/g, "N ms"],
  [/[ \t]+/g, " "],
];

function linesOf(text: string): string[] {
  const plain = vague.reduce((result, [pattern, word]) => result.replace(pattern, word), text);
  return plain
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

/**
 * Whether a block printed what its document shows. A line of dots in the document stands for any lines; dots at a line's end
 * for the rest of the line.
 */
export function isSameOutput(shown: string, printed: string): boolean {
  return matches(linesOf(shown), linesOf(printed));
}

function matches(shown: readonly string[], printed: readonly string[]): boolean {
  const [first, ...rest] = shown;
  if (first === undefined) return printed.length === 0;
  if (first === "...") return matches(rest, printed) || (printed.length > 0 && matches(shown, printed.slice(1)));
  const line = printed[0];
  if (line === undefined) return false;
  const same = first.endsWith("...") ? line.startsWith(first.slice(0, -3)) : line === first;
  return same && matches(rest, printed.slice(1));
}
