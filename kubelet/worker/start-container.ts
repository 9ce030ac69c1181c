import { join } from "node:path";
import type { Pod } from "../../api/core/v1/pod.ts";
import type { Container, EphemeralContainer } from "../../api/generated/types/core-v1.ts";
import { isCriError } from "../../cri/mod.ts";
import { ContainerConfigError } from "../container/config-error.ts";
import { containerConfig } from "../container/container-config.ts";
import { containerEnvironment, environmentReferences } from "../container/environment.ts";
import { containerMounts } from "../container/mounts.ts";
import { sandboxConfig } from "../container/sandbox-config.ts";
import type { ImageUser } from "../container/security-context.ts";
import { HookError, runHook } from "../lifecycle/hooks.ts";
import { containerHash } from "../runtime/container-hash.ts";
import { podLogsDirectory } from "../runtime/names.ts";
import { newestContainer, type PodIdentity, podIPsOf, type RuntimeContainer } from "../runtime/runtime-pod.ts";
import { type MountedVolume, VolumeError } from "../volumes/pod-volumes.ts";
import type { StartContainer } from "./actions.ts";
import { containerReference, type Ground } from "./ground.ts";
import { detailsOf, messageOf, StartError } from "./start-error.ts";

export interface StartRequest {
  readonly pod: Pod;
  readonly identity: PodIdentity;
  readonly container: Container;
  readonly action: StartContainer;
  readonly sandboxAttempt: number;
  readonly volumes: ReadonlyMap<string, MountedVolume>;
}

/**
 * Starts a container: its image, its configuration, then the runtime, then its post-start hook
 * (kuberuntime_container.go startContainer). Rejects with StartError.
 */
export async function startContainer(ground: Ground, request: StartRequest, signal: AbortSignal): Promise<void> {
  const { pod, identity, container, action } = request;
  const { runtime, cache, events, clock } = ground;
  const about = containerReference(pod, container);
  const fail = (reason: string, error: unknown): StartError => {
    const message = detailsOf(error);
    events.event(about, { type: "Warning", reason: "Failed", message: `Error: ${message}` });
    return new StartError({ reason, message }, { cause: error });
  };

  const image = await ground.puller.ensure(pod, container, signal);
  if (image.kind === "waiting") {
    const { reason, message, retryAtMs } = image;
    throw new StartError({ reason, message }, { retryAtMs });
  }
  const [{ config, restartCount }, dns] = await Promise.all([
    configure(ground, request, image.imageRef, signal).catch((error: unknown) => {
      if (signal.aborted) throw signal.reason;
      throw fail("CreateContainerConfigError", error);
    }),
    ground.dnsConfig(pod),
  ]);
  const sandbox = {
    podSandboxId: action.sandboxId,
    sandboxConfig: sandboxConfig({
      pod,
      attempt: request.sandboxAttempt,
      cgroupParent: ground.cgroups.parentOf(pod),
      podLogsDir: ground.podLogsDir,
      clusterDomain: ground.clusterDomain,
      dns,
    }),
  };
  signal.throwIfAborted();
  const { containerId } = await runtime.createContainer({ ...sandbox, config }).catch((error: unknown) => {
    throw fail("CreateContainerError", error);
  });
  const created: RuntimeContainer = {
    id: containerId,
    name: container.name,
    sandboxId: action.sandboxId,
    state: "created",
    restartCount,
    hash: containerHash(container),
    image: container.image ?? "",
    imageRef: image.imageRef,
    createdAtMs: clock.now(),
    startedAtMs: 0,
    finishedAtMs: 0,
    exitCode: 0,
    reason: "",
    message: "",
    logPath: join(podLogsDirectory(ground.podLogsDir, pod), config.logPath ?? ""),
  };
  cache.noteContainer(identity, created);
  events.event(about, { type: "Normal", reason: "Created", message: "Container created" });
  try {
    await runtime.startContainer({ containerId });
  } catch (error) {
    await cache.refreshContainer(identity, created).catch(() => undefined); // What it has become is told by events, too.
    throw fail("RunContainerError", error);
  }
  events.event(about, { type: "Normal", reason: "Started", message: "Container started" });
  await noteStarted(ground, identity, created);
  await runPostStart(ground, request, containerId, signal);
}

/** What the runtime has made of it: when it began, and which image it was. */
async function noteStarted(ground: Ground, identity: PodIdentity, created: RuntimeContainer): Promise<void> {
  try {
    await ground.cache.refreshContainer(identity, created);
  } catch {
    // It runs, that much is certain; the next list says the rest.
    const startedAtMs = ground.clock.now();
    ground.cache.noteContainer(identity, { ...created, state: "running", startedAtMs });
  }
}

type Configured = { readonly config: ReturnType<typeof containerConfig>; readonly restartCount: number };

async function configure(
  ground: Ground,
  request: StartRequest,
  imageRef: string,
  signal: AbortSignal,
): Promise<Configured> {
  const { pod, identity, container, action, volumes } = request;
  const { files, memoryBytes, seccompRoot } = ground;
  const { uid } = identity;
  const podIPs = podIPsOf(ground.cache.pod(identity));
  const [restartCount, imageUser, objects, hosts] = await Promise.all([
    action.restartCount ?? files.restartCount(pod, container.name),
    imageUserOf(ground, imageRef),
    environmentObjects(ground, pod, container),
    ground.hostsFile(pod, podIPs),
    ground.services.synced(signal),
  ]);
  const environment = containerEnvironment({
    pod,
    container,
    podIPs,
    nodeIPs: ground.nodeIPs(),
    allocatable: ground.allocatable(),
    services: ground.services.all(),
    ...objects,
  });
  const hasHosts = podIPs.length > 0 || pod.spec.hostNetwork === true;
  const instance = `${restartCount}-${action.sandboxId.slice(0, 8)}`;
  const [hostsFile, terminationLog] = await Promise.all([
    hasHosts ? files.writeHosts(uid, hosts) : undefined,
    container.terminationMessagePath === ""
      ? undefined
      : files.makeTerminationLog({ uid, container: container.name, instance }),
  ]);
  const mounts = await containerMounts({
    pod,
    container,
    volumes,
    environment,
    resolveSubPath: (subPath) => ground.volumes.resolveSubPath(subPath).catch(asConfigError),
    hostsFile,
    terminationLog,
  });
  const targetId = targetOf(ground, request);
  const config = containerConfig({
    pod,
    container,
    restartCount,
    imageRef,
    imageUser,
    environment,
    mounts,
    memoryBytes,
    seccompRoot,
    ...(targetId === undefined ? {} : { targetId }),
  });
  return { config, restartCount };
}

function asConfigError(error: unknown): never {
  if (error instanceof VolumeError) throw new ContainerConfigError(error.message, { cause: error });
  throw error;
}

/** An image is known by its digest, so what it says does not change. */
async function imageUserOf({ images, imageUsers }: Ground, imageRef: string): Promise<ImageUser> {
  const known = imageUsers.get(imageRef);
  if (known !== undefined) return known;
  const { image } = await images.imageStatus({ image: { image: imageRef } });
  if (image === undefined) return { uid: 0 };
  const { uid, username } = image;
  const user = uid !== undefined ? { uid: uid.value } : username === "" ? { uid: 0 } : { username };
  imageUsers.set(imageRef, user);
  return user;
}

async function environmentObjects({ objects }: Ground, pod: Pod, container: Container) {
  const { namespace = "" } = pod.metadata;
  const references = environmentReferences(container);
  const read = async <T>(names: Iterable<string>, get: (name: string) => Promise<T | undefined>) => {
    const found = new Map<string, T>();
    await Promise.all(
      Array.from(names, async (name) => {
        const object = await get(name);
        if (object !== undefined) found.set(name, object);
      }),
    );
    return found;
  };
  const [configMaps, secrets] = await Promise.all([
    read(references.configMaps, (name) => objects.configMap(namespace, name)),
    read(references.secrets, (name) => objects.secret(namespace, name)),
  ]);
  return { configMaps, secrets };
}

/** The container whose processes an ephemeral one is to see. */
function targetOf({ cache }: Ground, { container, identity, action }: StartRequest): string | undefined {
  const { targetContainerName = "" } = container as Partial<EphemeralContainer>;
  if (action.type !== "ephemeral" || targetContainerName === "") return undefined;
  const target = newestContainer(cache.pod(identity), targetContainerName);
  if (target === undefined) throw new ContainerConfigError(`unable to find target container ${targetContainerName}`);
  return target.id;
}

async function runPostStart(
  ground: Ground,
  { pod, identity, container }: StartRequest,
  containerId: string,
  signal: AbortSignal,
): Promise<void> {
  const handler = container.lifecycle?.postStart;
  if (handler === undefined) return;
  const [podIP] = podIPsOf(ground.cache.pod(identity));
  try {
    await runHook({ pod, container, containerId, podIP, handler }, ground, signal);
  } catch (error) {
    if (signal.aborted) return;
    // What a command wrote may hold secrets: the event does not repeat it.
    const details = { type: "Warning", reason: "FailedPostStartHook", message: "PostStartHook failed" } as const;
    ground.events.event(containerReference(pod, container), details);
    const message = error instanceof HookError ? error.message : messageOf(error);
    throw new StartError({ reason: "PostStartHookError", message }, { cause: error, retryAtMs: 0 });
  }
}

/** Whether the runtime no longer knows what it was asked about. */
export function isGone(error: unknown): boolean {
  return isCriError(error, "NotFound");
}
