import type { Clock } from "../../base/clock.ts";
import type { FlowSeries, LevelSeries } from "./metrics.ts";

// One priority level's fair queues (apiserver/pkg/util/flowcontrol/fairqueuing/queueset). Work is measured in seat-seconds.
//
// R is how much work each queue that has any would have been given so far, had all been served at once, in equal parts: time,
// as it passes for a queue. A queue's `nextDispatchR` is the R at which its next request would begin in that ideal. Whichever
// request would be the first to end there is the next to begin here.
//
// Example: one seat; queue a holds two requests, b one, all of 3 ms and all come at R = 0. Ends would be: a1 3, a2 6, b1 3.
// So a1 begins, then b1 (3 < 6), then a2: a has not gained by asking twice.

/** What a request is guessed to take: seats while it is served, then perhaps others for what it leaves to do. */
export interface WorkEstimate {
  readonly initialSeats: number;
  readonly finalSeats: number;
  readonly additionalLatencyMs: number;
}

export interface QueuingConfig {
  /** 0: whoever finds no free seat is rejected. `undefined`: nobody is limited. */
  readonly queues: number | undefined;
  readonly queueLengthLimit: number;
}

export const maxSeatsOf = ({ initialSeats, finalSeats }: WorkEstimate): number => Math.max(initialSeats, finalSeats);

/** How long a request is taken to be served until it is known. */
const estimatedServiceSeconds = 0.003;

export interface FlowQueue {
  index: number;
  nextDispatchR: number;
  /** The oldest first. */
  readonly waiting: FlowRequest[];
  readonly executing: Set<FlowRequest>;
  seatsInUse: number;
  /** Seats that those who wait are going to take. */
  seatsWaiting: number;
  /** Seat-seconds of those who wait. */
  work: number;
}

/** One request's stay at its level: waiting, then executing or given up. */
export interface FlowRequest {
  readonly flow: FlowSeries;
  readonly distinguisher: string;
  /** Whoever dumps requests finds here what this one is. */
  readonly subject: unknown;
  work: WorkEstimate;
  readonly seats: number;
  readonly totalWork: number;
  readonly queue: FlowQueue | undefined;
  readonly arrivalR: number;
  readonly arrivedMs: number;
  startedMs: number;
  state: "waiting" | "executing" | "ended";
  /** Called once, when a request that had to wait may begin. */
  onStart: (() => void) | undefined;
}

export interface NewRequest {
  readonly work: WorkEstimate;
  /** Queues it may wait in; not looked at where the level has none. */
  readonly hand: readonly number[];
  readonly flow: FlowSeries;
  readonly distinguisher: string;
  readonly subject: unknown;
}

/**
 * Guarantees: while requests of one seat are asked for, no more seats are in use than the limit; a wider request may exceed it
 * only alone. Nobody waits while the oldest request of the queue that is next in turn would find its seats free. Every request
 * that waits begins in the end if those who execute end. Never waits itself: what begins is told by `onStart`.
 */
export class QueueSet {
  readonly #clock: Clock;
  readonly #series: LevelSeries;
  #config: QueuingConfig = { queues: 0, queueLengthLimit: 0 };
  #limit = 0;
  #queues: FlowQueue[] = [];
  /** Queues in which somebody waits. */
  readonly #pending = new Set<FlowQueue>();
  /** How many queues hold a request that waits or executes. */
  #active = 0;
  #r = 0;
  #lastMs: number;
  #robin = 0;
  #enqueues = 0;
  #queuedSeatsInUse = 0;
  readonly queueless: Set<FlowRequest> = new Set<FlowRequest>();
  waiting = 0;
  executing = 0;
  seatsInUse = 0;
  seatsWaiting = 0;
  dispatched = 0;
  rejected = 0;
  cancelled = 0;

  constructor(clock: Clock, series: LevelSeries) {
    this.#clock = clock;
    this.#series = series;
    this.#lastMs = clock.monotonicMs();
  }

  get queues(): readonly FlowQueue[] {
    return this.#queues;
  }

  get isIdle(): boolean {
    return this.waiting === 0 && this.executing === 0;
  }

  /** How many requests may wait and execute from now on. Queues that are too many go once they are empty. */
  configure(config: QueuingConfig, limit: number): void {
    this.#sync(this.#clock.monotonicMs());
    this.#config = config;
    this.#limit = limit;
    for (let index = this.#queues.length; index < (config.queues ?? 0); index++) {
      this.#queues.push({
        index,
        nextDispatchR: 0,
        waiting: [],
        executing: new Set(),
        seatsInUse: 0,
        seatsWaiting: 0,
        work: 0,
      });
    }
    this.#dispatch();
  }

  /** Takes a request in: it executes or waits. Undefined where it is rejected. */
  start(request: NewRequest): FlowRequest | undefined {
    const now = this.#clock.monotonicMs();
    this.#sync(now);
    if ((this.#config.queues ?? 0) < 1) return this.#startWithoutQueue(request, now);
    const queue = this.#shortest(request.hand);
    if (this.seatsInUse >= this.#limit && queue.waiting.length >= this.#config.queueLengthLimit) {
      this.rejected++;
      request.flow.reject("queue-full");
      this.#bound(queue);
      return undefined;
    }
    const taken = this.#record(request, queue, now);
    this.#enqueue(taken, queue, now);
    this.#bound(queue);
    this.#dispatch();
    return taken;
  }

  /** Gives up on a request that waits. */
  cancel(request: FlowRequest): void {
    const { queue } = request;
    if (request.state !== "waiting" || queue === undefined) return;
    const now = this.#clock.monotonicMs();
    this.#sync(now);
    request.state = "ended";
    this.#unqueue(request, queue, queue.waiting.indexOf(request));
    if (queue.executing.size === 0 && queue.waiting.length === 0) this.#active--;
    this.rejected++;
    this.cancelled++;
    request.flow.reject("time-out");
    this.#demand(now);
    this.#bound(queue);
    this.#dispatch();
  }

  /** The request has been served: its seats are free, at once or after its additional latency. */
  finish(request: FlowRequest): void {
    if (request.state !== "executing") return;
    const now = this.#clock.monotonicMs();
    this.#sync(now);
    request.state = "ended";
    this.executing--;
    this.#series.executing(this.executing, now);
    request.flow.executing(-1);
    const { queue, work } = request;
    if (queue === undefined) this.queueless.delete(request);
    else {
      queue.executing.delete(request);
      if (queue.executing.size === 0 && queue.waiting.length === 0) this.#active--;
      const surplus = estimatedServiceSeconds - (now - request.startedMs) / 1_000;
      queue.nextDispatchR -= work.initialSeats * surplus;
      this.#bound(queue);
    }
    if (work.additionalLatencyMs <= 0) this.#release(request, now);
    else {
      this.#clock.setTimer(work.additionalLatencyMs, () => {
        const later = this.#clock.monotonicMs();
        this.#sync(later);
        this.#release(request, later);
        this.#dispatch();
      });
    }
    this.#dispatch();
  }

  #startWithoutQueue(request: NewRequest, now: number): FlowRequest | undefined {
    if (!this.#fits(maxSeatsOf(request.work))) {
      this.rejected++;
      request.flow.reject("concurrency-limit");
      return undefined;
    }
    const taken = this.#record(request, undefined, now);
    this.queueless.add(taken);
    this.#begin(taken, now);
    return taken;
  }

  #record({ work, flow, distinguisher, subject }: NewRequest, queue: FlowQueue | undefined, now: number): FlowRequest {
    return {
      flow,
      distinguisher,
      subject,
      work,
      seats: maxSeatsOf(work),
      totalWork: work.initialSeats * estimatedServiceSeconds + (work.finalSeats * work.additionalLatencyMs) / 1_000,
      queue,
      arrivalR: this.#r,
      arrivedMs: now,
      startedMs: 0,
      state: "waiting",
      onStart: undefined,
    };
  }

  /** Advances R by what each active queue has been given since. */
  #sync(now: number): void {
    const seconds = (now - this.#lastMs) / 1_000;
    this.#lastMs = now;
    if (this.#active > 0) {
      const requested = this.#queuedSeatsInUse + this.seatsWaiting;
      this.#r += (seconds * Math.min(requested, this.#limit)) / this.#active;
    }
  }

  /** The queue of the hand with the least work, of equal ones now this, now that. */
  #shortest(hand: readonly number[]): FlowQueue {
    const offset = this.#enqueues++ % hand.length;
    let best: FlowQueue | undefined;
    for (let i = 0; i < hand.length; i++) {
      const queue = this.#queues[hand[(offset + i) % hand.length]!]!;
      if (best === undefined || queue.work < best.work) best = queue;
    }
    return best!;
  }

  #enqueue(request: FlowRequest, queue: FlowQueue, now: number): void {
    if (queue.waiting.length === 0 && queue.executing.size === 0) {
      queue.nextDispatchR = this.#r;
      this.#active++;
    }
    queue.waiting.push(request);
    queue.work += request.totalWork;
    queue.seatsWaiting += request.seats;
    this.#pending.add(queue);
    this.waiting++;
    this.seatsWaiting += request.seats;
    request.flow.inQueue(1, request.seats);
    request.flow.queueLength(queue.waiting.length);
    this.#series.waiting(this.waiting, now);
    this.#demand(now);
  }

  #unqueue(request: FlowRequest, queue: FlowQueue, at: number): void {
    if (at === 0) queue.waiting.shift();
    else queue.waiting.splice(at, 1);
    if (queue.waiting.length === 0) {
      this.#pending.delete(queue);
      queue.work = 0;
    } else queue.work -= request.totalWork;
    queue.seatsWaiting -= request.seats;
    this.waiting--;
    this.seatsWaiting -= request.seats;
    request.flow.inQueue(-1, -request.seats);
    this.#series.waiting(this.waiting, this.#lastMs);
  }

  #dispatch(): void {
    while (this.waiting > 0 && this.seatsInUse < this.#limit && this.#dispatchOne()) {
      // Each turn begins one request.
    }
  }

  #dispatchOne(): boolean {
    const queue = this.#next();
    const request = queue.waiting[0]!;
    if (!this.#fits(request.seats)) {
      request.flow.noAccommodation();
      return false;
    }
    this.#series.dispatch(this.#r, queue.nextDispatchR);
    this.#robin = queue.index;
    this.#unqueue(request, queue, 0);
    const { finalSeats, additionalLatencyMs } = request.work;
    if (finalSeats > this.#limit) {
      // The same work in another shape: fewer seats, for longer.
      const latency = (finalSeats * additionalLatencyMs) / this.#limit;
      request.work = { ...request.work, finalSeats: this.#limit, additionalLatencyMs: latency };
    }
    queue.executing.add(request);
    queue.seatsInUse += request.seats;
    this.#queuedSeatsInUse += request.seats;
    queue.nextDispatchR += request.totalWork;
    this.#begin(request, this.#lastMs);
    this.#bound(queue);
    request.onStart?.();
    return true;
  }

  #begin(request: FlowRequest, now: number): void {
    request.state = "executing";
    request.startedMs = now;
    this.dispatched++;
    this.executing++;
    this.seatsInUse += request.seats;
    request.flow.executing(1);
    request.flow.seats(request.seats);
    this.#series.executing(this.executing, now);
    this.#series.seats(this.seatsInUse, now);
    this.#demand(now);
  }

  /** Of the queues where somebody waits, the one whose oldest would end first; of equal ones, the next in the round. */
  #next(): FlowQueue {
    const count = this.#queues.length;
    let best: FlowQueue | undefined;
    let bestEnd = 0;
    let bestTurn = 0;
    for (const queue of this.#pending) {
      const end = queue.nextDispatchR + queue.waiting[0]!.totalWork;
      const turn = (queue.index - this.#robin - 1 + count) % count;
      if (best === undefined || end < bestEnd || (end === bestEnd && turn < bestTurn)) {
        best = queue;
        bestEnd = end;
        bestTurn = turn;
      }
    }
    return best!;
  }

  #fits(seats: number): boolean {
    if (this.#config.queues === undefined) return true;
    return seats > this.#limit ? this.executing === 0 : this.seatsInUse + seats <= this.#limit;
  }

  #release(request: FlowRequest, now: number): void {
    const { queue, seats } = request;
    this.seatsInUse -= seats;
    request.flow.seats(-seats);
    this.#series.seats(this.seatsInUse, now);
    this.#demand(now);
    if (queue === undefined) return;
    queue.seatsInUse -= seats;
    this.#queuedSeatsInUse -= seats;
    if (this.#queues.length > (this.#config.queues ?? 0)) this.#removeIfEmpty(queue);
  }

  #removeIfEmpty(queue: FlowQueue): void {
    if (queue.waiting.length > 0 || queue.executing.size > 0 || this.#queues[queue.index] !== queue) return;
    this.#queues.splice(queue.index, 1);
    for (let i = queue.index; i < this.#queues.length; i++) this.#queues[i]!.index = i;
    if (this.#robin >= queue.index) this.#robin = Math.max(0, this.#robin - 1);
  }

  /** Nobody begins before they have come: a queue saves up no claims while it is empty. */
  #bound(queue: FlowQueue): void {
    const oldest = queue.waiting[0];
    if (oldest !== undefined && queue.nextDispatchR < oldest.arrivalR) queue.nextDispatchR = oldest.arrivalR;
  }

  #demand(now: number): void {
    this.#series.demand(this.seatsInUse + this.seatsWaiting, now);
  }

  /** Seat-seconds that each active queue would have been given since the beginning. */
  get currentR(): number {
    return this.#r;
  }
}
