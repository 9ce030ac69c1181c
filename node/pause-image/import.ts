import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { hasImage } from "../containerd/readiness.ts";
import type { NodeFiles } from "../files.ts";
import { run } from "../process/run.ts";
import { pauseImage, pauseImageArchive } from "./image.ts";
import type { Architecture } from "./program.ts";

/** Brings the image of sandboxes into a running containerd that does not have it. Gives whether it had to. */
export async function ensurePauseImage(files: NodeFiles): Promise<boolean> {
  const { socket, directory } = files.containerd;
  if (await hasImage(socket, pauseImage)) {
    return false;
  }
  const archive = join(directory, "pause.tar");
  await writeFile(archive, pauseImageArchive(architectureHere()));
  try {
    await importImages(socket, archive);
  } finally {
    await rm(archive, { force: true });
  }
  return true;
}

/** Imports an archive of images (OCI layout or `docker save`), with the names that stand in it. Gives what ctr says. */
export function importImages(socket: string, archive: string, timeoutMs = 600_000): Promise<string> {
  return run("ctr", ["-a", socket, "-n", "k8s.io", "images", "import", archive], { timeoutMs });
}

function architectureHere(): Architecture {
  if (process.arch === "x64") return "amd64";
  if (process.arch === "arm64") return "arm64";
  throw new Error(`k8ts has no sandbox for processors of kind ${process.arch}, only for x64 and arm64`);
}
