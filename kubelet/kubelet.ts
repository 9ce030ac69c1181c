import { Node } from "../api/core/v1/node.ts";
import { Pod } from "../api/core/v1/pod.ts";
import { Service } from "../api/core/v1/service.ts";
import type { RuntimeClass as RuntimeClassType } from "../api/generated/types/node-v1.ts";
import { isAbortOf } from "../base/cancellation.ts";
import { runTasks } from "../base/task-group.ts";
import { Informers } from "../client/mod.ts";
import { join } from "node:path";
import { createReferencedObjects } from "./objects/create-referenced-objects.ts";
import type { KubeletOptions } from "./options.ts";
import type { ReferencedObjects } from "./objects/referenced-objects.ts";
import { podNetwork } from "./pod-network.ts";
import { createPodVolumes } from "./volumes/create-pod-volumes.ts";
import type { PodVolumes } from "./volumes/pod-volumes.ts";
import { admitPod } from "./lifecycle/admission.ts";
import { createNodeApi } from "./pods/node-api.ts";
import { removeOrphanedData } from "./pods/orphaned-data.ts";
import { PodManager } from "./pods/pod-manager.ts";
import { MirrorPods } from "./pods/mirror-pods.ts";
import { followStaticPods } from "./pods/static-pods.ts";
import { createProbeManager } from "./probes/create-probe-manager.ts";
import { RuntimeCache } from "./runtime/runtime-cache.ts";
import { StatusWriter } from "./status/status-writer.ts";
import type { Ground } from "./worker/ground.ts";

function makeVolumes(options: KubeletOptions, objects: ReferencedObjects, signal: AbortSignal): PodVolumes {
  const { client, clock, random, logger, rootDir } = options;
  const allocatable = () => options.allocatable;
  return (
    options.volumes?.(objects, signal) ??
    createPodVolumes({ rootDir, client, objects, clock, random, logger, allocatable }, signal)
  );
}

const runtimeClass = { group: "node.k8s.io", version: "v1", kind: "RuntimeClass", plural: "runtimeclasses", scope: "Cluster" } as const;

/** How often everything is listed even though nothing says that an event was lost. */
const relistMs = 60_000;

/**
 * Keeps the pods of one node until `signal` aborts: containers live on then, and the next kubelet finds them. Rejects where
 * something fails that it cannot go on without.
 */
export async function runKubelet(options: KubeletOptions, signal: AbortSignal): Promise<void> {
  const { client, clock, random, logger, runtime, nodeName } = options;
  await runTasks(signal, [
    async (inner) => {
      const informers = new Informers({ client, clock, random, logger });
      const pods = informers.of(Pod, { fieldSelector: `spec.nodeName=${nodeName}` });
      const node = informers.of(Node, { fieldSelector: `metadata.name=${nodeName}` });
      const services = informers.of(Service);
      const cache = new RuntimeCache({ runtime, clock, logger });
      const statuses: StatusWriter = new StatusWriter(
        { client, clock, logger, target: (uid) => manager.apiPod(uid) },
        inner,
      );
      const objects = createReferencedObjects({ client, clock, random, logger }, inner);
      const probes = createProbeManager({ runtime, clock, random, logger, recorder: options.events }, inner);
      const ground: Ground = {
        clock,
        logger,
        events: options.events,
        runtime,
        images: options.images,
        cache,
        statuses,
        puller: options.imagePuller(objects, inner),
        cgroups: options.cgroups,
        volumes: makeVolumes(options, objects, inner),
        objects,
        probes,
        ...podNetwork(options),
        services: { synced: (until) => services.synced(until), all: () => services.cache.values() },
        runtimeHandler: async (name) =>
          (await client.resource<RuntimeClassType>(runtimeClass).get(name, { signal: inner })).handler,
        nodeIPs: () => options.nodeIPs,
        allocatable: () => options.allocatable,
        memoryBytes: options.memoryBytes,
        rootDir: options.rootDir,
        podLogsDir: options.podLogsDir,
        seccompRoot: join(options.rootDir, "seccomp"),
        clusterDomain: options.clusterDomain,
      };
      const mirrors = new MirrorPods({ client, clock, logger, node: () => node.cache.get(nodeName) }, inner);
      const manager = new PodManager({
        ground,
        admit: (pod, others) => admitPod({ pod, others, node: node.cache.get(nodeName) }),
        onMirrorNeeded: (pod, mirror) => mirrors.reconcile(pod, mirror),
        signal: inner,
      });
      let runtimeSeenMs = clock.monotonicMs();
      let listed = Promise.withResolvers<void>();
      const relist = async (): Promise<void> => {
        try {
          await cache.relist(inner);
          runtimeSeenMs = clock.monotonicMs();
          listed.resolve();
        } catch (error) {
          if (isAbortOf(error, inner)) return;
          logger.warn("the runtime could not be listed", { error });
        }
      };
      using _changes = cache.onChange((uid) => manager.wake(uid));
      using _verdicts = probes.onChange((uid) => manager.wake(uid));
      using _objects = objects.onChange((uids) => {
        for (const uid of uids) manager.wake(uid);
      });
      await runTasks(inner, [
        (until) => informers.run(until),
        async (until) => {
          for await (const event of options.containerEvents(until)) {
            if (event.kind === "resync") await relist();
            else cache.apply(event);
          }
        },
        async (until) => {
          await listed.promise;
          // Pods are looked at once it is certain what runs: nothing is started twice.
          using _pods = pods.addHandler(manager.handler);
          await pods.synced(until);
          options.onReady?.({ api: createNodeApi(manager, cache), runtimeSeenMs: () => runtimeSeenMs });
          if (options.staticPodDir !== undefined) {
            await followStaticPods(
              { directory: options.staticPodDir, nodeName, clock, logger },
              (found) => manager.setStatic(found),
              until,
            );
          }
          manager.adoptOrphans();
          for (;;) {
            await removeOrphanedData(ground, (uid) => manager.worker(uid) !== undefined);
            await clock.sleep(relistMs, until);
            await relist();
            manager.adoptOrphans();
          }
        },
      ]).catch((error: unknown) => {
        if (!isAbortOf(error, inner)) throw error;
      });
      await manager.settled();
      await Promise.all([statuses.ended(), objects.ended, mirrors.ended()]);
    },
  ]);
}
