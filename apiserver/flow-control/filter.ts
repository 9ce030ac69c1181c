import type { Clock } from "../../base/clock.ts";
import type { Filter, Handler } from "../chain.ts";
import { defaultRequestTimeoutMs, isLongRunning, timeoutOf } from "../filters/deadline.ts";
import type { ApiRequest, RequestInfo } from "../request.ts";
import type { ApiResponse, WatchResponse } from "../response.ts";
import type { FlowControl } from "./flow-control.ts";
import type { UsedSchema } from "./priority-levels.ts";
import { type FlowRequest, maxSeatsOf } from "./queue-set.ts";
import { tooManyRequests } from "./too-many-requests.ts";
import { WatchTracker } from "./watch-tracker.ts";
import { type Estimating, estimateWork, type StoredStats } from "./work-estimator.ts";

export interface PriorityAndFairnessParts {
  readonly flowControl: FlowControl;
  readonly clock: Clock;
  /** Undefined for what this server does not keep. */
  readonly statsOf: (info: RequestInfo) => StoredStats | undefined;
}

const readVerbs: ReadonlySet<string> = new Set(["get", "list", "watch"]);

/**
 * Lets each request in when its priority level has seats for it; until then it waits in a queue of its flow, and is turned
 * away where that is full or it has waited for a quarter of its time (server/filters/priority-and-fairness.go, KEP-1040).
 */
export function priorityAndFairness(parts: PriorityAndFairnessParts): Filter {
  const watches = new WatchTracker();
  const { flowControl, clock, statsOf } = parts;
  const estimating = { statsOf, watchersOf: (info: RequestInfo) => watches.interested(info) };
  const shared: Shared = { flowControl, clock, watches, estimating, counters: countersOf(parts) };
  return (next) => (request) => {
    const watch = request.info.verb === "watch" && request.info.isResourceRequest;
    if (!watch && request.info.isResourceRequest && isLongRunning(request.info)) return next(request);
    return new Visit(shared, request, watch).pass(next);
  };
}

/** What all visits work with. */
interface Shared extends Pick<PriorityAndFairnessParts, "flowControl" | "clock"> {
  readonly watches: WatchTracker;
  readonly estimating: Estimating;
  readonly counters: Readonly<Record<"readOnly" | "mutating", KindCounters>>;
}

interface KindCounters {
  executing(by: number, nowMs: number): void;
  waiting(by: number, nowMs: number): void;
}

function countersOf({
  flowControl: { metrics },
}: PriorityAndFairnessParts): Record<"readOnly" | "mutating", KindCounters> {
  const of = (kind: string): KindCounters => {
    const phases = {
      executing: metrics.readVersusWrite("executing", kind),
      waiting: metrics.readVersusWrite("waiting", kind),
    };
    const counts = { executing: 0, waiting: 0 };
    const add = (phase: "executing" | "waiting") => (by: number, nowMs: number) => {
      counts[phase] += by;
      phases[phase].set(counts[phase], nowMs);
    };
    return { executing: add("executing"), waiting: add("waiting") };
  };
  return { readOnly: of("readOnly"), mutating: of("mutating") };
}

/** One request's way through the filter. */
class Visit {
  readonly #shared: Shared;
  readonly #request: ApiRequest;
  readonly #isWatch: boolean;
  readonly #used: UsedSchema;
  readonly #counters: KindCounters;

  constructor(shared: Shared, request: ApiRequest, isWatch: boolean) {
    this.#shared = shared;
    this.#request = request;
    this.#isWatch = isWatch;
    this.#used = shared.flowControl.levels.classify(request.info, request.user);
    this.#counters = shared.counters[readVerbs.has(request.info.verb) ? "readOnly" : "mutating"];
  }

  async pass(next: Handler): Promise<ApiResponse> {
    const { series, level } = this.#used;
    this.#tellClient();
    const entered = this.#enter();
    if (entered === undefined) return this.#turnAway(0);
    if (entered.state === "waiting") {
      if (!(await this.#turn(entered))) return this.#turnAway(entered.arrivedMs);
      this.#request.waitedMs = entered.startedMs - entered.arrivedMs;
    }
    if (!level.exempt) series.waited((entered.startedMs - entered.arrivedMs) / 1_000, true);
    series.dispatched();
    this.#counters.executing(1, entered.startedMs);
    if (this.#isWatch) return this.#passWatch(next, entered);
    try {
      return await next(this.#request);
    } finally {
      // A seat is taken until the answer has been written: writing a long list is most of its work.
      if (this.#request.onAnswered === undefined) this.#finish(entered);
      else this.#request.onAnswered(() => this.#finish(entered));
    }
  }

  #enter(): FlowRequest | undefined {
    const { flowControl, estimating } = this.#shared;
    const { series, level, object } = this.#used;
    const request = this.#request;
    const work = estimateWork(request, estimating, { maxSeats: level.maxSeats, flow: series });
    series.estimated(maxSeatsOf(work));
    const distinguisher = flowControl.levels.distinguisher(this.#used, request.info, request.user);
    const hand = level.hand(object.metadata.name ?? "", distinguisher);
    return level.queues.start({ work, hand, flow: series, distinguisher, subject: request });
  }

  /** Waits until the request may begin: false where the time is over or the client has gone. */
  async #turn(waiting: FlowRequest): Promise<boolean> {
    const { clock } = this.#shared;
    const { signal } = this.#request;
    // A request that runs on for as long as it likes waits as long as any other at most.
    const timeoutMs = this.#isWatch ? defaultRequestTimeoutMs : timeoutOf(this.#request);
    this.#counters.waiting(1, waiting.arrivedMs);
    const { promise, resolve } = Promise.withResolvers<void>();
    const giveUp = (): void => {
      this.#used.level.queues.cancel(waiting);
      resolve();
    };
    waiting.onStart = resolve;
    const timer = clock.setTimer(timeoutMs / 4, giveUp);
    signal.addEventListener("abort", giveUp, { once: true });
    if (signal.aborted) giveUp();
    await promise;
    timer.clear();
    signal.removeEventListener("abort", giveUp);
    this.#counters.waiting(-1, clock.monotonicMs());
    return waiting.state === "executing";
  }

  /** A watch takes seats until it has sent what was there before. */
  async #passWatch(next: Handler, entered: FlowRequest): Promise<ApiResponse> {
    const { signal, info, query } = this.#request;
    const forget = this.#shared.watches.register(info, query.get("fieldSelector"));
    let counted = true;
    const finish = (): void => {
      if (counted) this.#finish(entered);
      counted = false;
    };
    const gone = (): void => {
      finish();
      forget();
    };
    try {
      const response = await next(this.#request);
      if (response.type !== "watch") {
        gone();
        return response;
      }
      if (signal.aborted) gone();
      else signal.addEventListener("abort", gone, { once: true });
      this.#request.onAnswered?.(gone);
      return started(response, finish, () => {
        signal.removeEventListener("abort", gone);
        forget();
      });
    } catch (error) {
      gone();
      throw error;
    }
  }

  #finish(entered: FlowRequest): void {
    const now = this.#shared.clock.monotonicMs();
    this.#counters.executing(-1, now);
    this.#used.series.executed((now - entered.startedMs) / 1_000, this.#isWatch);
    this.#used.level.queues.finish(entered);
    if (this.#used.level.quiescing) this.#shared.flowControl.levels.reap(this.#used.level);
  }

  #turnAway(arrivedMs: number): ApiResponse {
    const { clock } = this.#shared;
    if (!this.#used.level.exempt) {
      const waited = arrivedMs === 0 ? 0 : clock.monotonicMs() - arrivedMs;
      this.#used.series.waited(waited / 1_000, false);
    }
    this.#used.level.dropped.record(clock.now());
    return tooManyRequests(this.#used.level.dropped.retryAfter);
  }

  #tellClient(): void {
    const headers = this.#request.answerHeaders;
    if (headers === undefined) return;
    headers["x-kubernetes-pf-flowschema-uid"] = this.#used.object.metadata.uid ?? "";
    headers["x-kubernetes-pf-prioritylevel-uid"] = this.#used.level.object.metadata.uid ?? "";
  }
}

function started(response: WatchResponse, finish: () => void, forget: () => void): WatchResponse {
  return {
    ...response,
    start: (sink) => {
      try {
        const stop = response.start(sink);
        return () => {
          forget();
          stop();
        };
      } finally {
        finish();
      }
    },
  };
}
