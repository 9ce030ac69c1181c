import { rm } from "node:fs/promises";
import { join } from "node:path";
import { uidOfLogsDirectory } from "../runtime/names.ts";
import type { Ground } from "../worker/ground.ts";
import { namesIn, removePodDirectory } from "../worker/pod-files.ts";

/** Removes what pods left on this machine that nobody knows any more: volumes, cgroups, directories, logs. */
export async function removeOrphanedData(ground: Ground, isKnown: (uid: string) => boolean): Promise<void> {
  const { volumes, cgroups, rootDir, podLogsDir, logger } = ground;
  const [withVolumes, withCgroups, directories, logs] = await Promise.all([
    volumes.known(),
    cgroups.known(),
    namesIn(join(rootDir, "pods")),
    namesIn(podLogsDir),
  ]);
  const attempt = async (uid: string, remove: () => Promise<void>): Promise<void> => {
    if (isKnown(uid)) return;
    try {
      await remove();
    } catch (error) {
      logger.warn("what a pod left behind could not be removed", { uid, error });
    }
  };
  for (const uid of withVolumes) await attempt(uid, () => volumes.remove(uid));
  for (const uid of withCgroups) await attempt(uid, () => cgroups.remove(uid));
  for (const uid of directories) await attempt(uid, () => removePodDirectory(rootDir, uid));
  for (const name of logs) {
    const remove = (): Promise<void> => rm(join(podLogsDir, name), { recursive: true, force: true });
    await attempt(uidOfLogsDirectory(name), remove);
  }
}
