import { join } from "node:path";
import type { Pod } from "../../api/core/v1/pod.ts";
import type { Container, SeccompProfile, SecurityContext } from "../../api/generated/types/core-v1.ts";
import type {
  Init,
  LinuxContainerSecurityContext,
  LinuxSandboxSecurityContext,
  NamespaceMode,
  NamespaceOption,
  SecurityProfile,
} from "../../cri/mod.ts";
import { describePod } from "../runtime/names.ts";
import { ContainerConfigError } from "./config-error.ts";

/** The user that an image says it runs as. */
export interface ImageUser {
  readonly uid?: number;
  readonly username?: string;
}

const maskedPaths = [
  "/proc/asound",
  "/proc/acpi",
  "/proc/interrupts",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/sys/firmware",
  "/sys/devices/virtual/powercap",
];
const readonlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/** Which namespaces a pod's containers share, and with whom (pkg/kubelet/kuberuntime/util). */
export function namespaceOptions({ spec }: Pod): Init<NamespaceOption> & { readonly pid: NamespaceMode } {
  const { hostNetwork, hostPID, hostIPC, shareProcessNamespace } = spec;
  return {
    network: hostNetwork ? "NODE" : "POD",
    ipc: hostIPC ? "NODE" : "POD",
    pid: hostPID ? "NODE" : shareProcessNamespace ? "POD" : "CONTAINER",
  };
}

/** A container's settings over its pod's (pkg/securitycontext DetermineEffectiveSecurityContext). */
export function effectiveSecurityContext({ spec }: Pod, container: Container): SecurityContext {
  const { seLinuxOptions, runAsUser, runAsGroup, runAsNonRoot } = spec.securityContext ?? {};
  return {
    ...(seLinuxOptions === undefined ? {} : { seLinuxOptions }),
    ...(runAsUser === undefined ? {} : { runAsUser }),
    ...(runAsGroup === undefined ? {} : { runAsGroup }),
    ...(runAsNonRoot === undefined ? {} : { runAsNonRoot }),
    ...container.securityContext,
  };
}

/** Throws where a container that must not run as root would, or might (security_context_others.go verifyRunAsNonRoot). */
export function verifyRunAsNonRoot(pod: Pod, container: Container, image: ImageUser): void {
  const { runAsNonRoot, runAsUser } = effectiveSecurityContext(pod, container);
  if (runAsNonRoot !== true) return;
  const where = `(pod: "${describePod(pod)}", container: ${container.name})`;
  if (runAsUser !== undefined) {
    if (runAsUser === 0) throw new ContainerConfigError(`container's runAsUser breaks non-root policy ${where}`);
    return;
  }
  const { uid, username = "" } = image;
  if (uid === undefined && username !== "") {
    throw new ContainerConfigError(
      `container has runAsNonRoot and image has non-numeric user (${username}), cannot verify user is non-root ${where}`,
    );
  }
  if (uid === 0) throw new ContainerConfigError(`container has runAsNonRoot and image will run as root ${where}`);
}

function seccompOf(profile: SeccompProfile | undefined, seccompRoot: string): Init<SecurityProfile> {
  if (profile?.type === "RuntimeDefault") return { profileType: "RuntimeDefault" };
  if (profile?.type !== "Localhost") return { profileType: "Unconfined" };
  const { localhostProfile = "" } = profile;
  if (localhostProfile === "") {
    throw new ContainerConfigError("localhostProfile must be set if seccompProfile type is Localhost.");
  }
  return { profileType: "Localhost", localhostRef: join(seccompRoot, localhostProfile) };
}

export interface SecurityInput {
  readonly pod: Pod;
  readonly container: Container;
  readonly image: ImageUser;
  /** Where profiles of seccomp lie. */
  readonly seccompRoot: string;
  /** The container whose processes an ephemeral one is to see. */
  readonly targetId?: string;
}

function supplementalGroupsOf({ spec }: Pod): readonly number[] {
  const { fsGroup, supplementalGroups = [] } = spec.securityContext ?? {};
  return fsGroup === undefined ? supplementalGroups : [fsGroup, ...supplementalGroups];
}

/** AppArmor is not spoken of: where the kernel has none, any word about it is an error. */
export function containerSecurityContext(input: SecurityInput): Init<LinuxContainerSecurityContext> {
  const { pod, container, image, seccompRoot, targetId } = input;
  const effective = effectiveSecurityContext(pod, container);
  const { capabilities, runAsUser, runAsGroup, seLinuxOptions } = effective;
  const namespaces = namespaceOptions(pod);
  const targeted = targetId !== undefined && namespaces.pid === "CONTAINER";
  const masked = effective.procMount !== "Unmasked";
  const policy = pod.spec.securityContext?.supplementalGroupsPolicy;
  const user = runAsUser ?? image.uid;
  return {
    ...(capabilities === undefined
      ? {}
      : { capabilities: { addCapabilities: capabilities.add ?? [], dropCapabilities: capabilities.drop ?? [] } }),
    privileged: effective.privileged ?? false,
    readonlyRootfs: effective.readOnlyRootFilesystem ?? false,
    noNewPrivs: effective.allowPrivilegeEscalation === false,
    ...(seLinuxOptions === undefined ? {} : { selinuxOptions: seLinuxOptions }),
    ...(user === undefined ? { runAsUsername: image.username ?? "" } : { runAsUser: { value: user } }),
    ...(runAsGroup === undefined ? {} : { runAsGroup: { value: runAsGroup } }),
    supplementalGroups: supplementalGroupsOf(pod),
    ...(policy === "Strict" ? { supplementalGroupsPolicy: "Strict" as const } : {}),
    namespaceOptions: targeted ? { ...namespaces, pid: "TARGET", targetId } : namespaces,
    seccomp: seccompOf(
      container.securityContext?.seccompProfile ?? pod.spec.securityContext?.seccompProfile,
      seccompRoot,
    ),
    maskedPaths: masked ? maskedPaths : [],
    readonlyPaths: masked ? readonlyPaths : [],
  };
}

export function sandboxSecurityContext(pod: Pod): Init<LinuxSandboxSecurityContext> {
  const { runAsUser, runAsGroup, seLinuxOptions, supplementalGroupsPolicy } = pod.spec.securityContext ?? {};
  const all = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
  return {
    privileged: all.some(({ securityContext }) => securityContext?.privileged === true),
    seccomp: { profileType: "RuntimeDefault" },
    namespaceOptions: namespaceOptions(pod),
    ...(runAsUser === undefined ? {} : { runAsUser: { value: runAsUser } }),
    ...(runAsGroup === undefined ? {} : { runAsGroup: { value: runAsGroup } }),
    ...(seLinuxOptions === undefined ? {} : { selinuxOptions: seLinuxOptions }),
    supplementalGroups: supplementalGroupsOf(pod),
    ...(supplementalGroupsPolicy === "Strict" ? { supplementalGroupsPolicy: "Strict" as const } : {}),
  };
}
