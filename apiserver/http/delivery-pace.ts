import type { Clock } from "../../base/clock.ts";

/** The part of its time that the server gives to rounds of deliveries where there are many: one in so many. */
const share = 4;
/** The longest that frames wait for those of the next events. */
const longestWaitMs = 25;
/** Timers are no finer than this: what would wait for less leaves at once. */
const shortestWaitMs = 1;

/** Who holds frames back until told to let them leave. */
export interface FrameHolder {
  release(): void;
}

/**
 * When the frames of watches leave: in rounds, each frame with those of the same receiver as one write. After a pause the
 * round comes at the end of the turn. After that, a round that took 2 ms is followed by 6 in which there is none, at most 25,
 * so that those who only ask are answered between. A few watchers never wait; of hundreds, each gets several events at a
 * time, for little more than the cost of one.
 */
export class DeliveryPace {
  readonly #clock: Clock;
  readonly #round = new Set<FrameHolder>();
  #scheduled = false;
  /** By the clock: before this, the rounds that were have taken more than their share. */
  #nextMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The holder has taken its first frame: it is released in the next round. */
  add(holder: FrameHolder): void {
    this.#round.add(holder);
    if (this.#scheduled) return;
    this.#scheduled = true;
    const wait = this.#nextMs - this.#clock.monotonicMs();
    if (wait < shortestWaitMs) process.nextTick(this.#deliver);
    else this.#clock.setTimer(wait, this.#deliver);
  }

  readonly #deliver = (): void => {
    const begin = this.#clock.monotonicMs();
    this.#scheduled = false;
    for (const holder of this.#round) holder.release();
    this.#round.clear();
    const end = this.#clock.monotonicMs();
    const next = Math.max(this.#nextMs, begin) + share * (end - begin);
    this.#nextMs = Math.min(next, end + longestWaitMs);
  };
}
