import { open } from "node:fs/promises";
import type { ContainerStatus } from "../../cri/mod.ts";
import { isMissing } from "../files.ts";
import { readNotes } from "./labels.ts";
import { tailOfLog } from "./log-tail.ts";

/** Bytes of a termination message that are kept (pkg/kubelet/container MaxContainerTerminationMessageLength). */
const maxBytes = 4096;

/** What an ended container says of its end: its termination log, or the last of its logs (getTerminationMessage). */
export async function readTerminationMessage(status: ContainerStatus): Promise<string> {
  const { terminationMessagePath: path, terminationMessagePolicy } = readNotes(status.annotations);
  const mount = path === "" ? undefined : status.mounts.find(({ containerPath }) => containerPath === path);
  const said = mount === undefined ? "" : await readEnd(mount.hostPath);
  const useLogs =
    said === "" &&
    terminationMessagePolicy === "FallbackToLogsOnError" &&
    status.exitCode !== 0 &&
    status.reason !== "ContainerCannotRun";
  return useLogs ? await tailOfLog(status.logPath) : said;
}

/** The runtime's own message and the container's, as one. */
export function joinMessages(runtime: string, own: string): string {
  return runtime !== "" && own !== "" ? `${runtime}: ${own}` : runtime + own;
}

async function readEnd(path: string): Promise<string> {
  try {
    await using file = await open(path, "r");
    const { size } = await file.stat();
    const buffer = Buffer.alloc(Math.min(size, maxBytes));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString("utf8", 0, bytesRead);
  } catch (error) {
    if (isMissing(error)) return "";
    return `Error on reading termination log ${path}: ${error instanceof Error ? error.message : String(error)}`;
  }
}
