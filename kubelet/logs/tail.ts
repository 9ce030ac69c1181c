import type { FileHandle } from "node:fs/promises";

const blockBytes = 16 * 1024;
const newline = 0x0a;

/**
 * Where the last `lines` lines begin. What follows the last newline is no line yet, and belongs to them
 * (cri-client/pkg/logs/tail.go). Reads backwards: as much as it needs.
 */
export async function tailStart(file: FileHandle, lines: number): Promise<number> {
  const { size } = await file.stat();
  const block = Buffer.allocUnsafe(blockBytes);
  let wanted = lines + 1;
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - blockBytes);
    const { bytesRead } = await file.read(block, 0, end - start, start);
    for (let at = block.lastIndexOf(newline, bytesRead - 1); at >= 0; at = block.lastIndexOf(newline, at - 1)) {
      wanted--;
      if (wanted === 0) return start + at + 1;
      if (at === 0) break;
    }
    end = start;
  }
  return 0;
}
