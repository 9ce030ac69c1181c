import assert from "node:assert/strict";
import fc from "fast-check";

/** K8TS_FUZZ_RUNS=N tries N times as many cases as the tests of every day. */
export const effort = Math.max(1, Number(process.env["K8TS_FUZZ_RUNS"] ?? 1) || 1);

/** For fc.assert: this many cases in the tests of every day. */
export const cases = (numRuns: number): fc.Parameters<unknown> => ({ numRuns: numRuns * effort });

/** For a test that takes this long at most in the tests of every day. */
export const within = (timeout: number): { readonly timeout: number } => ({ timeout: timeout * effort });

// biome-ignore lint/suspicious/noExplicitAny: whatever an error is made of
export type ErrorClass = abstract new (...args: any[]) => Error;

/** A program's own mistakes, never an answer to somebody else's. */
const mistakes: readonly ErrorClass[] = [TypeError, RangeError, ReferenceError, EvalError, assert.AssertionError];

/** CPU time of this process until now, in ms: a busy machine does not lengthen it. */
const cpuMs = (): number => process.cpuUsage().user / 1_000;

export interface Law {
  /** What may be thrown; an empty list allows every Error that is no mistake of the program's own. */
  readonly errors?: readonly ErrorClass[];
  /** Default 1,500: the first call also loads and compiles. */
  readonly limitMs?: number;
}

/** The law of all that reads what others wrote: it answers, or throws an error of its own type with words, and soon. */
export function answersOrSays<T>(read: () => T, { errors = [], limitMs = 1_500 }: Law = {}): T | undefined {
  const started = cpuMs();
  let answer: T | undefined;
  try {
    answer = read();
  } catch (error) {
    const own = errors.some((known) => error instanceof known);
    const stated = errors.length === 0 && error instanceof Error && !mistakes.some((known) => error instanceof known);
    if (!own && !stated) throw error;
    assert.ok((error as Error).message.length > 0, "an error without words");
    assert.ok((error as Error).message.length < 4_000_000, "an error longer than a book");
  }
  const tookMs = cpuMs() - started;
  assert.ok(tookMs < limitMs, `it took ${Math.round(tookMs)} ms`);
  return answer;
}

type Edit = (bytes: Buffer) => Buffer;

const at = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
const splice = (bytes: Buffer, from: number, until: number, put: Uint8Array): Buffer =>
  Buffer.concat([bytes.subarray(0, from), put, bytes.subarray(until)]);
const place = (bytes: Buffer, where: number): number => Math.floor(where * (bytes.length + 1));

const edits = (pieces: readonly (string | Buffer)[]): fc.Arbitrary<Edit> =>
  fc.oneof(
    fc.tuple(at, fc.nat(255)).map(
      ([where, byte]): Edit =>
        (bytes) => {
          const i = place(bytes, where);
          return splice(bytes, i, i + 1, Uint8Array.of(byte));
        },
    ),
    at.map(
      (where): Edit =>
        (bytes) =>
          bytes.subarray(0, place(bytes, where)),
    ),
    fc.tuple(at, at).map(
      ([a, b]): Edit =>
        (bytes) => {
          const [from, until] = [place(bytes, Math.min(a, b)), place(bytes, Math.max(a, b))];
          return splice(bytes, from, until, Buffer.alloc(0));
        },
    ),
    fc.tuple(at, at, fc.nat(4)).map(
      ([a, b, times]): Edit =>
        (bytes) => {
          const [from, until] = [place(bytes, Math.min(a, b)), place(bytes, Math.max(a, b))];
          const again = Array.from({ length: times }, () => bytes.subarray(from, until));
          return splice(bytes, until, until, Buffer.concat(again));
        },
    ),
    fc.tuple(at, fc.constantFrom("", ...pieces)).map(
      ([where, piece]): Edit =>
        (bytes) => {
          const i = place(bytes, where);
          return splice(bytes, i, i, Buffer.from(piece as string));
        },
    ),
  );

/** What is nearly right: one of the samples with bytes changed, cut off, taken out, repeated, or one of the pieces put in. */
export function damaged(
  samples: readonly (string | Buffer)[],
  pieces: readonly (string | Buffer)[] = [],
): fc.Arbitrary<Buffer> {
  return fc.tuple(fc.constantFrom(...samples), fc.array(edits(pieces), { maxLength: 4 })).map(([sample, changes]) => {
    let bytes: Buffer = Buffer.from(sample as string);
    for (const change of changes) bytes = change(bytes).subarray(0, 1 << 20);
    return bytes;
  });
}

/** Text of pieces of a language and of anything else. */
export function soup(pieces: readonly string[], maxLength = 40): fc.Arbitrary<string> {
  return fc
    .array(
      fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...pieces) }, fc.string({ maxLength: 3, unit: "grapheme" })),
      {
        maxLength,
      },
    )
    .map((parts) => parts.join(""));
}

/** Values as JSON has them, with the names that code looks for, and those that every JavaScript object has. */
export function valueWith(names: readonly string[], words: readonly string[] = []): fc.Arbitrary<unknown> {
  const name = fc.constantFrom(...names, "__proto__", "constructor", "toString", "");
  return fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: "small", maxDepth: 6 },
      fc.oneof(
        fc.constantFrom<unknown>(null, true, false, 0, -1, 1.5, 2 ** 53, 1e300, "", "x", "*", "0", ...words),
        fc.string({ maxLength: 5 }),
      ),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.array(fc.tuple(name, tie("value")), { maxLength: 5 }).map(own),
    ),
  })).value;
}

/** As JSON.parse makes it: also `__proto__` is a key like others. */
function own(entries: readonly (readonly [string, unknown])[]): object {
  const object = {};
  for (const [key, value] of entries) {
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  }
  return object;
}

/** A sample with some of its values replaced by others, whatever their type. */
export function bent(samples: readonly unknown[], other: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const bend = (value: unknown, changes: readonly (readonly [number, unknown])[]): unknown => {
    const total = count(value);
    const chosen = new Map(changes.map(([where, by]) => [Math.floor(where * total), by]));
    let index = 0;
    const walk = (one: unknown): unknown => {
      const here = index++;
      if (chosen.has(here)) {
        index += count(one) - 1;
        return chosen.get(here);
      }
      if (Array.isArray(one)) return one.map(walk);
      if (typeof one === "object" && one !== null) {
        return Object.fromEntries(Object.entries(one).map(([key, inner]) => [key, walk(inner)]));
      }
      return one;
    };
    return walk(value);
  };
  return fc
    .tuple(fc.constantFrom(...samples), fc.array(fc.tuple(at, other), { minLength: 1, maxLength: 3 }))
    .map(([sample, changes]) => bend(sample, changes));
}

function count(value: unknown): number {
  if (typeof value !== "object" || value === null) return 1;
  return 1 + Object.values(value).reduce((sum: number, inner) => sum + count(inner), 0);
}

/** Ten times as long is nowhere near a hundred times as slow: 200,000 characters of each piece are read within two seconds. */
export function isLinear(read: (text: string) => unknown, pieces: readonly string[], law: Law = {}): void {
  for (const piece of pieces) {
    const text = piece.repeat(Math.ceil(200_000 / piece.length));
    try {
      answersOrSays(() => read(text), { limitMs: 2_000, ...law });
    } catch (error) {
      throw new Error(`${JSON.stringify(piece)} repeated`, { cause: error });
    }
  }
}
