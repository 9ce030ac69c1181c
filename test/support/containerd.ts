import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { TestContext } from "node:test";
import { realClock } from "../../base/mod.ts";
import { CgroupTree } from "../../node/cgroups/cgroup-tree.ts";
import { prepareContainerd } from "../../node/containerd/prepare.ts";
import { waitForCri } from "../../node/containerd/readiness.ts";
import { cgroupRoot, type NodeFiles } from "../../node/files.ts";
import { whyNoContainers } from "../../node/machine/containers.ts";
import { ensurePauseImage, importImages } from "../../node/pause-image/import.ts";
import { atExit } from "./at-exit.ts";
import { makeBox, removeAbandonedBoxes, removeBox, removeBoxNow } from "./left-behind.ts";
import type { TestNamespace } from "./network-namespace.ts";

export { whyNoContainers };

export interface TestContainerdOptions {
  readonly namespace: TestNamespace;
  /** 10.244.0.0/24 unless given. */
  readonly podCidr?: string;
}

/** A containerd of a test's own, with its network of pods and the image of sandboxes. */
export interface TestContainerd {
  /** Of its CRI. */
  readonly socket: string;
  /** A folder that goes with it; containerd has `containerd/` and `cni/` in it, the rest is the test's. */
  readonly dataDir: string;
  readonly files: NodeFiles;
  readonly cni: NodeFiles["cni"];
  /** Give it as `cgroup_parent` to sandboxes, or a path below: what is there goes with the test. */
  readonly cgroupParent: string;
  readonly pid: number;
  /** What containerd has logged. */
  log(): Promise<string>;
  /** Imports a tar archive of images. */
  load(archive: string): Promise<void>;
  /** Ends containerd in order; its containers live on until the test ends, as they do elsewhere. */
  stop(): Promise<void>;
  /** Ends it as a crash would. */
  kill(): Promise<void>;
  /** Starts it again, killed first where it runs; resolves once it answers. */
  restart(): Promise<void>;
}

/** Starts a containerd whose every trace goes with the test. Ask `whyNoContainers` first. */
export async function startTestContainerd(
  t: TestContext,
  { namespace, podCidr = "10.244.0.0/24" }: TestContainerdOptions,
): Promise<TestContainerd> {
  await removeAbandonedBoxes();
  const dataDir = makeBox();
  let child: ChildProcess | undefined;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const running = child;
    if (running !== undefined && running.exitCode === null && running.signalCode === null) {
      const ended = once(running, "exit");
      running.kill(signal);
      await ended;
    }
  };
  const removeNow = (): void => {
    child?.kill("SIGKILL");
    removeBoxNow(dataDir);
  };
  const done = atExit(removeNow);
  t.after(async () => {
    await end("SIGKILL");
    await removeBox(dataDir);
    done();
  });
  const cgroups = await CgroupTree.open(cgroupRoot(dataDir));
  await cgroups.ensure("runtime");
  const place = { name: "test", directory: dataDir, networkNamespace: namespace.path };
  const { files, command, args } = await prepareContainerd({ place, podCidrs: [podCidr] });
  await mkdir(dirname(files.containerd.log), { recursive: true });
  const start = async (): Promise<void> => {
    const log = openSync(files.containerd.log, "a");
    child = spawn(...namespace.command(command, args), { stdio: ["ignore", log, log] });
    closeSync(log);
    await once(child, "spawn");
    await cgroups.add("runtime", child.pid!);
    await waitForCri(files.containerd.socket, { clock: realClock, timeoutMs: 20_000 });
  };
  await start();
  await ensurePauseImage(files);
  return {
    socket: files.containerd.socket,
    dataDir,
    files,
    cni: files.cni,
    cgroupParent: `${cgroups.root}/kubepods`,
    get pid() {
      return child?.pid ?? 0;
    },
    log: () => readFile(files.containerd.log, "utf8"),
    load: async (archive) => void (await importImages(files.containerd.socket, archive)),
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
    restart: async () => {
      await end("SIGKILL");
      await start();
    },
  };
}
