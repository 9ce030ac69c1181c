import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { hasImage } from "../../node/containerd/readiness.ts";
import { pauseImage } from "../../node/pause-image/image.ts";
import { ensurePauseImage } from "../../node/pause-image/import.ts";
import { startTestContainerd, whyNoContainers } from "../support/containerd.ts";
import { createNetworkNamespace } from "../support/network-namespace.ts";

const run = promisify(execFile);
const skip = whyNoContainers() ?? false;

test("a node's containerd starts, has the image of sandboxes, survives a crash, and leaves nothing", {
  skip,
  timeout: 60_000,
}, async (t) => {
  let dataDir = "";
  await t.test("at work", async (t) => {
    const namespace = await createNetworkNamespace(t);
    const containerd = await startTestContainerd(t, { namespace });
    dataDir = containerd.dataDir;
    assert.equal(await hasImage(containerd.socket, pauseImage), true);
    assert.equal(await hasImage(containerd.socket, "localhost/other:1"), false);
    assert.equal(await ensurePauseImage(containerd.files), false);
    await containerd.restart();
    assert.equal(await hasImage(containerd.socket, pauseImage), true);

    const ctr = (...args: string[]) => run("ctr", ["-a", containerd.socket, "-n", "k8s.io", ...args]);
    // The sandbox's program runs as process 1, and ends when it is told to.
    await ctr(
      "run",
      "--detach",
      // Its pipes would stay in /run/containerd/fifo.
      "--null-io",
      "--runc-root",
      containerd.files.containerd.runc,
      "--cgroup",
      `${containerd.cgroupParent}/one`,
      pauseImage,
      "one",
    );
    assert.match((await ctr("tasks", "list")).stdout, /one\s+\d+\s+RUNNING/);
    await ctr("tasks", "kill", "--signal", "SIGTERM", "one");
    await t.waitFor(async () => assert.match((await ctr("tasks", "list")).stdout, /one\s+\d+\s+STOPPED/));
    // This one is left running.
    await ctr(
      "run",
      "--detach",
      "--null-io",
      "--runc-root",
      containerd.files.containerd.runc,
      "--cgroup",
      `${containerd.cgroupParent}/two`,
      pauseImage,
      "two",
    );
    await writeFile(join(containerd.dataDir, "mine"), "");
  });
  assert.equal(existsSync(dataDir), false);
  assert.equal((await run("ps", ["ax", "-o", "args"])).stdout.includes(dataDir), false);
});
