import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { CapturingLogger, realClock, realRandom } from "../../base/mod.ts";
import { type Cluster, startCluster } from "../../cluster/mod.ts";
import { type CriClient, containerEvents, createCriClient } from "../../cri/mod.ts";
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
  const cluster = await startCluster({
    controllers: ["serviceaccount-controller", "root-ca-certificate-publisher-controller"],
    rootCa: "none",
  });
  const cri = createCriClient({ clock: realClock, socketPath: containerd.socket });
  t.after(() => {
    cri.close();
    return cluster.close();
  });
  const logger = new CapturingLogger();
  const start = async () => {
    const controller = new AbortController();
    const client = cluster.clientAs({
      username: `system:node:${nodeName}`,
      groups: ["system:nodes", "system:authenticated"],
    });
    const ready = Promise.withResolvers<RunningKubelet>();
    const ended = runKubelet(
      {
        node: {
          name: nodeName,
          hostname: nodeName,
          labels: {},
          taints: [],
          addresses: [namespace.address],
          kubeletVersion: "v1.36.2",
          kubeletPort: 10250,
          maxPods: 110,
          reserved: {},
        },
        client,
        clock: realClock,
        random: realRandom,
        logger,
        runtime: cri,
        images: cri,
        containerEvents: (signal) =>
          containerEvents({ clock: realClock, random: realRandom, logger, client: cri, signal }),
        rootDir: join(containerd.dataDir, "kubelet"),
        podLogsDir: join(containerd.dataDir, "pod-logs"),
        staticPodDir: join(containerd.dataDir, "static-pods"),
        cgroupRoot: containerd.cgroupParent.replace(/\/kubepods$/, ""),
        clusterDns: ["10.96.0.10"],
        clusterDomain: "cluster.local",
        onReady: ready.resolve,
      },
      controller.signal,
    );
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
