import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { realClock } from "../../base/mod.ts";
import { CgroupTree } from "../../node/cgroups/cgroup-tree.ts";
import { unmountBelow } from "../../node/clean-up/mounts.ts";
import { killShims } from "../../node/clean-up/shims.ts";
import { cgroupRoot, nodeFiles } from "../../node/files.ts";

/**
 * Folders of tests that have containers or mounts in them. A test that fails or takes too long takes everything with it, for
 * its hooks run. One whose process ends early does so as it exits; after one that was killed, the next test does.
 *
 * `left-behind.ts FOLDER…` removes these folders.
 */
const prefix = "k8ts-box";

/** A new folder below the system's for temporary files; its name says who made it. */
export function makeBox(): string {
  return mkdtempSync(join(tmpdir(), `${prefix}-${process.pid}-`));
}

/** Takes a box away, with all that a cluster or a containerd that lies in it, or in its `data/`, has on the machine. Idempotent. */
export async function removeBox(folder: string): Promise<void> {
  for (const directory of [folder, join(folder, "data")]) {
    // Without containerd's state it has no shims; a test may have put anything else there.
    if (existsSync(nodeFiles(directory).containerd.state)) await killShims(nodeFiles(directory));
    await (await CgroupTree.open(cgroupRoot(directory))).remove(realClock);
  }
  await unmountBelow(folder);
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** The same from a process that is about to exit. */
export function removeBoxNow(folder: string): void {
  execFileSync(process.execPath, [import.meta.filename, folder], {
    stdio: ["ignore", "ignore", "inherit"],
    timeout: 30_000,
  });
}

/** Takes the boxes of processes away that have been killed. What cannot be taken away is no failure of the test that comes next. */
export async function removeAbandonedBoxes(): Promise<void> {
  for (const name of readdirSync(tmpdir())) {
    const pid = new RegExp(`^${prefix}-(\\d+)-`).exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) {
      await removeBox(join(tmpdir(), name)).catch((error: Error) => process.emitWarning(error));
    }
  }
}

if (process.argv[1] === import.meta.filename) {
  for (const folder of process.argv.slice(2)) await removeBox(folder);
}
