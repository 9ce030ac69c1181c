import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { busyboxMissing, webImage } from "../support/images/busybox.ts";
import { type RealCluster, startRealCluster, whyNoContainers } from "../support/real-cluster.ts";

const skip = whyNoContainers() ?? busyboxMissing() ?? false;
const timeout = 240_000;
const waiting = { timeout: 40_000, interval: 250 };

/** Three web servers behind a service, one of them with a port of the node. */
async function startWeb(t: TestContext): Promise<RealCluster> {
  const cluster = await startRealCluster(t, {
    images: [{ image: await webImage(), names: ["docker.io/library/web:1"] }],
  });
  await cluster.kubectl("create", "deployment", "web", "--image", "web:1", "--replicas", "3");
  await cluster.kubectl("expose", "deployment", "web", "--port", "80");
  const pod = { containers: [{ name: "c", image: "web:1", ports: [{ containerPort: 80, hostPort: 8080 }] }] };
  const port = { apiVersion: "v1", kind: "Pod", metadata: { name: "port", labels: { app: "port" } }, spec: pod };
  const applied = await cluster.tryKubectl(["apply", "-f", "-"], { input: JSON.stringify(port) });
  assert.equal(applied.status, 0, applied.stderr);
  await cluster.kubectl("rollout", "status", "deployment", "web", "--timeout", "60s");
  await cluster.kubectl("wait", "--for=condition=Ready", "pod", "--all", "--timeout", "60s");
  await t.waitFor(() => answers(cluster), waiting);
  return cluster;
}

async function answers(cluster: RealCluster): Promise<void> {
  const ip = await cluster.kubectl("get", "service", "web", "-o", "jsonpath={.spec.clusterIP}");
  for (const url of [`http://${ip}/cgi-bin/hostname`, `http://${cluster.namespace.address}:8080/cgi-bin/hostname`]) {
    const { status, stdout } = await cluster.run("timeout", ["2", "busybox", "wget", "-q", "-O", "-", url]);
    assert.equal(status, 0, url);
    assert.match(stdout, /^(web-|port)/);
  }
}

/** By pod: container id and number of restarts. */
async function containersOf(cluster: RealCluster): Promise<readonly string[]> {
  const path =
    "{range .items[*]}{.metadata.name} {.status.containerStatuses[0].containerID} {.status.containerStatuses[0].restartCount}{'\\n'}{end}";
  return (await cluster.kubectl("get", "pods", "-o", `jsonpath=${path}`)).trim().split("\n").sort();
}

async function killEverything(cluster: RealCluster): Promise<void> {
  const status = JSON.parse((await cluster.k8ts(["status", "-o", "json"])).stdout) as {
    readonly components: readonly { readonly name: string; readonly pid: number }[];
  };
  const order = ["supervisor", "node", "server", "containerd"];
  for (const { pid } of status.components.toSorted((a, b) => order.indexOf(a.name) - order.indexOf(b.name))) {
    process.kill(pid, "SIGKILL");
  }
}

async function goodUp(cluster: RealCluster): Promise<void> {
  const { status, stderr } = await cluster.k8ts(["up"]);
  assert.equal(status, 0, stderr);
}

test("pods over the ends of their cluster", { skip, timeout }, async (t) => {
  const cluster = await startWeb(t);

  await t.test("the same pods come back after down and up, and in between nothing of them is left", async (t) => {
    const before = await containersOf(cluster);
    assert.equal((await cluster.k8ts(["down"])).status, 0);
    assert.deepEqual(await cluster.traces(), []);
    await goodUp(cluster);
    await t.waitFor(() => answers(cluster), waiting);
    await cluster.kubectl("wait", "--for=condition=Ready", "pod", "--all", "--timeout", "60s");
    const names = (list: readonly string[]) => list.map((line) => line.split(" ")[0]);
    assert.deepEqual(names(await containersOf(cluster)), names(before));
  });

  await t.test("containers outlive kill -9 of everything that runs them, and none is started anew", async () => {
    const before = await containersOf(cluster);
    await killEverything(cluster);
    await goodUp(cluster);
    await answers(cluster);
    assert.deepEqual(await containersOf(cluster), before);
  });

  await t.test("delete after kill -9 of everything ends the containers that are left", async () => {
    await killEverything(cluster);
    const deleted = await cluster.k8ts(["delete"]);
    assert.equal(deleted.status, 0, deleted.stderr);
    assert.deepEqual(await cluster.traces(), []);
    assert.equal(existsSync(cluster.dataDir), false);
  });
});
