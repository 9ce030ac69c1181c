import type { Pod } from "../../api/core/v1/pod.ts";
import type { Container, ObjectReference, Probe } from "../../api/generated/types/core-v1.ts";
import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import type { Random } from "../../base/random.ts";
import type { EventRecorder } from "../../client/events/recorder.ts";
import type { ProbeKind, ProbeResults, RunningContainer } from "./probe-manager.ts";
import type { ProbeMetrics } from "./probe-metrics.ts";
import type { ProbeOutcome } from "./probe-outcome.ts";
import { ProbeWorker } from "./probe-worker.ts";
import { type ProbeTools, runProbe } from "./run-probe.ts";

export interface ContainerProbesOptions extends ProbeTools {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly recorder: EventRecorder;
  readonly pod: Pod;
  readonly container: Container;
  readonly running: RunningContainer;
  /** When this kubelet began to probe. */
  readonly createdAtMs: number;
  /** `results` has changed. */
  readonly changed: () => void;
  readonly metrics: ProbeMetrics | undefined;
}

/** The probes of one running container. */
export interface ContainerProbes {
  readonly id: string;
  readonly results: ProbeResults;
  /** The pod as it is now, and where it is reached. */
  update(pod: Pod, podIP: string): void;
  stop(): void;
}

const titles = { startup: "Startup", readiness: "Readiness", liveness: "Liveness" } as const;

export function probeContainer(options: ContainerProbesOptions): ContainerProbes {
  const { clock, random, logger, recorder, container, running, createdAtMs, metrics } = options;
  const { startupProbe, readinessProbe, livenessProbe } = container;
  const workers = new Map<ProbeKind, ProbeWorker>();
  let { pod } = options;
  let podIP: string | undefined;
  let releasedAtMs: number | undefined;
  let results: ProbeResults = {};

  const start = (kind: ProbeKind, probe: Probe | undefined): void => {
    if (probe === undefined || workers.has(kind) || (kind !== "readiness" && isEnding(pod))) return;
    const worker = new ProbeWorker({
      kind,
      probe,
      startedAtMs: running.startedAtMs,
      releasedAtMs,
      clock,
      random,
      logger: logger.child({ pod: `${pod.metadata.namespace}/${pod.metadata.name}`, container: container.name }),
      spread: running.startedAtMs < createdAtMs && clock.now() - createdAtMs < probe.periodSeconds * 1000,
      async run(signal) {
        const { ports = [], env = [] } = container;
        const beganMs = clock.monotonicMs();
        const target = { probe, containerId: running.id, podIP: podIP ?? "", ports, env };
        const outcome = await runProbe(target, options, signal);
        metrics?.observe(kind, pod, container.name, { outcome, ms: clock.monotonicMs() - beganMs });
        return outcome;
      },
      verdict: (verdict, outcome) => conclude(kind, verdict, outcome),
      tell: (outcome) => recorder.event(referenceTo(pod, container), eventOf(kind, outcome)),
    });
    workers.set(kind, worker);
  };
  const startOthers = (): void => {
    start("readiness", readinessProbe);
    start("liveness", livenessProbe);
  };
  const conclude = (kind: ProbeKind, verdict: "success" | "failure", outcome: ProbeOutcome): void => {
    const isGood = verdict === "success";
    const { failure: _, ...rest } = results;
    const failure = isGood ? {} : { failure: eventOf(kind, outcome).message };
    if (kind === "readiness") results = { ...results, ready: isGood };
    else if (kind === "liveness") results = { ...rest, alive: isGood, ...failure };
    // A container that does not come up ends like one that has died.
    else results = { ...rest, started: isGood, ...(isGood ? {} : { alive: false }), ...failure };
    if (kind === "startup" && isGood) {
      releasedAtMs = clock.now();
      startOthers();
    }
    options.changed();
  };

  return {
    id: running.id,
    get results() {
      return results;
    },
    update(next, ip) {
      pod = next;
      if (isEnding(pod)) for (const kind of ["startup", "liveness"] as const) workers.get(kind)?.stop();
      const isFirst = podIP === undefined;
      if (ip !== "" || !needsAddress(container)) podIP = ip;
      if (!isFirst || podIP === undefined) return;
      if (startupProbe === undefined) startOthers();
      else start("startup", startupProbe);
    },
    stop() {
      for (const worker of workers.values()) worker.stop();
      metrics?.forget(pod, container.name);
    },
  };
}

/** A pod that goes is not restarted any more. */
function isEnding({ metadata }: Pod): boolean {
  return metadata.deletionTimestamp !== undefined;
}

function needsAddress({ startupProbe, readinessProbe, livenessProbe }: Container): boolean {
  return [startupProbe, readinessProbe, livenessProbe].some(
    (probe) => probe !== undefined && probe.exec === undefined && !(probe.httpGet?.host ?? probe.tcpSocket?.host),
  );
}

function eventOf(kind: ProbeKind, outcome: ProbeOutcome) {
  const title = titles[kind];
  const unhealthy = { type: "Warning", reason: "Unhealthy" } as const;
  if (outcome.kind === "unknown")
    return { ...unhealthy, message: `${title} probe errored and resulted in unknown state: ${outcome.error}` };
  if (outcome.kind === "failure") return { ...unhealthy, message: `${title} probe failed: ${outcome.output}` };
  return { type: "Warning", reason: "ProbeWarning", message: `${title} probe warning: ${outcome.output}` } as const;
}

/** pkg/kubelet/container GenerateContainerRef. */
function referenceTo({ metadata, spec }: Pod, { name }: Container): ObjectReference {
  const list = spec.containers.some((container) => container.name === name) ? "containers" : "initContainers";
  const { namespace = "", name: podName = "", uid = "", resourceVersion = "" } = metadata;
  const fieldPath = `spec.${list}{${name}}`;
  return { apiVersion: "v1", kind: "Pod", namespace, name: podName, uid, resourceVersion, fieldPath };
}
