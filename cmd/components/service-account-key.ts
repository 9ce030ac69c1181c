import type { KeyObject } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parsePrivateKey, readIfThere } from "../certificates/files.ts";
import { CommandError } from "../command-error.ts";

/** The key that signs service account tokens: the one named, or that below a data directory; undefined where it is kept elsewhere. */
export async function readServiceAccountKey(dataDir: string, named?: string): Promise<KeyObject | undefined> {
  const file = resolve(named ?? join(dataDir, "pki", "sa.key"));
  try {
    const pem = named === undefined ? await readIfThere(file) : await readFile(file, "utf8");
    return pem === undefined ? undefined : parsePrivateKey(file, pem, "copy it from the API server's data directory");
  } catch (cause) {
    const { message, name } = cause as Error;
    throw new CommandError(name === "DamagedFileError" ? message : `cannot read ${file}: ${message}`, { cause });
  }
}
