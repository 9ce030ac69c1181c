import { open, rename, rm } from "node:fs/promises";
import type { EtcdClient } from "./client.ts";
import { decodeSnapshot, type SnapshotPart } from "./messages.ts";

/** Writes etcd's snapshot (as `etcdctl snapshot restore` takes it) to `path`, which appears once it is whole and on disk. */
export async function snapshotTo(client: EtcdClient, path: string): Promise<void> {
  const partial = `${path}.partial`;
  const file = await open(partial, "w", 0o600);
  try {
    let remaining = Number.POSITIVE_INFINITY;
    for await (const part of client.stream("Maintenance/Snapshot", decodeSnapshot)) {
      const { blob, remainingBytes } = part as SnapshotPart;
      await file.writeFile(blob);
      remaining = remainingBytes;
    }
    if (remaining !== 0) throw new Error(`the snapshot ended ${remaining} bytes too early`);
    await file.sync();
    await file.close();
    await rename(partial, path);
  } catch (error) {
    await file.close();
    await rm(partial, { force: true });
    throw error;
  }
}
