import type { Probe } from "../../api/generated/types/core-v1.ts";
import { isAbortOf } from "../../base/cancellation.ts";
import type { Clock, Timer } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import type { Random } from "../../base/random.ts";
import type { ProbeKind } from "./probe-manager.ts";
import type { ProbeOutcome } from "./probe-outcome.ts";
import { eagerDelay, firstProbeAt, noRun, type ProbeRun, tally, verdictOf } from "./probe-schedule.ts";

export interface ProbeWorkerOptions {
  readonly kind: ProbeKind;
  readonly probe: Probe;
  readonly startedAtMs: number;
  readonly releasedAtMs?: number | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** The container was there before this kubelet: probes of many such are not to come at once. */
  readonly spread: boolean;
  readonly run: (signal: AbortSignal) => Promise<ProbeOutcome>;
  readonly verdict: (verdict: "success" | "failure", outcome: ProbeOutcome) => void;
  /** An outcome that people should know of: a failure that counts, a warning, a probe that could not be made. */
  readonly tell: (outcome: ProbeOutcome) => void;
}

/** A probe that cannot be made is tried this often before it is given up until its next time. */
const maxTries = 3;

/** One probe of one running container, over and over until it is stopped, or has nothing more to find out. */
export class ProbeWorker {
  readonly #options: ProbeWorkerOptions;
  readonly #stop = new AbortController();
  readonly #beginMs: number;
  #timer: Timer | undefined;
  #run: ProbeRun = noRun;
  #verdict: "success" | "failure" | undefined;
  #looks = 0;

  constructor(options: ProbeWorkerOptions) {
    this.#options = options;
    const { clock, probe, spread, random } = options;
    const dueMs = firstProbeAt(options);
    const jitterMs = spread ? random.next() * probe.periodSeconds * 1000 : 0;
    this.#beginMs = Math.max(clock.now(), dueMs) + jitterMs;
    this.#in(this.#beginMs - clock.now());
  }

  stop(): void {
    this.#stop.abort();
    this.#timer?.clear();
  }

  #in(delayMs: number): void {
    if (this.#stop.signal.aborted) return;
    this.#timer = this.#options.clock
      .setTimer(Math.max(0, delayMs), () => {
        this.#once().catch((error: unknown) => {
          if (!isAbortOf(error, this.#stop.signal)) this.#options.logger.error("Probe went wrong", { error });
        });
      })
      .unref();
  }

  async #once(): Promise<void> {
    const { clock, probe, kind } = this.#options;
    const atMs = clock.now();
    let outcome = await this.#options.run(this.#stop.signal);
    for (let tries = 1; outcome.kind === "unknown" && tries < maxTries; tries++)
      outcome = await this.#options.run(this.#stop.signal);
    if (this.#stop.signal.aborted) return;
    const isInVain = outcome.kind === "failure" || outcome.kind === "unknown";
    if (isInVain && kind !== "liveness" && this.#run.last === undefined) {
      this.#looks++;
      const sinceMs = clock.now() - this.#beginMs;
      const delayMs = eagerDelay(probe, this.#looks, sinceMs);
      if (delayMs !== undefined) return this.#in(delayMs);
      // The first second is over; this look came before the first period's end and does not count either.
      if (sinceMs < probe.periodSeconds * 1000 && atMs - this.#beginMs < 1000)
        return this.#in(probe.periodSeconds * 1000 - sinceMs);
    }
    if (outcome.kind !== "success") this.#options.tell(outcome);
    this.#run = tally(this.#run, outcome);
    this.#conclude(outcome);
    if (!this.#isDone()) this.#in(probe.periodSeconds * 1000 - (clock.now() - atMs));
  }

  #conclude(outcome: ProbeOutcome): void {
    const verdict = outcome.kind === "unknown" ? undefined : verdictOf(this.#run, this.#options.probe);
    if (verdict === undefined || verdict === this.#verdict) return;
    this.#verdict = verdict;
    this.#options.verdict(verdict, outcome);
  }

  /** Startup needs no more probes once it has a verdict, liveness none once it has failed: the container will be a new one. */
  #isDone(): boolean {
    const { kind } = this.#options;
    return (kind === "startup" && this.#verdict !== undefined) || (kind === "liveness" && this.#verdict === "failure");
  }
}
