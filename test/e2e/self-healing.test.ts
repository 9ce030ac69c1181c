import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { type TestContext, test } from "node:test";
import type { Pod } from "../../api/core/v1/pod.ts";
import { eventually } from "../support/eventually.ts";
import { busyboxImage, busyboxMissing, webImage } from "../support/images/busybox.ts";
import { type RealCluster, startRealCluster, whyNoContainers } from "../support/real-cluster.ts";
import { startRequests } from "../support/requests.ts";
import { containerOf, followPods } from "../support/seen-pods.ts";

const skip = whyNoContainers() ?? busyboxMissing() ?? false;
const timeout = 240_000;

/** A word in a program's command line by which this test finds it among all processes of the machine. */
const mark = `victim-${process.pid}`;

/** The process of a container: it has the mark as an argument of its own, and the others that show it are its children. */
function victim(): number | undefined {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const [, , , , name] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      const innermost = /^NSpid:.*\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
      if (name === mark && innermost === "1") return Number(pid);
    } catch {
      // It has just ended.
    }
  }
  return undefined;
}

async function create(cluster: RealCluster, ...objects: readonly unknown[]): Promise<void> {
  const input = JSON.stringify({ apiVersion: "v1", kind: "List", items: objects });
  const { status, stderr } = await cluster.tryKubectl(["create", "-f", "-"], { input });
  assert.equal(status, 0, stderr);
}

async function podsOf(cluster: RealCluster, selector: string): Promise<readonly Pod[]> {
  const text = await cluster.kubectl("get", "pods", "-l", selector, "-o", "json");
  return (JSON.parse(text) as { readonly items: readonly Pod[] }).items;
}

/** By pod: the container's id, and how often it was started again. */
async function lives(cluster: RealCluster, selector: string): Promise<readonly string[]> {
  return (await podsOf(cluster, selector))
    .map((pod) => {
      const { containerID, restartCount, ready } = containerOf(pod, pod.spec.containers[0]?.name) ?? assert.fail();
      return [pod.metadata.name, containerID, restartCount, ready].join(" ");
    })
    .sort();
}

async function killedContainerRunsAgain(cluster: RealCluster, t: TestContext): Promise<void> {
  const seen = followPods(t, cluster);
  const command = ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.1; done", "sh", mark];
  const spec = { terminationGracePeriodSeconds: 1, containers: [{ name: "c", image: "shell:1", command }] };
  await create(cluster, { apiVersion: "v1", kind: "Pod", metadata: { name: "victim" }, spec });
  const uid = (await seen.until("victim", ({ status }) => status.phase === "Running")).object.metadata.uid;
  const tookMs: number[] = [];
  for (let restarts = 0; restarts < 3; restarts++) {
    const pid = await eventually(() => victim() ?? assert.fail("its process is not there"));
    const killedMs = performance.now();
    process.kill(pid, "SIGKILL");
    await eventually(() => assert.ok(![undefined, pid].includes(victim())), { everyMs: 10 });
    tookMs.push(Math.round(performance.now() - killedMs));
    const again = await seen.until(
      "victim",
      (pod) => containerOf(pod)?.restartCount === restarts + 1 && containerOf(pod)?.state.running !== undefined,
    );
    const { lastState } = containerOf(again.object) ?? assert.fail();
    assert.equal(lastState.terminated?.exitCode, 137);
    assert.equal(lastState.terminated?.reason, "Error");
  }
  t.diagnostic(`killed containers ran again after ${tookMs.join(", ")} ms`);
  const waited = seen.history("victim").flatMap(({ object }) => {
    const { waiting } = containerOf(object)?.state ?? {};
    return waiting?.reason === "CrashLoopBackOff" ? [waiting.message] : [];
  });
  const text = (seconds: number) => `back-off ${seconds}s restarting failed container=c pod=victim_default(${uid})`;
  const told = [...new Set(waited)];
  assert.ok(told.length > 0, "it is told that it waits");
  // The first time it does not wait. A busy machine may not show the shorter of the others.
  assert.deepEqual(told, [text(1), text(2)].slice(-told.length));
  for (const [i, waitedMs] of [0, 1_000, 2_000].entries()) {
    assert.ok(tookMs[i]! >= waitedMs - 100 && tookMs[i]! <= waitedMs + 300 + slackMs, String(tookMs));
  }
  await cluster.kubectl("delete", "pod", "victim");
}

async function deletedPodIsReplaced(cluster: RealCluster, t: TestContext): Promise<void> {
  const before = (await podsOf(cluster, "app=web")).map(({ metadata }) => metadata.name);
  assert.equal(before.length, 3);
  const startedMs = performance.now();
  await cluster.kubectl("delete", "pod", before[0]!, "--wait=false");
  await eventually(async () => {
    const now = await podsOf(cluster, "app=web");
    assert.equal(now.length, 3);
    assert.ok(!now.some(({ metadata }) => metadata.name === before[0]));
    assert.ok(now.every((pod) => containerOf(pod, "web")?.ready));
  });
  t.diagnostic(`a deleted pod was gone and its successor ready after ${Math.round(performance.now() - startedMs)} ms`);
}

interface Status {
  readonly ready: boolean;
  readonly components: readonly { readonly name: string; readonly pid: number }[];
}

async function statusOf(cluster: RealCluster): Promise<Status> {
  return JSON.parse((await cluster.k8ts(["status", "-o", "json"])).stdout) as Status;
}

async function kill(cluster: RealCluster, name: string): Promise<void> {
  const before = await statusOf(cluster);
  const pid = before.components.find((one) => one.name === name)?.pid ?? assert.fail(name);
  process.kill(pid, "SIGKILL");
  await eventually(
    async () => {
      const { ready, components } = await statusOf(cluster);
      assert.notEqual(components.find((one) => one.name === name)?.pid ?? pid, pid);
      assert.ok(ready, `not ready after the end of ${name}`);
    },
    { everyMs: 200, timeoutMs: 40_000 },
  );
}

/** What a busy machine may add to the times that are promised. */
const slackMs = 1_500;

/** A client in a pod, which asks at the service's address, all the time and several times at once, and writes down how that went. */
const client = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "client", labels: { app: "client" } },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [
      {
        name: "c",
        image: "shell:1",
        env: [{ name: "URL", value: "$(WEB_SERVICE_HOST)" }],
        command: [
          ...["sh", "-c"],
          `ask() { while :; do timeout 10 wget -q -O - http://$URL/cgi-bin/hostname > /dev/null && echo good || echo "failed $?"; done; }
          ask & ask & ask & ask & wait`,
        ],
      },
    ],
  },
};

async function nothingHappensToPods(cluster: RealCluster, t: TestContext): Promise<void> {
  await create(cluster, client);
  await cluster.kubectl("wait", "--for=condition=Ready", "pod/client", "--timeout", "60s");
  const selector = "app in (web, client)";
  const ip = await cluster.kubectl("get", "service", "web", "-o", "jsonpath={.spec.clusterIP}");
  const before = await lives(cluster, selector);
  const requests = await startRequests(t, cluster.namespace, { url: `http://${ip}/cgi-bin/hostname` });
  for (const name of ["server", "node", "containerd"]) {
    const startedMs = performance.now();
    await kill(cluster, name);
    t.diagnostic(
      `the cluster was ready again ${Math.round(performance.now() - startedMs)} ms after kill -9 of ${name}`,
    );
  }
  await eventually(async () => assert.deepEqual(await lives(cluster, selector), before));
  const { answers, failures, longestMs } = await requests.stop();
  const count = Object.values(answers).reduce((sum, one) => sum + one, 0);
  t.diagnostic(
    `${count} requests from the node, ${failures.length} failed, the longest took ${Math.round(longestMs)} ms`,
  );
  assert.deepEqual(failures, []);
  assert.equal(Object.keys(answers).length, 3, "all three pods had their share");
  const log = (await cluster.kubectl("logs", "client")).trim().split("\n");
  t.diagnostic(`${log.length} requests from a pod, ${log.filter((line) => line !== "good").length} failed`);
  assert.ok(log.length > 100);
  assert.deepEqual([...new Set(log)], ["good"]);
  assert.deepEqual(await lives(cluster, selector), before);
}

async function allWorksAsBefore(cluster: RealCluster): Promise<void> {
  await create(cluster, {
    ...client,
    metadata: { name: "late" },
    spec: { ...client.spec, containers: [{ name: "c", image: "shell:1", command: ["sleep", "1000"] }] },
  });
  await cluster.kubectl("wait", "--for=condition=Ready", "pod/late", "--timeout", "60s");
  assert.equal(await cluster.kubectl("exec", "late", "--", "echo", "hello"), "hello\n");
  assert.match(
    await cluster.kubectl("exec", "late", "--", "wget", "-q", "-O", "-", "http://web.default.svc/cgi-bin/hostname"),
    /^web-/,
  );
  assert.match(await cluster.kubectl("exec", "client", "--", "nslookup", "web.default.svc.cluster.local"), /Address/);
}

test("what ends is replaced, and what runs is left alone whatever else ends", { skip, timeout }, async (t) => {
  const cluster = await startRealCluster(t, {
    images: [
      { image: await webImage(), names: ["docker.io/library/web:1"] },
      { image: await busyboxImage(), names: ["docker.io/library/shell:1"] },
    ],
  });
  await cluster.kubectl("create", "deployment", "web", "--image", "web:1", "--replicas", "3");
  await cluster.kubectl("expose", "deployment", "web", "--port", "80");
  await t.test("a killed container runs again: at once, then after 1 s, then after 2 s", (t) =>
    killedContainerRunsAgain(cluster, t),
  );
  await cluster.kubectl("rollout", "status", "deployment", "web", "--timeout", "60s");
  await t.test("a deleted pod is replaced", (t) => deletedPodIsReplaced(cluster, t));
  await t.test("no request fails and no container restarts when server, node or containerd is killed", (t) =>
    nothingHappensToPods(cluster, t),
  );
  await t.test("afterwards pods start, commands run in them, and names are answered", () => allWorksAsBefore(cluster));
});
