import type { Random } from "../../base/random.ts";

/** Why a value could not be taken. */
export type Refusal = "full" | "allocated" | "outOfRange";

/**
 * Whole numbers in `[first, first + size)` that are each held by at most one holder: counted by what exists, plus what is
 * taken for writes that are still under way. Random choice keeps a value that was just given back from being reused at once.
 */
export class Pool {
  readonly #first: bigint;
  readonly #size: bigint;
  readonly #random: Random;
  readonly #held = new Map<bigint, number>();
  readonly #reserved = new Set<bigint>();

  constructor(first: bigint, size: bigint, random: Random) {
    this.#first = first;
    this.#size = size;
    this.#random = random;
  }

  /** Takes this value, or any. */
  take(wanted?: bigint): bigint | Refusal {
    if (wanted !== undefined) {
      if (!this.has(wanted)) {
        return "outOfRange";
      }
      return this.#isTaken(wanted) ? "allocated" : this.#reserve(wanted);
    }
    if (BigInt(this.#taken()) >= this.#size) {
      return "full";
    }
    let value = this.#first + randomBelow(this.#random, this.#size);
    while (this.#isTaken(value)) {
      value = value + 1n === this.#first + this.#size ? this.#first : value + 1n;
    }
    return this.#reserve(value);
  }

  has(value: bigint): boolean {
    return value >= this.#first && value < this.#first + this.#size;
  }

  /** The write that took it has ended, well or not: from here on what exists counts. */
  release(value: bigint): void {
    this.#reserved.delete(value);
  }

  /** An object that holds the value appeared (+1) or went (-1). */
  count(value: bigint, change: 1 | -1): void {
    if (!this.has(value)) {
      return;
    }
    const holders = (this.#held.get(value) ?? 0) + change;
    if (holders > 0) {
      this.#held.set(value, holders);
    } else {
      this.#held.delete(value);
    }
  }

  /** A value may be both for a moment: its object is there, its write has not ended. */
  #taken(): number {
    let taken = this.#held.size;
    for (const value of this.#reserved) {
      taken += this.#held.has(value) ? 0 : 1;
    }
    return taken;
  }

  #isTaken(value: bigint): boolean {
    return this.#held.has(value) || this.#reserved.has(value);
  }

  #reserve(value: bigint): bigint {
    this.#reserved.add(value);
    return value;
  }
}

const chunk = 2 ** 30;

function randomBelow(random: Random, bound: bigint): bigint {
  if (bound <= BigInt(chunk)) {
    return BigInt(random.below(Number(bound)));
  }
  return ((BigInt(random.below(chunk)) << 30n) | BigInt(random.below(chunk))) % bound;
}
