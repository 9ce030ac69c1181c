import type { Pod } from "../../api/core/v1/pod.ts";
import type { RuntimeCache } from "../runtime/runtime-cache.ts";
import { newestContainer, type RuntimeContainer } from "../runtime/runtime-pod.ts";
import type { ContainerTarget, NodeApi } from "../server/node-api.ts";
import type { PodManager } from "./pod-manager.ts";

/** What this node's HTTPS API tells of its pods. */
export function createNodeApi(manager: PodManager, cache: RuntimeCache): NodeApi {
  const runtimeOf = ({ metadata: { uid = "", name = "", namespace = "" } }: Pod) => cache.pod({ uid, name, namespace });
  return {
    pods: () => Array.from(manager.workers, ({ pod }) => pod),
    pod(namespace, name, uid) {
      let found: Pod | undefined;
      for (const { pod } of manager.workers) {
        const { metadata } = pod;
        if (metadata.name !== name || metadata.namespace !== namespace) continue;
        // A static pod is asked for by its mirror's uid.
        if (uid !== undefined && metadata.uid !== uid && manager.mirrorOf(pod)?.metadata.uid !== uid) continue;
        // Of two of one name, one is on its way out.
        if (found === undefined || found.metadata.deletionTimestamp !== undefined) found = pod;
      }
      return found;
    },
    async container(pod, name, { previous = false } = {}): Promise<ContainerTarget | undefined> {
      const runtime = runtimeOf(pod);
      const container = previous ? previousOf(runtime.containers, name) : newestContainer(runtime, name);
      if (container === undefined) return undefined;
      const { id, sandboxId, state, logPath } = container;
      // What may run is treated as if it did: asking the runtime tells the rest.
      return { pod, containerId: id, sandboxId, state: state === "unknown" ? "running" : state, logPath };
    },
    sandboxOf: async (pod) => runtimeOf(pod).sandboxes.find(({ ready }) => ready)?.id,
  };
}

/** The ended container before the newest. */
function previousOf(containers: readonly RuntimeContainer[], name: string): RuntimeContainer | undefined {
  return containers.filter((container) => container.name === name)[1];
}
