import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { Event } from "../../api/core/v1/event.ts";
import { Node } from "../../api/core/v1/node.ts";
import { CapturingLogger, realClock, realRandom } from "../../base/mod.ts";
import { CoreEventRecorder } from "../../client/mod.ts";
import { type Cluster, startCluster } from "../../cluster/mod.ts";
import { type CriClient, containerEvents, createCriClient } from "../../cri/mod.ts";
import { readCgroupLayout } from "../../kubelet/cgroups/cgroup-layout.ts";
import { createPodCgroups } from "../../kubelet/cgroups/create-pod-cgroups.ts";
import type { ImagePuller } from "../../kubelet/images/image-puller.ts";
import { type RunningKubelet, runKubelet } from "../../kubelet/mod.ts";
import { startTestContainerd, type TestContainerd } from "./containerd.ts";
import { busyboxImage } from "./images/busybox.ts";
import { ociArchive } from "./images/image.ts";
import { createNetworkNamespace } from "./network-namespace.ts";

/** A control plane in this process, and one real node: a containerd of the test's own and a kubelet. */
export interface TestNode {
  readonly cluster: Cluster;
  readonly nodeName: string;
  readonly containerd: TestContainerd;
  readonly cri: CriClient;
  readonly logger: CapturingLogger;
  readonly kubelet: RunningKubelet;
  /** Ends the kubelet as a crash would, containers live on, and starts another. */
  restartKubelet(): Promise<void>;
  stopKubelet(): Promise<void>;
}

export const busybox = "docker.io/library/busybox:test";

export async function startTestNode(t: TestContext): Promise<TestNode> {
  const nodeName = "node-1";
  const namespace = await createNetworkNamespace(t);
  const containerd = await startTestContainerd(t, { namespace });
  const archive = join(containerd.dataDir, "busybox.tar");
  await writeFile(archive, await ociArchive([{ image: await busyboxImage(), names: [busybox] }]));
  await containerd.load(archive);
  const cluster = await startCluster({ controllers: ["serviceaccount-controller"] });
  const cri = createCriClient({ clock: realClock, socketPath: containerd.socket });
  t.after(() => {
    cri.close();
    return cluster.close();
  });
  const logger = new CapturingLogger();
  await cluster.client.resource(Node).create({
    metadata: { name: nodeName, labels: { "kubernetes.io/hostname": nodeName } },
    status: {
      capacity: { cpu: "2", memory: "4Gi", pods: "110" },
      allocatable: { cpu: "2", memory: "4Gi", pods: "110" },
    },
  });
  const cgroups = createPodCgroups({
    layout: await readCgroupLayout(),
    root: containerd.cgroupParent.replace(/\/kubepods$/, ""),
    clock: realClock,
  });
  const start = async () => {
    const controller = new AbortController();
    const client = cluster.clientAs({
      username: `system:node:${nodeName}`,
      groups: ["system:nodes", "system:authenticated"],
    });
    const events = new CoreEventRecorder({
      client: client.resource(Event),
      component: "kubelet",
      host: nodeName,
      clock: realClock,
      random: realRandom,
      logger,
    });
    const ready = Promise.withResolvers<RunningKubelet>();
    const ended = Promise.all([
      events.run(controller.signal),
      runKubelet(
        {
          nodeName,
          nodeIPs: [namespace.address],
          client,
          clock: realClock,
          random: realRandom,
          logger,
          runtime: cri,
          images: cri,
          containerEvents: (signal) =>
            containerEvents({ clock: realClock, random: realRandom, logger, client: cri, signal }),
          events,
          imagePuller: () => presentImages(cri),
          cgroups,
          rootDir: join(containerd.dataDir, "kubelet"),
          podLogsDir: join(containerd.dataDir, "pod-logs"),
          staticPodDir: join(containerd.dataDir, "static-pods"),
          clusterDns: ["10.96.0.10"],
          clusterDomain: "cluster.local",
          allocatable: { cpu: "2", memory: "4Gi", pods: "110" },
          memoryBytes: 4 * 2 ** 30,
          onReady: ready.resolve,
        },
        controller.signal,
      ),
    ]);
    ended.catch(ready.reject);
    return { kubelet: await ready.promise, controller, ended };
  };
  let running = await start();
  const stop = async (): Promise<void> => {
    running.controller.abort();
    await running.ended;
  };
  t.after(stop);
  return {
    cluster,
    nodeName,
    containerd,
    cri,
    logger,
    get kubelet() {
      return running.kubelet;
    },
    stopKubelet: stop,
    restartKubelet: async () => {
      await stop();
      running = await start();
    },
  };
}

/** Images that are there; others are nowhere. */
function presentImages(cri: CriClient): ImagePuller {
  return {
    async ensure(_pod, { image = "" }) {
      const found = await cri.imageStatus({ image: { image } });
      if (found.image !== undefined) return { kind: "present", imageRef: found.image.id };
      const retryAtMs = realClock.monotonicMs() + 10_000;
      return {
        kind: "waiting",
        reason: "ErrImageNeverPull",
        message: `Container image "${image}" is not present`,
        retryAtMs,
      };
    },
  };
}
