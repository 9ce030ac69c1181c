import { readFile } from "node:fs/promises";
import { run } from "../process/run.ts";

/** Mount points below a directory, itself too, deepest and latest first. */
export async function mountsBelow(directory: string): Promise<readonly string[]> {
  return mountsIn(await readFile("/proc/self/mountinfo", "utf8"), directory);
}

/** Reads /proc/PID/mountinfo (proc(5)). */
export function mountsIn(mountinfo: string, directory: string): readonly string[] {
  return mountinfo
    .split("\n")
    .map((line) =>
      (line.split(" ")[4] ?? "").replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8))),
    )
    .filter((mountPoint) => mountPoint === directory || mountPoint.startsWith(`${directory}/`))
    .reverse();
}

const perCall = 100;

/** Unmounts everything below a directory, itself too. What is still in use goes when its last user has gone. */
export async function unmountBelow(directory: string): Promise<void> {
  const mounts = await mountsBelow(directory);
  for (let i = 0; i < mounts.length; i += perCall) {
    // Some vanish with others: what is left in the end counts.
    await run("umount", ["--lazy", "--", ...mounts.slice(i, i + perCall)]).catch(() => {});
  }
  const left = await mountsBelow(directory);
  if (left.length > 0 && mounts.length > 0 && left.length >= mounts.length) {
    throw new Error(`cannot unmount ${left[0]}${left.length > 1 ? ` and ${left.length - 1} more` : ""}`);
  }
  if (left.length > 0) await unmountBelow(directory);
}
