import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Pod } from "../../api/core/v1/pod.ts";
import { busyboxImage, busyboxMissing } from "../support/images/busybox.ts";
import { startRegistry } from "../support/images/registry-process.ts";
import { type RealCluster, startRealCluster, whyNoContainers } from "../support/real-cluster.ts";
import { containerOf, followPods, isReady, type SeenPods } from "../support/seen-pods.ts";

/** What people see of workloads that cannot work: states, events and messages as upstream's kubelet and scheduler have them. */

const skip = whyNoContainers() ?? busyboxMissing() ?? false;
const timeout = 240_000;

type Fields = Readonly<Record<string, unknown>>;

const image = "shell:1";
const forever = "trap 'exit 0' TERM; while :; do sleep 0.1; done";
const deaf = "trap '' TERM; while :; do sleep 0.1; done";
const sh = (script: string, fields: Fields = {}): Fields => ({
  name: "c",
  image,
  command: ["sh", "-c", script],
  ...fields,
});
const hanging = { exec: { command: ["sleep", "100"] }, periodSeconds: 1, timeoutSeconds: 1, failureThreshold: 2 };

/** By name, each wrong in a way of its own. */
function badPods(registry: string): Readonly<Record<string, Fields>> {
  const of = (container: Fields, fields: Fields = {}): Fields => ({ containers: [container], ...fields });
  return {
    "image-absent": of(sh(forever, { image: `${registry}/team/nothing:v1` })),
    "image-invalid": of(sh(forever, { image: "Upper/Case" })),
    "image-never": of(sh(forever, { image: "nowhere:1", imagePullPolicy: "Never" })),
    "command-absent": of({ name: "c", image, command: ["no-such-command"] }),
    crashing: of(sh("echo broken; exit 3", { terminationMessagePolicy: "FallbackToLogsOnError" })),
    "init-crashing": of(sh(forever), { initContainers: [sh("exit 1", { name: "first" })] }),
    "init-failed": of(sh(forever), { initContainers: [sh("exit 1", { name: "first" })], restartPolicy: "Never" }),
    "config-absent": of(sh(forever, { envFrom: [{ configMapRef: { name: "nothing" } }] })),
    "key-absent": of(
      sh(forever, {
        env: [{ name: "A", valueFrom: { configMapKeyRef: { name: "kube-root-ca.crt", key: "nothing" } } }],
      }),
    ),
    "secret-absent": of(
      sh(forever, { env: [{ name: "A", valueFrom: { secretKeyRef: { name: "nothing", key: "a" } } }] }),
    ),
    "volume-absent": of(sh(forever, { volumeMounts: [{ name: "v", mountPath: "/v" }] }), {
      volumes: [{ name: "v", configMap: { name: "nothing" } }],
    }),
    "secret-volume-absent": of(sh(forever, { volumeMounts: [{ name: "v", mountPath: "/v" }] }), {
      volumes: [{ name: "v", secret: { secretName: "nothing" } }],
    }),
    "liveness-hanging": of(sh(forever, { livenessProbe: hanging })),
    "readiness-hanging": of(sh(forever, { readinessProbe: hanging })),
    "hook-failing": of(sh(forever, { lifecycle: { postStart: { exec: { command: ["false"] } } } })),
    "port-first": of(sh(forever, { ports: [{ containerPort: 80, hostPort: 18_080 }] })),
    "port-second": of(sh(forever, { ports: [{ containerPort: 80, hostPort: 18_080 }] })),
    "too-large": of(sh(forever, { resources: { requests: { cpu: "1000" } } })),
    "root-forbidden": of(sh(forever, { securityContext: { runAsNonRoot: true } })),
    "memory-short": of(sh("tail /dev/zero", { resources: { limits: { memory: "24Mi" } } }), { restartPolicy: "Never" }),
    "time-short": of(sh(forever), { activeDeadlineSeconds: 2 }),
    "space-short": of(
      sh("dd if=/dev/zero of=/v/file bs=1M count=4", {
        volumeMounts: [{ name: "v", mountPath: "/v" }],
        terminationMessagePolicy: "FallbackToLogsOnError",
      }),
      { restartPolicy: "Never", volumes: [{ name: "v", emptyDir: { medium: "Memory", sizeLimit: "1Mi" } }] },
    ),
    deaf: of(sh(deaf), { terminationGracePeriodSeconds: 3 }),
  };
}

interface World {
  readonly cluster: RealCluster;
  readonly seen: SeenPods;
  readonly registry: string;
}

async function createAll({ cluster }: World, pods: Readonly<Record<string, Fields>>): Promise<void> {
  const items = Object.entries(pods).map(([name, spec]) => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name },
    spec: { terminationGracePeriodSeconds: 1, automountServiceAccountToken: false, ...spec },
  }));
  const list = JSON.stringify({ apiVersion: "v1", kind: "List", items });
  const { status, stderr } = await cluster.tryKubectl(["create", "-f", "-"], { input: list });
  assert.equal(status, 0, stderr);
}

const waitingFor =
  (reason: string, container?: string) =>
  (pod: Pod): boolean =>
    containerOf(pod, container)?.state.waiting?.reason === reason;

/** The message with which a container waits for this reason. */
async function messageOf({ seen }: World, name: string, reason: string, container?: string): Promise<string> {
  const { object } = await seen.until(name, waitingFor(reason, container));
  return containerOf(object, container)?.state.waiting?.message ?? "";
}

async function uidOf({ seen }: World, name: string): Promise<string> {
  return (await seen.until(name, () => true)).object.metadata.uid ?? "";
}

/** What `kubectl get pod` says in its column STATUS. */
async function shown({ cluster }: World, name: string): Promise<string> {
  return (await cluster.kubectl("get", "pod", name, "--no-headers")).trim().split(/\s+/)[2] ?? "";
}

async function described({ cluster }: World, name: string): Promise<string> {
  return (await cluster.kubectl("describe", "pod", name)).replaceAll(/[ \t]+/g, " ");
}

const cases: Readonly<Record<string, (world: World, t: TestContext) => Promise<void>>> = {
  async "an image that its registry does not have"(world) {
    const name = `${world.registry}/team/nothing:v1`;
    const why = `rpc error: code = NotFound desc = failed to pull and unpack image "${name}": failed to resolve reference "${name}": ${name}: not found`;
    assert.equal(await messageOf(world, "image-absent", "ErrImagePull"), why);
    const backOff = `Back-off pulling image "${name}"`;
    assert.equal(await messageOf(world, "image-absent", "ImagePullBackOff"), `${backOff}: ErrImagePull: ${why}`);
    for (const [reason, message] of [
      ["Pulling", `Pulling image "${name}"`],
      ["Failed", `Failed to pull image "${name}": ${why}`],
      ["Failed", "Error: ErrImagePull"],
      ["BackOff", backOff],
      ["Failed", "Error: ImagePullBackOff"],
    ] as const)
      await world.seen.event("image-absent", reason, message);
  },

  async "an image name that is none"(world) {
    const why = `Failed to apply default image tag "Upper/Case": couldn't parse image name "Upper/Case": invalid reference format: repository name (Case) must be lowercase`;
    assert.equal(await messageOf(world, "image-invalid", "InvalidImageName"), why);
    await world.seen.event("image-invalid", "InspectFailed", why);
    await world.seen.event("image-invalid", "Failed", "Error: InvalidImageName");
  },

  async "an image that is not there and may not be pulled"(world) {
    const why = 'Container image "nowhere:1" is not present with pull policy of Never';
    assert.equal(await messageOf(world, "image-never", "ErrImageNeverPull"), why);
    await world.seen.event("image-never", "ErrImageNeverPull", why);
    await world.seen.event("image-never", "Failed", "Error: ErrImageNeverPull");
  },

  async "a command that its image does not have"(world) {
    const { seen } = world;
    const why =
      /^failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: .*exec: "no-such-command": executable file not found in \$PATH: unknown$/;
    assert.match(await messageOf(world, "command-absent", "RunContainerError"), why);
    await seen.event("command-absent", "Failed", /^Error: failed to create containerd task: .* in \$PATH: unknown$/);
    const { object } = await seen.until("command-absent", waitingFor("CrashLoopBackOff"));
    const { lastState } = containerOf(object) ?? assert.fail();
    assert.equal(lastState.terminated?.reason, "StartError");
    assert.equal(lastState.terminated?.exitCode, 128);
    assert.match(lastState.terminated?.message ?? "", why);
    const text = await described(world, "command-absent");
    assert.match(text, /Last State: Terminated\n Reason: StartError\n Message: failed to create containerd task: /);
    assert.match(text, /\n Exit Code: 128\n/);
  },

  async "a program that ends with an error, again and again"(world) {
    const { seen } = world;
    const uid = await uidOf(world, "crashing");
    const text = new RegExp(`^back-off (\\d+)s restarting failed container=c pod=crashing_default\\(${uid}\\)$`);
    const delayOf = (pod: Pod) => Number(text.exec(containerOf(pod)?.state.waiting?.message ?? "")?.[1] ?? 0);
    const { object } = await seen.until("crashing", (pod) => delayOf(pod) >= 4);
    const waits = seen.history("crashing").filter((one) => delayOf(one.object) > 0 && delayOf(one.object) < 60);
    // At once the first time, then after 1 s, 2 s, 4 s: a busy machine may show not each of them.
    for (const one of waits) assert.equal(delayOf(one.object), 2 ** ((containerOf(one.object)?.restartCount ?? 0) - 1));
    const { lastState } = containerOf(object) ?? assert.fail();
    const { reason, exitCode, message } = lastState.terminated ?? assert.fail();
    assert.deepEqual({ reason, exitCode, message }, { reason: "Error", exitCode: 3, message: "broken\n" });
    const pod = `pod crashing_default(${uid})`;
    await seen.event("crashing", "BackOff", `Back-off restarting failed container c in ${pod}`);
    assert.match(
      await described(world, "crashing"),
      /Last State: Terminated\n Reason: Error\n Message: broken\n+ Exit Code: 3\n/,
    );
    assert.match(await world.cluster.kubectl("logs", "crashing", "--previous"), /^broken$/m);
  },

  async "an init container that fails"(world) {
    const { seen } = world;
    const { object } = await seen.until("init-crashing", waitingFor("CrashLoopBackOff", "first"));
    assert.equal(object.status.phase, "Pending");
    assert.equal(containerOf(object)?.state.waiting?.reason, "PodInitializing");
    assert.match(await shown(world, "init-crashing"), /^Init:(CrashLoopBackOff|Error)$/);
    await seen.until("init-failed", ({ status }) => status.phase === "Failed");
    assert.equal(await shown(world, "init-failed"), "Init:Error");
    const { status } = (await seen.until("init-failed", (pod) => pod.status.phase === "Failed")).object;
    const initialized = status.conditions?.find(({ type }) => type === "Initialized");
    assert.equal(initialized?.reason, "ContainersNotInitialized");
    assert.equal(initialized?.message, "containers with incomplete status: [first]");
  },

  async "ConfigMaps, keys and Secrets that are not there"(world) {
    for (const [name, why] of [
      ["config-absent", 'configmap "nothing" not found'],
      ["key-absent", "couldn't find key nothing in ConfigMap default/kube-root-ca.crt"],
      ["secret-absent", 'secret "nothing" not found'],
    ] as const) {
      assert.equal(await messageOf(world, name, "CreateContainerConfigError"), why);
      await world.seen.event(name, "Failed", `Error: ${why}`);
    }
    const mount = 'MountVolume.SetUp failed for volume "v" :';
    await world.seen.event("volume-absent", "FailedMount", `${mount} configmap "nothing" not found`);
    await world.seen.event("secret-volume-absent", "FailedMount", `${mount} secret "nothing" not found`);
    assert.equal(await shown(world, "volume-absent"), "ContainerCreating");
  },

  async "a pod starts once the ConfigMap that it lacked is there"(world) {
    const input = JSON.stringify({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "nothing" },
      data: { a: "1" },
    });
    await world.cluster.tryKubectl(["create", "-f", "-"], { input });
    for (const name of ["config-absent", "volume-absent"]) await world.seen.until(name, isReady);
  },

  async "probes that hang"({ seen }) {
    const why = (kind: string) => `${kind} probe failed: command timed out: "sleep 100" timed out after 1s`;
    await seen.event("liveness-hanging", "Unhealthy", why("Liveness"));
    await seen.event("liveness-hanging", "Killing", "Container c failed liveness probe, will be restarted");
    const again = await seen.until("liveness-hanging", (pod) => (containerOf(pod)?.restartCount ?? 0) > 0);
    assert.equal(containerOf(again.object)?.lastState.terminated?.exitCode, 0, "it was asked to end, and did");
    await seen.event("readiness-hanging", "Unhealthy", why("Readiness"));
    const history = seen.history("readiness-hanging").map(({ object }) => object);
    assert.ok(!history.some(isReady));
    assert.equal(containerOf(history.at(-1)!)?.restartCount, 0);
  },

  async "a post-start hook that fails"(world) {
    await world.seen.event("hook-failing", "FailedPostStartHook", /^PostStartHook failed$/);
    await world.seen.event("hook-failing", "Killing", "FailedPostStartHook");
    await world.seen.until("hook-failing", (pod) => (containerOf(pod)?.restartCount ?? 0) > 0);
  },

  async "pods that no node has room for"({ seen }) {
    const none = "0/1 nodes are available: 1";
    await seen.until("port-first", isReady);
    await seen.event(
      "port-second",
      "FailedScheduling",
      new RegExp(`^${none} node\\(s\\) didn't have free ports for the requested pod ports\\.`),
    );
    await seen.event("too-large", "FailedScheduling", new RegExp(`^${none} Insufficient cpu\\.`));
    const { object } = await seen.until("too-large", ({ status }) => (status.conditions?.length ?? 0) > 0);
    const scheduled = object.status.conditions?.find(({ type }) => type === "PodScheduled");
    assert.equal(scheduled?.status, "False");
    assert.equal(scheduled?.reason, "Unschedulable");
  },

  async "a port that is free again is taken by who waits for it"({ cluster, seen }) {
    await cluster.kubectl("delete", "pod", "port-first");
    await seen.until("port-second", isReady);
  },

  async "a user that must not be root"(world) {
    const pod = `pod: "root-forbidden_default(${await uidOf(world, "root-forbidden")})"`;
    const why = `container has runAsNonRoot and image will run as root (${pod}, container: c)`;
    assert.equal(await messageOf(world, "root-forbidden", "CreateContainerConfigError"), why);
    await world.seen.event("root-forbidden", "Failed", `Error: ${why}`);
  },

  async "too little memory, time or space"({ cluster, seen }) {
    const failed = (pod: Pod): boolean => pod.status.phase === "Failed";
    const memory = containerOf((await seen.until("memory-short", failed)).object)?.state.terminated;
    assert.equal(memory?.reason, "OOMKilled");
    assert.equal(memory?.exitCode, 137);
    assert.match(await cluster.kubectl("get", "pod", "memory-short", "--no-headers"), / OOMKilled /);

    const deadline = "Pod was active on the node longer than the specified deadline";
    const time = (await seen.until("time-short", failed)).object.status;
    assert.equal(time.reason, "DeadlineExceeded");
    assert.equal(time.message, deadline);
    await seen.event("time-short", "DeadlineExceeded", deadline);

    const space = containerOf((await seen.until("space-short", failed)).object)?.state.terminated;
    assert.match(space?.message ?? "", /No space left on device/);
  },

  async "a program that does not listen to SIGTERM"({ cluster, seen }, t) {
    await seen.until("deaf", isReady);
    const startedMs = performance.now();
    await cluster.kubectl("delete", "pod", "deaf");
    const tookMs = performance.now() - startedMs;
    t.diagnostic(`gone after ${Math.round(tookMs)} ms, of a grace of 3 s`);
    assert.ok(tookMs > 2_500, `gone after ${tookMs} ms`);
    await seen.event("deaf", "Killing", "Stopping container c");
    const exited = seen.history("deaf").find(({ object }) => containerOf(object)?.state.terminated !== undefined);
    assert.equal(containerOf(exited?.object ?? assert.fail("it was never seen dead"))?.state.terminated?.exitCode, 137);
  },

  async "none of it keeps a namespace from being emptied"({ cluster, seen }) {
    await cluster.kubectl("delete", "pod", "--all", "--timeout", "60s");
    assert.equal(await cluster.kubectl("get", "pods"), "");
    for (const name of ["crashing", "image-absent"])
      assert.notEqual(seen.history(name).at(-1)?.object.metadata.deletionTimestamp, undefined);
  },
};

test("what cannot work says why, as everybody knows it", { skip, timeout }, async (t) => {
  const shell = await busyboxImage();
  const cluster = await startRealCluster(t, { images: [{ image: shell, names: [`docker.io/library/${image}`] }] });
  const images = [{ repository: "team/app", tag: "v1", image: shell }];
  const { address: registry } = await startRegistry(t, cluster.namespace, { images });
  const world = { cluster, registry, seen: followPods(t, cluster) };
  const { "port-second": second, ...others } = badPods(registry);
  await createAll(world, others);
  await world.seen.until("port-first", ({ spec }) => spec.nodeName !== undefined);
  await createAll(world, { "port-second": second! });
  for (const [name, run] of Object.entries(cases)) await t.test(name, (t) => run(world, t));
});
