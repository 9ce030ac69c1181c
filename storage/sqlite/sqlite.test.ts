import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VirtualClock } from "../../base/mod.ts";
import { describeStorageContract } from "../contract.ts";
import { sqliteStorage } from "./sqlite.ts";

describeStorageContract("sqlite", async () => {
  const folder = await mkdtemp(join(tmpdir(), "k8ts-sqlite-"));
  const clock = new VirtualClock();
  const storage = await sqliteStorage({ path: join(folder, "store", "state.db"), clock });
  return {
    storage,
    fresh: true,
    passTime: (ms) => clock.advance(ms),
    expiryToleranceMs: 0,
    servesCompactedRevision: true,
    reportsProgress: true,
    dispose: async () => {
      await storage.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
});
