import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { busyboxMissing, webImage } from "../support/images/busybox.ts";
import { type Inventory, podPathsOf, takeInventory, type Weight, weightOf } from "../support/inventory.ts";
import { type RealCluster, startRealCluster, whyNoContainers } from "../support/real-cluster.ts";

const skip = whyNoContainers() ?? busyboxMissing() ?? false;

/** CONTRIBUTING.md tells how to make it a long test. */
const rounds = Number(process.env["K8TS_ROUNDS"] ?? 1);
const pods = Number(process.env["K8TS_PODS"] ?? 20);
const timeout = 120_000 + rounds * 300_000;

const metadata = { name: "many" };
const objects = (replicas: number): readonly unknown[] => [
  { apiVersion: "v1", kind: "ConfigMap", metadata, data: { a: "1", b: "2" } },
  { apiVersion: "v1", kind: "Secret", metadata, stringData: { a: "1" } },
  {
    apiVersion: "v1",
    kind: "Service",
    metadata,
    spec: { selector: { app: "many" }, type: "NodePort", ports: [{ port: 80 }] },
  },
  {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "port", labels: { app: "many" } },
    spec: { ...podSpec(), containers: [{ ...container(), ports: [{ containerPort: 80, hostPort: 18_081 }] }] },
  },
  {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata,
    spec: {
      replicas: replicas - 1,
      selector: { matchLabels: { app: "many" } },
      template: { metadata: { labels: { app: "many" } }, spec: podSpec() },
    },
  },
];

function container() {
  return {
    name: "c",
    image: "web:1",
    env: [{ name: "A", valueFrom: { configMapKeyRef: { name: "many", key: "a" } } }],
    readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 2 },
    livenessProbe: { httpGet: { path: "/cgi-bin/hostname", port: 80 }, periodSeconds: 10, timeoutSeconds: 5 },
    resources: { requests: { cpu: "1m", memory: "1Mi" }, limits: { memory: "64Mi" } },
    volumeMounts: ["disk", "memory", "config", "secret", "pod"].map((name) => ({ name, mountPath: `/v/${name}` })),
  };
}

function podSpec() {
  return {
    terminationGracePeriodSeconds: 1,
    containers: [container()],
    volumes: [
      { name: "disk", emptyDir: {} },
      { name: "memory", emptyDir: { medium: "Memory" } },
      { name: "config", configMap: { name: "many" } },
      { name: "secret", secret: { secretName: "many" } },
      { name: "pod", downwardAPI: { items: [{ path: "name", fieldRef: { fieldPath: "metadata.name" } }] } },
    ],
  };
}

interface There {
  /** Outside of the cluster's directory. */
  readonly paths: readonly string[];
  readonly inventory: Inventory;
}

/** Makes pods, and removes them once all are ready. Gives what was there in between. */
async function comeAndGo(cluster: RealCluster, t: TestContext, count: number): Promise<There> {
  const list = { apiVersion: "v1", kind: "List", items: objects(count) };
  const startedMs = performance.now();
  const created = await cluster.tryKubectl(["create", "-f", "-"], { input: JSON.stringify(list) });
  assert.equal(created.status, 0, created.stderr);
  await eventually(
    async () => {
      const path = "{.items[*].status.containerStatuses[*].ready}";
      const ready = await cluster.kubectl("get", "pods", "-o", `jsonpath=${path}`);
      assert.equal(ready.split(" ").filter((one) => one === "true").length, count);
    },
    { timeoutMs: 180_000, everyMs: 1_000 },
  );
  const readyMs = performance.now();
  const paths = await podPathsOf(cluster);
  assert.equal(paths.length, 2 * count);
  assert.ok(paths.every((path) => existsSync(path)));
  const inventory = await takeInventory(cluster);
  const deletingMs = performance.now();
  await cluster.kubectl("delete", "deployment/many", "pod/port", "service/many", "--timeout", "120s");
  await eventually(async () => assert.equal(await cluster.kubectl("get", "pods", "-o", "name"), ""), {
    timeoutMs: 120_000,
    everyMs: 500,
  });
  await cluster.kubectl("delete", "configmap/many", "secret/many");
  const [up, down] = [readyMs - startedMs, performance.now() - deletingMs].map((ms) => (ms / 1_000).toFixed(1));
  t.diagnostic(`${count} pods ready after ${up} s, gone ${down} s after they were deleted`);
  return { paths, inventory };
}

async function weights(cluster: RealCluster): Promise<Readonly<Record<string, Weight>>> {
  const { stdout } = await cluster.k8ts(["status", "-o", "json"]);
  const { components } = JSON.parse(stdout) as {
    readonly components: readonly { readonly name: string; readonly pid: number }[];
  };
  return Object.fromEntries(components.map(({ name, pid }) => [name, weightOf(pid)]));
}

/** What is there now and was not before. */
function left(before: Inventory, now: Inventory): Inventory {
  return Object.fromEntries(
    Object.entries(now).flatMap(([kind, list]) => {
      const more = list.filter((one) => !before[kind]!.includes(one));
      return more.length === 0 ? [] : [[kind, more]];
    }),
  );
}

/** Kinds of which every pod has one at least. */
const seenOfPods = [
  ...["processes", "cgroups", "mounts", "interfaces", "rules", "criSandboxes", "criContainers", "tasks", "containers"],
  ...["snapshots", "files"],
];

function mebibytes(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}

/** Above the noise of collectors that have not run yet, and of events, which stay for an hour. */
const mebibytesARound = 25;
const firstMebibytes = 150;
const moreDescriptors = 20;

test(`${pods} pods that come and go leave nothing behind, ${rounds === 1 ? "once" : `${rounds} times`}`, {
  skip,
  timeout,
}, async (t) => {
  const cluster = await startRealCluster(t, {
    images: [{ image: await webImage(), names: ["docker.io/library/web:1"] }],
  });
  // The first pods bring what stays for good: a bridge, an unpacked image.
  await comeAndGo(cluster, t, 2);
  const before = await eventually(
    async () => {
      const inventory = await takeInventory(cluster);
      assert.deepEqual(inventory["criSandboxes"], []);
      return inventory;
    },
    { everyMs: 500 },
  );
  const history = [await weights(cluster)];
  for (let round = 1; round <= rounds; round++) {
    const { paths, inventory } = await comeAndGo(cluster, t, pods);
    // What is not seen while it is there would not be missed.
    for (const kind of seenOfPods) {
      const more = (left(before, inventory)[kind] ?? []).length;
      assert.ok(more >= pods, `${pods} pods have ${more} ${kind}`);
    }
    await eventually(async () => assert.deepEqual(left(before, await takeInventory(cluster)), {}), {
      timeoutMs: 60_000,
      everyMs: 1_000,
    });
    assert.deepEqual(
      paths.filter((path) => existsSync(path)),
      [],
    );
    const weight = await weights(cluster);
    history.push(weight);
    const text = Object.entries(weight).map(
      ([name, { residentBytes, fileDescriptors }]) => `${name} ${mebibytes(residentBytes)} MiB, ${fileDescriptors} fds`,
    );
    t.diagnostic(`after round ${round}: ${text.join("; ")}`);
  }
  for (const [name, first] of Object.entries(history[0]!)) {
    const last = history.at(-1)![name]!;
    const grown = mebibytes(last.residentBytes - first.residentBytes);
    assert.ok(grown < firstMebibytes + rounds * mebibytesARound, `${name} grew by ${grown} MiB`);
    const opened = last.fileDescriptors - first.fileDescriptors;
    assert.ok(opened < moreDescriptors, `${name} has ${opened} more files open`);
  }
});
