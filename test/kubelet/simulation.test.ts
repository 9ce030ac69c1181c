import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigMap } from "../../api/core/v1/config-map.ts";
import { Event } from "../../api/core/v1/event.ts";
import { Node } from "../../api/core/v1/node.ts";
import { Pod } from "../../api/core/v1/pod.ts";
import { ServiceAccount } from "../../api/core/v1/service-account.ts";
import { isNotFound } from "../../apimachinery/errors/api-error.ts";
import { SeededRandom, silentLogger, type VirtualClock } from "../../base/mod.ts";
import { type Cluster, startCluster } from "../../cluster/mod.ts";
import type { FakeProcess } from "../../cri/testing/fake-containers.ts";
import { FakeRuntime } from "../../cri/testing/fake-runtime.ts";
import { runKubelet } from "../../kubelet/mod.ts";
import { memoryParts } from "../../kubelet/testing/memory-parts.ts";

const nodeName = "node-1";

interface Simulation {
  readonly cluster: Cluster;
  readonly clock: VirtualClock;
  readonly runtime: FakeRuntime;
  readonly parts: ReturnType<typeof memoryParts>;
  readonly random: SeededRandom;
  create(name: string, spec: object): Promise<Pod>;
  until(what: string, holds: () => Promise<boolean>): Promise<void>;
  pod(name: string): Promise<Pod | undefined>;
  startKubelet(): void;
  stopKubelet(): Promise<void>;
}

/** A control plane, and a kubelet over a runtime in memory, all on virtual time. */
async function simulate(seed: number, body: (simulation: Simulation) => Promise<void>): Promise<void> {
  const cluster = await startCluster({ time: "virtual", seed });
  const clock = cluster.virtualClock ?? assert.fail();
  const random = new SeededRandom(seed);
  const onStart = (container: { readonly command?: readonly string[] | undefined }): FakeProcess =>
    JSON.parse(container.command?.[0] ?? "{}") as FakeProcess;
  const latenciesMs = { runPodSandbox: 70, createContainer: 10, startContainer: 50, stopPodSandbox: 40 };
  const runtime = new FakeRuntime({ clock, onStart, latenciesMs });
  runtime.images.add({ name: "app:1" });
  const parts = memoryParts();
  let stop = async (): Promise<void> => {};
  const pods = cluster.client.resource(Pod, "default");
  const settled = async <T>(promise: Promise<T>): Promise<T> => clock.runUntil(promise);
  const simulation: Simulation = {
    cluster,
    clock,
    runtime,
    parts,
    random,
    create: (name, spec) => {
      const own = { nodeName, terminationGracePeriodSeconds: 5, automountServiceAccountToken: false };
      return settled(pods.create({ metadata: { name }, spec: { ...own, ...spec } } as never));
    },
    pod: (name) =>
      settled(
        pods.get(name).catch((error: unknown) => {
          if (!isNotFound(error)) throw error;
          return undefined;
        }),
      ),
    async until(what, holds) {
      for (let i = 0; i < 20_000; i++) {
        if (await holds()) return;
        await clock.advance(20);
      }
      assert.fail(`seed ${seed}: not ${what}`);
    },
    startKubelet() {
      const controller = new AbortController();
      const user = { username: `system:node:${nodeName}`, groups: ["system:nodes", "system:authenticated"] };
      const ended = runKubelet(
        {
          node: {
            name: nodeName,
            hostname: nodeName,
            labels: {},
            taints: [],
            addresses: ["192.0.2.1"],
            kubeletVersion: "v1.36.2",
            kubeletPort: 10250,
            maxPods: 110,
            reserved: {},
          },
          client: cluster.clientAs(user),
          clock,
          random,
          logger: silentLogger,
          runtime,
          images: runtime.images,
          containerEvents: (signal) => runtime.events(signal),
          rootDir: "/kubelet",
          podLogsDir: "/logs",
          cgroupRoot: "/",
          clusterDns: ["10.96.0.10"],
          clusterDomain: "cluster.local",
          parts,
        },
        controller.signal,
      );
      stop = async () => {
        controller.abort();
        await settled(ended);
      };
    },
    stopKubelet: () => stop(),
  };
  const account = { metadata: { name: "default" } };
  await settled(cluster.client.resource(ServiceAccount, "default").create(account));
  simulation.startKubelet();
  try {
    await body(simulation);
  } finally {
    await simulation.stopKubelet();
    await settled(cluster.close());
  }
}

function isReady(pod: Pod | undefined): boolean {
  return pod?.status.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;
}

const container = (name: string, process: FakeProcess = {}, fields: object = {}) => ({
  name,
  image: "app:1",
  command: [JSON.stringify(process)],
  ...fields,
});

test("a pod on a node in memory becomes Ready, and leaves nothing behind", async () => {
  await simulate(1, async ({ create, until, pod, runtime, parts, cluster, clock }) => {
    await create("web", { containers: [container("main"), container("other")] });
    await until("ready", async () => isReady(await pod("web")));
    const running = await pod("web");
    assert.equal(running?.status.phase, "Running");
    assert.equal(running?.status.hostIP, "192.0.2.1");
    const node = await clock.runUntil(cluster.client.resource(Node).get(nodeName));
    assert.equal(node.status.conditions?.find(({ type }) => type === "Ready")?.status, "True");
    await clock.runUntil(cluster.client.resource(Pod, "default").delete("web"));
    await until("gone", async () => (await pod("web")) === undefined && runtime.sandboxes.size === 0);
    assert.equal(runtime.containers.size, 0);
    for (const [what, uids] of Object.entries(parts.held)) assert.equal(uids.size, 0, what);
  });
});

test("a pod past its deadline fails, and its containers end", async () => {
  await simulate(2, async ({ create, until, pod, runtime }) => {
    await create("late", { activeDeadlineSeconds: 30, containers: [container("main")] });
    await until("failed", async () => (await pod("late"))?.status.phase === "Failed");
    const { status } = (await pod("late")) ?? assert.fail();
    assert.equal(status.reason, "DeadlineExceeded");
    assert.equal(status.message, "Pod was active on the node longer than the specified deadline");
    await until("ended", async () =>
      [...runtime.containers.values()].every(({ state }) => state === "CONTAINER_EXITED"),
    );
  });
});

test("a pod that does not fit is rejected, and nothing of it starts", async () => {
  await simulate(3, async ({ create, until, pod, runtime, cluster, clock }) => {
    await until("registered", async () => {
      const { items } = await clock.runUntil(cluster.client.resource(Node).list());
      return items.length === 1;
    });
    await create("huge", { containers: [container("main", {}, { resources: { requests: { cpu: "100" } } })] });
    await until("rejected", async () => (await pod("huge"))?.status.phase === "Failed");
    const { status } = (await pod("huge")) ?? assert.fail();
    assert.equal(status.reason, "OutOfcpu");
    assert.match(
      status.message ?? "",
      /^Pod was rejected: Node didn't have enough resource: cpu, requested: 100000, used: 0,/,
    );
    assert.equal(runtime.sandboxes.size, 0);
  });
});

test("a pod starts as soon as the ConfigMap is there that it has long waited for", async () => {
  await simulate(5, async ({ create, clock, until, pod, cluster }) => {
    const env = [{ name: "A", valueFrom: { configMapKeyRef: { name: "settings", key: "a" } } }];
    await create("waits", { containers: [container("main", {}, { env })] });
    await clock.advance(60_300);
    const { state } = (await pod("waits"))?.status.containerStatuses?.[0] ?? assert.fail();
    assert.equal(state.waiting?.reason, "CreateContainerConfigError");
    const configMap = { metadata: { name: "settings" }, data: { a: "1" } };
    await clock.runUntil(cluster.client.resource(ConfigMap, "default").create(configMap));
    const before = clock.monotonicMs();
    await until("running", async () => isReady(await pod("waits")));
    assert.ok(clock.monotonicMs() - before < 200, `after ${clock.monotonicMs() - before} ms`);
  });
});

test("a container that keeps ending waits longer each time, and its pod says so", async () => {
  await simulate(4, async ({ create, clock, runtime, cluster, pod }) => {
    await create("crash", { containers: [container("main", { exitAfterMs: 10, exitCode: 3 })] });
    await clock.advance(40_000);
    // Starts at 0, then after 0, 1, 2, 4, 8 and 16 s.
    const starts = runtime.calls.filter(({ method }) => method === "startContainer").length;
    assert.equal(starts, 7);
    const status = (await pod("crash"))?.status.containerStatuses?.[0];
    assert.equal(status?.restartCount, 6);
    assert.equal(status?.state.waiting?.reason, "CrashLoopBackOff");
    assert.equal(status?.lastState.terminated?.exitCode, 3);
    assert.equal(runtime.containers.size, 2);
    const { items } = await clock.runUntil(cluster.client.resource(Event, "default").list());
    const backOff = items.find(({ reason }) => reason === "BackOff");
    assert.match(backOff?.message ?? "", /^Back-off restarting failed container main in pod crash_default\(/);
  });
});

test("whatever fails and whenever it restarts, all pods come to what they are to be", {
  timeout: 120_000,
}, async () => {
  for (const seed of [101, 224, 300, 301, 302, 303, 304, 305, 306, 307]) await simulate(seed, chaos);
});

/** Pods of all kinds, while the runtime goes away, calls fail, sandboxes die and the kubelet starts anew. */
async function chaos(simulation: Simulation): Promise<void> {
  const { create, until, pod, runtime, random, clock, parts, cluster } = simulation;
  const names = ["always", "job", "init", "sidecar"];
  await create("always", { containers: [container("a"), container("b", { exitAfterMs: 20_000, exitCode: 1 })] });
  await create("job", { restartPolicy: "OnFailure", containers: [container("work", { exitAfterMs: 15_000 })] });
  await create("init", { initContainers: [container("one", { exitAfterMs: 2_000 })], containers: [container("main")] });
  await create("sidecar", {
    restartPolicy: "Never",
    initContainers: [container("side", {}, { restartPolicy: "Always" })],
    containers: [container("main", { exitAfterMs: 5_000 })],
  });
  for (let i = 0; i < 30; i++) {
    await clock.advance(random.below(3_000));
    checkRuntime(runtime);
    const [sandbox] = [...runtime.sandboxes.keys()].slice(random.below(4));
    switch (random.below(6)) {
      case 0:
        runtime.goDown();
        await clock.advance(random.below(2_000));
        runtime.comeUp();
        break;
      case 1:
        if (sandbox !== undefined) runtime.endSandbox(sandbox);
        break;
      case 2:
        await simulation.stopKubelet();
        simulation.startKubelet();
        break;
      case 3:
        runtime.failNext("createContainer", new Error("no space left on device"));
        runtime.failNext("runPodSandbox", new Error("network is unreachable"));
        break;
    }
  }
  await until("running", async () => isReady(await pod("init")));
  await until(
    "at work",
    async () => (await pod("always"))?.status.containerStatuses?.some(({ ready }) => ready) ?? false,
  );
  await until("done", async () => ["Succeeded", "Failed"].includes((await pod("sidecar"))?.status.phase ?? ""));
  await until("job done", async () => (await pod("job"))?.status.phase === "Succeeded");
  for (const name of names) await clock.runUntil(cluster.client.resource(Pod, "default").delete(name));
  await until("gone", async () => {
    for (const name of names) if ((await pod(name)) !== undefined) return false;
    return runtime.sandboxes.size === 0;
  });
  for (const [what, uids] of Object.entries(parts.held)) assert.equal(uids.size, 0, what);
}

/** Two of one container never run at once. */
function checkRuntime(runtime: FakeRuntime): void {
  const running = new Set<string>();
  for (const { state, config, sandboxId } of runtime.containers.values()) {
    if (state !== "CONTAINER_RUNNING") continue;
    const uid = runtime.sandboxes.get(sandboxId)?.config.metadata?.uid;
    const name = `${uid}/${config.metadata?.name}`;
    assert.ok(!running.has(name), `two of ${name} run`);
    running.add(name);
  }
}
