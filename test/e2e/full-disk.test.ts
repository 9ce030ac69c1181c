import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { busyboxImage, busyboxMissing } from "../support/images/busybox.ts";
import { ociArchive } from "../support/images/image.ts";
import { makeBox, removeBox } from "../support/left-behind.ts";
import { createClusterPlace, logsOf, whyNoContainers } from "../support/real-cluster.ts";

const skip = whyNoContainers() ?? busyboxMissing() ?? false;
const timeout = 180_000;

interface Status {
  readonly ready: boolean;
  readonly components: readonly { readonly name: string; readonly pid?: number }[];
}

test("a disk that is too small is told, and a cluster outlives one that is full", { skip, timeout }, async (t) => {
  const place = await createClusterPlace(t);
  const disk = makeBox();
  t.after(() => removeBox(disk));
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=64m", "tmpfs", disk]);
  mkdirSync(join(disk, "data"));
  symlinkSync(join(disk, "data"), place.dataDir);

  await t.test("up wants some room, and touches nothing without it", async () => {
    const { status, stderr } = await place.k8ts(["up"]);
    assert.notEqual(status, 0);
    assert.match(stderr, /there are \d+ MiB left for .*: make room, or choose another disk with --data-dir/);
    assert.deepEqual(readdirSync(join(disk, "data")), []);
    assert.deepEqual(await place.traces(), []);
  });

  execFileSync("mount", ["-o", "remount,size=800m", disk]);
  const up = await place.k8ts(["up"]);
  assert.equal(up.status, 0, `${up.stderr}\n${await logsOf(place)}`);
  const archive = join(place.folder, "images.tar");
  await writeFile(archive, await ociArchive([{ image: await busyboxImage(), names: ["docker.io/library/shell:1"] }]));
  assert.equal((await place.k8ts(["image", "load", archive])).status, 0);
  const kubectl = (...args: string[]) => place.run("kubectl", args);
  const good = async (...args: string[]): Promise<string> => {
    const { status, stdout, stderr } = await kubectl(...args);
    assert.equal(status, 0, stderr);
    return stdout;
  };
  await good("run", "early", "--image", "shell:1", "--", "sleep", "1000");
  await good("wait", "--for=condition=Ready", "pod/early", "--timeout", "60s");
  const life = "jsonpath={.status.containerStatuses[0].containerID} {.status.containerStatuses[0].restartCount}";
  const before = await good("get", "pod", "early", "-o", life);
  const statusOf = async (): Promise<Status> => JSON.parse((await place.k8ts(["status", "-o", "json"])).stdout);
  const filler = join(disk, "filler");

  await t.test("writes to a full disk are refused with the reason, what runs goes on", async (t) => {
    execFileSync("sh", ["-c", `cat /dev/zero > ${filler} 2>/dev/null || true`]);
    const refused = await eventually(
      async () => {
        const value = "x".repeat(100_000);
        const answer = await kubectl("create", "configmap", `c-${Date.now()}`, `--from-literal=a=${value}`);
        assert.notEqual(answer.status, 0, "there is still room");
        return answer;
      },
      { timeoutMs: 30_000 },
    );
    t.diagnostic(refused.stderr.trim());
    assert.match(refused.stderr, /full/);
    assert.equal(await good("get", "pod", "early", "-o", life), before);
  });

  await t.test("server and node, killed while there is no room, are back once there is", async () => {
    const before = await statusOf();
    for (const name of ["server", "node"])
      process.kill(before.components.find((one) => one.name === name)?.pid ?? assert.fail(name), "SIGKILL");
    await eventually(async () => assert.equal((await statusOf()).ready, false));
    const supervisor = (status: Status) => status.components.find(({ name }) => name === "supervisor")?.pid;
    assert.equal(supervisor(await statusOf()), supervisor(before));
  });

  await t.test("with room again all goes on", async () => {
    await rm(filler);
    await eventually(async () => void (await good("create", "configmap", `d-${Date.now()}`)), {
      timeoutMs: 60_000,
      everyMs: 500,
    });
    await eventually(
      async () => {
        const status = JSON.parse((await place.k8ts(["status", "-o", "json"])).stdout) as { readonly ready: boolean };
        assert.ok(status.ready);
      },
      { timeoutMs: 60_000, everyMs: 500 },
    );
    // A node that was short of disk says so for another five minutes, and is tainted for as long.
    const tolerations = JSON.stringify({ spec: { tolerations: [{ operator: "Exists" }] } });
    await good("run", "late", "--image", "shell:1", `--overrides=${tolerations}`, "--", "sleep", "1000");
    await good("wait", "--for=condition=Ready", "pod/late", "--timeout", "90s");
    assert.equal(await good("get", "pod", "early", "-o", life), before);
  });

  assert.equal((await place.k8ts(["delete"])).status, 0);
  assert.equal(existsSync(join(disk, "data")), false);
});
