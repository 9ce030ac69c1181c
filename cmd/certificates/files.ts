import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { access, constants, mkdir, open, readFile, rename, unlink } from "node:fs/promises";
import { dirname } from "node:path";

/** A file that is there but cannot be used. The message says which, and what to do. */
export class DamagedFileError extends Error {
  override readonly name = "DamagedFileError";
  readonly file: string;
  constructor(file: string, problem: string, remedy: string, options?: ErrorOptions) {
    super(`${file} ${problem}: ${remedy}`, options);
    this.file = file;
  }
}

export async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Writes all of a file or nothing: it appears under its name once it is on disk. `mode` 0o600 for what is secret. */
export async function writeAtomically(file: string, content: string, mode: number): Promise<void> {
  await makeFolder(dirname(file));
  const temporary = `${file}.new`;
  await unlink(temporary).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
  const handle = await open(temporary, "wx", mode);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
}

/** Node says ENOENT of a folder that a read-only file system does not let it make: its parent tells the true reason. */
async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o755 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      await access(await nearestFolder(folder), constants.W_OK);
    }
    throw error;
  }
}

async function nearestFolder(path: string): Promise<string> {
  const parent = dirname(path);
  const there = await access(parent).then(
    () => true,
    () => false,
  );
  return there || parent === path ? parent : nearestFolder(parent);
}

export function parseCertificate(file: string, pem: string, remedy: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new DamagedFileError(file, "is no PEM certificate", remedy, { cause });
  }
}

export function parsePrivateKey(file: string, pem: string, remedy: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw new DamagedFileError(file, "is no PEM private key", remedy, { cause });
  }
}
