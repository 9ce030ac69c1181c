import type { Pod } from "../../api/generated/types/core-v1.ts";
import { goQuote } from "../../apimachinery/text/go-quote.ts";
import { HttpError } from "./answer.ts";
import type { ContainerTarget, NodeApi } from "./node-api.ts";

/** What the path of an exec, attach or run names. */
export interface TargetPath {
  readonly namespace: string;
  readonly podName: string;
  readonly uid: string | undefined;
  readonly container: string;
}

/** The container's part of the pod's specification, of whichever sort. */
export function containerSpec({ spec }: Pod, name: string): { readonly tty?: boolean } | undefined {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = spec;
  return [...containers, ...initContainers, ...ephemeralContainers].find((one) => one.name === name);
}

export function hasContainer(pod: Pod, name: string): boolean {
  return containerSpec(pod, name) !== undefined;
}

export function podOf(api: NodeApi, { namespace, podName, uid }: Omit<TargetPath, "container">): Pod {
  const pod = api.pod(namespace, podName);
  if (pod === undefined) throw new HttpError(404, "pod does not exist");
  if (uid !== undefined && pod.metadata.uid !== uid) throw new HttpError(404, "pod not found");
  return pod;
}

/** A container that runs; upstream looks for no others. */
export async function runningContainer(
  api: NodeApi,
  path: TargetPath,
  missing: string = `container not found (${goQuote(path.container)})`,
): Promise<ContainerTarget> {
  const target = await api.container(podOf(api, path), path.container);
  if (target?.state !== "running") throw new HttpError(500, missing);
  return target;
}
