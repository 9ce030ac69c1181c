import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, statfsSync, symlinkSync } from "node:fs";
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

function leftBytes(path: string): number {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
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
  const tolerations = JSON.stringify({ spec: { tolerations: [{ operator: "Exists" }] } });

  await t.test("a node that runs short of disk says so, and what is new waits and says why", async () => {
    execFileSync("fallocate", ["--length", String(leftBytes(disk) - 40 * 2 ** 20), filler]);
    await eventually(
      async () => {
        const path =
          "{range .items[0].status.conditions[?(@.type=='DiskPressure')]}{.status} {.reason} {.message}{end}";
        const condition = await good("get", "nodes", "-o", `jsonpath=${path}`);
        assert.equal(condition, "True KubeletHasDiskPressure kubelet has disk pressure");
        const taints = await good("get", "nodes", "-o", "jsonpath={.items[0].spec.taints[*].key}");
        assert.equal(taints, "node.kubernetes.io/disk-pressure");
      },
      { timeoutMs: 60_000, everyMs: 500 },
    );
    const about = (kind: string) => good("get", "events", "--field-selector", `involvedObject.kind=${kind}`);
    assert.match(await about("Node"), /NodeHasDiskPressure +node\/\S+ +Node \S+ status is now: NodeHasDiskPressure/);
    await good("run", "waits", "--image", "shell:1", "--", "sleep", "1000");
    await eventually(async () =>
      assert.match(
        await about("Pod"),
        /FailedScheduling +pod\/waits +0\/1 nodes are available: 1 node\(s\) had untolerated taint\(s\)\./,
      ),
    );
    assert.match(await good("get", "pod", "waits"), / 0\/1 +Pending +0 /);
    assert.equal(await good("get", "pod", "early", "-o", life), before);
  });

  /** Names of what the API has said it has stored. */
  const acknowledged: string[] = [];

  await t.test("writes to a full disk are refused with the reason, what runs goes on", async (t) => {
    execFileSync("sh", ["-c", `cat /dev/zero >> ${filler} 2>/dev/null || true`]);
    const refused = await eventually(
      async () => {
        const name = `c-${acknowledged.length}`;
        const answer = await kubectl("create", "configmap", name, `--from-literal=a=${"x".repeat(100_000)}`);
        if (answer.status === 0) acknowledged.push(`configmap/${name}`);
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
    const stored = (await good("get", "configmaps", "-o", "name")).split("\n");
    assert.deepEqual(
      acknowledged.filter((name) => !stored.includes(name)),
      [],
    );
    // A node that was short of disk says so for another five minutes, and is tainted for as long.
    await good("run", "late", "--image", "shell:1", `--overrides=${tolerations}`, "--", "sleep", "1000");
    await good("wait", "--for=condition=Ready", "pod/late", "--timeout", "90s");
    assert.equal(await good("get", "pod", "early", "-o", life), before);
  });

  assert.equal((await place.k8ts(["delete"])).status, 0);
  assert.equal(existsSync(join(disk, "data")), false);
});
