/** From the least to the most: of a size, or of a cost. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/** Bounds of a cost. A `max` of `maxCost` means: no bound is known. */
export type Estimate = Range;

/** The largest uint64, to a double's precision: sums and products stop there. */
export const maxCost = 2 ** 64;

export const nothing: Range = { min: 0, max: 0 };
export const unbounded: Range = { min: 0, max: maxCost };

export function fixed(value: number): Range {
  return { min: value, max: value };
}

const capped = (value: number): number => Math.min(value, maxCost);

export function addRanges(...ranges: readonly Range[]): Range {
  let [min, max] = [0, 0];
  for (const range of ranges) {
    min += range.min;
    max += range.max;
  }
  return { min: capped(min), max: capped(max) };
}

export function multiplyRanges(left: Range, right: Range): Range {
  return { min: capped(left.min * right.min), max: capped(left.max * right.max) };
}

/** Times a factor, rounded up. */
export function scale({ min, max }: Range, factor: number): Range {
  return { min: capped(Math.ceil(min * factor)), max: capped(Math.ceil(max * factor)) };
}

export function unionOf(left: Range, right: Range): Range {
  return { min: Math.min(left.min, right.min), max: Math.max(left.max, right.max) };
}

export function isUnbounded({ max }: Range): boolean {
  return max >= maxCost;
}
