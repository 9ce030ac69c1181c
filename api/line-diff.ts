// What difflib makes of two texts: Python's algorithm, which Go's port and so upstream's messages have
// (apimachinery/pkg/util/diff, github.com/pmezard/go-difflib).

type Lines = readonly string[];

interface Match {
  readonly a: number;
  readonly b: number;
  readonly size: number;
}

interface Range {
  readonly aFrom: number;
  readonly aTo: number;
  readonly bFrom: number;
  readonly bTo: number;
}

export interface Change extends Range {
  readonly same: boolean;
}

/** From this many lines on, those that stand in more than a hundredth of the text begin no match. */
const manyLines = 200;
/** So many pairs of lines are looked at: time grows with the square of the changes. What is left counts as replaced. */
const maxVisits = 1_000_000;

/** Which lines are the same and which are not, in order and without a gap. */
export function compareLines(a: Lines, b: Lines): readonly Change[] {
  const changes: Change[] = [];
  let [i, j] = [0, 0];
  for (const match of matches(a, b)) {
    if (i < match.a || j < match.b) changes.push({ same: false, aFrom: i, aTo: match.a, bFrom: j, bTo: match.b });
    [i, j] = [match.a + match.size, match.b + match.size];
    if (match.size > 0) changes.push({ same: true, aFrom: match.a, aTo: i, bFrom: match.b, bTo: j });
  }
  return changes;
}

/** Where lines stand in the second text, but for those that stand there too often. */
function placesOf(b: Lines): ReadonlyMap<string, readonly number[]> {
  const places = new Map<string, number[]>();
  b.forEach((line, j) => {
    const known = places.get(line);
    if (known === undefined) places.set(line, [j]);
    else known.push(j);
  });
  if (b.length < manyLines) return places;
  const often = Math.floor(b.length / 100) + 1;
  for (const [line, at] of places) if (at.length > often) places.delete(line);
  return places;
}

/** Blocks of same lines in order, neighbours joined; the last is empty and marks the ends. */
function matches(a: Lines, b: Lines): readonly Match[] {
  const places = placesOf(b);
  const found: Match[] = [];
  const ranges: Range[] = [{ aFrom: 0, aTo: a.length, bFrom: 0, bTo: b.length }];
  const budget = { left: maxVisits };
  for (let range = ranges.pop(); range !== undefined && budget.left > 0; range = ranges.pop()) {
    const match = longestMatch({ a, b, places, budget }, range);
    if (match.size === 0) continue;
    found.push(match);
    const { aFrom, aTo, bFrom, bTo } = range;
    const [aNext, bNext] = [match.a + match.size, match.b + match.size];
    if (aNext < aTo && bNext < bTo) ranges.push({ aFrom: aNext, aTo, bFrom: bNext, bTo });
    if (aFrom < match.a && bFrom < match.b) ranges.push({ aFrom, aTo: match.a, bFrom, bTo: match.b });
  }
  found.sort((one, other) => one.a - other.a);
  const joined: Match[] = [];
  for (const match of found) {
    const last = joined.at(-1);
    if (last === undefined || last.a + last.size !== match.a || last.b + last.size !== match.b) joined.push(match);
    else joined[joined.length - 1] = { ...last, size: last.size + match.size };
  }
  return [...joined, { a: a.length, b: b.length, size: 0 }];
}

interface Texts {
  readonly a: Lines;
  readonly b: Lines;
  readonly places: ReadonlyMap<string, readonly number[]>;
  readonly budget: { left: number };
}

const none: readonly number[] = [];

/** The longest block, the first of several; stretched over lines that begin none themselves. */
function longestMatch({ a, b, places, budget }: Texts, { aFrom, aTo, bFrom, bTo }: Range): Match {
  let best = { a: aFrom, b: bFrom, size: 0 };
  let lengths = new Map<number, number>();
  for (let i = aFrom; i < aTo && budget.left > 0; i++) {
    const at = places.get(a[i]!) ?? none;
    budget.left -= at.length + 1;
    const next = new Map<number, number>();
    for (const j of at) {
      if (j < bFrom) continue;
      if (j >= bTo) break;
      const size = (lengths.get(j - 1) ?? 0) + 1;
      next.set(j, size);
      if (size > best.size) best = { a: i - size + 1, b: j - size + 1, size };
    }
    lengths = next;
  }
  while (best.a > aFrom && best.b > bFrom && a[best.a - 1] === b[best.b - 1]) {
    best = { a: best.a - 1, b: best.b - 1, size: best.size + 1 };
  }
  while (best.a + best.size < aTo && best.b + best.size < bTo && a[best.a + best.size] === b[best.b + best.size]) {
    best = { ...best, size: best.size + 1 };
  }
  return best;
}
