import type { Clock } from "../../base/clock.ts";
import type { Distribution, MetricsRegistry } from "../../base/metrics.ts";
import type { Operation } from "./plugin.ts";

export type Step = "admit" | "validate";

const buckets = [0.005, 0.025, 0.1, 0.5, 1, 2.5];
const operations: Readonly<Record<Operation, number>> = { CREATE: 0, UPDATE: 1, DELETE: 2, CONNECT: 3 };
/** Those of ours that upstream keeps elsewhere. */
const unnamed: ReadonlySet<string> = new Set([
  "DeviceAdminAccess",
  "ResourceClaimStatusAccess",
  "RBACEscalation",
  "PolicyParamAccess",
]);

/** How long admission takes, under upstream's names (apiserver/pkg/admission/metrics): each plugin, and each pass as a whole. */
export class AdmissionTimes {
  readonly #clock: Clock;
  readonly #steps;
  readonly #plugins;
  /** By plugin, "" for the whole pass; then by what was asked and decided: found by number, for each write asks for dozens. */
  readonly #series = new Map<string, (Distribution | undefined)[]>();

  constructor(metrics: MetricsRegistry, clock: Clock) {
    this.#clock = clock;
    this.#steps = metrics.histogram({
      name: "apiserver_admission_step_admission_duration_seconds",
      stability: "STABLE",
      help: "Admission sub-step latency histogram in seconds, broken out for each operation and API resource and step type (validate or admit).",
      labels: ["operation", "rejected", "type"],
      buckets,
    });
    this.#plugins = metrics.histogram({
      name: "apiserver_admission_controller_admission_duration_seconds",
      stability: "STABLE",
      help: "Admission controller latency histogram in seconds, identified by name and broken out for each operation and API resource and type (validate or admit).",
      labels: ["name", "operation", "rejected", "type"],
      buckets,
    });
  }

  now(): number {
    return this.#clock.monotonicMs();
  }

  /** Notes a plugin, or with "" a whole pass, that began at `startedMs`; returns when it ended. */
  note(name: string, step: Step, operation: Operation, rejected: boolean, startedMs: number): number {
    const now = this.#clock.monotonicMs();
    if (unnamed.has(name)) return now;
    let all = this.#series.get(name);
    if (all === undefined) {
      all = [];
      this.#series.set(name, all);
    }
    const at = operations[operation] * 4 + (step === "admit" ? 0 : 2) + (rejected ? 1 : 0);
    let series = all[at];
    if (series === undefined) {
      series =
        name === ""
          ? this.#steps.labels(operation, String(rejected), step)
          : this.#plugins.labels(name, operation, String(rejected), step);
      all[at] = series;
    }
    series.observe((now - startedMs) / 1000);
    return now;
  }
}
