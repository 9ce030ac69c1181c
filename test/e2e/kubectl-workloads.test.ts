import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import {
  image,
  type Kubectl,
  kubectlOf,
  newerImage,
  oldestAndNewest,
  skipWithoutContainers,
  startCluster,
} from "../support/application.ts";
import { eventually } from "../support/eventually.ts";

/** What kubectl does with workloads and nodes: scale, set image, rollout, delete, describe, drain. */

const program = ["sh", "-c", "trap exit TERM; while :; do sleep 0.2; done"];
const patience = ["--timeout", "90s"];

test("kubectl runs workloads", { skip: skipWithoutContainers, timeout: 300_000 }, async (t) => {
  const cluster = await startCluster(t);
  for (const binary of oldestAndNewest(t)) {
    const namespace = `with-${binary.minor}`;
    await cluster.kubectl("create", "namespace", namespace);
    const kubectl = kubectlOf(cluster, binary, namespace);
    await t.test(`kubectl 1.${binary.minor}`, async (t) => {
      await kubectl("create", "deployment", "web", `--image=${image}`, "--replicas=2", "--", ...program);
      await rolledOut(kubectl);
      await describes(t, kubectl);
      await scales(t, kubectl);
      await rollsOut(t, kubectl);
      await replaces(t, kubectl);
      await drains(t, kubectl);
      await deletes(t, kubectl);
    });
  }
});

async function rolledOut(kubectl: Kubectl): Promise<void> {
  const said = await kubectl("rollout", "status", "deployment/web", ...patience);
  assert.match(said, /deployment "web" successfully rolled out\n$/);
}

/** Names of the pods that are there and not about to go. */
async function pods(kubectl: Kubectl): Promise<readonly string[]> {
  const path = "{range .items[*]}{.metadata.name} {.metadata.deletionTimestamp}{'\\n'}{end}";
  const lines = (await kubectl("get", "pods", "-l", "app=web", "-o", `jsonpath=${path}`)).split("\n");
  return lines.flatMap((line) => (/^\S+ $/.test(line) ? [line.trim()] : [])).sort();
}

async function images(kubectl: Kubectl): Promise<readonly string[]> {
  const path = "jsonpath={.items[*].spec.containers[0].image}";
  return [...new Set((await kubectl("get", "pods", "-l", "app=web", "-o", path)).split(" "))];
}

async function describes(t: TestContext, kubectl: Kubectl): Promise<void> {
  await t.test("describe tells of a deployment, a pod and its events, and the node", async () => {
    const deployment = await kubectl("describe", "deployment", "web");
    assert.match(deployment, /^Replicas: +2 desired \| 2 updated \| 2 total \| 2 available \| 0 unavailable$/m);
    assert.match(
      deployment,
      /Normal +ScalingReplicaSet .* deployment-controller +Scaled up replica set web-\w+ .*to 2$/m,
    );
    const [pod = ""] = await pods(kubectl);
    await eventually(async () => {
      const described = await kubectl("describe", "pod", pod);
      assert.match(described, /^Status: +Running$/m);
      assert.match(described, /^IP: +10\.244\.\d+\.\d+$/m);
      for (const reason of ["Scheduled", "Pulled", "Created", "Started"]) {
        assert.match(described, new RegExp(`^ +Normal +${reason} `, "m"));
      }
    });
    const node = await kubectl("describe", "node");
    assert.match(node, /^ +Ready +True .* KubeletReady /m);
    assert.match(node, /^Non-terminated Pods: /m);
    assert.ok(node.includes(pod), node);
  });
}

async function scales(t: TestContext, kubectl: Kubectl): Promise<void> {
  await t.test("scale adds pods and takes some away", async () => {
    const before = await pods(kubectl);
    assert.equal(await kubectl("scale", "deployment/web", "--replicas=4"), "deployment.apps/web scaled\n");
    await rolledOut(kubectl);
    const more = await pods(kubectl);
    assert.equal(more.length, 4);
    assert.ok(before.every((name) => more.includes(name)));
    await kubectl("scale", "deployment/web", "--current-replicas=4", "--replicas=2");
    await eventually(async () => assert.equal((await pods(kubectl)).length, 2));
    const wrong = await kubectl.attempt(["scale", "deployment/web", "--current-replicas=9", "--replicas=1"]);
    assert.match(wrong.stderr, /Expected replicas to be 9, was 2/);
  });
}

async function rollsOut(t: TestContext, kubectl: Kubectl): Promise<void> {
  await t.test("set image rolls out; rollout history, undo, restart, pause and resume", async () => {
    assert.equal(
      await kubectl("set", "image", "deployment/web", `busybox=${newerImage}`),
      "deployment.apps/web image updated\n",
    );
    await rolledOut(kubectl);
    await eventually(async () => assert.deepEqual(await images(kubectl), [newerImage]));
    assert.match(await kubectl("rollout", "history", "deployment/web"), /^1 +<none>\n2 +<none>$/m);
    assert.match(await kubectl("rollout", "history", "deployment/web", "--revision=1"), /Image:\s+busybox:1\.36\n/);
    assert.equal(await kubectl("rollout", "undo", "deployment/web"), "deployment.apps/web rolled back\n");
    await rolledOut(kubectl);
    await eventually(async () => assert.deepEqual(await images(kubectl), [image]));
    assert.match(await kubectl("rollout", "history", "deployment/web"), /^2 +<none>\n3 +<none>$/m);
    await kubectl("rollout", "undo", "deployment/web", "--to-revision=2");
    await rolledOut(kubectl);
    await eventually(async () => assert.deepEqual(await images(kubectl), [newerImage]));
    const before = await pods(kubectl);
    assert.equal(await kubectl("rollout", "restart", "deployment/web"), "deployment.apps/web restarted\n");
    await rolledOut(kubectl);
    await eventually(async () => {
      const after = await pods(kubectl);
      assert.equal(after.length, 2);
      assert.ok(after.every((name) => !before.includes(name)));
    });
    await kubectl("rollout", "pause", "deployment/web");
    await kubectl("set", "image", "deployment/web", `busybox=${image}`);
    await kubectl("rollout", "resume", "deployment/web");
    await rolledOut(kubectl);
    await eventually(async () => assert.deepEqual(await images(kubectl), [image]));
  });
}

async function replaces(t: TestContext, kubectl: Kubectl): Promise<void> {
  await t.test("a pod that is deleted is replaced", async () => {
    const [first = "", second = ""] = await pods(kubectl);
    assert.match(await kubectl("delete", "pod", first, ...patience), new RegExp(`^pod "${first}" deleted`));
    await rolledOut(kubectl);
    const after = await pods(kubectl);
    assert.equal(after.length, 2);
    assert.deepEqual([after.includes(first), after.includes(second)], [false, true]);
  });
}

async function drains(t: TestContext, kubectl: Kubectl): Promise<void> {
  await t.test("drain empties the node and keeps it so until uncordon", async () => {
    const node = await kubectl("get", "nodes", "-o", "jsonpath={.items[0].metadata.name}");
    const before = await pods(kubectl);
    const said = await kubectl("drain", node, "--ignore-daemonsets", ...patience);
    assert.ok(said.startsWith(`node/${node} cordoned\n`), said);
    for (const name of before) assert.ok(said.includes(`pod/${name} evicted`), said);
    assert.ok(said.endsWith(`node/${node} drained\n`), said);
    assert.match(await kubectl("get", "nodes"), / Ready,SchedulingDisabled /);
    await eventually(async () => {
      const listed = await kubectl("get", "pods", "-l", "app=web", "--no-headers");
      assert.match(listed, /^(web-\S+ +0\/1 +Pending +0 .*\n){2}$/);
    });
    assert.equal(await kubectl("uncordon", node), `node/${node} uncordoned\n`);
    await rolledOut(kubectl);
  });
}

async function deletes(t: TestContext, kubectl: Kubectl): Promise<void> {
  await t.test("a deployment that is deleted takes its pods along", async () => {
    await kubectl("delete", "deployment", "web", ...patience);
    await kubectl("wait", "--for=delete", "pod", "-l", "app=web", ...patience);
    assert.equal(await kubectl("get", "replicasets,pods", "-o", "name"), "");
  });
}
