import type { Ground } from "../worker/ground.ts";

/** Removes what pods left on this machine that nobody knows any more: volumes, cgroups, directories, logs. */
export async function removeOrphanedData(ground: Ground, isKnown: (uid: string) => boolean): Promise<void> {
  const { volumes, cgroups, files, logger } = ground;
  const attempt = async (what: string, remove: () => Promise<void>): Promise<void> => {
    try {
      await remove();
    } catch (error) {
      logger.warn("what a pod left behind could not be removed", { what, error });
    }
  };
  const removeEach = async (uids: readonly string[], remove: (uid: string) => Promise<void>): Promise<void> => {
    for (const uid of uids) if (!isKnown(uid)) await attempt(uid, () => remove(uid));
  };
  await attempt("volumes", async () => removeEach(await volumes.known(), (uid) => volumes.remove(uid)));
  await attempt("cgroups", async () => removeEach(await cgroups.known(), (uid) => cgroups.remove(uid)));
  await attempt("files", () => files.removeUnknown(isKnown));
}
