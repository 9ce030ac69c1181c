/**
 * `unscaled × 10^scale`, exactly. Small amounts are numbers, larger ones bigints: the same amount has one of both forms
 * only, so that forms need not be compared.
 */
export interface Amount {
  readonly unscaled: number | bigint;
  readonly scale: number;
}

/** The form that an exact integer has in an Amount. */
export function compact(value: bigint): number | bigint {
  return value >= -maxSafe && value <= maxSafe ? Number(value) : value;
}

const maxSafe = BigInt(Number.MAX_SAFE_INTEGER);
const powers: readonly number[] = Array.from({ length: 16 }, (_, i) => 10 ** i);

/** The unscaled value at a smaller or equal scale. */
function at(amount: Amount, scale: number): number | bigint {
  const steps = amount.scale - scale;
  if (steps === 0) return amount.unscaled;
  if (typeof amount.unscaled === "number" && steps < powers.length) {
    const value = amount.unscaled * powers[steps]!;
    if (Number.isSafeInteger(value)) return value;
  }
  return BigInt(amount.unscaled) * 10n ** BigInt(steps);
}

/** Exact, whatever the scales. For sort(). */
export function compareAmounts(a: Amount, b: Amount): number {
  const scale = Math.min(a.scale, b.scale);
  const x = at(a, scale);
  const y = at(b, scale);
  return x < y ? -1 : x > y ? 1 : 0;
}

/** Exact: beyond 2^53 in bigints. */
export function addAmounts(a: Amount, b: Amount): Amount {
  const scale = Math.min(a.scale, b.scale);
  const x = at(a, scale);
  const y = at(b, scale);
  if (typeof x === "number" && typeof y === "number" && Number.isSafeInteger(x + y)) return { unscaled: x + y, scale };
  return { unscaled: compact(BigInt(x) + BigInt(y)), scale };
}

export function multiplyAmount(a: Amount, factor: number | bigint): Amount {
  return { unscaled: compact(BigInt(a.unscaled) * BigInt(factor)), scale: a.scale };
}

export function negateAmount(a: Amount): Amount {
  return { unscaled: a.unscaled === 0 ? 0 : -a.unscaled, scale: a.scale };
}

/** The amount at `scale` or a larger one, rounded away from zero where digits fall off. */
export function roundUp(amount: Amount, scale: number): Amount {
  const steps = scale - amount.scale;
  if (steps <= 0) return amount;
  if (amount.unscaled === 0) return { unscaled: 0, scale };
  if (typeof amount.unscaled === "number" && steps < powers.length) {
    const value = amount.unscaled / powers[steps]!;
    return { unscaled: value < 0 ? Math.floor(value) : Math.ceil(value), scale };
  }
  const negative = amount.unscaled < 0;
  const size = BigInt(amount.unscaled) * (negative ? -1n : 1n);
  // More steps than digits: what is left is less than one.
  const divisor = 10n ** BigInt(Math.min(steps, size.toString().length));
  const rounded = (size + divisor - 1n) / divisor;
  return { unscaled: compact(negative ? -rounded : rounded), scale };
}

/** The unscaled integer at `scale`, rounded away from zero. */
export function scaledValue(amount: Amount, scale: number): bigint {
  const rounded = roundUp(amount, scale);
  return BigInt(at(rounded, scale));
}

/** Digits without trailing zeros, and an exponent divisible by three. */
export function canonicalDecimal(amount: Amount): { digits: string; exponent: number } {
  const text = amount.unscaled.toString();
  let zeros = 0;
  while (zeros < text.length - 1 && text.charCodeAt(text.length - 1 - zeros) === 0x30) zeros++;
  const exponent = amount.scale + zeros;
  const extra = ((exponent % 3) + 3) % 3;
  return { digits: text.slice(0, text.length - zeros) + "0".repeat(extra), exponent: exponent - extra };
}

/** An integer without its factors of 1,024, and how many there were. */
export function canonicalBinary(integer: bigint): { digits: string; times: number } {
  let rest = integer;
  let times = 0;
  while (rest !== 0n && rest % 1024n === 0n) {
    rest /= 1024n;
    times++;
  }
  return { digits: rest.toString(), times };
}
