import type { Random } from "../../base/random.ts";

/**
 * How many values at the beginning of a range are left to those who ask for a value of their own, as long as there are
 * others (KEP-3070, KEP-3668): a part of the range, but never fewer than `min` nor more than `max`; none of a range that is no
 * larger than `min`.
 */
export interface StaticBand {
  readonly min: number;
  readonly max: number;
  /** One value in so many. */
  readonly step: number;
}

/** pkg/registry/core/service/ipallocator/bitmap.go calculateRangeOffset. */
export const addressBand: StaticBand = { min: 16, max: 256, step: 16 };
/** pkg/registry/core/service/portallocator/allocator.go calculateRangeOffset. */
export const portBand: StaticBand = { min: 16, max: 128, step: 32 };

export function staticBandOf(size: bigint, { min, max, step }: StaticBand): bigint {
  if (size <= BigInt(min)) return 0n;
  const part = size / BigInt(step);
  return part < BigInt(min) ? BigInt(min) : part > BigInt(max) ? BigInt(max) : part;
}

/** Each of `count` values from `first` on, once, beginning anywhere. */
export function* fromAnywhere(first: bigint, count: bigint, random: Random): Generator<bigint> {
  if (count <= 0n) return;
  const start = randomBelow(random, count);
  for (let i = start; i < count; i++) yield first + i;
  for (let i = 0n; i < start; i++) yield first + i;
}

const chunk = 2 ** 30;

function randomBelow(random: Random, bound: bigint): bigint {
  if (bound <= BigInt(chunk)) return BigInt(random.below(Number(bound)));
  const high = BigInt(random.below(chunk));
  const middle = BigInt(random.below(chunk));
  return ((high << 60n) | (middle << 30n) | BigInt(random.below(chunk))) % bound;
}
