import { goQuote } from "../../../apimachinery/text/go-quote.ts";

/** One run of indexes, both ends included. */
interface Interval {
  readonly first: number;
  readonly last: number;
}

/** What is wrong with a list of indexes. */
export class IndexesError extends Error {
  override name = "IndexesError";
}

const integer = /^[+-]?[0-9]+$/;

function parseIndex(text: string, completions: number): number {
  const index = integer.test(text) ? Number(text) : Number.NaN;
  // As far as Go's int reaches.
  if (!(Math.abs(index) < 2 ** 63)) {
    throw new IndexesError(`cannot convert string to integer for index: ${goQuote(text)}`);
  }
  if (index >= completions) throw new IndexesError(`too large index: ${goQuote(text)}`);
  return index;
}

function parseInterval(text: string, completions: number): Interval {
  const limits = text.split("-");
  if (limits.length > 2) {
    throw new IndexesError(
      `the fragment ${goQuote(text)} violates the requirement that an index interval can have at most two parts separated by '-'`,
    );
  }
  const first = parseIndex(limits[0]!, completions);
  if (limits.length === 1) return { first, last: first };
  const last = parseIndex(limits[1]!, completions);
  if (first >= last) throw new IndexesError(`non-increasing order, previous: ${first}, current: ${last}`);
  return { first, last };
}

/**
 * How many indexes `1,3-5,7` names, each below `completions` and in rising order. Throws IndexesError
 * (pkg/apis/batch/validation validateIndexesFormat).
 */
export function countIndexes(text: string, completions: number): number {
  if (text === "") return 0;
  let total = 0;
  let previous: number | undefined;
  for (const part of text.split(",")) {
    const { first, last } = parseInterval(part, completions);
    if (previous !== undefined && previous >= first) {
      throw new IndexesError(`non-increasing order, previous: ${previous}, current: ${first}`);
    }
    total += last - first + 1;
    previous = last;
  }
  return total;
}

function goodIntervals(text: string, completions: number): Interval[] {
  if (text === "") return [];
  return text.split(",").flatMap((part) => {
    try {
      return [parseInterval(part, completions)];
    } catch (error) {
      if (error instanceof IndexesError) return [];
      throw error;
    }
  });
}

/** The first index that stands in both lists; what cannot be read is passed over. */
export function overlappingIndex(completed: string, failed: string, completions: number): number | undefined {
  const done = goodIntervals(completed, completions);
  const bad = goodIntervals(failed, completions);
  let i = 0;
  let j = 0;
  while (i < done.length && j < bad.length) {
    const a = done[i]!;
    const b = bad[j]!;
    if (a.first <= b.last && b.first <= a.last) return Math.max(a.first, b.first);
    if (a.first <= b.first) i++;
    else j++;
  }
  return undefined;
}
