import type { KeyObject } from "node:crypto";
import { join, resolve } from "node:path";
import { parsePrivateKey, readIfThere } from "../certificates/files.ts";
import { CommandError } from "../command-error.ts";

/** The key below a data directory that signs service account tokens; undefined where it is kept elsewhere. */
export async function readServiceAccountKey(dataDir: string): Promise<KeyObject | undefined> {
  const file = resolve(join(dataDir, "pki", "sa.key"));
  try {
    const pem = await readIfThere(file);
    return pem === undefined ? undefined : parsePrivateKey(file, pem, "copy it from the API server's data directory");
  } catch (cause) {
    const { message, name } = cause as Error;
    throw new CommandError(name === "DamagedFileError" ? message : `cannot read ${file}: ${message}`, { cause });
  }
}
