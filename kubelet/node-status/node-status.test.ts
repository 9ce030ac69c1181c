import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { test } from "node:test";
import fc from "fast-check";
import { Lease } from "../../api/coordination/v1/lease.ts";
import { Node } from "../../api/core/v1/node.ts";
import type { NodeStatus } from "../../api/generated/types/core-v1.ts";
import { silentLogger } from "../../base/logger.ts";
import { SeededRandom } from "../../base/seeded-random.ts";
import { runTasks } from "../../base/task-group.ts";
import { VirtualClock } from "../../base/virtual-clock.ts";
import { createClient } from "../../client/client.ts";
import { MemoryApi } from "../../client/testing/memory-api.ts";
import { CriError, type Image, type StatusResponse } from "../../cri/mod.ts";
import { conditionsOf } from "./conditions.ts";
import { type Machine, osImageOf, parseMeminfo, readMachine } from "./machine.ts";
import { allocatableOf, capacityOf, hasStatusChanged, type NodeIdentity, statusPatch } from "./node-object.ts";
import { defaultThresholds, PressureTracker, pressureOf, readSignals, type Signals } from "./pressure.ts";
import { NodeStatusReporter } from "./run-node-status.ts";
import { RuntimeReadiness } from "./runtime-readiness.ts";

const gib = 1024 ** 3;
const machine: Machine = {
  cpus: 2,
  memoryBytes: 8 * gib,
  swapBytes: 0,
  hugePages: { "2Mi": 0 },
  storageBytes: 100 * gib,
  machineID: "m",
  systemUUID: "s",
  bootID: "boot1",
  kernelVersion: "6.1",
  osImage: "Linux",
  operatingSystem: "linux",
  architecture: "amd64",
};
const fs = { availableBytes: 50 * gib, totalBytes: 100 * gib, inodesFree: 50, inodes: 100 };
const calm: Signals = { memoryAvailableBytes: gib, nodeFs: fs, imageFs: fs, pidsAvailable: 10, pidsTotal: 100 };
const identity: NodeIdentity = {
  name: "n1",
  hostname: "host1",
  labels: { role: "test" },
  taints: [],
  addresses: ["198.18.0.1"],
  kubeletVersion: "v1.36.0+k8ts.0.1.0",
  kubeletPort: 10250,
  maxPods: 110,
  reserved: {},
};

const runtimeStatus = (network: boolean): StatusResponse => ({
  status: {
    conditions: [
      { type: "RuntimeReady", status: true, reason: "", message: "" },
      network
        ? { type: "NetworkReady", status: true, reason: "", message: "" }
        : {
            type: "NetworkReady",
            status: false,
            reason: "NetworkPluginNotReady",
            message: "cni plugin not initialized",
          },
    ],
  },
  info: {},
  runtimeHandlers: [{ name: "runc", features: { recursiveReadOnlyMounts: true, userNamespaces: false } }],
  features: { supplementalGroupsPolicy: true, userNamespacesHostNetwork: false },
});

interface World {
  readonly api: MemoryApi;
  readonly clock: VirtualClock;
  readonly client: ReturnType<typeof createClient>;
  readonly reporter: NodeStatusReporter;
  readonly readiness: RuntimeReadiness;
  readonly events: string[];
  readonly podCIDRs: string[];
  signals: Signals;
  status: () => StatusResponse;
  images: readonly Image[];
  /** Runs until the test is over. */
  start(): void;
  node(): Promise<Node>;
  /** Writes of the node's status so far. */
  writes(): number;
}

async function inWorld(use: (world: World) => Promise<void>): Promise<void> {
  const clock = new VirtualClock();
  const api = new MemoryApi({ clock, random: new SeededRandom(1) });
  const client = createClient(api);
  const stop = new AbortController();
  const events: string[] = [];
  const podCIDRs: string[] = [];
  let running: Promise<unknown> = Promise.resolve();
  const shared = { clock, random: new SeededRandom(2), logger: silentLogger };
  const runtime = {
    status: async () => world.status(),
    version: async () => ({
      version: "1",
      runtimeName: "containerd",
      runtimeVersion: "1.6.20",
      runtimeApiVersion: "v1",
    }),
  };
  const readiness = new RuntimeReadiness({ runtime, ...shared });
  const reporter = new NodeStatusReporter({
    ...shared,
    client,
    recorder: { event: (_, { reason }) => void events.push(reason) },
    identity,
    rootDir: tmpdir(),
    readiness,
    images: { listImages: async () => ({ images: world.images }) },
    onPodCIDRs: (cidrs) => podCIDRs.push(...cidrs),
    machine: async () => machine,
    signals: async () => world.signals,
  });
  const world: World = {
    api,
    clock,
    client,
    reporter,
    readiness,
    events,
    podCIDRs,
    signals: calm,
    status: () => runtimeStatus(true),
    images: [],
    start() {
      running = runTasks(stop.signal, [(signal) => readiness.run(signal), (signal) => reporter.run(signal)]);
    },
    node: () => client.resource(Node).get("n1"),
    writes: () =>
      api.requests.filter(({ method, path }) => method === "PATCH" && path.endsWith("/nodes/n1/status")).length,
  };
  await use(world);
  stop.abort();
  await running;
}

const readyOf = ({ status }: Node) => status.conditions?.find(({ type }) => type === "Ready");

test("a node registers with its labels and resources, and is Ready within a second", () =>
  inWorld(async ({ clock, start, node, events }) => {
    start();
    await clock.advance(1000);
    const { metadata, status } = await node();
    assert.deepEqual(metadata.labels, {
      "kubernetes.io/hostname": "host1",
      "kubernetes.io/os": "linux",
      "kubernetes.io/arch": "amd64",
      "beta.kubernetes.io/os": "linux",
      "beta.kubernetes.io/arch": "amd64",
      role: "test",
    });
    assert.deepEqual(status.addresses, [
      { type: "InternalIP", address: "198.18.0.1" },
      { type: "Hostname", address: "host1" },
    ]);
    assert.deepEqual(status.capacity, {
      cpu: "2",
      "ephemeral-storage": "100Gi",
      memory: "8Gi",
      pods: "110",
      "hugepages-2Mi": "0",
    });
    assert.equal(status.allocatable?.["memory"], "8092Mi");
    assert.equal(status.nodeInfo.containerRuntimeVersion, "containerd://1.6.20");
    assert.deepEqual(
      status.runtimeHandlers?.map(({ name }) => name),
      ["runc"],
    );
    assert.deepEqual(
      status.conditions?.map(({ type, status }) => `${type} ${status}`),
      ["MemoryPressure False", "DiskPressure False", "PIDPressure False", "Ready True"],
    );
    assert.equal(status.conditions?.at(-1)?.message, "kubelet is posting ready status");
    assert.deepEqual(
      events.filter((event) => event === "NodeNotReady"),
      [],
    );
  }));

test("the node is not Ready until the network is, and then at once", () =>
  inWorld(async (world) => {
    world.status = () => runtimeStatus(false);
    world.start();
    await world.clock.advance(3000);
    const { status, reason, message } = readyOf(await world.node())!;
    assert.deepEqual(
      { status, reason, message },
      {
        status: "False",
        reason: "KubeletNotReady",
        message:
          "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:cni plugin not initialized",
      },
    );
    world.status = () => runtimeStatus(true);
    world.readiness.recheck();
    await world.clock.advance(0);
    await world.clock.advance(0);
    assert.equal(readyOf(await world.node())?.status, "True");
    assert.ok(world.events.includes("NodeReady"));
  }));

test("a runtime that is gone for half a minute makes the node not Ready", () =>
  inWorld(async (world) => {
    world.start();
    await world.clock.advance(1000);
    world.status = () => {
      throw new CriError("Unavailable", "gone");
    };
    await world.clock.advance(50_000);
    assert.equal(readyOf(await world.node())?.message, "container runtime is down");
    world.status = () => runtimeStatus(true);
    await world.clock.advance(10_000);
    assert.equal(readyOf(await world.node())?.status, "True");
  }));

test("without news the status is written every five minutes, and the lease every ten seconds", () =>
  inWorld(async ({ clock, start, client, writes, api }) => {
    start();
    await clock.advance(5000);
    const first = writes();
    await clock.advance(1_800_000);
    const more = writes() - first;
    assert.ok(more >= 4 && more <= 9, String(more));
    const renewals = api.requests.filter(({ method, path }) => method === "PUT" && path.includes("/leases/")).length;
    assert.ok(renewals > 165 && renewals <= 181, String(renewals));
    const lease = await client.resource(Lease, "kube-node-lease").get("n1");
    assert.equal(lease.spec?.holderIdentity, "n1");
    assert.equal(lease.spec?.leaseDurationSeconds, 40);
    assert.deepEqual(
      lease.metadata.ownerReferences?.map(({ kind, name }) => `${kind} ${name}`),
      ["Node n1"],
    );
  }));

test("what others write over is written again, and what they add stays", () =>
  inWorld(async ({ clock, start, client, node, podCIDRs }) => {
    start();
    await clock.advance(5000);
    const current = await node();
    const conditions = current.status.conditions!.map((condition) => ({ ...condition, status: "Unknown" }));
    const capacity = { ...current.status.capacity, "example.com/gpu": "2" };
    await client.resource(Node).updateStatus({ ...current, status: { ...current.status, conditions, capacity } });
    await clock.advance(100);
    const { status } = await node();
    assert.equal(status.conditions?.at(-1)?.status, "True");
    assert.equal(status.capacity?.["example.com/gpu"], "2");
    await client.resource(Node).patch("n1", { type: "merge", body: { spec: { podCIDRs: ["10.244.0.0/24"] } } });
    await clock.advance(100);
    assert.deepEqual(podCIDRs, ["10.244.0.0/24"]);
  }));

test("a node that is known already keeps what it has, and says that it was booted anew", () =>
  inWorld(async ({ clock, start, client, node, events }) => {
    await client.resource(Node).create({
      metadata: { name: "n1", labels: { mine: "1", "kubernetes.io/os": "other" } },
      spec: { unschedulable: true },
      status: { nodeInfo: { bootID: "boot0" } } as NodeStatus,
    });
    start();
    await clock.advance(1000);
    const { metadata, spec, status } = await node();
    assert.equal(metadata.labels?.["mine"], "1");
    assert.equal(metadata.labels?.["kubernetes.io/os"], "linux");
    assert.equal(spec.unschedulable, true);
    assert.equal(status.nodeInfo.bootID, "boot1");
    assert.ok(events.includes("Rebooted"));
  }));

test("images are listed, the largest first", () =>
  inWorld(async (world) => {
    const image = (name: string, size: number): Image => ({
      id: name,
      repoTags: [`${name}:1`],
      repoDigests: [`${name}@sha256:0`],
      size,
      username: "",
      pinned: false,
    });
    world.start();
    await world.clock.advance(1000);
    world.images = [image("small", 1), image("large", 2)];
    world.reporter.imagesChanged();
    await world.clock.advance(10);
    assert.deepEqual((await world.node()).status.images, [
      { names: ["large@sha256:0", "large:1"], sizeBytes: 2 },
      { names: ["small@sha256:0", "small:1"], sizeBytes: 1 },
    ]);
  }));

test("memory that runs out is told, and for five minutes after", () =>
  inWorld(async (world) => {
    world.start();
    await world.clock.advance(1000);
    world.signals = { ...calm, memoryAvailableBytes: 1 };
    await world.clock.advance(11_000);
    const pressure = async () =>
      (await world.node()).status.conditions?.find(({ type }) => type === "MemoryPressure")?.status;
    assert.equal(await pressure(), "True");
    world.signals = calm;
    await world.clock.advance(280_000);
    assert.equal(await pressure(), "True");
    await world.clock.advance(40_000);
    assert.equal(await pressure(), "False");
    assert.ok(world.events.includes("NodeHasInsufficientMemory"));
  }));

test("registration goes on until the server is there", () =>
  inWorld(async ({ api, clock, start, node }) => {
    for (let i = 0; i < 3; i++)
      api.failNext(
        () => new Error("refused"),
        ({ method }) => method === "POST",
      );
    start();
    await clock.advance(2000);
    assert.equal(readyOf(await node())?.status, "True");
  }));

test("pressure is measured against upstream's thresholds", () => {
  const none = { memory: false, disk: false, pids: false };
  assert.deepEqual(pressureOf(calm), none);
  assert.deepEqual(pressureOf({ ...calm, memoryAvailableBytes: 99 * 1024 * 1024 }), { ...none, memory: true });
  assert.deepEqual(pressureOf({ ...calm, nodeFs: { ...fs, availableBytes: 9 * gib } }), { ...none, disk: true });
  assert.deepEqual(pressureOf({ ...calm, imageFs: { ...fs, availableBytes: 14 * gib } }), { ...none, disk: true });
  assert.deepEqual(pressureOf({ ...calm, imageFs: { ...fs, inodesFree: 4 } }), { ...none, disk: true });
  assert.deepEqual(pressureOf({ ...calm, imageFs: { ...fs, inodesFree: 0, inodes: 0 } }), none);
  const tracker = new PressureTracker();
  assert.equal(tracker.observe({ ...none, disk: true }, 0).disk, true);
  assert.equal(tracker.observe(none, 299_999).disk, true);
  assert.equal(tracker.observe(none, 300_000).disk, false);
});

test("a condition's transition time moves only with its status", () => {
  const calmly = { memory: false, disk: false, pids: false };
  const errors = fc.constantFrom<readonly string[]>([], ["a"], ["b", "c"]);
  fc.assert(
    fc.property(fc.array(errors, { minLength: 2, maxLength: 8 }), (history) => {
      let before = conditionsOf(undefined, { pressure: calmly, notReady: history[0]!, now: "0" }).conditions;
      for (const [i, notReady] of history.entries()) {
        const { conditions, events } = conditionsOf(before, { pressure: calmly, notReady, now: String(i) });
        const [old, next] = [before.at(-1)!, conditions.at(-1)!];
        assert.equal(next.type, "Ready");
        assert.equal(next.lastTransitionTime, old.status === next.status ? old.lastTransitionTime : String(i));
        assert.equal(events.length, old.status === next.status ? 0 : 1);
        before = conditions;
      }
    }),
  );
});

test("allocatable is never more than capacity, nor less than nothing", () => {
  const bytes = fc.nat(2 ** 40);
  fc.assert(
    fc.property(bytes, bytes, bytes, (memoryBytes, storageBytes, reservedBytes) => {
      const capacity = capacityOf(identity, { ...machine, memoryBytes, storageBytes });
      const reserved = { memory: String(reservedBytes), cpu: "3" };
      const allocatable = allocatableOf(capacity, { reserved }, defaultThresholds);
      assert.equal(allocatable["cpu"], "0");
      for (const name in capacity) assert.match(allocatable[name]!, /^\d/);
    }),
  );
});

test("a patch takes out what is gone and replaces addresses", () => {
  const before = {
    capacity: { a: "1", b: "1" },
    addresses: [{ type: "Hostname", address: "x" }],
  } as unknown as NodeStatus;
  const after = { capacity: { a: "2" }, addresses: [] } as unknown as NodeStatus;
  assert.deepEqual(statusPatch(before, after), {
    status: { capacity: { a: "2", b: null }, addresses: [{ $patch: "replace" }] },
  });
  assert.equal(hasStatusChanged(before, after), true);
  assert.equal(hasStatusChanged(before, before), false);
});

test("this machine says what it is", async () => {
  const own = await readMachine(tmpdir());
  assert.ok(own.cpus > 0 && own.memoryBytes > 0 && own.storageBytes > 0);
  assert.match(own.bootID, /^[0-9a-f-]{36}$/);
  const signals = await readSignals(tmpdir(), "/nowhere");
  assert.ok(signals.memoryAvailableBytes > 0 && signals.pidsTotal > 0 && signals.nodeFs.totalBytes > 0);
  assert.equal(parseMeminfo("MemTotal:        100 kB\nHugePages_Total:       3\n").get("MemTotal"), 102_400);
  assert.equal(osImageOf('NAME=x\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n'), "Debian GNU/Linux 12 (bookworm)");
});
