import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import {
  type ClusterPlace,
  createClusterPlace,
  logsOf,
  startRealCluster,
  whyNoContainers,
} from "../support/real-cluster.ts";

const skip = whyNoContainers() ?? false;
const timeout = 180_000;
const waiting = { timeout: 30_000, interval: 100 };

interface Status {
  readonly ready: boolean;
  readonly components: readonly { readonly name: string; readonly pid?: number; readonly healthy: boolean }[];
}

async function statusOf(place: ClusterPlace): Promise<Status> {
  return JSON.parse((await place.k8ts(["status", "-o", "json"])).stdout) as Status;
}

async function pidsOf(place: ClusterPlace): Promise<ReadonlyMap<string, number>> {
  return new Map(
    (await statusOf(place)).components.flatMap(({ name, pid }) => (pid === undefined ? [] : [[name, pid]])),
  );
}

async function goodUp(place: ClusterPlace): Promise<void> {
  const { status, stderr } = await place.k8ts(["up"]);
  assert.equal(status, 0, `${stderr}\n${status === 0 ? "" : await logsOf(place)}`);
}

test("a cluster keeps what was written over down and up, and delete leaves nothing", { skip, timeout }, async (t) => {
  const cluster = await startRealCluster(t);
  assert.equal((await statusOf(cluster)).ready, true);
  assert.match(await cluster.kubectl("config", "current-context"), /^k8ts-data$/m);
  await cluster.kubectl("create", "configmap", "kept", "--from-literal=a=1");

  assert.equal((await cluster.k8ts(["down"])).status, 0);
  assert.deepEqual(await cluster.traces(), []);
  assert.deepEqual(await statusOf(cluster), { ready: false, components: [] });
  assert.equal((await cluster.k8ts(["down"])).status, 0, "a second time there is nothing to do");

  await goodUp(cluster);
  assert.equal(await cluster.kubectl("get", "configmap", "kept", "-o", "jsonpath={.data.a}"), "1");

  assert.equal((await cluster.k8ts(["delete"])).status, 0);
  assert.deepEqual(await cluster.traces(), []);
  assert.equal(existsSync(cluster.dataDir), false);
  assert.doesNotMatch(await readFile(cluster.kubeconfig, "utf8"), /k8ts/);
  assert.match((await cluster.k8ts(["delete"])).stdout, /There is no cluster/);
});

test("up beside a cluster that runs disturbs nothing", { skip, timeout }, async (t) => {
  const cluster = await startRealCluster(t);
  const before = await pidsOf(cluster);
  await goodUp(cluster);
  assert.deepEqual(await pidsOf(cluster), before);
});

test("every component that is killed comes back by itself, and the supervisor with the next up", {
  skip,
  timeout,
}, async (t) => {
  const cluster = await startRealCluster(t);
  const before = await pidsOf(cluster);
  for (const name of [...before.keys()].filter((name) => name !== "supervisor")) {
    process.kill(before.get(name)!, "SIGKILL");
    await t.waitFor(async () => {
      const { ready, components } = await statusOf(cluster);
      assert.ok(ready);
      assert.notEqual(components.find((one) => one.name === name)?.pid, before.get(name));
    }, waiting);
  }
  const between = await pidsOf(cluster);
  process.kill(between.get("supervisor")!, "SIGKILL");
  await t.waitFor(async () => assert.equal((await statusOf(cluster)).ready, false), waiting);
  await goodUp(cluster);
  const after = await pidsOf(cluster);
  for (const [name, pid] of between) {
    assert.equal(after.get(name) === pid, name !== "supervisor", `${name} was ${pid} and is ${after.get(name)}`);
  }
  // Who was adopted is looked after, too.
  process.kill(after.get("server")!, "SIGKILL");
  await t.waitFor(async () => {
    assert.notEqual((await pidsOf(cluster)).get("server"), after.get("server"));
    assert.equal((await statusOf(cluster)).ready, true);
  }, waiting);
});

test("after kill -9 of everything, up goes on, and delete leaves nothing", { skip, timeout }, async (t) => {
  const cluster = await startRealCluster(t);
  await cluster.kubectl("create", "configmap", "kept", "--from-literal=a=1");
  const killAll = async (): Promise<void> => {
    const pids = await pidsOf(cluster);
    for (const name of ["supervisor", "server", "node", "containerd"]) {
      const pid = pids.get(name);
      if (pid !== undefined) process.kill(pid, "SIGKILL");
    }
  };
  await killAll();
  await goodUp(cluster);
  assert.equal(await cluster.kubectl("get", "configmap", "kept", "-o", "jsonpath={.data.a}"), "1");
  await killAll();
  assert.equal((await cluster.k8ts(["delete"])).status, 0);
  assert.deepEqual(await cluster.traces(), []);
  assert.equal(existsSync(cluster.dataDir), false);
});

test("a start that cannot go well says why, and leaves nothing half done", { skip, timeout }, async (t) => {
  const place = await createClusterPlace(t);
  const refused = async (flags: readonly string[], message: RegExp, env: NodeJS.ProcessEnv = {}): Promise<void> => {
    const { status, stderr } = await place.k8ts(["up", ...flags], { env });
    assert.match(stderr, message);
    assert.equal(status, 1, stderr);
    assert.deepEqual(await place.traces(), []);
    assert.equal(existsSync(place.dataDir), false);
  };
  await refused(["--pod-cidr", "10.244.0.0"], /--pod-cidr 10\.244\.0\.0 is no range of addresses/);
  await refused(["--node-ip", "nowhere"], /--node-ip nowhere is no IP address/);

  const listener = place.run("busybox", ["nc", "-l", "-p", "6443"], { timeoutMs: 8_000 });
  await t.waitFor(async () => assert.match(await place.namespace.run("ss", "-ltn"), /:6443/), waiting);
  await refused([], /port 6443 is taken by another program: stop that one, or choose another port with --api-port/);
  await listener;
});

test("other directories are refused: read-only ones, long ones, those of something else", {
  skip,
  timeout,
}, async (t) => {
  const place = await createClusterPlace(t);
  const k8ts = (...args: string[]) => place.run(join(import.meta.dirname, "..", "..", "k8ts"), args);
  const readOnly = await k8ts("up", "--data-dir", "/proc/k8ts");
  assert.equal(readOnly.status, 1);
  assert.match(readOnly.stderr, /cannot use \/proc\/k8ts: .*Choose another directory with --data-dir/);
  const long = await k8ts("up", "--data-dir", join(place.folder, "x".repeat(100)));
  assert.equal(long.status, 1);
  assert.match(long.stderr, /is too long a path: sockets lie in it/);
  for (const command of ["down", "delete"]) {
    const other = await k8ts(command, "--data-dir", place.folder);
    assert.equal(other.status, 1);
    assert.match(other.stderr, /is not the directory of a cluster .*nothing was touched/);
  }
  assert.deepEqual(await readdir(place.folder), ["home"]);
});

test("without root, or without capabilities, up says what it lacks", { skip, timeout }, async (t) => {
  const place = await createClusterPlace(t);
  const up = [join(import.meta.dirname, "..", "..", "k8ts"), "up", "--data-dir", place.dataDir];
  const nobody = await place.run("setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", ...up]);
  assert.equal(nobody.status, 1);
  assert.match(nobody.stderr, /a node needs root, for containers and their network: run this again with sudo/);
  const weak = await place.run("setpriv", ["--bounding-set=-sys_admin", "--inh-caps=-sys_admin", ...up]);
  assert.equal(weak.status, 1);
  assert.match(weak.stderr, /this process lacks CAP_SYS_ADMIN/);
});

test("a missing tool that cannot be installed here is named", { skip, timeout }, async (t) => {
  const place = await createClusterPlace(t);
  const hide = ["containerd", "apt-get"].map((name) => `mount --bind /dev/null "$(command -v ${name})"`).join(" && ");
  const up = `exec ${join(import.meta.dirname, "..", "..", "k8ts")} up --data-dir ${place.dataDir}`;
  const { status, stderr } = await place.run("unshare", ["--mount", "sh", "-c", `${hide} && ${up}`]);
  assert.equal(status, 1);
  assert.match(stderr, /a node needs what is not installed here: containerd\./);
  assert.equal(existsSync(place.dataDir), false);
});

test("commands on one cluster come one after another", { skip, timeout }, async (t) => {
  const place = await createClusterPlace(t);
  const both = await Promise.all([place.k8ts(["up"]), place.k8ts(["up"])]);
  assert.deepEqual(
    both.map(({ status }) => status),
    [0, 0],
    both.map(({ stderr }) => stderr).join("\n"),
  );
  const [first, second] = await Promise.all([place.k8ts(["delete"]), place.k8ts(["delete"])]);
  assert.deepEqual([first.status, second.status], [0, 0], first.stderr + second.stderr);
  assert.deepEqual(await place.traces(), []);
});
