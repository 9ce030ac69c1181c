import type { Clock, Timer } from "./clock.ts";
import { Heap } from "./heap.ts";
import { sleepWith } from "./sleep.ts";

export interface VirtualClockOptions {
  /** Milliseconds since 1970 at the start. Default: 2026-01-01T00:00:00Z. */
  readonly startMs?: number;
  /** Turns of the event loop given to promises before each timer. Default 2. */
  readonly settleTurns?: number;
  /** Timers that one `advance` or `run…` may fire before it counts as a runaway. Default 1,000,000. */
  readonly maxTimers?: number;
  /** Virtual time that one `runUntil` or `runUntilIdle` may let pass. Default 24 hours. */
  readonly maxPassedMs?: number;
  /** Real time that `runUntil` grants threads and sockets, with no timer pending, before it calls a wait hopeless. Default 200 ms. */
  readonly ioWaitMs?: number;
  /** Remember where each timer was set, for the runaway error. Costs a stack trace a timer. */
  readonly traceTimers?: boolean;
}

interface Pending {
  readonly dueMs: number;
  readonly sequence: number;
  readonly fn: () => void;
  readonly origin: string | undefined;
  state: "pending" | "done";
}

/**
 * Time that passes only when told to.
 *
 * Guarantees: timers fire in the order of their due time, equal ones in the order they were set; before each one, promises
 * get `settleTurns` turns of the event loop, so that what an earlier timer set in motion comes first; `now` is exactly the
 * due time while a timer runs; time never goes back. The same program fed the same seeds sees the same order.
 *
 * Example: timers a(10) and b(20) where a's callback, two promises later, sets c(5). `advance(20)` fires a at 10, c at 15,
 * b at 20.
 */
export class VirtualClock implements Clock {
  readonly #startMs: number;
  readonly #options: VirtualClockOptions;
  readonly #timers = new Heap<Pending>((a, b) => a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.sequence < b.sequence));
  #nowMs: number;
  #sequence = 0;
  #cleared = 0;
  #running = false;

  constructor(options: VirtualClockOptions = {}) {
    this.#options = options;
    this.#startMs = options.startMs ?? Date.UTC(2026, 0, 1);
    this.#nowMs = this.#startMs;
  }

  now(): number {
    return Math.floor(this.#nowMs);
  }

  monotonicMs(): number {
    return this.#nowMs - this.#startMs;
  }

  /** Timers not yet fired or cleared. */
  get pendingTimers(): number {
    return this.#timers.size - this.#cleared;
  }

  setTimer(delayMs: number, fn: () => void): Timer {
    const delay = Math.max(0, delayMs || 0);
    const origin = this.#options.traceTimers ? callerOf(new Error().stack) : undefined;
    const pending: Pending = { dueMs: this.#nowMs + delay, sequence: this.#sequence++, fn, origin, state: "pending" };
    this.#timers.push(pending);
    const timer: Timer = { clear: () => this.#clear(pending), unref: () => timer };
    return timer;
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return sleepWith((delay, fn) => this.setTimer(delay, fn), delayMs, signal);
  }

  /** Lets `ms` pass: fires what falls due, ends at exactly `now + ms`, with promises settled. */
  advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    return this.#exclusively(async () => {
      await this.#run(endMs);
      this.#nowMs = endMs;
    });
  }

  /**
   * Lets time pass until the predicate holds (asked after promises settle, before each timer) or the promise settles,
   * whose outcome it hands on. Rejects when nothing is left that could bring it about.
   */
  runUntil(condition: () => boolean): Promise<void>;
  runUntil<T>(condition: Promise<T>): Promise<T>;
  runUntil<T>(condition: Promise<T> | (() => boolean)): Promise<T | undefined> {
    return this.#exclusively(async () => {
      if (typeof condition === "function") {
        if (!(await this.#run(this.#latestMs(), condition))) throw this.#hopeless("the condition became true");
        return undefined;
      }
      let settled = false;
      const settle = (): void => {
        settled = true;
      };
      condition.then(settle, settle);
      if (!(await this.#run(this.#latestMs(), () => settled))) throw this.#hopeless("the promise settled");
      return condition;
    });
  }

  /** Lets time pass until no timer is pending. Never ends by itself where something is periodic: see `maxPassedMs`. */
  runUntilIdle(): Promise<void> {
    return this.#exclusively(async () => {
      await this.#run(this.#latestMs());
      if (this.pendingTimers > 0) throw this.#hopeless("the clock became idle");
    });
  }

  /** Gives promises their turns without letting time pass. */
  async settle(turns = this.#options.settleTurns ?? 2): Promise<void> {
    for (let turn = 0; turn < turns; turn++) await nextTurn();
  }

  /** Fires timers due up to `endMs`. True once `done`, where there is one, holds; false when time or timers have run out. */
  async #run(endMs: number, done?: () => boolean): Promise<boolean> {
    const maxTimers = this.#options.maxTimers ?? 1_000_000;
    let fired = 0;
    for (;;) {
      await this.settle();
      if (done?.()) return true;
      const next = this.#next();
      if (next === undefined && (await this.#stir(done))) continue;
      if (next === undefined || next.dueMs > endMs) return false;
      if (fired++ >= maxTimers) throw new Error(`runaway: ${maxTimers} timers fired; ${this.#describePending()}`);
      this.#timers.pop();
      next.state = "done";
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.fn();
    }
  }

  /** Waits in real time for what no timer will bring. True when something has happened. */
  async #stir(done: (() => boolean) | undefined): Promise<boolean> {
    if (done === undefined) return false;
    const untilMs = performance.now() + (this.#options.ioWaitMs ?? 200);
    while (performance.now() < untilMs) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      if (done() || this.#next() !== undefined) return true;
    }
    return false;
  }

  #next(): Pending | undefined {
    for (let next = this.#timers.peek(); next !== undefined; next = this.#timers.peek()) {
      if (next.state === "pending") return next;
      this.#timers.pop();
      this.#cleared--;
    }
    return undefined;
  }

  #clear(pending: Pending): void {
    if (pending.state === "done") return;
    pending.state = "done";
    this.#cleared++;
    // Cleared timers stay in the heap until they surface; a program that sets and clears many long ones must not grow it.
    if (this.#cleared > 1000 && this.#cleared * 2 > this.#timers.size) {
      this.#timers.filter((timer) => timer.state === "pending");
      this.#cleared = 0;
    }
  }

  async #exclusively<T>(run: () => Promise<T>): Promise<T> {
    if (this.#running) throw new Error("the virtual clock is already being run");
    this.#running = true;
    try {
      return await run();
    } finally {
      this.#running = false;
    }
  }

  #latestMs(): number {
    return this.#nowMs + (this.#options.maxPassedMs ?? 86_400_000);
  }

  #hopeless(what: string): Error {
    return new Error(`virtual time ended before ${what}; ${this.#describePending()}`);
  }

  #describePending(): string {
    const pending = this.#timers.items().filter((timer) => timer.state === "pending");
    if (pending.length === 0) return "no timer is pending";
    pending.sort((a, b) => a.dueMs - b.dueMs || a.sequence - b.sequence);
    const shown = pending.slice(0, 10).map((timer) => `+${timer.dueMs - this.#nowMs} ms ${nameOf(timer)}`);
    return `${pending.length} pending: ${shown.join("; ")}${pending.length > shown.length ? "; …" : ""}`;
  }
}

function nameOf(timer: Pending): string {
  const name = timer.fn.name || timer.fn.toString().replace(/\s+/g, " ").slice(0, 60);
  return timer.origin === undefined ? name : `${name} (${timer.origin})`;
}

/** The first frame of a stack outside this folder's clocks. */
function callerOf(stack: string | undefined): string | undefined {
  return stack
    ?.split("\n")
    .slice(1)
    .find((line) => !/virtual-clock\.ts|[/\\]sleep\.ts/.test(line))
    ?.trim();
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
