import { accessSync, constants, readFileSync } from "node:fs";
import { join } from "node:path";
import { hierarchiesIn } from "../cgroups/hierarchies.ts";
import { capabilityIn } from "./capabilities.ts";
import { cniFolders, cniPlugins, systemFolders } from "./programs.ts";

/** Programs that pods and their network need. */
const programs = ["containerd", "ctr", "runc", "nft", "ip", "nsenter", "umount"];

/**
 * Why this machine cannot run containers here and now, for tests that need them: `{ skip: whyNoContainers() ?? false }`.
 * Undefined where it can. K8TS_CONTAINERS=off leaves them out.
 */
export function whyNoContainers(): string | undefined {
  if (process.env["K8TS_CONTAINERS"] === "off") return "K8TS_CONTAINERS is off";
  if (process.platform !== "linux") return "containers need Linux";
  if (process.getuid?.() !== 0) return "containers need root";
  const status = readFileSync("/proc/self/status", "utf8");
  const capability = (["CAP_SYS_ADMIN", "CAP_NET_ADMIN"] as const).find((one) => !capabilityIn(status, one));
  if (capability !== undefined) return `containers need ${capability}`;
  const folders = [...(process.env["PATH"] ?? "").split(":"), ...systemFolders];
  const missing = programs.filter((name) => !isIn(folders, [name]));
  if (missing.length > 0) return `not installed: ${missing.join(", ")}`;
  if (!isIn(cniFolders, cniPlugins)) return "the CNI plugins are not installed";
  if (hierarchiesIn(readFileSync("/proc/self/mountinfo", "utf8")).length === 0) return "no cgroups are mounted";
  return undefined;
}

/** Whether one of the folders has all the files, as programs. */
function isIn(folders: readonly string[], files: readonly string[]): boolean {
  return folders.some((folder) =>
    files.every((file) => {
      try {
        accessSync(join(folder, file), constants.X_OK);
        return true;
      } catch {
        return false;
      }
    }),
  );
}
