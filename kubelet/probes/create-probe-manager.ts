import type { Pod } from "../../api/core/v1/pod.ts";
import type { Container } from "../../api/generated/types/core-v1.ts";
import { onAbort } from "../../base/cancellation.ts";
import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import type { MetricsRegistry } from "../../base/metrics.ts";
import type { Random } from "../../base/random.ts";
import type { EventRecorder } from "../../client/events/recorder.ts";
import type { RuntimeService } from "../../cri/mod.ts";
import { type ContainerProbes, probeContainer } from "./container-probes.ts";
import type { ProbeManager, ProbeResults, RunningContainer } from "./probe-manager.ts";
import { probeMetrics } from "./probe-metrics.ts";

export interface ProbeManagerOptions {
  readonly runtime: Pick<RuntimeService, "execSync">;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Is told, on the pod, of failures and warnings. */
  readonly recorder: EventRecorder;
  /** Of /metrics/probes. */
  readonly metrics?: MetricsRegistry;
}

const nothing: ProbeResults = {};

/** Probes until `signal` aborts. A pod without probes costs nothing. */
export function createProbeManager(options: ProbeManagerOptions, signal: AbortSignal): ProbeManager {
  const createdAtMs = options.clock.now();
  const metrics = options.metrics === undefined ? undefined : probeMetrics(options.metrics);
  /** By pod uid, then by container name. */
  const pods = new Map<string, Map<string, ContainerProbes>>();
  const byId = new Map<string, ContainerProbes>();
  const listeners = new Set<(uid: string) => void>();
  const changed = (uid: string): void => {
    for (const listener of listeners) listener(uid);
  };
  const drop = (ofPod: Map<string, ContainerProbes>, name: string): void => {
    const probes = ofPod.get(name);
    ofPod.delete(name);
    if (probes === undefined) return;
    probes.stop();
    byId.delete(probes.id);
  };
  const begin = (pod: Pod, container: Container, running: RunningContainer): ContainerProbes =>
    probeContainer({
      runtime: options.runtime,
      clock: options.clock,
      random: options.random,
      logger: options.logger,
      recorder: options.recorder,
      metrics,
      pod,
      container,
      running,
      createdAtMs,
      changed: () => changed(pod.metadata.uid ?? ""),
    });

  onAbort(signal, () => {
    for (const probes of byId.values()) probes.stop();
  });

  return {
    update(pod, podIPs, running) {
      const uid = pod.metadata.uid ?? "";
      const probed = probedContainers(pod);
      if ((probed.length === 0 && !pods.has(uid)) || signal.aborted) return;
      const ofPod = pods.get(uid) ?? new Map<string, ContainerProbes>();
      pods.set(uid, ofPod);
      for (const [name, probes] of ofPod) if (running.get(name)?.id !== probes.id) drop(ofPod, name);
      for (const container of probed) {
        const now = running.get(container.name);
        if (now === undefined) continue;
        let probes = ofPod.get(container.name);
        if (probes === undefined) {
          probes = begin(pod, container, now);
          ofPod.set(container.name, probes);
          byId.set(now.id, probes);
        }
        probes.update(pod, podIPs[0] ?? "");
      }
    },
    remove(uid) {
      const ofPod = pods.get(uid);
      pods.delete(uid);
      for (const name of ofPod?.keys() ?? []) drop(ofPod!, name);
    },
    results: (containerId) => byId.get(containerId)?.results ?? nothing,
    onChange(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
  };
}

/** Those that may have probes at all, and do: ordinary containers and sidecars. */
function probedContainers({ spec }: Pod): readonly Container[] {
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === "Always");
  return [...spec.containers, ...sidecars].filter(
    ({ livenessProbe, readinessProbe, startupProbe }) =>
      (livenessProbe ?? readinessProbe ?? startupProbe) !== undefined,
  );
}
