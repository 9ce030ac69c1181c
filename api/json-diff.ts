/**
 * How two values differ, as a unified diff of their JSON with three lines of context and no file names: the form
 * upstream's messages have (apimachinery/pkg/util/diff). Keys are the API's, in the first value's order: one that only stands
 * elsewhere in the second is no difference.
 */
export function jsonDiff(before: unknown, after: unknown): string {
  const a = lines(before);
  const b = lines(inOrderOf(before, after));
  return hunks(edits(a, b)).map(formatHunk).join("");
}

const context = 3;

interface Edit {
  readonly sign: " " | "-" | "+";
  readonly text: string;
  /** Line numbers from 0 where this edit begins. */
  readonly before: number;
  readonly after: number;
}

/** The second value with the keys that both have in the first one's order; the others keep their places. */
function inOrderOf(before: unknown, after: unknown): unknown {
  if (Array.isArray(before) && Array.isArray(after)) {
    return after.map((item, i) => inOrderOf(before[i], item));
  }
  if (!isObject(before) || !isObject(after)) return after;
  const shared = Object.keys(before).filter((key) => Object.hasOwn(after, key));
  let next = 0;
  const keys = Object.keys(after).map((key) => (Object.hasOwn(before, key) ? shared[next++]! : key));
  return Object.fromEntries(keys.map((key) => [key, inOrderOf(before[key], after[key])]));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function lines(value: unknown): string[] {
  return JSON.stringify(value ?? null, null, 1).split("\n");
}

/** The shortest script by the longest common subsequence, after the common ends are cut off. */
function edits(a: readonly string[], b: readonly string[]): Edit[] {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  const rows = a.length - start - end;
  const columns = b.length - start - end;
  const width = columns + 1;
  // Beyond this the table would cost more than a good diff is worth: all of the middle counts as replaced.
  const common = rows * columns > 4_000_000 ? undefined : new Uint32Array((rows + 1) * width);
  for (let i = rows - 1; common !== undefined && i >= 0; i--) {
    for (let j = columns - 1; j >= 0; j--) {
      const next = common[(i + 1) * width + j + 1]!;
      common[i * width + j] =
        a[start + i] === b[start + j] ? next + 1 : Math.max(common[(i + 1) * width + j]!, common[i * width + j + 1]!);
    }
  }
  const result: Edit[] = [];
  let i = 0;
  let j = 0;
  const keep = () => result.push({ sign: " ", text: a[i]!, before: i++, after: j++ });
  while (i < start) keep();
  while (i < start + rows || j < start + columns) {
    const left = i < start + rows;
    const right = j < start + columns;
    if (left && right && common !== undefined && a[i] === b[j]) keep();
    else if (left && (!right || common === undefined || longer(common, { i: i - start, j: j - start, width }))) {
      result.push({ sign: "-", text: a[i]!, before: i++, after: j });
    } else result.push({ sign: "+", text: b[j]!, before: i, after: j++ });
  }
  while (i < a.length) keep();
  return result;
}

/** True where dropping a line of the old text loses no common line. */
function longer(common: Uint32Array, at: { readonly i: number; readonly j: number; readonly width: number }): boolean {
  return common[(at.i + 1) * at.width + at.j]! >= common[at.i * at.width + at.j + 1]!;
}

/** Changes no more than twice the context apart share a hunk. */
function hunks(script: readonly Edit[]): Edit[][] {
  const result: Edit[][] = [];
  let from = -1;
  let to = -1;
  script.forEach(({ sign }, at) => {
    if (sign === " ") return;
    if (from >= 0 && at - to > 2 * context + 1) {
      result.push(script.slice(Math.max(0, from - context), to + context + 1));
      from = at;
    } else if (from < 0) from = at;
    to = at;
  });
  if (from >= 0) result.push(script.slice(Math.max(0, from - context), to + context + 1));
  return result;
}

function formatHunk(hunk: readonly Edit[]): string {
  const first = hunk[0]!;
  const before = hunk.filter(({ sign }) => sign !== "+").length;
  const after = hunk.filter(({ sign }) => sign !== "-").length;
  const head = `@@ -${range(first.before, before)} +${range(first.after, after)} @@\n`;
  return head + hunk.map(({ sign, text }) => `${sign}${text}\n`).join("");
}

/** `3,7`; a single line goes without its length, and none names the line before. */
function range(start: number, length: number): string {
  if (length === 1) return String(start + 1);
  return `${length === 0 ? start : start + 1},${length}`;
}
