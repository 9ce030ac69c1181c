import { open } from "node:fs/promises";
import { parseCriLine } from "../logs/log-line.ts";

/** Of logs that stand in for a termination message (pkg/kubelet/container MaxContainerTerminationMessageLog…). */
const maxLines = 80;
const maxBytes = 2048;
/** What is read of the file: each line has a header of its own, and at least one byte of text. */
const window = 64 * 1024;

/** The end of a container's log, as it wrote it. */
export async function tailOfLog(path: string): Promise<string> {
  try {
    await using file = await open(path, "r");
    const { size } = await file.stat();
    const buffer = Buffer.alloc(Math.min(size, window));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, size - buffer.length);
    return lastLines(buffer.subarray(0, bytesRead));
  } catch (error) {
    return `Error on reading termination message from logs: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** The texts of the last lines of a log in the CRI's form. */
export function lastLines(log: Buffer): string {
  const parts: Buffer[] = [];
  let lines = 0;
  let end = log.length;
  while (end > 0 && lines < maxLines) {
    const start = end < 2 ? 0 : log.lastIndexOf(0x0a, end - 2) + 1;
    const parsed = parseCriLine(log.subarray(start, end));
    if (parsed !== undefined) {
      parts.unshift(Buffer.from(parsed.content));
      lines++;
    }
    end = start;
  }
  const text = Buffer.concat(parts);
  return text.subarray(Math.max(0, text.length - maxBytes)).toString("utf8");
}
