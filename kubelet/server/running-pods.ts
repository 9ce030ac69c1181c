import type { StreamingRuntime } from "./options.ts";

const podName = "io.kubernetes.pod.name";
const podNamespace = "io.kubernetes.pod.namespace";
const podUid = "io.kubernetes.pod.uid";
const containerName = "io.kubernetes.container.name";

/** What runs, as the runtime knows it: names and images, and nothing else of a Pod (pkg/kubelet/container ToAPIPod). */
export async function runningPods(runtime: Pick<StreamingRuntime, "listContainers">): Promise<readonly object[]> {
  const { containers } = await runtime.listContainers({ filter: { state: { state: "CONTAINER_RUNNING" } } });
  const pods = new Map<string, { metadata: object; containers: object[] }>();
  for (const { labels, image } of containers) {
    const { [podName]: name, [podNamespace]: namespace, [podUid]: uid = "", [containerName]: container } = labels;
    if (name === undefined || namespace === undefined || container === undefined) continue;
    const pod = pods.get(uid) ?? { metadata: { name, namespace, uid }, containers: [] };
    pods.set(uid, pod);
    pod.containers.push({ name: container, image: image?.image ?? "", resources: {} });
  }
  return [...pods.values()].map(({ metadata, containers: list }) => ({
    metadata,
    spec: { containers: list },
    status: {},
  }));
}
