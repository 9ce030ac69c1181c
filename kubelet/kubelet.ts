import { join } from "node:path";
import { Event } from "../api/core/v1/event.ts";
import { Pod } from "../api/core/v1/pod.ts";
import { Service } from "../api/core/v1/service.ts";
import type { RuntimeClass } from "../api/generated/types/node-v1.ts";
import { aborted, isAbortOf } from "../base/cancellation.ts";
import { LruMap } from "../base/lru-map.ts";
import { runTasks } from "../base/task-group.ts";
import { CoreEventRecorder, Informers } from "../client/mod.ts";
import { readCgroupLayout } from "./cgroups/cgroup-layout.ts";
import { createPodCgroups } from "./cgroups/create-pod-cgroups.ts";
import { createImagePuller } from "./images/create-image-puller.ts";
import { admitPod } from "./lifecycle/admission.ts";
import { runLogRotation } from "./logs/log-rotation.ts";
import { readMachine } from "./node-status/machine.ts";
import { NodeStatusReporter } from "./node-status/run-node-status.ts";
import { RuntimeReadiness } from "./node-status/runtime-readiness.ts";
import { createReferencedObjects } from "./objects/create-referenced-objects.ts";
import type { KubeletOptions } from "./options.ts";
import { podNetwork } from "./pod-network.ts";
import { MirrorPods } from "./pods/mirror-pods.ts";
import { createNodeApi } from "./pods/node-api.ts";
import { PodManager } from "./pods/pod-manager.ts";
import { runPods } from "./pods/run-pods.ts";
import { createProbeManager } from "./probes/create-probe-manager.ts";
import { RuntimeCache } from "./runtime/runtime-cache.ts";
import { startKubeletServer } from "./server/server.ts";
import { StatusWriter } from "./status/status-writer.ts";
import { createPodVolumes } from "./volumes/create-pod-volumes.ts";
import type { Ground } from "./worker/ground.ts";
import { createPodFiles } from "./worker/pod-files.ts";

const runtimeClasses = {
  group: "node.k8s.io",
  version: "v1",
  kind: "RuntimeClass",
  plural: "runtimeclasses",
  scope: "Cluster",
} as const;

/**
 * Keeps one node and its pods until `signal` aborts: containers live on then, and the next kubelet finds them. Rejects where
 * something fails that it cannot go on without.
 */
export function runKubelet(options: KubeletOptions, signal: AbortSignal): Promise<void> {
  return runTasks(signal, [(inner) => runAll(options, inner)]);
}

async function runAll(options: KubeletOptions, signal: AbortSignal): Promise<void> {
  const { client, clock, random, logger, runtime, node, rootDir, podLogsDir } = options;
  const shared = { client, clock, random, logger };
  const { parts = {}, cgroupRoot } = options;
  const files = parts.files ?? createPodFiles(options);
  await files.prepare();
  const informers = new Informers(shared);
  const pods = informers.of(Pod, { fieldSelector: `spec.nodeName=${node.name}` });
  const services = informers.of(Service);
  const events = new CoreEventRecorder({
    ...shared,
    client: client.resource(Event),
    component: "kubelet",
    host: node.name,
  });
  const readiness = new RuntimeReadiness({ runtime, clock, logger });
  const reporter = createReporter(options, readiness, events, signal);
  const cache = new RuntimeCache({ runtime, clock, logger, terminationMessage: files.terminationMessage });
  const objects = createReferencedObjects(shared, signal);
  const probes = createProbeManager({ runtime, clock, random, logger, recorder: events }, signal);
  const statuses: StatusWriter = new StatusWriter({ ...shared, target: (uid) => manager.apiPod(uid) }, signal);
  const allocatable = () => reporter.allocatable;
  const { memoryBytes } = await (parts.machine ?? (() => readMachine(rootDir)))();
  const ground: Ground = {
    clock,
    logger,
    events,
    runtime,
    images: options.images,
    cache,
    statuses,
    objects,
    probes,
    puller:
      parts.puller ??
      createImagePuller({
        clock,
        images: options.images,
        events,
        objects,
        maxParallelPulls: options.maxParallelPulls ?? 1,
        ...(parts.files === undefined ? { recordsFolder: join(rootDir, "image_manager") } : {}),
      }),
    cgroups: parts.cgroups ?? createPodCgroups({ layout: await readCgroupLayout(), root: cgroupRoot, clock }),
    volumes: parts.volumes ?? createPodVolumes({ ...shared, rootDir, objects, allocatable }, signal),
    services: { synced: (until) => services.synced(until), all: () => services.cache.values() },
    ...podNetwork({ ...options, events, files, nodeIPs: node.addresses }),
    runtimeHandler: async (name) => (await client.resource<RuntimeClass>(runtimeClasses).get(name, { signal })).handler,
    networkError: () => readiness.errors().find((error) => error.includes("network")),
    imageUsers: new LruMap(500),
    nodeIPs: () => node.addresses,
    allocatable,
    memoryBytes,
    files,
    podLogsDir,
    seccompRoot: join(rootDir, "seccomp"),
    clusterDomain: options.clusterDomain,
  };
  const mirrors = new MirrorPods({ client, clock, logger, node: () => reporter.node }, signal);
  const manager: PodManager = new PodManager({
    ground,
    admit: (pod, others) => admitPod({ pod, others, node: reporter.node }),
    onMirrorNeeded: (pod, mirror) => mirrors.reconcile(pod, mirror),
    signal,
  });
  const api = createNodeApi(manager, cache);
  using _readiness = readiness.onChange(() => manager.wakeAll());
  const settle = async (): Promise<void> => {
    await manager.settled();
    await Promise.all([statuses.ended(), mirrors.ended(), objects.ended]);
  };
  try {
    await runTasks(signal, [
      (inner) => events.run(inner),
      (inner) => informers.run(inner),
      (inner) => readiness.run(inner),
      (inner) => reporter.run(inner),
      (inner) => runLogRotation({ runtime, clock, logger }, inner),
      (inner) =>
        runPods(
          { ...options, nodeName: node.name, ground, manager, pods, onKnown: () => serve(options, api, inner) },
          inner,
        ),
    ]);
  } catch (error) {
    if (!isAbortOf(error, signal)) throw error;
  } finally {
    if (signal.aborted) await settle();
  }
}

function createReporter(
  options: KubeletOptions,
  readiness: RuntimeReadiness,
  recorder: CoreEventRecorder,
  signal: AbortSignal,
): NodeStatusReporter {
  const { onPodCIDRs, parts = {}, imageDir, logger } = options;
  const { machine, signals } = parts;
  return new NodeStatusReporter({
    ...options,
    identity: options.node,
    recorder,
    readiness,
    ...(imageDir === undefined ? {} : { imageDir }),
    ...(machine === undefined ? {} : { machine }),
    ...(signals === undefined ? {} : { signals }),
    onPodCIDRs: (podCIDRs) => {
      const told = (async () => onPodCIDRs?.(podCIDRs))();
      told
        .catch((error: unknown) => logger.error("the network of pods could not be set up", { podCIDRs, error }))
        .finally(() => {
          if (!signal.aborted) readiness.recheck();
        });
    },
  });
}

/** The HTTPS API, from when this node's pods are known until `signal` aborts. */
async function serve(
  options: KubeletOptions,
  api: ReturnType<typeof createNodeApi>,
  signal: AbortSignal,
): Promise<void> {
  const { serving, stats, metrics, onReady, runtime, client, clock, logger, node } = options;
  if (serving === undefined) {
    onReady?.({ api, port: undefined });
    return;
  }
  const server = await startKubeletServer({
    ...serving,
    nodeName: node.name,
    api,
    runtime,
    client,
    clock,
    logger,
    ...(metrics === undefined ? {} : { metrics }),
    ...(stats === undefined ? {} : { stats: stats(api) }),
  });
  onReady?.({ api, port: server.port });
  await aborted(signal);
  await server.close();
}
