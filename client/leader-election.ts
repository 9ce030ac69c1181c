import { formatMicroTime } from "../apimachinery/time/time.ts";
import { onAbort, signalWithTimeout } from "../base/cancellation.ts";
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import type { MetricsRegistry } from "../base/metrics.ts";
import type { Random } from "../base/random.ts";
import type { LeaderRecord, LeaseLock } from "./lease-lock.ts";

export interface LeaderElectionOptions {
  readonly lock: LeaseLock;
  /** Unique among the candidates. */
  readonly identity: string;
  /** Name for logs and metrics. */
  readonly name: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Others take over after seeing no renewal for this long. Whole seconds. Default 15,000. */
  readonly leaseDurationMs?: number;
  /** The leader gives up after failing to renew for this long. Default 10,000. */
  readonly renewDeadlineMs?: number;
  /** Between attempts. Default 2,000. */
  readonly retryPeriodMs?: number;
  /** Free the lock at the end, after all that was led has ended, so that another need not wait. */
  readonly releaseOnCancel?: boolean;
  readonly registry?: MetricsRegistry;
  /** `became leader`, `stopped leading`: for an Event on the Lease. */
  readonly recordEvent?: (message: string) => void;
  /** Called when another leader is seen, the first one included; "" when the lock was freed. */
  readonly onNewLeader?: (identity: string) => void;
}

/** Someone else may lead from now on. */
export class LeadershipLostError extends Error {
  override readonly name = "LeadershipLostError";
}

/** Waits between attempts to acquire vary by this factor (leaderelection.JitterFactor). */
const jitterFactor = 1.2;

/**
 * One of several candidates leads, by holding a Lease (client-go tools/leaderelection).
 *
 * Guarantees: nothing depends on the candidates' clocks agreeing, as each measures from when it saw the Lease change; they
 * must only run at nearly the same rate. A leader's signal is aborted before any candidate that keeps these rules can follow:
 * its deadline counts from the sending of its last successful renewal.
 */
export class LeaderElector {
  readonly #options: Required<Pick<LeaderElectionOptions, "leaseDurationMs" | "renewDeadlineMs" | "retryPeriodMs">> &
    LeaderElectionOptions;
  #observed: LeaderRecord | undefined;
  /** When the record was seen to change; for own writes, when they were sent. */
  #observedMs = 0;
  #reported: string | undefined;

  constructor(options: LeaderElectionOptions) {
    const { leaseDurationMs = 15_000, renewDeadlineMs = 10_000, retryPeriodMs = 2_000 } = options;
    if (leaseDurationMs <= renewDeadlineMs) throw new RangeError("leaseDuration must be greater than renewDeadline");
    if (renewDeadlineMs <= jitterFactor * retryPeriodMs) {
      throw new RangeError("renewDeadline must be greater than retryPeriod*JitterFactor");
    }
    if (retryPeriodMs < 1) throw new RangeError("retryPeriod must be greater than zero");
    if (options.identity === "") throw new RangeError("Lock identity is empty");
    this.#options = { ...options, leaseDurationMs, renewDeadlineMs, retryPeriodMs };
    this.#setStatus(0);
  }

  /** Who was last seen to lead; "" for nobody. */
  get leader(): string {
    return this.#observed?.holderIdentity ?? "";
  }

  get isLeader(): boolean {
    return this.leader === this.#options.identity;
  }

  /** For health: false where this should lead, yet has not renewed for the lease's duration and `toleranceMs` more. */
  healthy(toleranceMs: number): boolean {
    const { clock, leaseDurationMs } = this.#options;
    return !this.isLeader || clock.monotonicMs() - this.#observedMs <= leaseDurationMs + toleranceMs;
  }

  /**
   * Waits for leadership, then runs `lead` for as long as it lasts. Resolves when `signal` has aborted, or `lead` has ended by
   * itself. Rejects with LeadershipLostError, or with what `lead` threw; always after `lead` has ended.
   */
  async run(signal: AbortSignal, lead: (signal: AbortSignal) => Promise<void>): Promise<void> {
    if (!(await this.#acquire(signal))) return;
    const { logger, name, recordEvent } = this.#options;
    recordEvent?.("became leader");
    this.#setStatus(1);
    logger.info("Became leader", { lease: name });
    const leading = new AbortController();
    using _ = onAbort(signal, (reason) => leading.abort(reason));
    const renewing = this.#renew(leading.signal).then((outcome) => {
      if (outcome === "lost") leading.abort(new LeadershipLostError(`leader election lost: ${name}`));
    });
    try {
      await lead(leading.signal);
    } catch (error) {
      if (!leading.signal.aborted) throw error;
      if (error !== leading.signal.reason) logger.error("Leading ended with an error", { lease: name, error });
    } finally {
      leading.abort();
      await renewing;
      this.#setStatus(0);
      recordEvent?.("stopped leading");
      if (this.#options.releaseOnCancel) await this.#release();
    }
    if (leading.signal.reason instanceof LeadershipLostError) throw leading.signal.reason;
  }

  /** False when `signal` aborts first. */
  async #acquire(signal: AbortSignal): Promise<boolean> {
    const { clock, random, logger, name, retryPeriodMs, renewDeadlineMs } = this.#options;
    logger.info("Waiting for leadership", { lease: name });
    while (!signal.aborted) {
      if (await this.#attempt(signal, Math.max(1000, renewDeadlineMs / 2))) return true;
      await clock.sleep(retryPeriodMs * (1 + jitterFactor * random.next()), signal).catch(() => {}); // Aborted: the loop ends.
    }
    return false;
  }

  async #renew(signal: AbortSignal): Promise<"lost" | "stopped"> {
    const { clock, logger, name, leaseDurationMs, renewDeadlineMs, retryPeriodMs } = this.#options;
    const pause = (ms: number) => clock.sleep(ms, signal).catch(() => {}); // Aborted: the loops end.
    while (!signal.aborted) {
      const deadlineMs = Math.min(clock.monotonicMs() + renewDeadlineMs, this.#observedMs + leaseDurationMs);
      let renewed = false;
      while (!renewed && !signal.aborted) {
        const leftMs = deadlineMs - clock.monotonicMs();
        if (leftMs <= 0) {
          logger.error("Failed to renew the lease", { lease: name });
          return "lost";
        }
        renewed = await this.#attempt(signal, leftMs);
        if (!renewed) await pause(Math.min(retryPeriodMs, Math.max(0, deadlineMs - clock.monotonicMs())));
      }
      if (renewed) await pause(retryPeriodMs);
    }
    return "stopped";
  }

  /** One try to become or stay leader, within `timeoutMs`. */
  async #attempt(signal: AbortSignal, timeoutMs: number): Promise<boolean> {
    const { clock, logger, name } = this.#options;
    using limited = signalWithTimeout({ clock, timeoutMs, signal });
    try {
      return await this.#acquireOrRenew(limited.signal);
    } catch (error) {
      if (!signal.aborted) logger.warn("Failed to write or read the lease", { lease: name, error });
      return false;
    } finally {
      this.#reportLeader();
    }
  }

  async #acquireOrRenew(signal: AbortSignal): Promise<boolean> {
    const { lock, clock, logger, name } = this.#options;
    const mine = this.#record();
    if (this.isLeader && this.#isValid() && this.#observed !== undefined) {
      const { acquireTime, leaderTransitions } = this.#observed;
      try {
        await this.#write({ ...mine, acquireTime, leaderTransitions }, (record) => lock.update(record, signal));
        return true;
      } catch (error) {
        signal.throwIfAborted();
        this.#options.registry?.counter(slowPath).labels(name).inc();
        logger.debug("Lease was changed, reading it anew", { lease: name, error });
      }
    }
    const current = await lock.read(signal);
    if (current === undefined) {
      await this.#write(mine, (record) => lock.create(record, signal));
      return true;
    }
    if (JSON.stringify(current) !== JSON.stringify(this.#observed)) this.#observe(current, clock.monotonicMs());
    if (current.holderIdentity !== "" && this.#isValid() && !this.isLeader) return false;
    const { acquireTime, leaderTransitions } = current;
    const next = this.isLeader
      ? { ...mine, acquireTime, leaderTransitions }
      : { ...mine, leaderTransitions: leaderTransitions + 1 };
    await this.#write(next, (record) => lock.update(record, signal));
    return true;
  }

  /** Gives the lock up, if it is still this one's. */
  async #release(): Promise<void> {
    const { lock, clock, logger, name, renewDeadlineMs } = this.#options;
    using limited = signalWithTimeout({ clock, timeoutMs: renewDeadlineMs });
    try {
      const current = await lock.read(limited.signal);
      if (current?.holderIdentity !== this.#options.identity) return;
      const now = formatMicroTime(clock.now());
      const { leaderTransitions } = current;
      await this.#write(
        { holderIdentity: "", leaseDurationSeconds: 1, acquireTime: now, renewTime: now, leaderTransitions },
        (record) => lock.update(record, limited.signal),
      );
    } catch (error) {
      logger.warn("Failed to release the lease", { lease: name, error });
    }
  }

  async #write(record: LeaderRecord, write: (record: LeaderRecord) => Promise<void>): Promise<void> {
    const sentMs = this.#options.clock.monotonicMs();
    await write(record);
    this.#observe(record, sentMs);
  }

  #record(): LeaderRecord {
    const { identity, leaseDurationMs, clock } = this.#options;
    const now = formatMicroTime(clock.now());
    return {
      holderIdentity: identity,
      leaseDurationSeconds: Math.floor(leaseDurationMs / 1000),
      acquireTime: now,
      renewTime: now,
      leaderTransitions: 0,
    };
  }

  #observe(record: LeaderRecord, atMs: number): void {
    this.#observed = record;
    this.#observedMs = atMs;
  }

  #isValid(): boolean {
    if (this.#observed === undefined) return false;
    return this.#observedMs + this.#observed.leaseDurationSeconds * 1000 > this.#options.clock.monotonicMs();
  }

  #reportLeader(): void {
    if (this.#observed === undefined || this.#reported === this.leader) return;
    this.#reported = this.leader;
    this.#options.onNewLeader?.(this.leader);
  }

  #setStatus(status: 0 | 1): void {
    this.#options.registry?.gauge(masterStatus).labels(this.#options.name).set(status);
  }
}

const masterStatus = {
  name: "leader_election_master_status",
  help: "Whether this process leads: 1, or stands by: 0.",
  labels: ["name"],
} as const;
const slowPath = {
  name: "leader_election_slowpath_total",
  help: "Renewals that had to read the lease anew.",
  labels: ["name"],
} as const;
