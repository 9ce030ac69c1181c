import type { Pod } from "../../api/core/v1/pod.ts";
import { isAbortOf } from "../../base/cancellation.ts";
import { runTasks } from "../../base/task-group.ts";
import type { Informer } from "../../client/mod.ts";
import type { ContainerEvent } from "../../cri/mod.ts";
import type { Ground } from "../worker/ground.ts";
import { removeOrphanedData } from "./orphaned-data.ts";
import type { PodManager } from "./pod-manager.ts";
import { followStaticPods } from "./static-pods.ts";

export interface RunPodsOptions {
  readonly nodeName: string;
  readonly ground: Ground;
  readonly manager: PodManager;
  /** Of this node's pods. */
  readonly pods: Informer<Pod>;
  readonly containerEvents: (signal: AbortSignal) => AsyncIterable<ContainerEvent>;
  readonly staticPodDir?: string;
  /** Runs beside, from when the pods are known. */
  readonly onKnown: () => Promise<void>;
}

/** How often everything is listed even though nothing says that an event was lost. */
const relistMs = 60_000;

/** Brings the manager what it is to know: first what runs, then what is to run, and from there on what changes. */
export async function runPods(options: RunPodsOptions, signal: AbortSignal): Promise<void> {
  const { nodeName, ground, manager, pods, containerEvents, staticPodDir, onKnown } = options;
  const { cache, probes, objects, clock, logger } = ground;
  const listed = Promise.withResolvers<void>();
  const relist = async (until: AbortSignal): Promise<void> => {
    try {
      await cache.relist(until);
      listed.resolve();
    } catch (error) {
      if (isAbortOf(error, until) || until.aborted) return;
      logger.warn("the runtime could not be listed", { error });
    }
  };
  using _changes = cache.onChange((uid) => manager.wake(uid));
  using _verdicts = probes.onChange((uid) => manager.wake(uid));
  using _objects = objects.onChange((uids) => manager.objectsChanged(uids));
  const follow = async (until: AbortSignal): Promise<void> => {
    for await (const event of containerEvents(until)) {
      // The list runs beside: what happens meanwhile is not to wait for it.
      if (event.kind === "resync") void relist(until);
      else cache.apply(event);
    }
  };
  const keep = async (until: AbortSignal): Promise<void> => {
    until.addEventListener("abort", () => listed.resolve(), { once: true });
    await listed.promise;
    until.throwIfAborted();
    // Pods are looked at once it is certain what runs: nothing is started twice.
    using _pods = pods.addHandler(manager.handler);
    await pods.synced(until);
    if (staticPodDir !== undefined) {
      const source = { directory: staticPodDir, nodeName, clock, logger };
      await followStaticPods(source, (found) => manager.setStatic(found), until);
    }
    manager.adoptOrphans();
    await runTasks(until, [onKnown, (inner) => tidyUp(options, relist, inner)]);
  };
  await runTasks(signal, [follow, keep]);
}

/** From time to time everything is listed, and what nobody wants any more goes. */
async function tidyUp(
  { ground, manager }: RunPodsOptions,
  relist: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    await removeOrphanedData(ground, (uid) => manager.worker(uid) !== undefined);
    await ground.clock.sleep(relistMs, signal);
    await relist(signal);
    manager.adoptOrphans();
    manager.checkMirrors();
  }
}
