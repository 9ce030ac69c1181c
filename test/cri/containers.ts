import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { realClock } from "../../base/mod.ts";
import { type CriClient, createCriClient } from "../../cri/mod.ts";
import { startTestContainerd, type TestContainerd, whyNoContainers } from "../support/containerd.ts";
import { busyboxImage, busyboxMissing } from "../support/images/busybox.ts";
import { ociArchive } from "../support/images/image.ts";
import { createNetworkNamespace, type TestNamespace } from "../support/network-namespace.ts";

export const busybox = "docker.io/library/busybox:1.36";

/** Why these tests cannot be run here; undefined where they can. */
export function whyNot(): string | undefined {
  return whyNoContainers() ?? busyboxMissing();
}

export interface Runtime {
  readonly client: CriClient;
  readonly containerd: TestContainerd;
  readonly namespace: TestNamespace;
}

/** A containerd with the image of busybox, and a client of it. */
export async function startRuntime(t: TestContext): Promise<Runtime> {
  const namespace = await createNetworkNamespace(t);
  const containerd = await startTestContainerd(t, { namespace });
  const client = createCriClient({ clock: realClock, socketPath: containerd.socket });
  t.after(() => client.close());
  const archive = join(containerd.dataDir, "test/busybox.tar");
  mkdirSync(dirname(archive), { recursive: true });
  writeFileSync(archive, await ociArchive([{ image: await busyboxImage(), names: [busybox] }]));
  await containerd.load(archive);
  return { client, containerd, namespace };
}

export interface RunningContainer {
  readonly sandboxId: string;
  readonly containerId: string;
}

/** A pod of one container, started. */
export async function runContainer(
  { client, containerd }: Runtime,
  {
    name,
    command = [],
    image = busybox,
  }: { readonly name: string; readonly command?: readonly string[]; readonly image?: string },
): Promise<RunningContainer> {
  const config = {
    metadata: { name, namespace: "default", uid: `uid-${name}`, attempt: 0 },
    hostname: name,
    logDirectory: join(containerd.dataDir, "test/logs"),
    linux: { cgroupParent: `${containerd.cgroupParent}/${name}` },
  };
  mkdirSync(config.logDirectory, { recursive: true });
  const { podSandboxId: sandboxId } = await client.runPodSandbox({ config });
  const { containerId } = await client.createContainer({
    podSandboxId: sandboxId,
    sandboxConfig: config,
    config: {
      metadata: { name: "main", attempt: 0 },
      image: { image },
      command,
      logPath: `${name}.log`,
      linux: {},
    },
  });
  await client.startContainer({ containerId });
  return { sandboxId, containerId };
}

/** The first process of a container, as the host numbers it. */
export async function pidOf({ client }: Runtime, containerId: string): Promise<number> {
  const { info } = await client.containerStatus({ containerId, verbose: true });
  return (JSON.parse(info["info"]!) as { pid: number }).pid;
}
