interface Waiter<T> {
  readonly resolve: (result: IteratorResult<T, undefined>) => void;
  readonly reject: (reason: unknown) => void;
}

const end = { done: true, value: undefined } as const;

/**
 * A first-in first-out queue between one side that may not wait and another that may, with a bound on what lies between.
 *
 * Guarantees: each item goes to exactly one taker, in the order of pushing; takers are served in the order they asked; never
 * more than `capacity` items wait; what was pushed before `close` is still handed out, before the end or the error.
 */
export class BoundedQueue<T> implements AsyncIterable<T> {
  readonly capacity: number;
  /** A ring: `#items[(#head + i) % capacity]`, grown on demand up to `capacity`. */
  #items: (T | undefined)[] = [];
  #head = 0;
  #size = 0;
  readonly #waiters: Waiter<T>[] = [];
  #closed: { readonly error: unknown } | undefined;

  constructor(capacity: number) {
    if (!(capacity >= 1)) throw new RangeError(`a queue's capacity must be at least 1, not ${capacity}`);
    this.capacity = capacity;
  }

  get size(): number {
    return this.#size;
  }

  get closed(): boolean {
    return this.#closed !== undefined;
  }

  /** False, and nothing is queued, when the queue is full or closed. */
  push(item: T): boolean {
    if (this.#closed !== undefined) return false;
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) {
      waiter.resolve({ done: false, value: item });
      return true;
    }
    if (this.#size >= this.capacity) return false;
    if (this.#size === this.#items.length) this.#grow();
    this.#items[(this.#head + this.#size) % this.#items.length] = item;
    this.#size++;
    return true;
  }

  /** The next item, or the end once the queue is closed and empty. Rejects with the error it was closed with. */
  next(signal?: AbortSignal): Promise<IteratorResult<T, undefined>> {
    if (this.#size > 0) return Promise.resolve({ done: false, value: this.#shift() });
    if (this.#closed !== undefined)
      return this.#closed.error === undefined ? Promise.resolve(end) : Promise.reject(this.#closed.error);
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      if (signal === undefined) {
        this.#waiters.push({ resolve, reject });
        return;
      }
      const onAbort = (): void => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        reject(signal.reason);
      };
      const waiter: Waiter<T> = {
        resolve: (result) => {
          signal.removeEventListener("abort", onAbort);
          resolve(result);
        },
        reject: (reason) => {
          signal.removeEventListener("abort", onAbort);
          reject(reason);
        },
      };
      signal.addEventListener("abort", onAbort, { once: true });
      this.#waiters.push(waiter);
    });
  }

  /** No more pushes. Takers get what is left, then the end, or `error` where one is given. Later calls change nothing. */
  close(error?: unknown): void {
    if (this.#closed !== undefined) return;
    this.#closed = { error };
    for (const waiter of this.#waiters.splice(0)) {
      if (error === undefined) waiter.resolve(end);
      else waiter.reject(error);
    }
  }

  /** Drops what waits. */
  clear(): void {
    this.#items = [];
    this.#head = 0;
    this.#size = 0;
  }

  /** Leaving the loop closes the queue: nobody is left to take. */
  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return {
      next: () => this.next(),
      return: () => {
        this.close();
        this.clear();
        return Promise.resolve(end);
      },
    };
  }

  #shift(): T {
    const item = this.#items[this.#head] as T;
    this.#items[this.#head] = undefined;
    this.#head = (this.#head + 1) % this.#items.length;
    this.#size--;
    return item;
  }

  #grow(): void {
    const grown: (T | undefined)[] = [];
    for (let i = 0; i < this.#size; i++) grown.push(this.#items[(this.#head + i) % this.#items.length]);
    const length = Math.min(this.capacity, Math.max(8, this.#size * 2));
    while (grown.length < length) grown.push(undefined);
    this.#items = grown;
    this.#head = 0;
  }
}
