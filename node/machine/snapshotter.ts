import { statfs } from "node:fs/promises";
import { dirname } from "node:path";

/** Magic numbers of statfs(2): an overlay's upper directory cannot lie on these. */
const noOverlayOn = new Set([0x794c7630 /* overlayfs */, 0x6969 /* nfs */, 0x65735546 /* fuse */]);

/** How containerd keeps images unpacked below a directory: overlays where the file system allows, else copies. */
export async function chooseSnapshotter(directory: string): Promise<"overlayfs" | "native"> {
  try {
    return noOverlayOn.has((await statfs(directory)).type) ? "native" : "overlayfs";
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT" && dirname(directory) !== directory) {
      return chooseSnapshotter(dirname(directory));
    }
    throw error;
  }
}
