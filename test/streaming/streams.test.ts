import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type Runtime, startRuntime, whyNot } from "../cri/containers.ts";
import { kubectlBinaries } from "../kubectl/binaries.ts";
import { eventually } from "../support/eventually.ts";
import { makeBox } from "../support/left-behind.ts";

const binaries = kubectlBinaries();
const skip = whyNot() ?? (binaries.length === 0 ? "no kubectl" : false);
const program = fileURLToPath(new URL("./node-process.ts", import.meta.url));

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Kubectl {
  commandLine(...args: readonly string[]): readonly [program: string, args: readonly string[]];
  start(...args: readonly string[]): ChildProcess;
  run(args: readonly string[], input?: string | Buffer): Promise<Outcome>;
}

async function startNode(t: TestContext, { containerd, namespace }: Runtime): Promise<string> {
  const dataDir = makeBox();
  const args = [program, dataDir, namespace.address, containerd.socket, containerd.cgroupParent];
  const child = spawn(...namespace.command(process.execPath, args), { stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  child.stderr.on("data", (chunk) => {
    log += chunk;
  });
  t.after(async () => {
    child.kill("SIGKILL");
    await rm(dataDir, { recursive: true, force: true });
    if (log.includes('"error"')) t.diagnostic(log);
  });
  await Promise.race([
    once(child.stdout, "data"),
    once(child, "exit").then(() => {
      throw new Error(`the node ended:\n${log}`);
    }),
  ]);
  return dataDir;
}

function kubectlOf({ namespace }: Runtime, path: string, kubeconfig: string): Kubectl {
  const commandLine = (...args: readonly string[]): [program: string, args: string[]] =>
    namespace.command(path, ["--kubeconfig", kubeconfig, "--cache-dir", `${kubeconfig}.cache`, ...args]);
  const start = (...args: readonly string[]): ChildProcess =>
    spawn(...commandLine(...args), { stdio: "pipe", timeout: 30_000 });
  return {
    commandLine,
    start,
    async run(args, input) {
      const child = start(...args);
      const out: Buffer[] = [];
      const err: Buffer[] = [];
      child.stdout!.on("data", (chunk: Buffer) => out.push(chunk));
      child.stderr!.on("data", (chunk: Buffer) => err.push(chunk));
      child.stdin!.on("error", () => {});
      child.stdin!.end(input);
      const [code] = (await once(child, "close")) as [number | null];
      return { code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() };
    },
  };
}

test("kubectl reaches into pods", { skip, timeout: 300_000 }, async (t) => {
  const runtime = await startRuntime(t);
  const dataDir = await startNode(t, runtime);
  const kubeconfig = join(dataDir, "admin.conf");
  const wanted = process.env["KUBECTL_MINORS"]?.split(",").map(Number);
  for (const { minor, path } of binaries.filter((one, index) =>
    wanted === undefined ? index === 0 || index === binaries.length - 1 : wanted.includes(one.minor),
  )) {
    const kubectl = kubectlOf(runtime, path, kubeconfig);
    await t.test(`kubectl 1.${minor}`, async (t) => {
      await logs(t, kubectl);
      await exec(t, kubectl);
      await copy(t, kubectl);
      await attach(t, kubectl);
      await forward(t, kubectl, runtime);
      await proxy(t, kubectl);
    });
  }
});

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

async function logs(t: TestContext, kubectl: Kubectl): Promise<void> {
  await t.test("logs show both streams, and what is asked for of them", async () => {
    const { stdout } = await kubectl.run(["logs", "web"]);
    // Whoever was attached before has left lines of its own.
    const own = stdout.split("\n").filter((line) => line !== "are you there");
    assert.deepEqual(own.sort(), ["", "first", "oops", "third"]);
    assert.equal((await kubectl.run(["logs", "web", "--tail=1"])).stdout.split("\n").length, 2);
    assert.equal((await kubectl.run(["logs", "web", "--limit-bytes=3"])).stdout.length, 3);
    assert.equal((await kubectl.run(["logs", "web", "--since-time=2100-01-01T00:00:00Z"])).stdout, "");
    const stamped = await kubectl.run(["logs", "web", "--timestamps"]);
    assert.match(stamped.stdout, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z \w+\n/);
  });
  await t.test("a follower ends with the container", async () => {
    const { stdout, code } = await kubectl.run(["logs", "-f", "ticker"]);
    assert.equal(stdout, "tick 1\ntick 2\ntick 3\ntick 4\ntick 5\n");
    assert.equal(code, 0);
  });
  await t.test("what cannot be shown is said in upstream's words", async () => {
    assert.match(
      (await kubectl.run(["logs", "slow"])).stderr,
      /^Error from server \(BadRequest\): container "main" in pod "slow" is waiting to start: ContainerCreating\n$/,
    );
    assert.match((await kubectl.run(["logs", "web", "-c", "none"])).stderr, /container none is not valid for pod web/);
    assert.match(
      (await kubectl.run(["get", "--raw", "/api/v1/namespaces/default/pods/pair/log"])).stderr,
      /a container name must be specified for pod pair, choose one of: \[a b\]/,
    );
    assert.match(
      (await kubectl.run(["logs", "web", "--previous"])).stderr,
      /previous terminated container "main" in pod "web" not found/,
    );
  });
}

async function exec(t: TestContext, kubectl: Kubectl): Promise<void> {
  await t.test("exec has both outputs and the command's exit code", async () => {
    const outcome = await kubectl.run(["exec", "web", "--", "sh", "-c", "echo out; echo err >&2; exit 7"]);
    assert.equal(outcome.stdout, "out\n");
    assert.equal(outcome.stderr, "err\ncommand terminated with exit code 7\n");
    assert.equal(outcome.code, 7);
  });
  await t.test("exec passes input on to its end", async () => {
    const input = Buffer.alloc(3_000_000, "0123456789abcde\n");
    const outcome = await kubectl.run(["exec", "-i", "web", "--", "wc", "-c"], input);
    assert.equal(outcome.stdout, "3000000\n", outcome.stderr);
    assert.equal(outcome.code, 0);
  });
  await t.test("a large output arrives whole", async () => {
    const outcome = await kubectl.run(["exec", "web", "--", "sh", "-c", "head -c 8000000 /dev/zero | tr '\\0' x"]);
    assert.equal(outcome.stdout.length, 8_000_000, outcome.stderr);
  });
  await t.test("exec has a terminal, of the size of the user's", async () => {
    const [program, args] = kubectl.commandLine("exec", "-it", "web", "--", "sh", "-c", "'sleep 0.5; stty size; tty'");
    const command = `stty rows 33 cols 77; ${[program, ...args].join(" ")}`;
    const script = spawn("script", ["-qc", command, "/dev/null"], { stdio: ["pipe", "pipe", "pipe"], timeout: 20_000 });
    let shown = "";
    script.stdout.on("data", (chunk) => {
      shown += chunk;
    });
    await once(script, "close");
    assert.match(shown, /33 77/);
    assert.match(shown, /\/dev\/pts\/\d/);
  });
  await t.test("exec into what is not there fails in upstream's words", async () => {
    assert.match((await kubectl.run(["exec", "none", "--", "ls"])).stderr, /pods "none" not found/);
    assert.match((await kubectl.run(["exec", "slow", "--", "ls"])).stderr, /container not found \("main"\)/);
    const missing = await kubectl.run(["exec", "web", "--", "no-such-program"]);
    assert.match(missing.stderr, /executable file not found in \$PATH/);
    assert.notEqual(missing.code, 0);
  });
}

async function copy(t: TestContext, kubectl: Kubectl): Promise<void> {
  await t.test("files are copied both ways", async (t) => {
    const folder = makeBox();
    t.after(() => rm(folder, { recursive: true, force: true }));
    const content = Buffer.from(Array.from({ length: 500_000 }, (_, i) => (i * 7919) & 255));
    await writeFile(join(folder, "a"), content);
    const there = await kubectl.run(["cp", join(folder, "a"), "web:/tmp/a"]);
    assert.equal(there.code, 0, there.stderr);
    const back = await kubectl.run(["cp", "web:/tmp/a", join(folder, "b")]);
    assert.equal(back.code, 0, back.stderr);
    assert.ok(content.equals(await readFile(join(folder, "b"))));
  });
}

async function attach(t: TestContext, kubectl: Kubectl): Promise<void> {
  await t.test("attach speaks with the container's first process", async () => {
    const child = kubectl.start("attach", "-i", "web");
    let shown = "";
    child.stdout!.on("data", (chunk) => {
      shown += chunk;
    });
    try {
      await eventually(
        () => {
          child.stdin!.write("are you there\n");
          assert.match(shown, /are you there/);
        },
        { everyMs: 300, timeoutMs: 10_000 },
      );
    } finally {
      await stop(child);
    }
  });
}

async function forward(t: TestContext, kubectl: Kubectl, { namespace }: Runtime): Promise<void> {
  await t.test("a port is forwarded, for several connections", async () => {
    const child = kubectl.start("port-forward", "web", "18080:8080");
    let said = "";
    for (const output of [child.stdout!, child.stderr!]) {
      output.on("data", (chunk) => {
        said += chunk;
      });
    }
    try {
      const forwarding = /Forwarding from 127\.0\.0\.1:18080 -> 8080/;
      await eventually(() => assert.match(said, forwarding), { timeoutMs: 10_000 });
      const script =
        'fetch("http://127.0.0.1:18080/").then((r) => r.text()).then((text) => process.stdout.write(text))';
      const get = () => namespace.run(process.execPath, "-e", script);
      assert.deepEqual(await Promise.all([get(), get(), get()]), ["body\n", "body\n", "body\n"]);
      assert.equal(await get(), "body\n");
    } finally {
      await stop(child);
    }
  });
}

async function proxy(t: TestContext, kubectl: Kubectl): Promise<void> {
  await t.test("pods and nodes are reached through the API server", async () => {
    const pod = await kubectl.run(["get", "--raw", "/api/v1/namespaces/default/pods/web/proxy/"]);
    assert.equal(pod.stdout, "body\n", pod.stderr);
    const node = await kubectl.run(["get", "--raw", "/api/v1/nodes/one/proxy/healthz"]);
    assert.equal(node.stdout, "ok", node.stderr);
    const pods = await kubectl.run(["get", "--raw", "/api/v1/nodes/one/proxy/pods"]);
    assert.equal((JSON.parse(pods.stdout) as { items: unknown[] }).items.length, 4);
  });
}
