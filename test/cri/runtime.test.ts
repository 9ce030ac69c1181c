import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { CapturingLogger, realClock, realRandom } from "../../base/mod.ts";
import { type ContainerEvent, CriError, containerEvents, createCriClient, execSync } from "../../cri/mod.ts";
import { eventually } from "../support/eventually.ts";
import { pidOf, type Runtime, runContainer, startRuntime, whyNot } from "./containers.ts";

const skip = whyNot() ?? false;
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

/** What has been told so far, and how to wait for more. */
function listen(t: TestContext, { client }: Runtime) {
  const told: { readonly event: ContainerEvent; readonly atMs: number }[] = [];
  const end = new AbortController();
  const logger = new CapturingLogger();
  const done = (async () => {
    const options = { clock: realClock, random: realRandom, logger, client, signal: end.signal };
    for await (const event of containerEvents(options)) told.push({ event, atMs: performance.now() });
  })();
  t.after(async () => {
    end.abort();
    await done;
  });
  const find = (kind: ContainerEvent["kind"], containerId?: string) =>
    told.filter(
      ({ event }) =>
        event.kind === kind &&
        (containerId === undefined || ("containerId" in event && event.containerId === containerId)),
    );
  return { told, find, logger };
}

test("a container lives and dies, and every step is told", { skip, timeout: 120_000 }, async (t) => {
  const runtime = await startRuntime(t);
  const { client, containerd } = runtime;
  const events = listen(t, runtime);
  await eventually(() => assert.equal(events.find("resync").length, 1));

  const version = await client.version({});
  assert.equal(version.runtimeName, "containerd");
  assert.equal(version.runtimeApiVersion, "v1");
  const { status } = await client.status({});
  assert.deepEqual(
    status?.conditions.map(({ type, status: isTrue }) => [type, isTrue]),
    [
      ["RuntimeReady", true],
      ["NetworkReady", true],
    ],
  );

  const { sandboxId, containerId } = await runContainer(runtime, {
    name: "one",
    command: ["sh", "-c", "echo started; exec sleep 1000"],
  });
  const sandbox = (await client.podSandboxStatus({ podSandboxId: sandboxId })).status!;
  assert.equal(sandbox.state, "SANDBOX_READY");
  assert.match(sandbox.network!.ip, /^10\.244\.0\.\d+$/);
  assert.equal(sandbox.metadata!.name, "one");
  const running = (await client.containerStatus({ containerId })).status!;
  assert.equal(running.state, "CONTAINER_RUNNING");
  assert.equal(running.image!.image, "docker.io/library/busybox:1.36");
  await eventually(() => {
    for (const kind of ["created", "started"] as const)
      for (const id of [sandboxId, containerId]) assert.equal(events.find(kind, id).length, 1, kind);
  });

  await t.test("a command runs in it, with its exit code and both outputs", async () => {
    const command = ["sh", "-c", "echo out; echo err >&2; exit 3"];
    const result = await execSync({ runtime: client, containerId, command, timeoutSeconds: 10 });
    assert.ok(result.kind === "exited");
    assert.deepEqual([result.exitCode, text(result.stdout), text(result.stderr)], [3, "out\n", "err\n"]);
  });
  await t.test("a command that takes too long is ended, and that is no failure of the call", async () => {
    const command = ["sleep", "100"];
    const result = await execSync({ runtime: client, containerId, command, timeoutSeconds: 1 });
    assert.deepEqual(result, {
      kind: "timed-out",
      message: 'command timed out: "sleep 100" timed out after 1s',
    });
  });
  assert.equal(events.find("exited").length, 0, "a command that ends is not the container's end");

  await t.test("a killed container is told within milliseconds", async () => {
    const pid = await pidOf(runtime, containerId);
    const killedAtMs = performance.now();
    process.kill(pid, "SIGKILL");
    await eventually(() => assert.equal(events.find("exited", containerId).length, 1), { everyMs: 1 });
    const [{ event, atMs }] = events.find("exited", containerId) as [(typeof events.told)[number]];
    assert.ok(event.kind === "exited");
    assert.equal(event.exitCode, 137);
    assert.ok(Math.abs(event.exitedAt / 1e6 - Date.now()) < 10_000, `a time of now, not ${event.exitedAt}`);
    t.diagnostic(`kill -9 → event: ${(atMs - killedAtMs).toFixed(1)} ms`);
    assert.ok(atMs - killedAtMs < 1_000);
    await eventually(async () => {
      const after = (await client.containerStatus({ containerId })).status!;
      assert.deepEqual([after.state, after.exitCode], ["CONTAINER_EXITED", 137]);
    });
  });
  await t.test("its log is where it was asked for", async () => {
    assert.match(await readFile(join(containerd.dataDir, "test/logs/one.log"), "utf8"), /stdout F started\n$/);
  });
  await t.test("URLs are given to stream with", async () => {
    const next = await runContainer(runtime, { name: "two", command: ["sleep", "1000"] });
    const exec = await client.exec({ containerId: next.containerId, cmd: ["sh"], stdout: true });
    assert.match(exec.url, /^http:\/\/127\.0\.0\.1:\d+\/exec\//);
    const attach = await client.attach({ containerId: next.containerId, stdout: true });
    assert.match(attach.url, /\/attach\//);
    assert.match((await client.portForward({ podSandboxId: next.sandboxId })).url, /\/portforward\//);
    await client.stopContainer({ containerId: next.containerId, timeout: 0 });
  });

  await client.stopPodSandbox({ podSandboxId: sandboxId });
  await client.removePodSandbox({ podSandboxId: sandboxId });
  await eventually(() => {
    assert.equal(events.find("exited", sandboxId).length, 1);
    for (const id of [sandboxId, containerId]) assert.equal(events.find("deleted", id).length, 1);
  });
  assert.deepEqual((await client.listContainers({ filter: { podSandboxId: sandboxId } })).containers, []);
  assert.equal(events.find("resync").length, 1);
});

test("errors of the runtime come with their code and text", { skip, timeout: 60_000 }, async (t) => {
  const { client } = await startRuntime(t);
  await assert.rejects(client.containerStatus({ containerId: "nothing" }), (error) => {
    assert.ok(error instanceof CriError);
    assert.equal(error.code, "NotFound");
    assert.match(error.message, /^rpc error: code = NotFound desc = .*"nothing"/);
    return true;
  });
  const stop = new AbortController();
  const { containers } = await client.listContainers({});
  assert.deepEqual(containers, []);
  stop.abort(new Error("enough"));
  await assert.rejects(client.version({}, stop.signal), /enough/);
});

test("a runtime that is killed is missed at once and found again at once", { skip, timeout: 120_000 }, async (t) => {
  const runtime = await startRuntime(t);
  const { client, containerd } = runtime;
  const events = listen(t, runtime);
  await eventually(() => assert.equal(events.find("resync").length, 1));
  const { containerId } = await runContainer(runtime, { name: "one", command: ["sleep", "1000"] });
  const pid = await pidOf(runtime, containerId);

  await containerd.kill();
  const askedAtMs = performance.now();
  await assert.rejects(client.version({}), (error) => error instanceof CriError && error.code === "Unavailable");
  assert.ok(performance.now() - askedAtMs < 1_000, "it fails fast");
  process.kill(pid, "SIGKILL");
  await containerd.restart();
  const startedAtMs = performance.now();
  await eventually(() => client.version({}), { everyMs: 5 });
  t.diagnostic(`runtime up → first answer: ${(performance.now() - startedAtMs).toFixed(0)} ms`);
  await eventually(() => assert.equal(events.find("resync").length, 2));
  t.diagnostic(`runtime up → events again: ${(performance.now() - startedAtMs).toFixed(0)} ms`);
  const { status } = await client.containerStatus({ containerId });
  assert.equal(status?.state, "CONTAINER_EXITED", "what was missed is there to be listed");
  assert.equal(events.logger.records.filter(({ level }) => level === "warn").length, 1, "one interruption, one line");
});

test("a socket where nobody listens is unavailable", { timeout: 20_000 }, async (t) => {
  const client = createCriClient({ clock: realClock, socketPath: "/nowhere/containerd.sock" });
  t.after(() => client.close());
  await assert.rejects(client.version({}), (error) => error instanceof CriError && error.code === "Unavailable");
  client.close();
  await assert.rejects(client.version({}), (error) => error instanceof CriError && error.code === "Canceled");
});
