import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Pod } from "../../api/core/v1/pod.ts";
import { realClock } from "../../base/real-clock.ts";
import { type CgroupLayout, cgroupLayoutOf, readCgroupLayout, unifiedLayout } from "./cgroup-layout.ts";
import { createPodCgroups } from "./create-pod-cgroups.ts";

const podOf = (uid: string, resources: object): Pod =>
  ({ metadata: { uid }, spec: { containers: [{ name: "c", resources }] } }) as unknown as Pod;
const limits = { cpu: "500m", memory: "64Mi" };
const guaranteed = podOf("g", { requests: limits, limits });
const burstable = podOf("b", { requests: { cpu: "250m" } });
const bestEffort = podOf("e", {});

const hybridMounts = `tmpfs /sys/fs/cgroup tmpfs rw,relatime,mode=755 0 0
cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,nosuid,nodev,noexec,relatime,cpu,cpuacct 0 0
cgroup /sys/fs/cgroup/memory cgroup rw,relatime,memory 0 0
cgroup /sys/fs/cgroup/systemd cgroup rw,relatime,xattr,name=systemd 0 0
cgroup2 /sys/fs/cgroup/unified cgroup2 rw,relatime,nsdelegate 0 0
`;

test("the layout is read from the mounts", () => {
  assert.deepEqual(cgroupLayoutOf(hybridMounts), {
    version: 1,
    controllers: {
      cpu: "/sys/fs/cgroup/cpu,cpuacct",
      cpuacct: "/sys/fs/cgroup/cpu,cpuacct",
      memory: "/sys/fs/cgroup/memory",
    },
    hierarchies: [
      "/sys/fs/cgroup/cpu,cpuacct",
      "/sys/fs/cgroup/memory",
      "/sys/fs/cgroup/systemd",
      "/sys/fs/cgroup/unified",
    ],
  });
  assert.deepEqual(cgroupLayoutOf("cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid,nsdelegate,memory_recursiveprot 0 0\n"), {
    version: 2,
    mount: "/sys/fs/cgroup",
    controllers: [],
  });
  assert.throws(() => cgroupLayoutOf("proc /proc proc rw 0 0\n"), /failed to find cgroup mounts/);
});

function inFolder(use: (folder: string) => Promise<void>): () => Promise<void> {
  return async () => {
    const folder = mkdtempSync(join(tmpdir(), "k8ts-cgroups-"));
    try {
      await use(folder);
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
}

test(
  "on v1 each controller's hierarchy gets the pod's cgroup and its bounds",
  inFolder(async (folder) => {
    const controllers = Object.fromEntries(["cpu", "memory", "cpuset"].map((name) => [name, join(folder, name)]));
    for (const path of Object.values(controllers)) mkdirSync(path);
    writeFileSync(join(folder, "cpuset/cpuset.cpus"), "0-1\n");
    writeFileSync(join(folder, "cpuset/cpuset.mems"), "0\n");
    const layout: CgroupLayout = { version: 1, controllers, hierarchies: Object.values(controllers) };
    const cgroups = createPodCgroups({
      layout,
      root: "/k8ts/x",
      clock: realClock,
      podPidsLimit: 50,
      allocatable: { milliCpu: 2000, memoryBytes: 4096 },
    });
    const text = (path: string): string => readFileSync(join(folder, path), "utf8");
    assert.equal(cgroups.parentOf(guaranteed), "/k8ts/x/kubepods/podg");
    assert.equal(cgroups.parentOf(burstable), "/k8ts/x/kubepods/burstable/podb");
    assert.equal(cgroups.parentOf(bestEffort), "/k8ts/x/kubepods/besteffort/pode");
    await Promise.all([guaranteed, burstable, bestEffort].map((pod) => cgroups.ensure(pod)));
    assert.equal(text("cpu/k8ts/x/kubepods/podg/cpu.shares"), "512");
    assert.equal(text("cpu/k8ts/x/kubepods/podg/cpu.cfs_quota_us"), "50000");
    assert.equal(text("memory/k8ts/x/kubepods/podg/memory.limit_in_bytes"), "67108864");
    assert.equal(text("cpuset/k8ts/x/kubepods/besteffort/pode/cpuset.cpus"), "0-1");
    assert.equal(text("cpu/k8ts/x/kubepods/burstable/cpu.shares"), "256");
    assert.equal(text("cpu/k8ts/x/kubepods/besteffort/cpu.shares"), "2");
    assert.equal(text("cpu/k8ts/x/kubepods/cpu.shares"), "2048");
    assert.equal(text("memory/k8ts/x/kubepods/memory.limit_in_bytes"), "4096");
    assert.deepEqual((await cgroups.known()).toSorted(), ["b", "e", "g"]);
  }),
);

test(
  "on v2 controllers are handed down the whole way",
  inFolder(async (folder) => {
    writeFileSync(join(folder, "cgroup.controllers"), "cpuset cpu io memory pids\n");
    const layout = await unifiedLayout(folder);
    const cgroups = createPodCgroups({ layout, root: "/", clock: realClock, podPidsLimit: 50 });
    await cgroups.ensure(guaranteed);
    await cgroups.ensure(burstable);
    const text = (path: string): string => readFileSync(join(folder, path), "utf8");
    for (const path of ["", "kubepods/", "kubepods/burstable/"])
      assert.equal(text(`${path}cgroup.subtree_control`), "+cpu +cpuset +memory +pids");
    assert.equal(text("kubepods/podg/cpu.weight"), "20");
    assert.equal(text("kubepods/podg/cpu.max"), "50000 100000");
    assert.equal(text("kubepods/podg/memory.max"), "67108864");
    assert.equal(text("kubepods/podg/pids.max"), "50");
    assert.equal(text("kubepods/burstable/cpu.weight"), "10");
  }),
);

const isRoot = process.getuid?.() === 0;
let layouts: readonly (readonly [string, CgroupLayout])[] = [];
if (isRoot && existsSync("/proc/self/mounts")) {
  const mounts = readFileSync("/proc/self/mounts", "utf8");
  layouts = [["this machine's own", await readCgroupLayout()]];
  const unified = /^\S+ (\S+) cgroup2 /m.exec(mounts)?.[1];
  if (unified !== undefined) layouts = [...layouts, ["a v2", await unifiedLayout(unified)]];
}

for (const [name, layout] of layouts) {
  test(`in ${name} hierarchy, cgroups come with their bounds and go with their processes`, {
    timeout: 20_000,
  }, async (t) => {
    const root = `/k8ts-test-${process.pid}`;
    const cgroups = createPodCgroups({ layout, root, clock: realClock, podPidsLimit: 64 });
    try {
      await cgroups.ensure(bestEffort);
    } catch (error) {
      await cgroups.removeRoot();
      return t.skip(`no cgroup may be made here: ${String(error)}`);
    }
    const directories = [...(layout.version === 2 ? [layout.mount] : Object.values(layout.controllers))].map((mount) =>
      join(mount, cgroups.parentOf(bestEffort)),
    );
    const existing = directories.filter((path) => existsSync(path));
    assert.ok(existing.length > 0);
    const child = spawn("sleep", ["60"]);
    const ended = new Promise((resolve) => child.on("exit", (_, signal) => resolve(signal)));
    const inner = join(existing.at(-1)!, "container");
    mkdirSync(inner);
    writeFileSync(join(inner, "cgroup.procs"), String(child.pid));
    assert.deepEqual(await cgroups.known(), ["e"]);
    await cgroups.remove("e");
    assert.equal(await ended, "SIGKILL");
    assert.deepEqual(await cgroups.known(), []);
    await cgroups.remove("e");
    await cgroups.removeRoot();
    for (const path of existing) assert.ok(!existsSync(path));
    if (layout.version === 1) assert.ok(!existsSync(join(layout.hierarchies[0]!, root)));
  });
}
