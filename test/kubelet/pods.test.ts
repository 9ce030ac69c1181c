import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { ConfigMap } from "../../api/core/v1/config-map.ts";
import { Event } from "../../api/core/v1/event.ts";
import { Pod } from "../../api/core/v1/pod.ts";
import type { ContainerStatus } from "../../api/generated/types/core-v1.ts";
import { isNotFound } from "../../apimachinery/errors/api-error.ts";
import { whyNoContainers } from "../support/containerd.ts";
import { eventually } from "../support/eventually.ts";
import { busyboxMissing } from "../support/images/busybox.ts";
import { busybox, startTestNode, type TestNode } from "../support/kubelet.ts";

const skip = whyNoContainers() ?? busyboxMissing() ?? false;

type Fields = Record<string, unknown>;

const main = (script: string, fields: Fields = {}): Fields => ({
  name: "main",
  image: busybox,
  command: ["sh", "-c", script],
  ...fields,
});
/** A shell that ends at once when it is told to. */
const forever = "trap 'exit 0' TERM; while :; do sleep 0.05; done";

function podsOf({ cluster }: TestNode) {
  return cluster.client.resource(Pod, "default");
}

function create(node: TestNode, name: string, spec: Fields): Promise<Pod> {
  const { nodeName } = node;
  const own = { nodeName, terminationGracePeriodSeconds: 5, automountServiceAccountToken: false };
  return podsOf(node).create({ metadata: { name }, spec: { ...own, ...spec } } as never);
}

function isReady({ status }: Pod): boolean {
  return status.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;
}

function container(pod: Pod, name = "main"): ContainerStatus {
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status;
  return [...containerStatuses, ...initContainerStatuses].find((status) => status.name === name) ?? assert.fail(name);
}

/** The pod, once this holds of it. */
function until(node: TestNode, name: string, holds: (pod: Pod) => boolean): Promise<Pod> {
  return eventually(
    async () => {
      const pod = await podsOf(node).get(name);
      assert.ok(holds(pod), `${name}: ${JSON.stringify(pod.status)} ${JSON.stringify(node.logger.records.slice(-5))}`);
      return pod;
    },
    { timeoutMs: 20_000, everyMs: 5 },
  );
}

async function gone(node: TestNode, name: string): Promise<void> {
  await eventually(async () =>
    assert.ok(
      await podsOf(node)
        .get(name)
        .then(() => false, isNotFound),
      `${name} is there`,
    ),
  );
}

async function eventsOf({ cluster }: TestNode, name: string): Promise<readonly string[]> {
  const { items } = await cluster.client
    .resource(Event, "default")
    .list({ fieldSelector: `involvedObject.name=${name}` });
  return items.map(({ reason, message }) => `${reason}: ${message}`);
}

async function pidOf({ cri }: TestNode, pod: Pod): Promise<number> {
  const containerId = (container(pod).containerID ?? "").replace("containerd://", "");
  const { info } = await cri.containerStatus({ containerId, verbose: true });
  return (JSON.parse(info["info"] ?? "{}") as { pid: number }).pid;
}

async function lifeAndDeath(node: TestNode): Promise<void> {
  await create(node, "life", {
    containers: [
      main(`echo $GREETING to $MY_IP; ${forever}`, {
        env: [
          { name: "WHO", value: "world" },
          { name: "GREETING", value: "hello $(WHO)" },
          { name: "MY_IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } },
        ],
      }),
    ],
  });
  const pod = await until(node, "life", isReady);
  const { uid } = pod.metadata;
  assert.equal(pod.status.phase, "Running");
  assert.match(pod.status.podIP ?? "", /^10\.244\.0\./);
  const log = join(node.containerd.dataDir, `pod-logs/default_life_${uid}/main/0.log`);
  await eventually(() => assert.match(readFileSync(log, "utf8"), new RegExp(`hello world to ${pod.status.podIP}`)));
  await podsOf(node).delete("life");
  await gone(node, "life");
  await eventually(async () => {
    const { items } = await node.cri.listPodSandbox({
      filter: { labelSelector: { "io.kubernetes.pod.uid": uid ?? "" } },
    });
    assert.deepEqual(items, []);
    assert.equal(existsSync(log), false);
    assert.equal(existsSync(join(node.containerd.dataDir, `kubelet/pods/${uid}`)), false);
  });
  const events = await eventsOf(node, "life");
  for (const event of [
    "Created: Container created",
    "Started: Container started",
    "Killing: Stopping container main",
  ]) {
    assert.ok(events.includes(event), `${event} in ${events.join("; ")}`);
  }
}

async function crashes(node: TestNode): Promise<void> {
  await create(node, "crash", { containers: [main(forever)] });
  const times: number[] = [];
  for (let restarts = 0; restarts < 3; restarts++) {
    const pod = await until(node, "crash", (pod) => isReady(pod) && container(pod).restartCount === restarts);
    if (restarts === 2) break;
    const killedMs = performance.now();
    process.kill(await pidOf(node, pod), "SIGKILL");
    if (restarts === 1) {
      const waiting = await until(node, "crash", (pod) => container(pod).state.waiting?.reason === "CrashLoopBackOff");
      const message = `back-off 1s restarting failed container=main pod=crash_default(${pod.metadata.uid})`;
      assert.equal(container(waiting).state.waiting?.message, message);
      assert.equal(container(waiting).lastState.terminated?.exitCode, 137);
    }
    await until(node, "crash", (pod) => container(pod).restartCount === restarts + 1 && isReady(pod));
    times.push(performance.now() - killedMs);
  }
  const [first = 0, second = 0] = times;
  assert.ok(first < 1_000, `the first restart took ${first} ms`);
  assert.ok(second >= 1_000 && second < 2_500, `the second restart took ${second} ms`);
  await podsOf(node).delete("crash");
  await gone(node, "crash");
}

async function initAndSidecar(node: TestNode): Promise<void> {
  const volumeMounts = [{ name: "shared", mountPath: "/shared" }];
  const say = (word: string) => `echo ${word} >> /shared/order`;
  await create(node, "steps", {
    restartPolicy: "Never",
    volumes: [{ name: "shared", emptyDir: {} }],
    initContainers: [
      { ...main(say("first")), name: "first", volumeMounts },
      { ...main(`${say("sidecar")}; ${forever}`), name: "sidecar", restartPolicy: "Always", volumeMounts },
      {
        ...main(`while ! grep -q sidecar /shared/order; do sleep 0.02; done; ${say("last")}`),
        name: "last",
        volumeMounts,
      },
    ],
    containers: [main(`${say("main")}; cat /shared/order > /dev/termination-log`, { volumeMounts })],
  });
  const pod = await until(node, "steps", ({ status }) => status.phase === "Succeeded");
  assert.equal(container(pod).state.terminated?.message, "first\nsidecar\nlast\nmain\n");
  assert.equal(container(pod).state.terminated?.reason, "Completed");
  assert.notEqual(container(pod, "sidecar").state.terminated, undefined);
  assert.deepEqual(pod.status.conditions?.find(({ type }) => type === "Ready")?.reason, "PodCompleted");
  await podsOf(node).delete("steps");
  await gone(node, "steps");
}

async function missingConfig(node: TestNode): Promise<void> {
  await create(node, "config", { containers: [main(forever, { envFrom: [{ configMapRef: { name: "settings" } }] })] });
  const reason = (pod: Pod) => container(pod).state.waiting?.reason;
  const waiting = await until(node, "config", (pod) => reason(pod) === "CreateContainerConfigError");
  assert.equal(container(waiting).state.waiting?.message, 'configmap "settings" not found');
  await node.cluster.client.resource(ConfigMap, "default").create({ metadata: { name: "settings" }, data: { A: "1" } });
  await until(node, "config", isReady);
  await podsOf(node).delete("config", { gracePeriodSeconds: 0 });
  await gone(node, "config");
}

async function liveness(node: TestNode): Promise<void> {
  const livenessProbe = { exec: { command: ["test", "!", "-e", "/tmp/sick"] }, periodSeconds: 1, failureThreshold: 1 };
  await create(node, "sick", {
    terminationGracePeriodSeconds: 1,
    containers: [main(`sleep 1; touch /tmp/sick; ${forever}`, { livenessProbe })],
  });
  await until(node, "sick", (pod) => container(pod).restartCount === 1);
  const events = await eventually(async () => {
    const events = await eventsOf(node, "sick");
    assert.ok(events.includes("Killing: Container main failed liveness probe, will be restarted"), events.join("; "));
    return events;
  });
  assert.ok(events.some((event) => event.startsWith("Unhealthy: Liveness probe failed")));
  await podsOf(node).delete("sick");
  await gone(node, "sick");
}

async function preStop(node: TestNode): Promise<void> {
  const lifecycle = {
    postStart: { exec: { command: ["sh", "-c", "echo started > /tmp/hook"] } },
    preStop: { exec: { command: ["sh", "-c", "cat /tmp/hook > /out/stopped"] } },
  };
  const out = join(node.containerd.dataDir, "out");
  await create(node, "hooks", {
    volumes: [{ name: "out", hostPath: { path: out, type: "DirectoryOrCreate" } }],
    containers: [main(forever, { lifecycle, volumeMounts: [{ name: "out", mountPath: "/out" }] })],
  });
  await until(node, "hooks", isReady);
  await podsOf(node).delete("hooks");
  await gone(node, "hooks");
  assert.equal(readFileSync(join(out, "stopped"), "utf8"), "started\n");
}

async function restarts(node: TestNode): Promise<void> {
  await create(node, "stays", { containers: [main(forever)] });
  await create(node, "leaves", { containers: [main(forever)] });
  await until(node, "leaves", isReady);
  const before = await until(node, "stays", isReady);
  await node.stopKubelet();
  await podsOf(node).delete("leaves", { gracePeriodSeconds: 0 });
  await node.restartKubelet();
  await eventually(async () => {
    const { containers } = await node.cri.listContainers({
      filter: { labelSelector: { "io.kubernetes.pod.name": "leaves" } },
    });
    assert.deepEqual(containers, []);
  });
  await node.containerd.kill();
  await node.containerd.restart();
  // Whatever a restart might do wrong is done by the time that another pod has run.
  await create(node, "later", { containers: [main(forever)] });
  await until(node, "later", isReady);
  const after = await until(node, "stays", isReady);
  assert.deepEqual(after.status.containerStatuses, before.status.containerStatuses);
  assert.equal(await pidOf(node, after), await pidOf(node, before));
  for (const name of ["stays", "later"]) await podsOf(node).delete(name);
  for (const name of ["stays", "later"]) await gone(node, name);
}

async function staticPod(node: TestNode): Promise<void> {
  const directory = join(node.containerd.dataDir, "static-pods");
  const path = join(directory, "fixed.yaml");
  const spec = { terminationGracePeriodSeconds: 1, containers: [main(forever)] };
  writeFileSync(path, JSON.stringify({ apiVersion: "v1", kind: "Pod", metadata: { name: "fixed" }, spec }));
  const name = `fixed-${node.nodeName}`;
  const mirror = await eventually(async () => {
    const mirror = await podsOf(node).get(name);
    assert.ok(isReady(mirror), JSON.stringify(mirror.status));
    return mirror;
  });
  const { annotations = {} } = mirror.metadata;
  assert.equal(annotations["kubernetes.io/config.source"], "file");
  assert.equal(annotations["kubernetes.io/config.mirror"], annotations["kubernetes.io/config.hash"]);
  await podsOf(node).delete(name, { gracePeriodSeconds: 0 });
  const again = await eventually(async () => {
    const again = await podsOf(node).get(name);
    assert.notEqual(again.metadata.uid, mirror.metadata.uid);
    assert.ok(isReady(again));
    return again;
  });
  assert.equal(container(again).containerID, container(mirror).containerID, "its mirror is not the pod");
  rmSync(path);
  await gone(node, name);
  await eventually(async () => {
    const { items } = await node.cri.listPodSandbox({ filter: { labelSelector: { "io.kubernetes.pod.name": name } } });
    assert.deepEqual(items, []);
  });
}

const scenarios: readonly (readonly [string, (node: TestNode) => Promise<void>])[] = [
  ["a pod runs, says so, and leaves nothing behind", lifeAndDeath],
  ["a killed container is replaced at once, then after a second", crashes],
  ["init containers and sidecars start in order, and a pod whose work is done succeeds", initAndSidecar],
  ["a container waits for the ConfigMap that it needs", missingConfig],
  ["a container that fails its liveness probe is started anew", liveness],
  ["hooks run after the start and before the end", preStop],
  ["a static pod runs, with a mirror in the API", staticPod],
  ["neither a new kubelet nor a new containerd restarts a container", restarts],
];

test("a real node keeps its pods", { skip, timeout: 180_000 }, async (t: TestContext) => {
  const node = await startTestNode(t);
  for (const [name, scenario] of scenarios) await t.test(name, { timeout: 45_000 }, () => scenario(node));
  const leftovers = join(node.containerd.dataDir, "kubelet/pods");
  await eventually(() => assert.deepEqual(readdirSync(leftovers), []));
});
