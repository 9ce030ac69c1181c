import type { Pod } from "../../api/core/v1/pod.ts";
import { signalWithTimeout } from "../../base/cancellation.ts";
import { sandboxConfig } from "../container/sandbox-config.ts";
import { runHook } from "../lifecycle/hooks.ts";
import { sandboxOf } from "../runtime/from-cri.ts";
import { type PodIdentity, podIPsOf, type RuntimePod } from "../runtime/runtime-pod.ts";
import { type MountedVolume, VolumeError } from "../volumes/pod-volumes.ts";
import type { Action } from "./actions.ts";
import { containerReference, type Ground } from "./ground.ts";
import { findContainer } from "./plan-stops.ts";
import { isGone, startContainer } from "./start-container.ts";
import { messageOf } from "./start-error.ts";

export interface ActionContext {
  readonly ground: Ground;
  readonly pod: Pod;
  readonly identity: PodIdentity;
  readonly volumes: ReadonlyMap<string, MountedVolume>;
  readonly runtime: RuntimePod;
}

/** A hook that has not ended by now is forgotten. */
const longestPreStopMs = 3_600_000;

type Of<K extends Action["kind"]> = Extract<Action, { readonly kind: K }>;

/** Carries out one action; what `mount-volumes` made is its result. */
export async function carryOut(
  context: ActionContext,
  action: Action,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, MountedVolume> | undefined> {
  switch (action.kind) {
    case "prepare":
      return void (await prepare(context));
    case "mount-volumes":
      return mountVolumes(context, signal);
    case "create-sandbox":
      return void (await createSandbox(context, action, signal));
    case "stop-sandbox":
      return void (await stopSandbox(context, action, signal));
    case "start-container":
      return void (await start(context, action, signal));
    case "run-pre-stop":
      return void (await runPreStop(context, action, signal));
    case "stop-container":
      return void (await stopContainer(context, action, signal));
    case "remove-container":
      return void (await removeContainer(context, action.containerId, signal));
    case "finish":
      return void (await finish(context));
    case "forget":
      return void (await forget(context, signal));
    case "begin-stop":
    case "hasten-stop":
      throw new Error(`${action.kind} is a note, not work`);
  }
}

async function prepare({ ground, pod }: ActionContext): Promise<void> {
  ground.objects.register(pod);
  try {
    await ground.cgroups.ensure(pod);
  } catch (error) {
    const message = `unable to ensure pod container exists: ${messageOf(error)}`;
    ground.events.event(pod, { type: "Warning", reason: "FailedCreatePodContainer", message });
    throw error;
  }
  try {
    await ground.files.makeDirectories(pod);
  } catch (error) {
    const message = `error making pod data directories: ${messageOf(error)}`;
    ground.events.event(pod, { type: "Warning", reason: "Failed", message });
    throw error;
  }
}

async function mountVolumes(
  { ground, pod }: ActionContext,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, MountedVolume>> {
  try {
    return await ground.volumes.prepare(pod, signal);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    const message =
      error instanceof VolumeError ? error.message : `Unable to attach or mount volumes: ${messageOf(error)}`;
    ground.events.event(pod, { type: "Warning", reason: "FailedMount", message });
    throw error;
  }
}

async function createSandbox(
  { ground, pod, identity }: ActionContext,
  { attempt, replaces }: Of<"create-sandbox">,
  signal: AbortSignal,
): Promise<void> {
  const { runtime, events } = ground;
  if (replaces) {
    const message = "Pod sandbox changed, it will be killed and re-created.";
    events.event(pod, { type: "Normal", reason: "SandboxChanged", message });
  }
  try {
    const { runtimeClassName = "" } = pod.spec;
    const config = sandboxConfig({
      pod,
      attempt,
      cgroupParent: ground.cgroups.parentOf(pod),
      podLogsDir: ground.podLogsDir,
      clusterDomain: ground.clusterDomain,
      dns: await ground.dnsConfig(pod),
    });
    const runtimeHandler = runtimeClassName === "" ? "" : await ground.runtimeHandler(runtimeClassName);
    const { podSandboxId } = await runtime.runPodSandbox({ config, runtimeHandler }, signal);
    const { status } = await runtime.podSandboxStatus({ podSandboxId }, signal);
    if (status !== undefined) ground.cache.noteSandbox(identity, sandboxOf(status));
  } catch (error) {
    if (!signal.aborted) {
      const message = `Failed to create pod sandbox: ${messageOf(error)}`;
      events.event(pod, { type: "Warning", reason: "FailedCreatePodSandBox", message });
    }
    throw error;
  }
}

async function stopSandbox(
  { ground }: ActionContext,
  { sandboxId }: Of<"stop-sandbox">,
  signal: AbortSignal,
): Promise<void> {
  await ground.runtime.stopPodSandbox({ podSandboxId: sandboxId }, signal).catch(unlessGone);
  ground.cache.noteSandboxStopped(sandboxId);
}

function unlessGone(error: unknown): void {
  if (!isGone(error)) throw error;
}

async function start(context: ActionContext, action: Of<"start-container">, signal: AbortSignal): Promise<void> {
  const { ground, pod, identity, volumes, runtime } = context;
  const container = findContainer(pod, action.container);
  const sandbox = runtime.sandboxes.find(({ id }) => id === action.sandboxId);
  if (container === undefined || sandbox === undefined) return;
  await startContainer(ground, { pod, identity, container, action, volumes, sandboxAttempt: sandbox.attempt }, signal);
}

async function runPreStop(
  { ground, pod, identity, runtime }: ActionContext,
  { containerId, container: name }: Of<"run-pre-stop">,
  signal: AbortSignal,
): Promise<void> {
  const container = findContainer(pod, name);
  const noted = runtime.containers.find(({ id }) => id === containerId)?.preStop;
  const handler = container?.lifecycle?.preStop ?? noted;
  if (container === undefined || handler === undefined) return;
  const [podIP] = podIPsOf(ground.cache.pod(identity));
  using limited = signalWithTimeout({ clock: ground.clock, timeoutMs: longestPreStopMs, signal });
  try {
    await runHook({ pod, container, containerId, podIP, handler }, ground, limited.signal);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    ground.logger.debug("PreStop hook failed", { pod: identity.name, container: name, error });
    const details = { type: "Warning", reason: "FailedPreStopHook", message: "PreStopHook failed" } as const;
    ground.events.event(containerReference(pod, container), details);
  }
}

async function stopContainer(
  { ground, pod, identity }: ActionContext,
  { containerId, timeoutSeconds }: Of<"stop-container">,
  signal: AbortSignal,
): Promise<void> {
  try {
    await ground.runtime.stopContainer({ containerId, timeout: timeoutSeconds }, signal);
  } catch (error) {
    if (!isGone(error)) {
      if (!signal.aborted) {
        const message = `error killing pod: ${messageOf(error)}`;
        ground.events.event(pod, { type: "Warning", reason: "FailedKillPod", message });
      }
      throw error;
    }
  }
  const known = ground.cache.pod(identity).containers.find(({ id }) => id === containerId);
  if (known === undefined || known.state === "exited") return;
  await ground.cache.refreshContainer(identity, known, signal);
}

async function removeContainer(
  { ground, runtime }: ActionContext,
  containerId: string,
  signal: AbortSignal,
): Promise<void> {
  const logPath = runtime.containers.find(({ id }) => id === containerId)?.logPath ?? "";
  await ground.runtime.removeContainer({ containerId }, signal).catch(unlessGone);
  ground.cache.noteRemoved(containerId);
  if (logPath !== "") await ground.files.removeLog(logPath);
}

async function finish({ ground, identity }: ActionContext): Promise<void> {
  const { uid } = identity;
  ground.probes.remove(uid);
  await ground.volumes.remove(uid);
  await ground.cgroups.remove(uid);
  ground.objects.unregister(uid);
  await ground.files.remove(uid);
}

async function forget({ ground, pod, runtime }: ActionContext, signal: AbortSignal): Promise<void> {
  for (const { id } of runtime.containers) {
    await ground.runtime.removeContainer({ containerId: id }, signal).catch(unlessGone);
    ground.cache.noteRemoved(id);
  }
  for (const { id } of runtime.sandboxes) {
    await ground.runtime.removePodSandbox({ podSandboxId: id }, signal).catch(unlessGone);
    ground.cache.noteRemoved(id);
  }
  await ground.files.removeLogs(pod);
}
