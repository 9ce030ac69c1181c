import { copyFile, stat, truncate } from "node:fs/promises";

export const maxLogBytes = 10 * 2 ** 20;

/** Puts a log aside (`FILE.1`, instead of the one before) once it is too long. Whoever appends to it goes on in the empty file. */
export async function boundLog(file: string, maxBytes = maxLogBytes): Promise<void> {
  const { size } = await stat(file).catch(() => ({ size: 0 }));
  if (size > maxBytes) {
    await copyFile(file, `${file}.1`);
    await truncate(file);
  }
}
