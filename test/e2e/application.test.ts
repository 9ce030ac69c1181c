import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { kubectlOf, newerImage, skipWithoutContainers, startCluster } from "../support/application.ts";
import { eventually } from "../support/eventually.ts";
import type { RealCluster } from "../support/real-cluster.ts";

/** The life of examples/web.yaml: three servers behind a service, settings, probes, and a client. */

const page = /^hello from (web-[a-z0-9]+-[a-z0-9]{5})\n$/;

/** Asks this often, from the node or from the client pod, and gives the servers that answered. */
async function whoAnswers(cluster: RealCluster, url: string, { from = "node", times = 30 } = {}): Promise<Set<string>> {
  const script = `for i in $(seq ${times}); do timeout 5 busybox wget -q -O - ${url} || echo failed; done`;
  const shell = from === "node" ? ["busybox", "sh"] : ["kubectl", "exec", "client", "--", "sh"];
  const { stdout } = await cluster.run(shell[0]!, [...shell.slice(1), "-c", script]);
  const lines = stdout.trim().split("\n");
  assert.equal(lines.length, times, stdout);
  return new Set(lines.map((line) => page.exec(`${line}\n`)?.[1] ?? line));
}

async function ready(cluster: RealCluster): Promise<readonly string[]> {
  const path = "{range .items[?(@.status.containerStatuses[0].ready==true)]}{.metadata.name}{' '}{end}";
  return (await cluster.kubectl("get", "pods", "-l", "app=web", "-o", `jsonpath=${path}`)).trim().split(" ").sort();
}

async function answersAtEveryAddress(t: TestContext, cluster: RealCluster): Promise<void> {
  const ip = await cluster.kubectl("get", "service", "web", "-o", "jsonpath={.spec.clusterIP}");
  const servers = await ready(cluster);
  assert.equal(servers.length, 3);
  const urls = { "cluster IP": `http://${ip}`, "node port": `http://${cluster.namespace.address}:30080` };
  for (const from of ["node", "pod"]) {
    for (const [name, url] of Object.entries(urls)) {
      await t.test(`answers at its ${name}, asked from the ${from}, balanced over all three`, async () => {
        assert.deepEqual([...(await whoAnswers(cluster, url, { from }))].sort(), servers);
      });
    }
  }
  for (const name of ["web", "web.default", "web.default.svc", "web.default.svc.cluster.local"]) {
    await t.test(`answers as ${name}`, async () => {
      for (const who of await whoAnswers(cluster, `http://${name}`, { from: "pod", times: 3 })) {
        assert.ok(servers.includes(who), who);
      }
    });
  }
}

async function settingsReachPods(t: TestContext, cluster: RealCluster): Promise<void> {
  await t.test("a changed ConfigMap reaches the file in every pod, a changed Secret too, and env stays", async () => {
    const patch = JSON.stringify({ data: { greeting: "bonjour" } });
    await cluster.kubectl("patch", "configmap", "web", "-p", patch);
    await cluster.kubectl("patch", "secret", "web", "-p", JSON.stringify({ stringData: { password: "changed" } }));
    for (const pod of await ready(cluster)) {
      await eventually(async () => {
        assert.equal(await cluster.kubectl("exec", pod, "--", "cat", "/etc/web/greeting"), "bonjour");
        assert.equal(await cluster.kubectl("exec", "client", "--", "cat", "/etc/secret/password"), "changed");
      });
      assert.equal(await cluster.kubectl("exec", pod, "--", "sh", "-c", "echo $PASSWORD"), "swordfish\n");
    }
    assert.match(await cluster.kubectl("exec", "client", "--", "wget", "-q", "-O", "-", "http://web"), /^bonjour from/);
    await cluster.kubectl("patch", "configmap", "web", "-p", JSON.stringify({ data: { greeting: "hello" } }));
  });
}

async function survivesBadImage(t: TestContext, cluster: RealCluster): Promise<void> {
  await t.test("a bad image rolls out nothing, and undo mends it", async () => {
    const servers = await ready(cluster);
    await cluster.kubectl("set", "image", "deployment/web", "web=busybox:nonsense");
    await eventually(async () => {
      assert.match(await cluster.kubectl("get", "pods", "-l", "app=web"), / 0\/1 +(ErrImagePull|ImagePullBackOff) /);
    });
    const late = await cluster.tryKubectl(["rollout", "status", "deployment/web", "--timeout", "1s"]);
    assert.equal(late.status, 1);
    assert.match(
      late.stdout,
      /^Waiting for deployment "web" rollout to finish: 1 out of 3 new replicas have been updated/,
    );
    assert.match(late.stderr, /error: timed out waiting for the condition/);
    assert.deepEqual(await ready(cluster), servers);
    assert.deepEqual([...(await whoAnswers(cluster, "http://web", { from: "pod" }))].sort(), servers);
    assert.equal(await cluster.kubectl("rollout", "undo", "deployment/web"), "deployment.apps/web rolled back\n");
    assert.match(
      await cluster.kubectl("rollout", "status", "deployment/web", "--timeout", "60s"),
      /successfully rolled out\n$/,
    );
    await eventually(async () => {
      const all = await cluster.kubectl("get", "pods", "-l", "app=web", "-o", "name");
      assert.deepEqual(
        all.trim().split("\n").sort(),
        servers.map((name) => `pod/${name}`),
      );
    });
  });
}

/** Asks all the time until it is told to stop; gives what went wrong. */
function askAllTheTime(t: TestContext, cluster: RealCluster): () => Promise<{ good: number; bad: readonly string[] }> {
  const script = 'while :; do timeout 5 wget -q -O - http://web || echo "failed $?"; usleep 50000; done';
  const asking = kubectlOf(cluster).start(t, "exec", "client", "--", "sh", "-c", script);
  return async () => {
    await asking.stop();
    const lines = asking.output.split("\n").slice(0, -1);
    return {
      good: lines.filter((line) => page.test(`${line}\n`)).length,
      bad: lines.filter((line) => !page.test(`${line}\n`)),
    };
  };
}

test("an application", { skip: skipWithoutContainers, timeout: 300_000 }, async (t) => {
  const cluster = await startCluster(t);
  const kubectl = kubectlOf(cluster);
  await kubectl("apply", "-f", "examples/web.yaml");
  await kubectl.apply({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "client" },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          name: "client",
          image: newerImage,
          command: ["sleep", "10000"],
          volumeMounts: [{ name: "secret", mountPath: "/etc/secret" }],
        },
      ],
      volumes: [{ name: "secret", secret: { secretName: "web" } }],
    },
  });
  await t.test("becomes ready", async () => {
    const status = await kubectl("rollout", "status", "deployment/web", "--timeout", "60s");
    assert.match(status, /deployment "web" successfully rolled out\n$/);
    await kubectl("wait", "--for=condition=Ready", "pod", "--all", "--timeout", "60s");
    assert.match(await kubectl("get", "deployment", "web"), /^web +3\/3 +3 +3 /m);
    await eventually(async () => assert.equal((await whoAnswers(cluster, "http://web", { from: "pod" })).size, 3));
  });
  await answersAtEveryAddress(t, cluster);
  await settingsReachPods(t, cluster);
  await survivesBadImage(t, cluster);
  await t.test("loses no request while it is scaled, and while a new version rolls out", async () => {
    const stop = askAllTheTime(t, cluster);
    await kubectl("scale", "deployment/web", "--replicas", "5");
    await kubectl("rollout", "status", "deployment/web", "--timeout", "60s");
    assert.equal((await ready(cluster)).length, 5);
    await kubectl("scale", "deployment/web", "--replicas", "3");
    await eventually(async () => assert.equal((await ready(cluster)).length, 3));
    await kubectl("set", "image", "deployment/web", `web=${newerImage}`);
    await kubectl("rollout", "status", "deployment/web", "--timeout", "60s");
    const { good, bad } = await stop();
    t.diagnostic(`${good} requests answered, ${bad.length} not, over scaling up, down and a rollout`);
    assert.ok(good > 0);
    assert.deepEqual(bad, []);
  });
  await t.test("replaces a pod that is deleted", async () => {
    const [first = ""] = await ready(cluster);
    assert.equal(await kubectl("delete", "pod", first), `pod "${first}" deleted\n`);
    await eventually(async () => {
      const servers = await ready(cluster);
      assert.equal(servers.length, 3);
      assert.equal(servers.includes(first), false);
    });
  });
  await t.test("a server that stops being ready gets no more requests, and gets them again when it is", async () => {
    const servers = await ready(cluster);
    const [first = "", ...others] = servers;
    await kubectl("exec", first, "--", "mv", "/www/cgi-bin", "/www/away");
    await eventually(async () => assert.deepEqual(await ready(cluster), others));
    await eventually(async () =>
      assert.deepEqual([...(await whoAnswers(cluster, "http://web", { from: "pod" }))].sort(), others),
    );
    await kubectl("exec", first, "--", "mv", "/www/away", "/www/cgi-bin");
    await eventually(async () =>
      assert.deepEqual([...(await whoAnswers(cluster, "http://web", { from: "pod" }))].sort(), servers),
    );
  });
  await t.test("goes whole when it is deleted", async () => {
    await kubectl("delete", "-f", "examples/web.yaml", "--timeout", "60s");
    await kubectl("delete", "pod", "client", "--timeout", "60s");
    await eventually(async () => {
      assert.equal(await kubectl("get", "pods,replicasets,endpointslices", "-l", "app=web", "-o", "name"), "");
    });
    const { status } = await cluster.run("timeout", [
      "5",
      "busybox",
      "wget",
      "-q",
      "-O",
      "-",
      `http://${cluster.namespace.address}:30080`,
    ]);
    assert.equal(status, 1, "refused at once, not left waiting");
  });
});
