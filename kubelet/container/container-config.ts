import type { Pod } from "../../api/core/v1/pod.ts";
import type { Container } from "../../api/generated/types/core-v1.ts";
import type { ContainerConfig, Init, Mount } from "../../cri/mod.ts";
import { containerAnnotations, containerLabels } from "../runtime/labels.ts";
import { containerLogPath } from "../runtime/names.ts";
import { expand } from "./expansion.ts";
import { containerResources } from "./resources.ts";
import { containerSecurityContext, type ImageUser, verifyRunAsNonRoot } from "./security-context.ts";
import type { Variables } from "./service-environment.ts";

export interface ContainerInput {
  readonly pod: Pod;
  readonly container: Container;
  readonly restartCount: number;
  readonly imageRef: string;
  readonly imageUser: ImageUser;
  readonly environment: Variables;
  readonly mounts: readonly Init<Mount>[];
  readonly memoryBytes: number;
  readonly seccompRoot: string;
  readonly targetId?: string;
}

/** What a container is to be (kuberuntime_container.go generateContainerConfig). Throws ContainerConfigError. */
export function containerConfig(input: ContainerInput): Init<ContainerConfig> {
  const { pod, container, restartCount, imageRef, imageUser, environment, mounts } = input;
  verifyRunAsNonRoot(pod, container, imageUser);
  const { name, image = "", command = [], args = [], workingDir = "", stdin, stdinOnce, tty } = container;
  const expanded = (texts: readonly string[]): string[] =>
    texts.map((text) => expand(text, (variable) => environment.get(variable)));
  return {
    metadata: { name, attempt: restartCount },
    image: { image: imageRef, userSpecifiedImage: image },
    command: expanded(command),
    args: expanded(args),
    workingDir,
    envs: Array.from(environment, ([key, value]) => ({ key, value: keyValueBytes(value) })),
    mounts,
    labels: containerLabels(pod, container),
    annotations: containerAnnotations(pod, container, restartCount),
    logPath: containerLogPath(name, restartCount),
    stdin: stdin ?? false,
    stdinOnce: stdinOnce ?? false,
    tty: tty ?? false,
    linux: {
      resources: containerResources(input),
      securityContext: containerSecurityContext({ ...input, image: imageUser }),
    },
  };
}

function keyValueBytes(value: string): Uint8Array {
  return Buffer.from(value, "utf8");
}
