import { FlowSchema } from "../../api/flowcontrol/v1/flow-schema.ts";
import { PriorityLevelConfiguration } from "../../api/flowcontrol/v1/priority-level-configuration.ts";
import { isConflict, isNotFound } from "../../apimachinery/errors/api-error.ts";
import { equalJson } from "../../apimachinery/json/equal.ts";
import type { Clock, Timer } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import type { MetricsRegistry } from "../../base/metrics.ts";
import type { Random } from "../../base/random.ts";
import type { Registry } from "../registry/registry.ts";
import { danglingCondition } from "./dangling.ts";
import { ensureFlowControlObjects } from "./ensure.ts";
import { FlowControlMetrics } from "./metrics.ts";
import { PriorityLevels } from "./priority-levels.ts";
import { writeCondition } from "./write-condition.ts";

export interface FlowControlOptions {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
  /** Seats of the whole server (--max-requests-inflight and --max-mutating-requests-inflight together). */
  readonly concurrencyLimit: number;
}

const borrowingPeriodMs = 10_000;
const ensurePeriodMs = 60_000;
/** Two servers that disagree would write one schema's condition in turns: a sixth time within a minute has to wait. */
const maxConditionWrites = 5;

/** Follows the objects of priority and fairness: keeps those that come with the server, and puts all of them to work. */
export class FlowControl {
  readonly levels: PriorityLevels;
  readonly metrics: FlowControlMetrics;
  readonly #options: FlowControlOptions;
  readonly #timers = new Set<Timer>();
  readonly #conditionWrites = new Map<string, number[]>();
  #stopped = false;
  #digestPlanned = false;

  constructor(options: FlowControlOptions) {
    this.#options = options;
    this.metrics = new FlowControlMetrics(options.metrics, options.clock);
    this.levels = new PriorityLevels(options.concurrencyLimit, this.metrics, options.clock);
  }

  /** Call once the cache is filled. Resolves when the mandatory and suggested objects exist and count. */
  async start(): Promise<void> {
    const { registry } = this.#options;
    await ensureFlowControlObjects(registry);
    registry.onChange(PriorityLevelConfiguration, ({ type, object, previous }) => {
      if (type !== "MODIFIED" || !equalJson(object.spec, previous?.spec)) this.#planDigest();
    });
    registry.onChange(FlowSchema, ({ type, object, previous }) => {
      const same = equalJson(object.spec, previous?.spec) && equalJson(object.status, previous?.status);
      if (type !== "MODIFIED" || !same) this.#planDigest();
    });
    this.#digest();
    this.#every(borrowingPeriodMs, () => this.levels.borrow());
    this.#every(ensurePeriodMs, () => {
      ensureFlowControlObjects(registry).catch((error: unknown) => this.#failed(error));
    });
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) timer.clear();
  }

  #every(periodMs: number, task: () => void): void {
    const again = (): void => {
      const timer = this.#after(periodMs, () => {
        task();
        again();
      });
      timer.unref();
    };
    again();
  }

  #after(delayMs: number, task: () => void): Timer {
    const timer = this.#options.clock.setTimer(delayMs, () => {
      this.#timers.delete(timer);
      if (!this.#stopped) task();
    });
    this.#timers.add(timer);
    return timer;
  }

  /** Changes that come together are taken over together. */
  #planDigest(delayMs = 0): void {
    if (this.#digestPlanned || this.#stopped) return;
    this.#digestPlanned = true;
    this.#after(delayMs, () => {
      this.#digestPlanned = false;
      this.#digest();
    }).unref();
  }

  #digest(): void {
    const { registry, clock, random } = this.#options;
    const levels = [...registry.list(PriorityLevelConfiguration)];
    const schemas = [...registry.list(FlowSchema)];
    this.levels.digest(levels, schemas);
    const names = new Set([...this.levels.levels].filter((one) => !one.quiescing).map(({ name }) => name));
    for (const schema of schemas) {
      const found = names.has(schema.spec.priorityLevelConfiguration.name);
      const condition = danglingCondition(schema, found, clock.now());
      if (condition === undefined) continue;
      const name = schema.metadata.name ?? "";
      if (this.#mayWrite(name)) {
        writeCondition(registry, name, condition).catch((error: unknown) => {
          if (!isNotFound(error) && !isConflict(error)) this.#failed(error);
        });
      } else this.#planDigest((30 + random.below(45)) * 1_000);
    }
  }

  #mayWrite(name: string): boolean {
    const now = this.#options.clock.now();
    const recent = (this.#conditionWrites.get(name) ?? []).filter((at) => now - at < 60_000);
    if (recent.length > maxConditionWrites) return false;
    this.#conditionWrites.set(name, [...recent, now]);
    return true;
  }

  #failed(error: unknown): void {
    if (!this.#stopped) this.#options.logger.warn("priority and fairness could not be kept up", { error });
  }
}
