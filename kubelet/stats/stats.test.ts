import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Pod } from "../../api/core/v1/pod.ts";
import { realClock } from "../../base/real-clock.ts";
import { VirtualClock } from "../../base/virtual-clock.ts";
import { type CgroupLayout, cgroupDirectory, readCgroupLayout } from "../cgroups/cgroup-layout.ts";
import { createPodCgroups } from "../cgroups/create-pod-cgroups.ts";
import { readCgroupUsage } from "./cgroup-usage.ts";
import { CpuRates } from "./cpu-rates.ts";
import { createNodeStats, type MeasuredPod } from "./create-node-stats.ts";
import { measuredPods } from "./measured-pods.ts";
import { defaultInterface, networkOf, parseNetDev } from "./network-usage.ts";
import { busyNanos } from "./node-usage.ts";
import type { Summary } from "./types.ts";

function write(root: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, path, ".."), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "k8ts-stats-"));
  try {
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const unifiedFiles = (path: string, scale = 1): Record<string, string> => ({
  [`${path}/cpu.stat`]: `usage_usec ${2_500_000 * scale}\nuser_usec 1\n`,
  [`${path}/memory.current`]: `${1000 * scale}\n`,
  [`${path}/memory.stat`]: "anon 300\ninactive_file 400\npgfault 7\npgmajfault 1\n",
  [`${path}/memory.max`]: scale === 1 ? "5000\n" : "max\n",
  [`${path}/memory.swap.current`]: "0\n",
  [`${path}/pids.current`]: "3\n",
});

test("a cgroup's use is read on v2 and on v1", () =>
  inFolder(async (folder) => {
    write(folder, unifiedFiles("u/pod"));
    const expected = {
      cpuNanos: 2_500_000_000,
      memory: {
        usageBytes: 1000,
        workingSetBytes: 600,
        rssBytes: 300,
        pageFaults: 7,
        majorPageFaults: 1,
        limitBytes: 5000,
      },
      swapBytes: 0,
      processes: 3,
    };
    const v2: CgroupLayout = { version: 2, mount: join(folder, "u"), controllers: ["cpu", "memory", "pids"] };
    assert.deepEqual(await readCgroupUsage(v2, "/pod"), expected);
    assert.equal(await readCgroupUsage(v2, "/gone"), undefined);
    write(folder, {
      "cpuacct/pod/cpuacct.usage": "2500000000\n",
      "memory/pod/memory.usage_in_bytes": "1000\n",
      "memory/pod/memory.stat":
        "rss 1\ntotal_rss 300\ntotal_inactive_file 400\ntotal_pgfault 7\ntotal_pgmajfault 1\ntotal_swap 0\n",
      "memory/pod/memory.limit_in_bytes": "5000\n",
      "pids/pod/pids.current": "3\n",
    });
    const controllers = {
      cpuacct: join(folder, "cpuacct"),
      memory: join(folder, "memory"),
      pids: join(folder, "pids"),
    };
    const v1: CgroupLayout = { version: 1, controllers, hierarchies: Object.values(controllers) };
    assert.deepEqual(await readCgroupUsage(v1, "/pod"), expected);
    write(folder, { "memory/pod/memory.limit_in_bytes": "9223372036854771712\n" });
    assert.equal((await readCgroupUsage(v1, "/pod"))?.memory?.limitBytes, undefined);
  }));

test("a rate needs two looks, a second apart, and begins anew where the count does", () => {
  const rates = new CpuRates();
  const look = (nanos: number, atMs: number): number | undefined => {
    const rate = rates.observe("a", nanos, atMs);
    rates.prune(atMs);
    return rate;
  };
  assert.equal(look(1e9, 0), undefined);
  assert.equal(look(1.1e9, 500), undefined, "too close");
  assert.equal(look(2e9, 2000), 5e8);
  assert.equal(look(2.1e9, 2100), 5e8, "the last known");
  assert.equal(look(1e6, 5000), undefined, "another container");
  assert.equal(look(2e6, 400_000), 2532, "after a long while");
  rates.prune(800_000);
  assert.equal(look(3e6, 800_001), undefined, "forgotten");
});

test("interfaces are counted without the loopback, the default one first", () => {
  const devices = parseNetDev(`Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:     100       1    0    0    0     0          0         0      100       1    0    0    0     0       0          0
  eth1:      10       1    2    0    0     0          0         0       20       1    3    0    0     0       0          0
  eth0:       1       1    0    0    0     0          0         0        2       1    0    0    0     0       0          0
`);
  const eth1 = { name: "eth1", rxBytes: 10, rxErrors: 2, txBytes: 20, txErrors: 3 };
  assert.deepEqual(devices[0], eth1);
  const routes =
    "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\neth1\t00000000\t0102A8C0\t0003\t0\t0\t0\t00000000\t0\n";
  assert.equal(defaultInterface(routes), "eth1");
  assert.deepEqual(networkOf(devices, "eth1", "t"), { time: "t", ...eth1, interfaces: devices });
  assert.equal(networkOf(devices, undefined, "t")?.name, "eth0");
  assert.equal(busyNanos("cpu  100 10 50 1000 5 1 2 0 0 0\ncpu0 1\n"), 1_630_000_000);
});

test("a summary has the node, its pods and their containers, and metrics say the same", () =>
  inFolder(async (folder) => {
    write(folder, { "log/a": "x".repeat(5000) });
    write(folder, unifiedFiles("u/kubepods", 2));
    write(folder, unifiedFiles("u/kubepods/podu"));
    write(folder, unifiedFiles("u/kubepods/podu/id1"));
    write(folder, { "u/kubepods/podu/sandbox/cgroup.procs": `${process.pid}\n` });
    const layout: CgroupLayout = { version: 2, mount: join(folder, "u"), controllers: ["cpu", "memory", "pids"] };
    const clock = new VirtualClock();
    const container = { name: "c", id: "id1", startedAtMs: clock.now() - 5000, logPath: join(folder, "log/a") };
    const gone = { name: "gone", id: "id2", startedAtMs: clock.now() - 5000 };
    const pod: MeasuredPod = {
      name: "p",
      namespace: "ns",
      uid: "u",
      startedAtMs: clock.now() - 6000,
      cgroup: "/kubepods/podu",
      sandboxId: "sandbox",
      containers: [container, gone],
    };
    const stats = createNodeStats({
      nodeName: "n",
      layout,
      podsCgroup: "/kubepods",
      rootDir: folder,
      imageDir: "/nowhere",
      clock,
      pods: async () => [pod],
    });
    const { node, pods } = (await stats.summary({ onlyCPUAndMemory: false })) as Summary;
    assert.equal(node.nodeName, "n");
    assert.ok(node.memory!.workingSetBytes > 0 && node.memory!.availableBytes! > 0 && node.fs!.capacityBytes! > 0);
    assert.equal(node.runtime, undefined);
    assert.equal(node.systemContainers?.[0]?.memory?.usageBytes, 2000);
    assert.ok(node.rlimit!.curproc > 0);
    const [first] = pods;
    assert.deepEqual(first?.podRef, { name: "p", namespace: "ns", uid: "u" });
    assert.equal(first?.startTime, "2025-12-31T23:59:54Z");
    assert.deepEqual(first?.memory, {
      time: "2026-01-01T00:00:00Z",
      availableBytes: 4400,
      usageBytes: 1000,
      workingSetBytes: 600,
      rssBytes: 300,
      pageFaults: 7,
      majorPageFaults: 1,
    });
    assert.deepEqual(first?.cpu, { time: "2026-01-01T00:00:00Z", usageCoreNanoSeconds: 2_500_000_000 });
    assert.deepEqual(first?.process_stats, { process_count: 3 });
    assert.ok(first!.containers[0]!.logs!.usedBytes! >= 5000);
    assert.deepEqual(first?.containers[1], { name: "gone", startTime: "2025-12-31T23:59:55Z" });

    await clock.advance(2000);
    write(folder, { "u/kubepods/podu/id1/cpu.stat": "usage_usec 3500000\n" });
    const later = (await stats.summary({ onlyCPUAndMemory: true })) as Summary;
    assert.equal(later.pods[0]?.containers[0]?.cpu?.usageNanoCores, 500_000_000);
    assert.equal(later.node.fs, undefined);

    const text = await stats.resourceMetrics();
    for (const line of [
      "# TYPE container_cpu_usage_seconds_total counter",
      'container_cpu_usage_seconds_total{container="c",namespace="ns",pod="p"} 3.5 1767225602000',
      'container_memory_working_set_bytes{container="c",namespace="ns",pod="p"} 600 1767225602000',
      'container_start_time_seconds{container="c",namespace="ns",pod="p"} 1.767225595e+09',
      'pod_cpu_usage_seconds_total{namespace="ns",pod="p"} 2.5 1767225602000',
      "resource_scrape_error 0",
    ]) {
      assert.ok(text.split("\n").includes(line), line);
    }
    assert.match(text, /^node_cpu_usage_seconds_total \S+ 1767225602000$/m);
    assert.doesNotMatch(text, /container="gone".* 1767225602000/);
    const more = await stats.containerMetrics();
    for (const line of [
      'container_cpu_usage_seconds_total{container="",namespace="ns",pod="p"} 2.5 1767225602000',
      'container_memory_rss{container="c",namespace="ns",pod="p"} 300 1767225602000',
    ]) {
      assert.ok(more.split("\n").includes(line), line);
    }
    assert.match(more, /^machine_memory_bytes \S+$/m);
  }));

test("what is measured is what runs, by its status", async () => {
  const statusOf = (name: string, state: object): object => ({ name, containerID: `containerd://${name}-id`, state });
  const podOf = (name: string, phase: string): Pod =>
    ({
      metadata: { name, namespace: "ns", uid: name },
      spec: { containers: [] },
      status: {
        phase,
        startTime: "2026-01-01T00:00:00Z",
        containerStatuses: [
          statusOf("c", { running: { startedAt: "2026-01-01T00:00:01Z" } }),
          statusOf("d", { waiting: { reason: "ContainerCreating" } }),
        ],
      },
    }) as unknown as Pod;
  const api = {
    pods: () => [podOf("p", "Running"), podOf("q", "Succeeded")],
    sandboxOf: async () => "sandbox",
    container: async () => undefined,
  };
  assert.deepEqual(await measuredPods(api, { parentOf: (pod) => `/kubepods/pod${pod.metadata.uid}` })(), [
    {
      name: "p",
      namespace: "ns",
      uid: "p",
      startedAtMs: Date.UTC(2026, 0, 1),
      cgroup: "/kubepods/podp",
      sandboxId: "sandbox",
      containers: [{ name: "c", id: "c-id", startedAtMs: Date.UTC(2026, 0, 1, 0, 0, 1), logPath: undefined }],
    },
  ]);
});

test("a process in a cgroup of this machine is seen to use memory", {
  skip: process.getuid?.() !== 0,
  timeout: 20_000,
}, async (t) => {
  const layout = await readCgroupLayout();
  const cgroups = createPodCgroups({ layout, root: `/k8ts-stats-${process.pid}`, clock: realClock });
  const pod = { metadata: { uid: "u" }, spec: { containers: [] } } as unknown as Pod;
  try {
    await cgroups.ensure(pod);
  } catch (error) {
    await cgroups.removeRoot();
    return t.skip(`no cgroup may be made here: ${String(error)}`);
  }
  const directory = cgroupDirectory(layout, "memory", cgroups.parentOf(pod));
  const child = spawn("sh", ["-c", "read line; exec tail -f /dev/null"], { stdio: ["pipe", "ignore", "ignore"] });
  try {
    if (directory === undefined) return t.skip("memory is not counted here");
    writeFileSync(join(directory, "cgroup.procs"), String(child.pid));
    child.stdin.end("go\n");
    for (let i = 0; i < 1_000; i++) {
      const usage = await readCgroupUsage(layout, cgroups.parentOf(pod));
      if ((usage?.memory?.rssBytes ?? 0) > 0) return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.fail("nothing was seen");
  } finally {
    child.kill("SIGKILL");
    await cgroups.removeRoot();
  }
});
