import { decodeMessage, encodeMessage } from "../codec.ts";
import { CriError } from "../errors.ts";
import type * as messages from "../generated/messages.ts";
import { methods } from "../generated/services.ts";
import type { Init } from "../init.ts";
import type { RuntimeService } from "../runtime-service.ts";
import { type FakeContainer, type FakeSandbox, hasLabels } from "./fake-containers.ts";
import { FakeState, killedCode } from "./fake-state.ts";

const streamingUrl = "http://127.0.0.1:0";

/**
 * A container runtime in memory, on anybody's clock. It keeps the rules of a real one: states, ids, times that only grow, the
 * order of stop and remove, events. Images are at `images`; the levers of a test are in `FakeState`.
 */
export class FakeRuntime extends FakeState implements RuntimeService {
  async version(request: Init<messages.VersionRequest>, signal?: AbortSignal): Promise<messages.VersionResponse> {
    await this.called("version", request, signal);
    return { version: "0.1.0", runtimeName: "fake", runtimeVersion: "1.0.0", runtimeApiVersion: "v1" };
  }

  async status(request: Init<messages.StatusRequest>, signal?: AbortSignal): Promise<messages.StatusResponse> {
    await this.called("status", request, signal);
    const condition = (type: string, status: boolean) => ({
      type,
      status,
      reason: status ? "" : `${type}Not`,
      message: "",
    });
    const conditions = [condition("RuntimeReady", true), condition("NetworkReady", this.isNetworkReady)];
    return { status: { conditions }, info: {}, runtimeHandlers: [] };
  }

  async runPodSandbox(
    request: Init<messages.RunPodSandboxRequest>,
    signal?: AbortSignal,
  ): Promise<messages.RunPodSandboxResponse> {
    await this.called("runPodSandbox", request, signal);
    const config = request.config ?? {};
    const isHost = config.linux?.securityContext?.namespaceOptions?.network === "NODE";
    const id = this.newId();
    const number = Number.parseInt(id.slice(0, 8), 16);
    this.sandboxes.set(id, {
      id,
      config,
      createdAt: this.timeNow(),
      ip: isHost ? "" : `10.88.${(number >> 8) & 255}.${number & 255}`,
      runtimeHandler: request.runtimeHandler ?? "",
      state: "SANDBOX_READY",
    });
    this.tell({ kind: "created", containerId: id });
    this.tell({ kind: "started", containerId: id });
    return { podSandboxId: id };
  }

  async stopPodSandbox(
    request: Init<messages.StopPodSandboxRequest>,
    signal?: AbortSignal,
  ): Promise<messages.StopPodSandboxResponse> {
    await this.called("stopPodSandbox", request, signal);
    const id = request.podSandboxId ?? "";
    for (const { id: containerId, sandboxId } of this.containers.values())
      if (sandboxId === id) this.endContainer(containerId, { exitCode: killedCode });
    this.endSandbox(id);
    return {};
  }

  async removePodSandbox(
    request: Init<messages.RemovePodSandboxRequest>,
    signal?: AbortSignal,
  ): Promise<messages.RemovePodSandboxResponse> {
    await this.called("removePodSandbox", request, signal);
    const id = request.podSandboxId ?? "";
    if (this.sandboxes.get(id)?.state === "SANDBOX_READY")
      throw new CriError("Unknown", `sandbox container "${id}" is not fully stopped`);
    for (const { id: containerId, sandboxId } of [...this.containers.values()])
      if (sandboxId === id) this.#removeContainer(containerId);
    if (this.sandboxes.delete(id)) this.tell({ kind: "deleted", containerId: id });
    return {};
  }

  async podSandboxStatus(
    request: Init<messages.PodSandboxStatusRequest>,
    signal?: AbortSignal,
  ): Promise<messages.PodSandboxStatusResponse> {
    await this.called("podSandboxStatus", request, signal);
    const sandbox = this.#sandbox(request.podSandboxId);
    const { config, ip, ...rest } = sandbox;
    const status = {
      ...rest,
      metadata: config.metadata,
      labels: config.labels,
      annotations: config.annotations,
      network: { ip, additionalIps: [] },
      linux: { namespaces: { options: config.linux?.securityContext?.namespaceOptions } },
    };
    return answer("podSandboxStatus", { status, timestamp: this.timeNow() });
  }

  async listPodSandbox(
    request: Init<messages.ListPodSandboxRequest>,
    signal?: AbortSignal,
  ): Promise<messages.ListPodSandboxResponse> {
    await this.called("listPodSandbox", request, signal);
    const { id, state, labelSelector } = request.filter ?? {};
    const items = [...this.sandboxes.values()]
      .filter((sandbox) => !id || sandbox.id === id)
      .filter((sandbox) => state === undefined || sandbox.state === (state.state ?? "SANDBOX_READY"))
      .filter(({ config }) => hasLabels(config.labels, labelSelector))
      .map(({ config: { metadata, labels, annotations }, ...rest }) => ({ ...rest, metadata, labels, annotations }));
    return answer("listPodSandbox", { items });
  }

  async createContainer(
    request: Init<messages.CreateContainerRequest>,
    signal?: AbortSignal,
  ): Promise<messages.CreateContainerResponse> {
    await this.called("createContainer", request, signal);
    const sandbox = this.#sandbox(request.podSandboxId);
    const config = request.config ?? {};
    const image = this.images.find(config.image?.image ?? "");
    if (image === undefined)
      throw new CriError("NotFound", `failed to resolve image ${JSON.stringify(config.image?.image ?? "")}: not found`);
    const id = this.newId();
    this.containers.set(id, {
      id,
      sandboxId: sandbox.id,
      config,
      imageId: image.id,
      createdAt: this.timeNow(),
      state: "CONTAINER_CREATED",
      process: {},
      startedAt: 0,
      finishedAt: 0,
      exitCode: 0,
      reason: "",
      message: "",
      resources: undefined,
    });
    this.tell({ kind: "created", containerId: id });
    return { containerId: id };
  }

  async startContainer(
    request: Init<messages.StartContainerRequest>,
    signal?: AbortSignal,
  ): Promise<messages.StartContainerResponse> {
    await this.called("startContainer", request, signal);
    const container = this.#container(request.containerId);
    if (container.state !== "CONTAINER_CREATED")
      throw new CriError("Unknown", `container "${container.id}" is in ${container.state} state`);
    const sandbox = this.#sandbox(container.sandboxId);
    if (sandbox.state !== "SANDBOX_READY")
      throw new CriError("Unknown", `sandbox container "${sandbox.id}" is not running`);
    container.process = this.options.onStart?.(container.config, sandbox.config) ?? {};
    container.state = "CONTAINER_RUNNING";
    container.startedAt = this.timeNow();
    this.tell({ kind: "started", containerId: container.id });
    const { exitAfterMs, exitCode = 0 } = container.process;
    if (exitAfterMs !== undefined)
      this.clock.setTimer(exitAfterMs, () => this.endContainer(container.id, { exitCode })).unref();
    return {};
  }

  async stopContainer(
    request: Init<messages.StopContainerRequest>,
    signal?: AbortSignal,
  ): Promise<messages.StopContainerResponse> {
    await this.called("stopContainer", request, signal);
    const container = this.containers.get(request.containerId ?? "");
    if (container?.state !== "CONTAINER_RUNNING") return {};
    const { stopsAfterMs = 0, stopCode = 0 } = container.process;
    const graceMs = (request.timeout ?? 0) * 1_000;
    const isKilled = stopsAfterMs === "never" || stopsAfterMs > graceMs || graceMs === 0;
    const afterMs = isKilled ? graceMs : stopsAfterMs;
    if (afterMs > 0) await this.clock.sleep(afterMs, signal);
    this.endContainer(container.id, { exitCode: isKilled ? killedCode : stopCode });
    return {};
  }

  async removeContainer(
    request: Init<messages.RemoveContainerRequest>,
    signal?: AbortSignal,
  ): Promise<messages.RemoveContainerResponse> {
    await this.called("removeContainer", request, signal);
    this.#removeContainer(request.containerId ?? "");
    return {};
  }

  async listContainers(
    request: Init<messages.ListContainersRequest>,
    signal?: AbortSignal,
  ): Promise<messages.ListContainersResponse> {
    await this.called("listContainers", request, signal);
    const { id, podSandboxId, state, labelSelector } = request.filter ?? {};
    const containers = [...this.containers.values()]
      .filter((container) => !id || container.id === id)
      .filter((container) => !podSandboxId || container.sandboxId === podSandboxId)
      .filter((container) => state === undefined || container.state === (state.state ?? "CONTAINER_CREATED"))
      .filter(({ config }) => hasLabels(config.labels, labelSelector))
      .map(({ id, sandboxId, config, imageId, state, createdAt }) => ({
        id,
        podSandboxId: sandboxId,
        metadata: config.metadata,
        image: config.image,
        imageRef: imageId,
        imageId,
        state,
        createdAt,
        labels: config.labels,
        annotations: config.annotations,
      }));
    return answer("listContainers", { containers });
  }

  async containerStatus(
    request: Init<messages.ContainerStatusRequest>,
    signal?: AbortSignal,
  ): Promise<messages.ContainerStatusResponse> {
    await this.called("containerStatus", request, signal);
    return answer("containerStatus", { status: this.#statusOf(this.#container(request.containerId)) });
  }

  async execSync(request: Init<messages.ExecSyncRequest>, signal?: AbortSignal): Promise<messages.ExecSyncResponse> {
    await this.called("execSync", request, signal);
    const { id: containerId, state } = this.#container(request.containerId);
    if (state !== "CONTAINER_RUNNING") throw new CriError("Unknown", `container is in ${state} state`);
    const command = (request.cmd ?? []) as readonly string[];
    const {
      exitCode = 0,
      stdout = "",
      stderr = "",
      afterMs = 0,
    } = this.options.onExec?.({ containerId, command }) ?? {};
    const limitMs = request.timeout ? request.timeout * 1_000 : Number.POSITIVE_INFINITY;
    if (afterMs > 0) await this.clock.sleep(Math.min(afterMs, limitMs), signal);
    if (afterMs > limitMs)
      throw new CriError("DeadlineExceeded", `failed to exec in container: timeout ${limitMs / 1_000}s exceeded`);
    return { exitCode, stdout: Buffer.from(stdout), stderr: Buffer.from(stderr) };
  }

  async exec(request: Init<messages.ExecRequest>, signal?: AbortSignal): Promise<messages.ExecResponse> {
    await this.called("exec", request, signal);
    return { url: `${streamingUrl}/exec/${this.#container(request.containerId).id}` };
  }

  async attach(request: Init<messages.AttachRequest>, signal?: AbortSignal): Promise<messages.AttachResponse> {
    await this.called("attach", request, signal);
    return { url: `${streamingUrl}/attach/${this.#container(request.containerId).id}` };
  }

  async portForward(
    request: Init<messages.PortForwardRequest>,
    signal?: AbortSignal,
  ): Promise<messages.PortForwardResponse> {
    await this.called("portForward", request, signal);
    return { url: `${streamingUrl}/portforward/${this.#sandbox(request.podSandboxId).id}` };
  }

  async updateContainerResources(
    request: Init<messages.UpdateContainerResourcesRequest>,
    signal?: AbortSignal,
  ): Promise<messages.UpdateContainerResourcesResponse> {
    await this.called("updateContainerResources", request, signal);
    this.#container(request.containerId).resources = request.linux;
    return {};
  }

  async reopenContainerLog(
    request: Init<messages.ReopenContainerLogRequest>,
    signal?: AbortSignal,
  ): Promise<messages.ReopenContainerLogResponse> {
    await this.called("reopenContainerLog", request, signal);
    if (this.#container(request.containerId).state !== "CONTAINER_RUNNING")
      throw new CriError("Unknown", "container is not running");
    return {};
  }

  async updateRuntimeConfig(
    request: Init<messages.UpdateRuntimeConfigRequest>,
    signal?: AbortSignal,
  ): Promise<messages.UpdateRuntimeConfigResponse> {
    await this.called("updateRuntimeConfig", request, signal);
    return {};
  }

  /** As containerd 1.6 and 1.7 do without it. */
  async runtimeConfig(
    request: Init<messages.RuntimeConfigRequest>,
    signal?: AbortSignal,
  ): Promise<messages.RuntimeConfigResponse> {
    await this.called("runtimeConfig", request, signal);
    throw unimplemented("RuntimeConfig");
  }

  async *streamContainers(
    request: Init<messages.StreamContainersRequest>,
    signal?: AbortSignal,
  ): AsyncGenerator<messages.StreamContainersResponse, undefined> {
    yield await this.listContainers(request, signal);
  }

  async *streamPodSandboxes(
    request: Init<messages.StreamPodSandboxesRequest>,
    signal?: AbortSignal,
  ): AsyncGenerator<messages.StreamPodSandboxesResponse, undefined> {
    const { items } = await this.listPodSandbox(request, signal);
    yield { podSandboxes: items };
  }

  /** What `events` tells, in the CRI's own words, which have none for "oom". */
  async *getContainerEvents(
    _request: Init<messages.GetEventsRequest>,
    signal: AbortSignal = new AbortController().signal,
  ): AsyncGenerator<messages.ContainerEventResponse, undefined> {
    const kinds = { created: "CREATED", started: "STARTED", exited: "STOPPED", deleted: "DELETED" } as const;
    for await (const event of this.events(signal)) {
      if (event.kind === "resync" || event.kind === "oom") continue;
      const container = this.containers.get(event.containerId);
      yield {
        containerId: event.containerId,
        containerEventType: `CONTAINER_${kinds[event.kind]}_EVENT`,
        createdAt: this.timeNow(),
        containersStatuses:
          container === undefined ? [] : [(await this.containerStatus({ containerId: container.id })).status!],
      };
    }
  }

  // What a kubelet does not ask of it: figures come from cgroup files.

  checkpointContainer = (): Promise<never> => Promise.reject(unimplemented("CheckpointContainer"));
  containerStats = (): Promise<never> => Promise.reject(unimplemented("ContainerStats"));
  listContainerStats = (): Promise<never> => Promise.reject(unimplemented("ListContainerStats"));
  listMetricDescriptors = (): Promise<never> => Promise.reject(unimplemented("ListMetricDescriptors"));
  listPodSandboxMetrics = (): Promise<never> => Promise.reject(unimplemented("ListPodSandboxMetrics"));
  listPodSandboxStats = (): Promise<never> => Promise.reject(unimplemented("ListPodSandboxStats"));
  podSandboxStats = (): Promise<never> => Promise.reject(unimplemented("PodSandboxStats"));
  updatePodSandboxResources = (): Promise<never> => Promise.reject(unimplemented("UpdatePodSandboxResources"));
  streamContainerStats = (): AsyncIterable<never> => refused("StreamContainerStats");
  streamPodSandboxMetrics = (): AsyncIterable<never> => refused("StreamPodSandboxMetrics");
  streamPodSandboxStats = (): AsyncIterable<never> => refused("StreamPodSandboxStats");

  #sandbox(id = ""): FakeSandbox {
    const sandbox = this.sandboxes.get(id);
    if (sandbox === undefined)
      throw new CriError("NotFound", `an error occurred when try to find sandbox: ${JSON.stringify(id)}: not found`);
    return sandbox;
  }

  #container(id = ""): FakeContainer {
    const container = this.containers.get(id);
    if (container === undefined)
      throw new CriError("NotFound", `an error occurred when try to find container ${JSON.stringify(id)}: not found`);
    return container;
  }

  /** A running container is killed first, as containerd does. */
  #removeContainer(id: string): void {
    this.endContainer(id, { exitCode: killedCode });
    if (this.containers.delete(id)) this.tell({ kind: "deleted", containerId: id });
  }

  #statusOf(container: FakeContainer): Init<messages.ContainerStatus> {
    const { config, sandboxId, imageId, process, resources, ...times } = container;
    const logDirectory = this.sandboxes.get(sandboxId)?.config.logDirectory;
    const { metadata, image, labels, annotations, mounts, linux, logPath } = config;
    return {
      ...times,
      metadata,
      image,
      imageRef: imageId,
      imageId,
      labels,
      annotations,
      mounts,
      logPath: logDirectory && logPath ? `${logDirectory}/${logPath}` : "",
      resources: { linux: resources ?? linux?.resources },
    };
  }
}

function unimplemented(method: string): CriError {
  return new CriError("Unimplemented", `unknown method ${method} for service runtime.v1.RuntimeService`);
}

// biome-ignore lint/correctness/useYield: it has nothing to say.
async function* refused(method: string): AsyncGenerator<never, undefined> {
  throw unimplemented(method);
}

/** The whole answer, of the part that is said: through the codec, as it would come from a socket. */
function answer<Name extends "containerStatus" | "listContainers" | "listPodSandbox" | "podSandboxStatus">(
  method: Name,
  value: Init<Awaited<ReturnType<RuntimeService[Name]>>>,
): Awaited<ReturnType<RuntimeService[Name]>> {
  const { response } = methods[method];
  return decodeMessage(response, encodeMessage(response, value)) as Awaited<ReturnType<RuntimeService[Name]>>;
}
