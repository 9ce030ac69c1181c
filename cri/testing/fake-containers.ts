import type {
  ContainerConfig,
  ContainerState,
  LinuxContainerResources,
  PodSandboxConfig,
  PodSandboxState,
} from "../generated/messages.ts";
import type { Init } from "../init.ts";

/** What the process of a container does once it has been started. Without any of these it runs until it is stopped. */
export interface FakeProcess {
  /** It ends by itself so long after its start. */
  readonly exitAfterMs?: number;
  /** With this code: 0 if not given. */
  readonly exitCode?: number;
  /** Ends so long after it was asked to: at once if not given. "never": only when it is killed. */
  readonly stopsAfterMs?: number | "never";
  /** The code with which it ends when asked to: 0 if not given. */
  readonly stopCode?: number;
  /** What stands in the file of its termination message. */
  readonly terminationMessage?: string;
}

export interface FakeSandbox {
  readonly id: string;
  readonly config: Init<PodSandboxConfig>;
  readonly createdAt: number;
  readonly ip: string;
  readonly runtimeHandler: string;
  state: PodSandboxState;
}

export interface FakeContainer {
  readonly id: string;
  readonly sandboxId: string;
  readonly config: Init<ContainerConfig>;
  readonly imageId: string;
  readonly createdAt: number;
  state: ContainerState;
  process: FakeProcess;
  startedAt: number;
  finishedAt: number;
  exitCode: number;
  reason: string;
  message: string;
  resources: Init<LinuxContainerResources> | undefined;
}

/** Whether something's labels have all those of a selector. */
export function hasLabels(
  labels: Readonly<Record<string, string | undefined>> | undefined,
  selector: Readonly<Record<string, string | undefined>> | undefined,
): boolean {
  return Object.entries(selector ?? {}).every(([name, value]) => labels?.[name] === value);
}
