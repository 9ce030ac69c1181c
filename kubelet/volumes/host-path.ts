import type { Stats } from "node:fs";
import { mkdir, stat, writeFile } from "node:fs/promises";

/** Whether what lies there is what the volume says, made where it may be. Throws upstream's words (pkg/volume/hostpath checkType). */
export async function checkHostPath(path: string, type = ""): Promise<void> {
  if (type === "") return;
  const found = await statOf(path);
  switch (type) {
    case "DirectoryOrCreate":
      if (found === undefined) return void (await mkdir(path, { recursive: true, mode: 0o755 }));
      return demand(found.isDirectory(), path, "a directory");
    case "Directory":
      return demand(found?.isDirectory() === true, path, "a directory");
    case "FileOrCreate":
      if (found === undefined) return makeFile(path);
      return demand(found.isFile(), path, "a file");
    case "File":
      return demand(found?.isFile() === true, path, "a file");
    case "Socket":
      return demand(found?.isSocket() === true, path, "a socket file");
    case "CharDevice":
      return demand(found?.isCharacterDevice() === true, path, "a character device");
    case "BlockDevice":
      return demand(found?.isBlockDevice() === true, path, "a block device");
    default:
      throw new Error(`${type} is an invalid volume type`);
  }
}

function demand(holds: boolean, path: string, what: string): void {
  if (!holds) throw new Error(`hostPath type check failed: ${path} is not ${what}`);
}

async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}

async function makeFile(path: string): Promise<void> {
  try {
    await writeFile(path, "", { mode: 0o644, flag: "wx" });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return;
    if (code === "ENOENT") throw new Error(`open ${path}: no such file or directory`, { cause: error });
    throw error;
  }
}
