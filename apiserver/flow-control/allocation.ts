/** One class that wants a part of a sum. `0 <= lower <= target`, `lower <= upper`. */
export interface Claim {
  readonly target: number;
  readonly lower: number;
  readonly upper: number;
}

export interface Allocation {
  readonly parts: readonly number[];
  /** The part of its target that every class gets which no bound holds. */
  readonly fairFraction: number;
}

const minTarget = 0.001;
const epsilon = 1e-7;

/**
 * Splits `sum` so that every class gets the same fraction of its target, but for those held by a bound: a lower bound where
 * the fraction would give less, an upper one where it would give more (computeConcurrencyAllocation). Undefined where the
 * bounds leave no way.
 */
export function allocate(sum: number, claims: readonly Claim[]): Allocation | undefined {
  const targets = claims.map(({ target }) => Math.max(target, minTarget));
  const lowSum = total(claims.map(({ lower }) => lower));
  const highSum = total(claims.map(({ upper }) => upper));
  if (sum < 0 || lowSum - sum > epsilon || sum - highSum > epsilon) return undefined;
  if (claims.some(({ target, lower, upper }) => lower < 0 || target < lower || upper < lower)) return undefined;
  if (sum === 0) return { parts: claims.map(() => 0), fairFraction: 0 };
  const lows = claims.map(({ lower }, i) => lower / targets[i]!);
  const highs = claims.map(({ upper }, i) => upper / targets[i]!);
  if (lowSum - sum > -epsilon) return { parts: claims.map(({ lower }) => lower), fairFraction: Math.min(...lows) };
  if (sum - highSum > -epsilon) return { parts: claims.map(({ upper }) => upper), fairFraction: Math.max(...highs) };
  const partsAt = (fraction: number): number[] =>
    claims.map(({ lower, upper }, i) => Math.max(lower, Math.min(upper, fraction * targets[i]!)));
  // The sum of the parts rises with the fraction, and is straight between two bounds: find these two, then the point between.
  const bounds = [...new Set([...lows, ...highs])].sort((a, b) => a - b);
  let below = 0;
  for (const bound of bounds) {
    if (total(partsAt(bound)) >= sum) {
      const from = total(partsAt(below));
      const to = total(partsAt(bound));
      const fairFraction = to === from ? bound : below + ((bound - below) * (sum - from)) / (to - from);
      return { parts: partsAt(fairFraction), fairFraction };
    }
    below = bound;
  }
  return { parts: partsAt(below), fairFraction: below };
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
