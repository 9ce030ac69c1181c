import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import {
  image,
  type Kubectl,
  kubectlOf,
  oldestAndNewest,
  shellPod,
  skipWithoutContainers,
  startCluster,
  webScript,
} from "../support/application.ts";
import { eventually } from "../support/eventually.ts";
import type { RealCluster } from "../support/real-cluster.ts";

/** What kubectl does with what runs in pods: logs, exec, attach, cp, port-forward, run, debug. */

/** Counts its runs in a file: the first ends with an error after a line, later ones go on. */
const second =
  "echo run $(cat /n/runs 2>/dev/null); if [ -e /n/runs ]; then exec sleep 1000; fi; echo again > /n/runs; exit 3";

const pods = [
  shellPod("web", `echo first; echo oops >&2; ${webScript(8080)}`, { labels: { app: "web" } }),
  shellPod("reader", "while read line; do echo got $line; done; sleep 1000", {
    container: { stdin: true },
  }),
  shellPod("terminal", "exec sh", { container: { stdin: true, tty: true } }),
  shellPod("ticker", "echo tick 1; until [ -e /go ]; do sleep 0.1; done; echo tick 2; sleep 0.5; echo tick 3", {
    spec: { restartPolicy: "Never" },
  }),
  shellPod("restarted", second, {
    container: { volumeMounts: [{ name: "n", mountPath: "/n" }] },
    spec: { volumes: [{ name: "n", emptyDir: {} }] },
  }),
  shellPod("pair", "", {
    labels: { app: "pair" },
    spec: {
      containers: ["a", "b"].map((name) => ({
        name,
        image,
        command: ["sh", "-c", `echo from ${name}; exec sleep 1000`],
      })),
    },
  }),
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "web" },
    spec: { selector: { app: "web" }, ports: [{ name: "http", port: 80, targetPort: 8080 }] },
  },
];

test("kubectl reaches what runs in pods", { skip: skipWithoutContainers, timeout: 300_000 }, async (t) => {
  const cluster = await startCluster(t);
  for (const binary of oldestAndNewest(t)) {
    const namespace = `with-${binary.minor}`;
    await cluster.kubectl("create", "namespace", namespace);
    const kubectl = kubectlOf(cluster, binary, namespace);
    await t.test(`kubectl 1.${binary.minor}`, async (t) => {
      // The account comes in its own time, and pods without it are refused, as everywhere.
      await eventually(() => kubectl("get", "serviceaccount", "default"));
      await kubectl.apply(...pods);
      await followsLogs(t, kubectl);
      await kubectl(
        "wait",
        "--for=condition=Ready",
        "pod/web",
        "pod/reader",
        "pod/terminal",
        "pod/pair",
        "--timeout=60s",
      );
      await showsLogs(t, kubectl);
      await runsCommands(t, kubectl);
      await attaches(t, kubectl);
      await copies(t, kubectl, cluster);
      await forwards(t, kubectl, cluster);
      await runsPods(t, kubectl);
      await debugs(t, kubectl, cluster);
    });
    await kubectl("delete", "pods", "--all", "--timeout=60s");
  }
});

async function followsLogs(t: TestContext, kubectl: Kubectl): Promise<void> {
  await t.test("logs -f follows and ends with the container", async (t) => {
    await kubectl("wait", "--for=condition=Ready", "pod/ticker", "--timeout=60s");
    const running = kubectl.start(t, "logs", "-f", "ticker");
    await eventually(() => assert.equal(running.output, "tick 1\n"));
    await kubectl("exec", "ticker", "--", "touch", "/go");
    assert.equal(await running.ended(), 0);
    assert.equal(running.output, "tick 1\ntick 2\ntick 3\n");
    await kubectl("wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/ticker", "--timeout=60s");
    assert.match(await kubectl("get", "pod", "ticker"), /^ticker +0\/1 +Completed +0 /m);
  });
}

async function showsLogs(t: TestContext, kubectl: Kubectl): Promise<void> {
  await t.test("logs: both outputs, times, since, tail, a selector, all containers, the run before", async () => {
    assert.deepEqual((await kubectl("logs", "web")).trim().split("\n").sort(), ["first", "oops"]);
    assert.match(
      await kubectl("logs", "web", "--timestamps", "--tail=1"),
      /^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{9}Z (first|oops)\n$/,
    );
    assert.equal(await kubectl("logs", "web", "--since-time=2100-01-01T00:00:00Z"), "");
    assert.equal((await kubectl("logs", "web", "--since=1h")).length, "first\noops\n".length);
    assert.deepEqual((await kubectl("logs", "pair", "--all-containers")).split("\n").sort(), ["", "from a", "from b"]);
    assert.match(await kubectl("logs", "-l", "app=pair", "--all-containers", "--prefix"), /^\[pod\/pair\/a\] from a$/m);
    await eventually(async () => {
      assert.match(await kubectl("get", "pod", "restarted"), /^restarted +1\/1 +Running +1 \(\S+ ago\) /m);
    });
    assert.equal(await kubectl("logs", "restarted"), "run again\n");
    assert.equal(await kubectl("logs", "restarted", "--previous"), "run\n");
    const { stderr } = await kubectl.attempt(["logs", "web", "--previous"]);
    assert.match(stderr, /previous terminated container "main" in pod "web" not found/);
  });
}

async function runsCommands(t: TestContext, kubectl: Kubectl): Promise<void> {
  await t.test("exec: outputs, input and exit codes", async () => {
    const failed = await kubectl.attempt(["exec", "web", "--", "sh", "-c", "echo out; echo err >&2; exit 7"]);
    assert.deepEqual(failed, { status: 7, stdout: "out\n", stderr: "err\ncommand terminated with exit code 7\n" });
    const counted = await kubectl.attempt(["exec", "-i", "web", "--", "wc", "-c"], { input: "x".repeat(100_000) });
    assert.equal(counted.stdout, "100000\n");
    assert.equal(await kubectl("exec", "pair", "-c", "b", "--", "echo", "hello there"), "hello there\n");
    const absent = await kubectl.attempt(["exec", "web", "--", "no-such-program"]);
    assert.notEqual(absent.status, 0);
    assert.match(absent.stderr, /exec: "no-such-program": executable file not found in \$PATH/);
  });
  await t.test("exec -it has a terminal, as wide as the user's", async (t) => {
    const shell = kubectl.onTerminal(t, "exec", "-it", "web", "--", "sh");
    await eventually(() => assert.match(shell.output, /# /));
    shell.child.stdin!.write("tty; stty size; echo $((6 * 7))\n");
    await eventually(() => assert.match(shell.output, /\/dev\/pts\/0\n33 101\n42\n/));
    shell.child.stdin!.write("exit 5\n");
    assert.equal(await shell.ended(), 5);
  });
}

async function attaches(t: TestContext, kubectl: Kubectl): Promise<void> {
  await t.test("attach -i speaks to the program and hears it", async (t) => {
    const attached = kubectl.start(t, "attach", "-i", "reader");
    await eventually(() => {
      attached.child.stdin!.write("x\n");
      assert.match(attached.output, /got x/);
    });
    attached.child.stdin!.write("one\ntwo\n");
    await eventually(() => assert.match(attached.output, /got one\n(got x\n)*got two\n/));
  });
  await t.test("attach -it has the terminal of the container", async (t) => {
    const attached = kubectl.onTerminal(t, "attach", "-it", "terminal");
    await eventually(() => {
      attached.child.stdin!.write("\n");
      assert.match(attached.output, /# /);
    });
    attached.child.stdin!.write("echo $((6 * 7))\n");
    await eventually(() => assert.match(attached.output, /\n42\n/));
  });
}

async function copies(t: TestContext, kubectl: Kubectl, { folder }: RealCluster): Promise<void> {
  await t.test("cp takes files in and out", async () => {
    const content = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7919) % 256));
    const [here, back] = [join(folder, "here"), join(folder, "back")];
    await writeFile(here, content);
    await kubectl("cp", here, "web:/tmp/there");
    await kubectl("cp", "web:/tmp/there", back);
    assert.deepEqual(await readFile(back), content);
  });
}

async function forwards(t: TestContext, kubectl: Kubectl, cluster: RealCluster): Promise<void> {
  for (const [what, ports] of [
    ["pod/web", ":8080"],
    ["service/web", ":80"],
  ] as const) {
    await t.test(`port-forward to ${what} carries several connections at once`, async (t) => {
      const forward = kubectl.start(t, "port-forward", what, ports);
      const port = await eventually(() => /Forwarding from 127\.0\.0\.1:(\d+) -> 8080/.exec(forward.output)![1]!);
      const url = `http://127.0.0.1:${port}/`;
      const ask = () => cluster.run("curl", ["--silent", "--max-time", "30", url]);
      const answers = await Promise.all(Array.from({ length: 8 }, ask));
      assert.deepEqual(
        answers.map(({ stdout }) => stdout),
        Array(8).fill("web\n"),
        forward.output,
      );
      assert.equal((await ask()).stdout, "web\n");
    });
  }
}

async function runsPods(t: TestContext, kubectl: Kubectl): Promise<void> {
  await t.test("run --rm -it shows what the pod says, and removes it", async (t) => {
    const run = kubectl.onTerminal(t, "run", "once", `--image=${image}`, "--restart=Never", "--rm", "-it", "--", "sh");
    await eventually(() => {
      run.child.stdin!.write("\n");
      assert.match(run.output, /# /);
    });
    run.child.stdin!.write("hostname; exit 0\n");
    assert.equal(await run.ended(), 0, run.output);
    assert.match(run.output, /\nonce\n/);
    assert.match(run.output, /pod "once" deleted/);
    assert.match((await kubectl.attempt(["get", "pod", "once"])).stderr, /pods "once" not found/);
  });
  await t.test("run --rm -i passes input on, and the exit code back", async () => {
    const args = ["run", "piped", `--image=${image}`, "--restart=Never", "--rm", "-i", "--quiet", "--", "sh", "-c"];
    const { status, stdout } = await kubectl.attempt([...args, "read a; echo $a; exit 4"], { input: "given\n" });
    assert.match(stdout, /^given$/m);
    assert.equal(status, 4);
  });
}

async function debugs(t: TestContext, kubectl: Kubectl, cluster: RealCluster): Promise<void> {
  await t.test("debug puts a container into a running pod, which sees the target's processes", async (t) => {
    const flags = [`--image=${image}`, "--target=main", "--container=debugger", "--profile=general", "-it"];
    const debug = kubectl.onTerminal(t, "debug", "web", ...flags, "--", "sh");
    await eventually(() => {
      debug.child.stdin!.write("\n");
      assert.match(debug.output, /# /);
    });
    debug.child.stdin!.write("ps; wget -q -O - http://127.0.0.1:8080\n");
    await eventually(() => assert.match(debug.output, /httpd -f -p 8080[\s\S]*\nweb\n/));
    debug.child.stdin!.write("exit 0\n");
    assert.equal(await debug.ended(), 0, debug.output);
    const path = "jsonpath={.status.ephemeralContainerStatuses[0].state.terminated.reason}";
    await eventually(async () => assert.equal(await kubectl("get", "pod", "web", "-o", path), "Completed"));
    assert.match(await kubectl("get", "pod", "web"), /^web +1\/1 +Running +0 /m);
    assert.match(await kubectl("describe", "pod", "web"), /^Ephemeral Containers:\n {2}debugger:/m);
  });
  await t.test("debug node/NAME shows the node's own files, network and processes", async (t) => {
    const node = await kubectl("get", "nodes", "-o", "jsonpath={.items[0].metadata.name}");
    const debug = kubectl.onTerminal(
      t,
      "debug",
      `node/${node}`,
      `--image=${image}`,
      "--profile=general",
      "-it",
      "--",
      "sh",
    );
    await eventually(() => {
      debug.child.stdin!.write("\n");
      assert.match(debug.output, /# /);
    });
    debug.child.stdin!.write(`ls -d /host${cluster.dataDir}; ip -o address; exit\n`);
    assert.equal(await debug.ended(), 0, debug.output);
    assert.ok(debug.output.includes(`\n/host${cluster.dataDir}\n`), debug.output);
    assert.ok(debug.output.includes(`inet ${cluster.namespace.address}/`), debug.output);
  });
}
