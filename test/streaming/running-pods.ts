import { join } from "node:path";
import type { Pod } from "../../api/core/v1/pod.ts";
import type { CriClient } from "../../cri/mod.ts";
import type { NodeApi } from "../../kubelet/server/node-api.ts";
import { busybox } from "../cri/containers.ts";

export interface RunningPods {
  /** As the API has them. */
  readonly objects: readonly Pod[];
  readonly api: NodeApi;
}

interface Options {
  readonly runtime: CriClient;
  readonly logDirectory: string;
  readonly cgroupParent: string;
  readonly hostIp: string;
}

/** `cat` answers whoever is attached; a web server listens on 8080. */
const web =
  "echo first; echo oops >&2; echo third; mkdir /www; echo body > /www/index.html; httpd -p 8080 -h /www; exec cat";
const ticker = "for i in 1 2 3 4 5; do echo tick $i; sleep 0.4; done";

const scripts: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  web: { main: web },
  ticker: { main: ticker },
  pair: { a: "exec sleep 10000", b: "exec sleep 10000" },
};

/** Pods that run, made by CRI alone, and one that does not yet. */
export async function runningPods(options: Options): Promise<RunningPods> {
  const objects: Pod[] = [];
  for (const [name, containers] of Object.entries(scripts)) objects.push(await run(options, name, containers));
  objects.push(waiting(options));
  return { objects, api: nodeApi(options.runtime, objects) };
}

async function run(
  { runtime, logDirectory, cgroupParent, hostIp }: Options,
  name: string,
  containers: Readonly<Record<string, string>>,
): Promise<Pod> {
  const metadata = { name, namespace: "default", uid: `uid-${name}`, attempt: 0 };
  const sandboxConfig = {
    metadata,
    hostname: name,
    logDirectory,
    labels: { "io.kubernetes.pod.uid": metadata.uid },
    linux: { cgroupParent: `${cgroupParent}/${name}` },
  };
  const { podSandboxId } = await runtime.runPodSandbox({ config: sandboxConfig });
  for (const [container, script] of Object.entries(containers)) {
    const { containerId } = await runtime.createContainer({
      podSandboxId,
      sandboxConfig,
      config: {
        metadata: { name: container, attempt: 0 },
        image: { image: busybox },
        command: ["sh", "-c", script],
        labels: { "io.kubernetes.pod.uid": metadata.uid, "io.kubernetes.container.name": container },
        logPath: `${name}-${container}.log`,
        stdin: true,
        linux: {},
      },
    });
    await runtime.startContainer({ containerId });
  }
  const { status } = await runtime.podSandboxStatus({ podSandboxId });
  const podIP = status?.network?.ip ?? "";
  return podObject(name, Object.keys(containers), {
    phase: "Running",
    hostIP: hostIp,
    podIP,
    podIPs: [{ ip: podIP }],
    conditions: [{ type: "Ready", status: "True" }],
    containerStatuses: Object.keys(containers).map((container) => ({
      name: container,
      image: busybox,
      imageID: "",
      ready: true,
      restartCount: 0,
      state: { running: { startedAt: "2026-01-01T00:00:00Z" } },
    })),
  });
}

function waiting({ hostIp }: Options): Pod {
  return podObject("slow", ["main"], {
    phase: "Pending",
    hostIP: hostIp,
    containerStatuses: [
      {
        name: "main",
        image: busybox,
        imageID: "",
        ready: false,
        restartCount: 0,
        state: { waiting: { reason: "ContainerCreating" } },
      },
    ],
  });
}

function podObject(name: string, containers: readonly string[], status: object): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default" },
    spec: {
      nodeName: "one",
      containers: containers.map((container) => ({
        name: container,
        image: busybox,
        stdin: true,
        ...(name === "web" ? { ports: [{ containerPort: 8080 }] } : {}),
      })),
    },
    status,
  } as unknown as Pod;
}

/** What a kubelet knows, read from the runtime each time. */
function nodeApi(runtime: CriClient, objects: readonly Pod[]): NodeApi {
  const pod: NodeApi["pod"] = (namespace, name) =>
    objects.find(({ metadata }) => metadata.name === name && metadata.namespace === namespace);
  const uidOf = ({ metadata }: Pod): string => `uid-${metadata.name}`;
  return {
    pods: () => objects,
    pod,
    async container(of, name, options) {
      if (options?.previous === true) return undefined;
      const labelSelector = { "io.kubernetes.pod.uid": uidOf(of), "io.kubernetes.container.name": name };
      const { containers } = await runtime.listContainers({ filter: { labelSelector } });
      const [found] = containers;
      if (found === undefined) return undefined;
      const { status } = await runtime.containerStatus({ containerId: found.id });
      const states = { CONTAINER_RUNNING: "running", CONTAINER_EXITED: "exited" } as const;
      return {
        pod: of,
        containerId: found.id,
        sandboxId: found.podSandboxId,
        state: states[found.state as keyof typeof states] ?? "created",
        logPath: status?.logPath ?? "",
      };
    },
    async sandboxOf(of) {
      const labelSelector = { "io.kubernetes.pod.uid": uidOf(of) };
      const { items } = await runtime.listPodSandbox({ filter: { labelSelector } });
      return items[0]?.id;
    },
  };
}

export const logFile = (logDirectory: string, pod: string, container: string): string =>
  join(logDirectory, `${pod}-${container}.log`);
