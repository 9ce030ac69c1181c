import type { Clock, Timer } from "../base/clock.ts";
import { Heap } from "../base/heap.ts";

interface Entry<K> {
  readonly key: K;
  readonly dueMs: number;
  readonly sequence: number;
}

/** Keys that wait for their time. A key waits once: the sooner of two times counts. One timer serves all. */
export class DelayedKeys<K> {
  readonly #clock: Clock;
  readonly #onDue: (key: K) => void;
  readonly #heap = new Heap<Entry<K>>((a, b) => a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.sequence < b.sequence));
  /** The entry that counts for a key; others of it in the heap are leftovers. */
  readonly #entries = new Map<K, Entry<K>>();
  #sequence = 0;
  #timer: Timer | undefined;
  #timerDueMs = Infinity;

  constructor(clock: Clock, onDue: (key: K) => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  get size(): number {
    return this.#entries.size;
  }

  add(key: K, delayMs: number): void {
    // Whole milliseconds: a clock may round a fraction down, and the key would then never be due when its timer fires.
    const dueMs = this.#clock.monotonicMs() + Math.ceil(delayMs);
    const known = this.#entries.get(key);
    if (known !== undefined && known.dueMs <= dueMs) return;
    const entry: Entry<K> = { key, dueMs, sequence: this.#sequence++ };
    this.#entries.set(key, entry);
    this.#heap.push(entry);
    this.#arm();
  }

  clear(): void {
    this.#timer?.clear();
    this.#timer = undefined;
    this.#entries.clear();
    this.#heap.filter(() => false);
  }

  #arm(): void {
    const first = this.#heap.peek();
    if (first === undefined || (this.#timer !== undefined && this.#timerDueMs <= first.dueMs)) return;
    this.#timer?.clear();
    this.#timerDueMs = first.dueMs;
    this.#timer = this.#clock.setTimer(first.dueMs - this.#clock.monotonicMs(), () => this.#fire());
  }

  #fire(): void {
    this.#timer = undefined;
    const nowMs = this.#clock.monotonicMs();
    for (let first = this.#heap.peek(); first !== undefined && first.dueMs <= nowMs; first = this.#heap.peek()) {
      this.#heap.pop();
      if (this.#entries.get(first.key) !== first) continue;
      this.#entries.delete(first.key);
      this.#onDue(first.key);
    }
    this.#arm();
  }
}
