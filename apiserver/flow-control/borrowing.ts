import { allocate, type Claim } from "./allocation.ts";
import type { Integral } from "./integrator.ts";
import type { LevelLimits } from "./metrics.ts";

// How seats move between levels, every ten seconds (configController.updateBorrowing, KEP-1040). Pure.

/** Smoothed demand falls to half in about five minutes. */
const smoothing = 0.977;

export interface SeatDemand {
  readonly highWatermark: number;
  readonly average: number;
  readonly deviation: number;
  /** Rises with the demand at once, falls slowly. */
  readonly smoothed: number;
}

export const noDemand: SeatDemand = { highWatermark: 0, average: 0, deviation: 0, smoothed: 0 };

export function updatedDemand(before: SeatDemand, { duration, average, deviation, max }: Integral): SeatDemand {
  const highWatermark = Math.round(max);
  if (duration <= 0) return { ...before, highWatermark };
  const envelope = average + deviation;
  const smoothed = Math.max(envelope, smoothing * before.smoothed + (1 - smoothing) * envelope);
  return { highWatermark, average, deviation, smoothed };
}

export interface Borrower {
  readonly exempt: boolean;
  readonly limits: LevelLimits;
  readonly demand: SeatDemand;
  /** Its limit until now. */
  readonly current: number;
}

export interface Lent {
  /** Of the borrowers, in their order. */
  readonly current: readonly number[];
  readonly targets: readonly number[];
  readonly fairFraction: number;
}

/**
 * The limits of all levels from now on. Exempt levels have what they use. Of the rest, each keeps what it may not lend and
 * used; what is left goes in proportion to demand. `total` is the sum of nominal limits.
 */
export function lend(total: number, borrowers: readonly Borrower[]): Lent {
  let remaining = total;
  let lowerSum = 0;
  let keptSum = 0;
  const kept = borrowers.map(({ exempt, limits: { lower, nominal }, demand: { highWatermark } }) => {
    const keeps = Math.max(lower, exempt ? highWatermark : Math.min(nominal, highWatermark));
    if (exempt) remaining -= keeps;
    else {
      lowerSum += lower;
      keptSum += keeps;
    }
    return keeps;
  });
  const targets = borrowers.map(({ demand }, i) => Math.max(kept[i]!, demand.smoothed));
  const each = (limitOf: (borrower: Borrower, i: number) => number): readonly number[] =>
    borrowers.map((borrower, i) => (borrower.exempt ? kept[i]! : limitOf(borrower, i)));
  if (remaining <= lowerSum) return { current: each(({ limits }) => limits.lower), targets, fairFraction: 0 };
  if (remaining <= keptSum) {
    const part = (remaining - lowerSum) / (keptSum - lowerSum);
    const current = each(({ limits: { lower } }, i) => lower + Math.round((kept[i]! - lower) * part));
    return { current, targets, fairFraction: 0 };
  }
  const limited = borrowers.flatMap(({ exempt }, i) => (exempt ? [] : [i]));
  const claims = limited.map((i): Claim => {
    return { target: targets[i]!, lower: kept[i]!, upper: borrowers[i]!.limits.upper };
  });
  const allocation = allocate(total, claims);
  const current = each(({ current: before }, i) => {
    const part = allocation?.parts[limited.indexOf(i)];
    return part === undefined ? before : Math.round(part);
  });
  return { current, targets, fairFraction: allocation?.fairFraction ?? 0 };
}
