import type { EndpointSlice } from "../api/generated/types/discovery-v1.ts";
import { parseTime, TimeError } from "../apimachinery/time/time.ts";
import { abortable } from "../base/cancellation.ts";
import type { Clock, Timer } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import type { MetricsRegistry } from "../base/metrics.ts";
import { families } from "./build.ts";
import { type Conntrack, staleFlows } from "./conntrack.ts";
import { ServiceHealthServers } from "./health-check.ts";
import { RulesetKeeper, retirementMs, type SyncKind } from "./keeper.ts";
import { familyLabel, type ProxyMetrics, proxyMetrics } from "./metrics.ts";
import type { Nft } from "./nft.ts";
import type { ProxyState } from "./state.ts";

export interface SyncerOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
  readonly nft: Nft;
  readonly conntrack: Conntrack;
  readonly state: ProxyState;
  readonly minSyncIntervalMs?: number;
  readonly fullSyncIntervalMs?: number;
  readonly onSynced?: () => void;
}

const triggerTimeAnnotation = "endpoints.kubernetes.io/last-change-trigger-time";
/** Two who both want the same table must not fight all day long. */
const repairIntervalMs = 1_000;
const retryMs = { first: 1_000, most: 30_000 };
/** Trigger times kept for the latency metric between two syncs. */
const maxTriggers = 1_000;

/** Brings the proxy's state into the kernel: at once after a change, then at most every so often; again after failures. */
export class Syncer {
  readonly #options: SyncerOptions;
  readonly #keeper: RulesetKeeper;
  readonly #metrics: ProxyMetrics;
  readonly #health: ServiceHealthServers;
  #wanted = Promise.withResolvers<void>();
  #timer: Timer | undefined;
  #repair: Timer | undefined;
  #lastRepairMs = Number.NEGATIVE_INFINITY;
  #lastFullMs = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #triggers: number[] = [];

  constructor(options: SyncerOptions) {
    this.#options = options;
    this.#keeper = new RulesetKeeper(options.nft);
    this.#metrics = proxyMetrics(options.metrics);
    this.#health = new ServiceHealthServers(options.logger);
  }

  request(): void {
    for (const label of this.#labels()) this.#metrics.lastQueued.labels(label).set(this.#options.clock.now() / 1000);
    this.#wanted.resolve();
  }

  serviceChanged(): void {
    this.#metrics.serviceChanges.inc();
    this.#metrics.serviceChangesPending.inc();
    this.request();
  }

  endpointsChanged({ metadata }: Pick<EndpointSlice, "metadata">): void {
    this.#metrics.endpointChanges.inc();
    this.#metrics.endpointChangesPending.inc();
    const triggerMs = triggerTimeMs(metadata.annotations?.[triggerTimeAnnotation]);
    if (triggerMs !== undefined && this.#triggers.length < maxTriggers) this.#triggers.push(triggerMs);
    this.request();
  }

  /** Syncs once, then whenever asked to, until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, minSyncIntervalMs = 50 } = this.#options;
    this.#triggers = []; // What happened before the proxy began says nothing of its latency.
    this.#wanted.resolve();
    try {
      for (;;) {
        await abortable(this.#wanted.promise, signal);
        this.#wanted = Promise.withResolvers();
        const startMs = clock.monotonicMs();
        await this.#syncOnce(startMs, signal);
        await clock.sleep(Math.max(0, startMs + minSyncIntervalMs - clock.monotonicMs()), signal);
      }
    } finally {
      this.#timer?.clear();
      this.#repair?.clear();
      await this.#health.close();
    }
  }

  /** Writes everything anew after somebody else has changed the tables, until `signal` aborts. */
  async watchForMeddling(signal: AbortSignal): Promise<void> {
    const { nft, state, logger, clock } = this.#options;
    let broken = false;
    const options = {
      tableName: state.facts.tableName,
      onReady: () => void (broken && this.#scheduleRepair()),
      onMeddled: () => {
        logger.warn("Rules were changed by somebody else, they are written anew", { table: state.facts.tableName });
        this.#scheduleRepair();
      },
    };
    for (let delayMs = retryMs.first; !signal.aborted; delayMs = Math.min(delayMs * 2, retryMs.most)) {
      try {
        await nft.watch(options, signal);
      } catch (error) {
        logger.warn("The watch for changes of rules broke, it begins anew", { error });
        broken = true;
        await clock.sleep(delayMs, signal);
      }
    }
  }

  #scheduleRepair(): void {
    if (this.#repair !== undefined) return;
    const { clock } = this.#options;
    this.#repair = clock.setTimer(Math.max(0, this.#lastRepairMs + repairIntervalMs - clock.monotonicMs()), () => {
      this.#repair = undefined;
      this.#lastRepairMs = clock.monotonicMs();
      this.#keeper.distrust();
      this.request();
    });
  }

  async #syncOnce(startMs: number, signal: AbortSignal): Promise<void> {
    const { clock, logger, state, fullSyncIntervalMs = 3_600_000 } = this.#options;
    if (startMs - this.#lastFullMs >= fullSyncIntervalMs) this.#keeper.distrust();
    this.#metrics.serviceChangesPending.set(0);
    this.#metrics.endpointChangesPending.set(0);
    const ruleset = state.ruleset();
    let kind: SyncKind;
    try {
      kind = await this.#keeper.sync(ruleset, startMs);
    } catch (error) {
      logger.error("nftables sync failed", { error });
      for (const label of this.#labels()) this.#metrics.syncFailures.labels(label).inc();
      // The next attempt writes everything: at once where an increment failed, later where that fails too.
      this.#wakeAfter(this.#failures++ === 0 ? 0 : Math.min(retryMs.first * 2 ** (this.#failures - 2), retryMs.most));
      return;
    }
    this.#failures = 0;
    if (kind === "full") this.#lastFullMs = startMs;
    this.#measure(kind, startMs);
    this.#wakeAfter(this.#keeper.hasRetired ? retirementMs : fullSyncIntervalMs);
    this.#health.sync(state.health());
    if (!signal.aborted) await this.#forgetStaleFlows();
    logger.debug("Rules are in place", { kind, elapsedMs: clock.monotonicMs() - startMs });
    this.#options.onSynced?.();
  }

  #measure(kind: SyncKind, startMs: number): void {
    const { clock, state } = this.#options;
    const seconds = (clock.monotonicMs() - startMs) / 1000;
    for (const label of this.#labels()) {
      this.#metrics.duration.labels(label).observe(seconds);
      if (kind === "full") this.#metrics.fullDuration.labels(label).observe(seconds);
      if (kind === "partial") this.#metrics.partialDuration.labels(label).observe(seconds);
      this.#metrics.lastSync.labels(label).set(clock.now() / 1000);
      for (const ms of this.#triggers)
        this.#metrics.programming.labels(label).observe(Math.max(0, clock.now() - ms) / 1000);
    }
    this.#triggers = [];
    for (const [family, internal, external] of state.withoutLocal()) {
      this.#metrics.noLocalEndpoints.labels("internal", familyLabel(family)).set(internal);
      this.#metrics.noLocalEndpoints.labels("external", familyLabel(family)).set(external);
    }
  }

  async #forgetStaleFlows(): Promise<void> {
    const { clock, conntrack, logger, state } = this.#options;
    const services = state.takeUdpServices();
    if (services === undefined || services.length === 0) return;
    const startMs = clock.monotonicMs();
    try {
      const stale = staleFlows(await conntrack.listUdp(), services);
      for (const flow of stale) {
        await conntrack.delete(flow);
        this.#metrics.conntrackDeleted.labels(flow.family === "ipv4" ? "IPv4" : "IPv6").inc();
      }
    } catch (error) {
      logger.error("Failed to clear stale conntrack entries", { error });
      state.keepUdpServices();
      this.#wakeAfter(retryMs.first);
    }
    for (const label of this.#labels())
      this.#metrics.conntrackDuration.labels(label).observe((clock.monotonicMs() - startMs) / 1000);
  }

  #wakeAfter(delayMs: number): void {
    this.#timer?.clear();
    this.#timer = this.#options.clock.setTimer(delayMs, () => this.#wanted.resolve()).unref();
  }

  #labels(): readonly string[] {
    return families(this.#options.state.facts).map(familyLabel);
  }
}

/** Anybody may write annotations: what is no time is none. */
function triggerTimeMs(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  try {
    return parseTime(text);
  } catch (error) {
    if (error instanceof TimeError) return undefined;
    throw error;
  }
}
