import { access, chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { writeCniConfiguration } from "../cni/write.ts";
import { bridgeName, type NodeFiles, type NodePlace, nodeFiles } from "../files.ts";
import { hasCapability } from "../machine/capabilities.ts";
import { MachineError } from "../machine/install.ts";
import { findCniBinDir, findProgram } from "../machine/programs.ts";
import { chooseSnapshotter } from "../machine/snapshotter.ts";
import { pauseImage } from "../pause-image/image.ts";
import { run } from "../process/run.ts";
import { containerdConfig, isNewEnough, oldestContainerd, parseContainerdVersion } from "./config.ts";

export interface ContainerdCommand {
  readonly files: NodeFiles;
  readonly command: string;
  readonly args: readonly string[];
}

export interface PrepareOptions {
  readonly place: NodePlace;
  readonly podCidrs: readonly string[];
}

/**
 * Writes what a node's containerd needs to start, and says how to start it (to be run within the node's network namespace).
 * Cheap, and the same each time: containerd that runs already is not disturbed.
 */
export async function prepareContainerd({ place, podCidrs }: PrepareOptions): Promise<ContainerdCommand> {
  const files = nodeFiles(place.directory);
  const command = (await findProgram("containerd")) ?? "containerd";
  const { directory, certs, opt, config } = files.containerd;
  await Promise.all([certs, opt].map((folder) => mkdir(folder, { recursive: true })));
  await chmod(directory, 0o711);
  const [settings] = await Promise.all([
    settingsOf(files, command),
    writeCniConfiguration(files, { bridge: bridgeName(place.directory), podCidrs }),
  ]);
  const text = containerdConfig(settings);
  if ((await readFile(config, "utf8").catch(() => "")) !== text) {
    await writeFile(config, text);
  }
  return { files, command, args: ["--config", config] };
}

async function settingsOf(files: NodeFiles, command: string): Promise<Parameters<typeof containerdConfig>[0]> {
  const exists = (file: string): Promise<boolean> =>
    access(file).then(
      () => true,
      () => false,
    );
  const [versionText, cniBinDir, snapshotter, mayRaise, unprivilegedPorts, unprivilegedIcmp] = await Promise.all([
    run(command, ["--version"]).catch((cause) => {
      throw new MachineError(`containerd cannot be run: ${cause.message}. Install it anew`, { cause });
    }),
    findCniBinDir(),
    chooseSnapshotter(files.directory),
    hasCapability("CAP_SYS_RESOURCE"),
    exists("/proc/sys/net/ipv4/ip_unprivileged_port_start"),
    exists("/proc/sys/net/ipv4/ping_group_range"),
  ]);
  const version = parseContainerdVersion(versionText);
  if (version === undefined) {
    throw new MachineError(`${command} --version says what no containerd says: ${versionText.trim()}. Install it anew`);
  }
  if (!isNewEnough(version)) {
    throw new MachineError(
      `${command} is of version ${version.major}.${version.minor}, and a node needs ${oldestContainerd.major}.${oldestContainerd.minor} or later: upgrade containerd`,
    );
  }
  return {
    version,
    files,
    cniBinDir: cniBinDir ?? join("/opt", "cni", "bin"),
    sandboxImage: pauseImage,
    snapshotter,
    restrictOomScoreAdj: !mayRaise,
    unprivilegedPorts,
    unprivilegedIcmp,
  };
}
