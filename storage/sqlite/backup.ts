import { closeSync, fsyncSync, openSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { backup, DatabaseSync } from "node:sqlite";

/** Pages copied at a time, on a thread of their own. */
const stepPages = 4096;

/**
 * Copies the store at `source`, as it is now, to `destination`, which appears only once it is whole and on disk.
 *
 * A second connection holds a read transaction for as long as it takes: it keeps seeing this moment while the first goes on
 * writing, and the copy does not start over.
 */
export async function backupTo(source: string, destination: string): Promise<void> {
  const partial = `${destination}.partial`;
  rmSync(partial, { force: true });
  closeSync(openSync(partial, "wx", 0o600));
  try {
    const reader = new DatabaseSync(source, { readOnly: true });
    try {
      reader.exec("BEGIN");
      reader.prepare("SELECT max(rev) FROM log").get();
      await backup(reader, partial, { rate: stepPages });
    } finally {
      reader.close();
    }
    sync(partial);
    renameSync(partial, destination);
    sync(dirname(destination));
  } catch (error) {
    for (const suffix of ["", "-wal", "-shm", "-journal"]) rmSync(partial + suffix, { force: true });
    throw error;
  }
}

function sync(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
