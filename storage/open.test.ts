import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { VirtualClock } from "../base/mod.ts";
import { openStorage } from "./open.ts";

test("the store is opened by the name the command line gives", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "k8ts-open-"));
  const clock = new VirtualClock();
  try {
    for (const name of ["memory", "sqlite"]) {
      const storage = await openStorage(name, { dataDir, clock });
      assert.ok((await storage.put("/a", new Uint8Array([1]))).ok);
      await storage.close();
    }
    assert.deepEqual(await readdir(dataDir), ["store"]);
    const { mode } = await stat(join(dataDir, "store", "state.db"));
    assert.equal(mode & 0o777, 0o600, "Secrets lie in it");
    await assert.rejects(openStorage("redis", { dataDir, clock }), /unknown store "redis"/);
    await assert.rejects(openStorage("etcd=", { dataDir, clock }), /at least one endpoint/);
    await assert.rejects(openStorage("etcd=ftp://a", { dataDir, clock }), /must begin with http/);
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
});
