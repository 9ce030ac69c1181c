import { sortKey } from "../key-order.ts";

const blockSize = 512;

/**
 * Values by key, in the order of the keys' UTF-8 bytes: a hash map for finding one, and for walking, blocks of at most 512
 * sorted keys. Inserting among 100,000 keys moves a few hundred pointers, not 100,000.
 */
export class SortedKeys<V> {
  readonly #values = new Map<string, V>();
  /** Sort keys, ascending within a block and from block to block; no block is empty but the only one. */
  #blocks: string[][] = [[]];
  /** Sort keys that differ from their keys. */
  readonly #translated = new Map<string, string>();

  get size(): number {
    return this.#values.size;
  }

  get(key: string): V | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: V): void {
    const added = !this.#values.has(key);
    this.#values.set(key, value);
    if (!added) return;
    const sorted = sortKey(key);
    if (sorted !== key) this.#translated.set(sorted, key);
    const blockIndex = this.#blockOf(sorted);
    const block = this.#blocks[blockIndex] as string[];
    block.splice(lowerBound(block, sorted), 0, sorted);
    if (block.length > blockSize) this.#blocks.splice(blockIndex + 1, 0, block.splice(blockSize / 2));
  }

  delete(key: string): void {
    if (!this.#values.delete(key)) return;
    const sorted = sortKey(key);
    this.#translated.delete(sorted);
    const blockIndex = this.#blockOf(sorted);
    const block = this.#blocks[blockIndex] as string[];
    block.splice(lowerBound(block, sorted), 1);
    if (block.length === 0 && this.#blocks.length > 1) this.#blocks.splice(blockIndex, 1);
  }

  /** The values of the keys in `[start, end)`, in order. The set must not change while it is walked. */
  *walk(start: string, end: string): Generator<V, void> {
    const from = sortKey(start);
    const to = sortKey(end);
    for (let blockIndex = this.#blockOf(from); blockIndex < this.#blocks.length; blockIndex++) {
      const block = this.#blocks[blockIndex] as string[];
      for (let i = lowerBound(block, from); i < block.length; i++) {
        const sorted = block[i] as string;
        if (sorted >= to) return;
        yield this.#values.get(this.#translated.get(sorted) ?? sorted) as V;
      }
    }
  }

  /** The last block whose first key is not above `sorted`, or the first block. */
  #blockOf(sorted: string): number {
    let low = 0;
    let high = this.#blocks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#blocks[middle]?.[0] as string) <= sorted) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** The first index whose key is not below `sorted`. */
function lowerBound(block: readonly string[], sorted: string): number {
  let low = 0;
  let high = block.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((block[middle] as string) < sorted) low = middle + 1;
    else high = middle;
  }
  return low;
}
