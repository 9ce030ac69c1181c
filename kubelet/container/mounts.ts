import { isAbsolute } from "node:path";
import type { Pod } from "../../api/core/v1/pod.ts";
import type { Container, VolumeMount } from "../../api/generated/types/core-v1.ts";
import type { Init, Mount, MountPropagation } from "../../cri/mod.ts";
import type { MountedVolume, SubPathRequest } from "../volumes/pod-volumes.ts";
import { ContainerConfigError } from "./config-error.ts";
import { expand } from "./expansion.ts";
import type { Variables } from "./service-environment.ts";

const etcHosts = "/etc/hosts";

export interface MountsInput {
  readonly pod: Pod;
  readonly container: Container;
  readonly volumes: ReadonlyMap<string, MountedVolume>;
  readonly environment: Variables;
  readonly resolveSubPath: (request: SubPathRequest) => Promise<string>;
  /** The pod's own /etc/hosts on this node; undefined: it has none yet. */
  readonly hostsFile: string | undefined;
  /** The file on this node in which the container leaves its last words; undefined: it does not. */
  readonly terminationLog: string | undefined;
}

const propagations: Readonly<Record<string, MountPropagation>> = {
  None: "PROPAGATION_PRIVATE",
  HostToContainer: "PROPAGATION_HOST_TO_CONTAINER",
  Bidirectional: "PROPAGATION_BIDIRECTIONAL",
};

/** What is mounted into a container (pkg/kubelet makeMounts). Rejects with ContainerConfigError. */
export async function containerMounts(input: MountsInput): Promise<readonly Init<Mount>[]> {
  const { container, hostsFile, terminationLog } = input;
  const mounts: Init<Mount>[] = [];
  const volumeMounts = container.volumeMounts ?? [];
  for (const [index, mount] of volumeMounts.entries()) mounts.push(await volumeMount(input, mount, index));
  if (hostsFile !== undefined && !volumeMounts.some(({ mountPath }) => mountPath === etcHosts)) {
    mounts.push({ containerPath: etcHosts, hostPath: hostsFile, selinuxRelabel: true });
  }
  if (terminationLog !== undefined) {
    mounts.push({ containerPath: absolute(container.terminationMessagePath), hostPath: terminationLog });
  }
  return mounts;
}

function absolute(path: string): string {
  return isAbsolute(path) ? path : `/${path}`;
}

async function volumeMount(input: MountsInput, mount: VolumeMount, mountIndex: number): Promise<Init<Mount>> {
  const { pod, container, volumes, resolveSubPath } = input;
  const { name, mountPath, readOnly = false, mountPropagation = "None", recursiveReadOnly } = mount;
  const volume = volumes.get(name);
  if (volume === undefined) {
    throw new ContainerConfigError(`cannot find volume "${name}" to mount into container "${container.name}"`);
  }
  const subPath = subPathOf(mount, input.environment);
  const request = { podUid: pod.metadata.uid ?? "", container: container.name, volume: name, mountIndex };
  const hostPath =
    subPath === "" ? volume.hostPath : await resolveSubPath({ ...request, volumePath: volume.hostPath, subPath });
  return {
    containerPath: absolute(mountPath),
    hostPath,
    readonly: readOnly || volume.readOnly,
    propagation: propagations[mountPropagation] ?? "PROPAGATION_PRIVATE",
    recursiveReadOnly: recursiveReadOnly === "Enabled",
  };
}

function subPathOf({ subPath = "", subPathExpr = "" }: VolumeMount, environment: Variables): string {
  const path = subPathExpr === "" ? subPath : expandSubPath(subPathExpr, environment);
  if (isAbsolute(path)) throw new ContainerConfigError(`error SubPath \`${path}\` must not be an absolute path`);
  if (path.split("/").includes("..")) {
    throw new ContainerConfigError(`unable to provision SubPath \`${path}\`: must not contain '..'`);
  }
  return path;
}

function expandSubPath(expression: string, environment: Variables): string {
  const missing = new Set<string>();
  const path = expand(expression, (name) => {
    const value = environment.get(name);
    if (value === undefined || value === "") missing.add(name);
    return value ?? "";
  });
  if (missing.size > 0) throw new ContainerConfigError(`missing value for ${[...missing].sort().join(", ")}`);
  return path;
}
