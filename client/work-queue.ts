import { onAbort } from "../base/cancellation.ts";
import type { Clock } from "../base/clock.ts";
import type { MetricsRegistry } from "../base/metrics.ts";
import { type Task, TaskGroup } from "../base/task-group.ts";
import { DelayedKeys } from "./delayed-keys.ts";
import { defaultControllerRateLimiter, type RateLimiter } from "./rate-limiter.ts";
import { createWorkQueueMetrics, noWorkQueueMetrics, type WorkQueueMetrics } from "./work-queue-metrics.ts";

export interface WorkQueueOptions<K> {
  readonly clock: Clock;
  /** For metrics, together with `registry`. */
  readonly name?: string;
  readonly registry?: MetricsRegistry;
  /** Default: upstream's for controllers. */
  readonly rateLimiter?: RateLimiter<K>;
}

/**
 * Keys to work on, each by one worker at a time (client-go util/workqueue).
 *
 * Guarantees: a key that is handed out is not handed out again before `done`; a key added while it waits is worked on once; a
 * key added while it is worked on is worked on again, after `done`; no added key is lost before `shutDown`; keys are handed
 * out in the order they became ready. All of it rests on two sets: `dirty`, the keys that need work, and `processing`, those
 * that get it. A key is in the line exactly when it is dirty and not processing.
 *
 * Example: add(a) dirty={a} line=[a] · get()→a dirty={} processing={a} · add(a) dirty={a}, not in line · done(a) → line=[a].
 *
 * The number of keys is bounded by what they name: each is present once.
 */
export class WorkQueue<K extends NonNullable<unknown> = string> {
  readonly #dirty = new Set<K>();
  readonly #processing = new Set<K>();
  /** The line, from `#head` on. */
  #line: K[] = [];
  #head = 0;
  readonly #getters: PromiseWithResolvers<K | undefined>[] = [];
  readonly #drained: PromiseWithResolvers<void>[] = [];
  readonly #delayed: DelayedKeys<K>;
  readonly #rateLimiter: RateLimiter<K>;
  readonly #metrics: WorkQueueMetrics<K>;
  #shuttingDown = false;

  constructor({ clock, name, registry, rateLimiter }: WorkQueueOptions<K>) {
    this.#delayed = new DelayedKeys(clock, (key) => this.add(key));
    this.#rateLimiter = rateLimiter ?? defaultControllerRateLimiter(clock);
    this.#metrics =
      registry === undefined || name === undefined
        ? noWorkQueueMetrics
        : createWorkQueueMetrics({ registry, name, clock });
  }

  /** Keys in the line: not those worked on, not those that wait for their time. */
  get length(): number {
    return this.#line.length - this.#head;
  }

  get shuttingDown(): boolean {
    return this.#shuttingDown;
  }

  /** True where nothing is in line, worked on or waiting for its time. */
  get idle(): boolean {
    return this.length === 0 && this.#processing.size === 0 && this.#delayed.size === 0;
  }

  add(key: K): void {
    if (this.#shuttingDown || this.#dirty.has(key)) return;
    this.#metrics.add(key);
    this.#dirty.add(key);
    if (!this.#processing.has(key)) this.#enqueue(key);
  }

  /** Adds after `delayMs`; where the key waits already, the sooner of the two. */
  addAfter(key: K, delayMs: number): void {
    if (this.#shuttingDown) return;
    this.#metrics.retry();
    if (delayMs <= 0) this.add(key);
    else this.#delayed.add(key, delayMs);
  }

  /** Adds after the wait that the rate limiter gives a failure of this key. */
  addRateLimited(key: K): void {
    this.addAfter(key, this.#rateLimiter.delayMs(key));
  }

  /** Ends the key's back-off. Its place in the queue stays. */
  forget(key: K): void {
    this.#rateLimiter.forget(key);
  }

  /** How often the key was added rate-limited since `forget`. */
  requeues(key: K): number {
    return this.#rateLimiter.requeues(key);
  }

  /** Waits for a key; undefined once the queue shuts down and its line is empty. Whoever gets a key must call `done`. */
  get(): Promise<K | undefined> {
    if (this.length > 0) return Promise.resolve(this.#dequeue());
    if (this.#shuttingDown) return Promise.resolve(undefined);
    const getter = Promise.withResolvers<K | undefined>();
    this.#getters.push(getter);
    return getter.promise;
  }

  /** The work on the key has ended, well or not. */
  done(key: K): void {
    this.#metrics.done(key);
    this.#processing.delete(key);
    if (this.#dirty.has(key)) this.#enqueue(key);
    else if (this.#processing.size === 0 && this.length === 0) this.#resolveDrained();
  }

  /** No more adds; workers get what is in line, then undefined. Keys that wait for their time are dropped. */
  shutDown(): void {
    this.#shuttingDown = true;
    this.#delayed.clear();
    for (const getter of this.#getters.splice(0)) getter.resolve(undefined);
  }

  /** `shutDown`, then waits until all that is in line or worked on is done. */
  async shutDownWithDrain(): Promise<void> {
    this.shutDown();
    if (this.#processing.size === 0 && this.length === 0) return;
    const drained = Promise.withResolvers<void>();
    this.#drained.push(drained);
    await drained.promise;
  }

  #enqueue(key: K): void {
    this.#line.push(key);
    // The getter is served at once: between its wake-up and its next turn nobody else may take the key.
    const getter = this.#getters.shift();
    if (getter !== undefined) getter.resolve(this.#dequeue());
  }

  #dequeue(): K {
    const key = this.#line[this.#head++] as K;
    if (this.#head === this.#line.length) {
      this.#line = [];
      this.#head = 0;
    } else if (this.#head > 1000 && this.#head * 2 > this.#line.length) {
      this.#line = this.#line.slice(this.#head);
      this.#head = 0;
    }
    this.#metrics.get(key);
    this.#processing.add(key);
    this.#dirty.delete(key);
    return key;
  }

  #resolveDrained(): void {
    for (const drained of this.#drained.splice(0)) drained.resolve();
  }
}

export interface WorkersOptions<K extends NonNullable<unknown>> {
  readonly queue: WorkQueue<K>;
  readonly workers: number;
  /** The work on one key. It decides itself whether to add the key again; a rejection ends all workers. */
  readonly work: (key: K, signal: AbortSignal) => Promise<void>;
}

/** Works on a queue until `signal` aborts; resolves when the work in progress has ended. The queue is shut down then. */
export async function runWorkers<K extends NonNullable<unknown>>(
  { queue, workers, work }: WorkersOptions<K>,
  signal: AbortSignal,
): Promise<void> {
  const group = new TaskGroup(signal);
  const worker: Task = async (inner) => {
    for (let key = await queue.get(); key !== undefined; key = await queue.get()) {
      try {
        if (!inner.aborted) await work(key, inner);
      } finally {
        queue.done(key);
      }
    }
  };
  using _ = onAbort(group.signal, () => queue.shutDown());
  for (let i = 0; i < workers; i++) group.start(worker);
  await group.wait();
}
