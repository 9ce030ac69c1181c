import type { Probe } from "../../api/generated/types/core-v1.ts";
import type { ProbeKind } from "./probe-manager.ts";
import type { ProbeOutcome } from "./probe-outcome.ts";

/** What a probe has found so far, by results that count. */
export interface ProbeRun {
  readonly last?: "success" | "failure";
  /** How often in a row. */
  readonly count: number;
}

export const noRun: ProbeRun = { count: 0 };

/** A result more; one that says nothing leaves things as they were. */
export function tally(run: ProbeRun, { kind }: ProbeOutcome): ProbeRun {
  if (kind === "unknown") return run;
  const last = kind === "failure" ? "failure" : "success";
  return { last, count: run.last === last ? run.count + 1 : 1 };
}

/** Undefined below the threshold. */
export function verdictOf({ last, count }: ProbeRun, probe: Probe): "success" | "failure" | undefined {
  const threshold = last === "failure" ? probe.failureThreshold : probe.successThreshold;
  return last !== undefined && count >= threshold ? last : undefined;
}

/** While a container comes up, probes that wait for its first success look again and again for this long. */
export const eagerMs = 1000;
/** A command costs a process each time. */
const eagerStepsMs = { command: [100, 200, 400], network: [10, 20, 40, 80, 160, 320] } as const;

/**
 * How long to wait, after the nth look in vain within the first second, before the next; undefined: that second is over.
 *
 * Upstream lets a readiness probe wait for the next of its ticks, so that a pod whose server needs 50 ms is not ready for up
 * to a period. Here readiness and startup look in vain as often as they like in the container's first second (after
 * `initialDelaySeconds`): what fails then is not counted and not told. Failures count from the first period's end on, as
 * `failureThreshold × periodSeconds` promises.
 */
export function eagerDelay(probe: Probe, looks: number, sinceBeginMs: number): number | undefined {
  const steps = probe.exec === undefined ? eagerStepsMs.network : eagerStepsMs.command;
  const delayMs = steps[Math.min(looks, steps.length) - 1] ?? steps[0];
  return sinceBeginMs + delayMs <= eagerMs ? delayMs : undefined;
}

export interface Begin {
  readonly kind: ProbeKind;
  readonly probe: Probe;
  /** Milliseconds since 1970. */
  readonly startedAtMs: number;
  /** The startup probe's success, where there is such a probe. */
  readonly releasedAtMs?: number | undefined;
}

/**
 * When the first probe is due. Liveness without an initial delay waits for a period: a verdict on a container's first
 * moment would only restart what is about to come up.
 */
export function firstProbeAt({ kind, probe, startedAtMs, releasedAtMs }: Begin): number {
  const delayMs = (probe.initialDelaySeconds ?? 0) * 1000;
  const fromMs = releasedAtMs ?? startedAtMs;
  if (kind !== "liveness") return Math.max(startedAtMs + delayMs, fromMs);
  return delayMs > 0 ? Math.max(startedAtMs + delayMs, fromMs) : fromMs + probe.periodSeconds * 1000;
}
