import { mkdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "../../base/logger.ts";
import { type Mounts, mountOf, unmountBelow } from "./mounts.ts";
import type { VolumeLayout } from "./volume-layout.ts";

export interface RootOptions {
  readonly layout: VolumeLayout;
  readonly mounts: Mounts;
  readonly logger: Logger;
}

/**
 * Makes the folder ready for volumes. Mounts that containers make and the node is to see, and the other way round, need a
 * root that is shared; secrets need a place off the disk.
 */
export async function prepareRoot({ layout, mounts }: RootOptions): Promise<void> {
  await mkdir(layout.pods, { recursive: true, mode: 0o750 });
  await mkdir(layout.memory, { recursive: true, mode: 0o750 });
  const table = await mounts.list();
  if (mountOf(table, layout.memory)?.path === layout.memory) return;
  const below = mountOf(table, layout.root);
  if (below?.shared !== true) {
    const isMounted = below?.path === layout.root;
    if (!isMounted) await writeFile(markOf(layout), "");
    await mounts.share(layout.root, { isMounted });
  }
  await mounts.tmpfs(layout.memory, ["mode=0750", "noswap"]).catch(() =>
    // Kernels before 6.4 do not know how to keep it out of swap.
    mounts.tmpfs(layout.memory, ["mode=0750"]),
  );
}

/** Unmounts all below the root, and the root itself where it was mounted here: it may be a disk of its own. */
export async function unmountRoot({ layout, mounts, logger }: RootOptions): Promise<void> {
  const isOwn = (await stat(markOf(layout)).catch(() => undefined)) !== undefined;
  await unmountBelow(layout.root, { mounts, logger, keep: isOwn ? undefined : layout.root });
  await rm(markOf(layout), { force: true });
}

/** Says that the folder has been made a mount by a kubelet. */
function markOf(layout: VolumeLayout): string {
  return join(layout.root, ".mounted");
}
