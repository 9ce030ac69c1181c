import { goEscape } from "../apimachinery/text/go-json.ts";
import { compareLines } from "./line-diff.ts";

/**
 * How two values differ, as a unified diff of their JSON with three lines of context and no file names: the form
 * upstream's messages have (apimachinery/pkg/util/diff). Keys are in the first value's order: one that only stands elsewhere in
 * the second is no difference.
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
  return goEscape(JSON.stringify(value ?? null, null, 1)).split("\n");
}

function edits(a: readonly string[], b: readonly string[]): Edit[] {
  const result: Edit[] = [];
  for (const { same, aFrom, aTo, bFrom, bTo } of compareLines(a, b)) {
    for (let i = aFrom; i < aTo; i++) {
      result.push({ sign: same ? " " : "-", text: a[i]!, before: i, after: same ? bFrom + i - aFrom : bFrom });
    }
    if (same) continue;
    for (let j = bFrom; j < bTo; j++) result.push({ sign: "+", text: b[j]!, before: aTo, after: j });
  }
  return result;
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
