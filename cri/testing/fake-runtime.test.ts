import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "../../base/mod.ts";
import { CriError, isCriError } from "../errors.ts";
import type { ContainerEvent } from "../events/container-event.ts";
import { execSync } from "../exec-sync.ts";
import type { FakeProcess } from "./fake-containers.ts";
import { FakeRuntime } from "./fake-runtime.ts";

const config = { metadata: { name: "a", namespace: "b", uid: "c" }, labels: { app: "x" } };

async function started(process: FakeProcess = {}) {
  const clock = new VirtualClock();
  const runtime = new FakeRuntime({
    clock,
    onStart: () => process,
    onExec: ({ command }) => ({ stdout: command.join(" "), afterMs: 1_500 }),
  });
  runtime.images.add({ name: "busybox" });
  const { podSandboxId } = await runtime.runPodSandbox({ config });
  const { containerId } = await runtime.createContainer({
    podSandboxId,
    sandboxConfig: config,
    config: { metadata: { name: "main" }, image: { image: "busybox" }, labels: { app: "x" } },
  });
  const told: ContainerEvent[] = [];
  const end = new AbortController();
  const done = (async () => {
    for await (const event of runtime.events(end.signal)) told.push(event);
  })();
  await runtime.startContainer({ containerId });
  const status = async () => (await runtime.containerStatus({ containerId })).status!;
  const stop = (): Promise<void> => {
    end.abort();
    return done;
  };
  return { clock, runtime, podSandboxId, containerId, told, status, stop };
}

test("a container runs, ends with its code, and that is told", async () => {
  const { clock, told, status, containerId, stop } = await started({ exitAfterMs: 5_000, exitCode: 3 });
  assert.deepEqual([(await status()).state, (await status()).exitCode], ["CONTAINER_RUNNING", 0]);
  await clock.advance(4_999);
  assert.equal((await status()).state, "CONTAINER_RUNNING");
  await clock.advance(1);
  const { state, exitCode, reason, startedAt, finishedAt, createdAt } = await status();
  assert.deepEqual([state, exitCode, reason], ["CONTAINER_EXITED", 3, "Error"]);
  assert.ok(createdAt < startedAt && startedAt < finishedAt, "times only grow");
  await stop();
  assert.deepEqual(
    told.map(({ kind }) => kind),
    ["resync", "started", "exited"],
  );
  assert.deepEqual(told.at(-1), { kind: "exited", containerId, exitCode: 3, exitedAt: finishedAt });
});

test("a container that does not heed is killed after the grace", async () => {
  const { clock, runtime, status, containerId, stop } = await started({ stopsAfterMs: "never" });
  const stopping = runtime.stopContainer({ containerId, timeout: 30 });
  await clock.advance(29_999);
  assert.equal((await status()).state, "CONTAINER_RUNNING");
  await clock.advance(1);
  await stopping;
  assert.equal((await status()).exitCode, 137);
  await stop();
});

test("a container that heeds ends as it likes", async () => {
  const { clock, runtime, status, containerId, stop } = await started({ stopsAfterMs: 100, stopCode: 7 });
  const stopping = runtime.stopContainer({ containerId, timeout: 30 });
  await clock.advance(100);
  await stopping;
  assert.equal((await status()).exitCode, 7);
  await stop();
});

test("a sandbox is removed after it was stopped, and takes its containers along", async () => {
  const { runtime, podSandboxId, containerId, told, stop } = await started();
  await assert.rejects(runtime.removePodSandbox({ podSandboxId }), /is not fully stopped/);
  await runtime.stopPodSandbox({ podSandboxId });
  assert.equal((await runtime.podSandboxStatus({ podSandboxId })).status?.state, "SANDBOX_NOTREADY");
  await runtime.removePodSandbox({ podSandboxId });
  await assert.rejects(runtime.containerStatus({ containerId }), (error) => isCriError(error, "NotFound"));
  await stop();
  assert.deepEqual(
    told.filter(({ kind }) => kind === "deleted"),
    [
      { kind: "deleted", containerId },
      { kind: "deleted", containerId: podSandboxId },
    ],
  );
});

test("lists are filtered by pod, state and labels", async () => {
  const { runtime, podSandboxId, containerId, stop } = await started();
  const ids = async (filter: object) => (await runtime.listContainers({ filter })).containers.map(({ id }) => id);
  assert.deepEqual(await ids({ podSandboxId, state: { state: "CONTAINER_RUNNING" } }), [containerId]);
  assert.deepEqual(await ids({ state: { state: "CONTAINER_EXITED" } }), []);
  assert.deepEqual(await ids({ labelSelector: { app: "y" } }), []);
  const { items } = await runtime.listPodSandbox({ filter: { labelSelector: { app: "x" } } });
  assert.deepEqual(
    items.map(({ id, metadata }) => [id, metadata?.uid]),
    [[podSandboxId, "c"]],
  );
  await stop();
});

test("while it is down calls fail and nothing is told; then its listeners list", async () => {
  const { runtime, containerId, told, stop } = await started();
  runtime.goDown();
  await assert.rejects(runtime.version({}), (error) => isCriError(error, "Unavailable"));
  runtime.endContainer(containerId, { exitCode: 1 });
  runtime.comeUp();
  runtime.killForMemory(containerId);
  await stop();
  assert.deepEqual(
    told.map(({ kind }) => kind),
    ["resync", "started", "resync", "oom"],
  );
});

test("a method can be made to fail, once", async () => {
  const { runtime, stop } = await started();
  runtime.failNext("version", new CriError("Internal", "no"));
  await assert.rejects(runtime.version({}), { message: "rpc error: code = Internal desc = no" });
  assert.equal((await runtime.version({})).runtimeName, "fake");
  await stop();
});

test("a command is ended by its limit", async () => {
  const { clock, runtime, containerId, stop } = await started();
  const run = (timeoutSeconds: number) => execSync({ runtime, containerId, command: ["echo", "a"], timeoutSeconds });
  const late = run(1);
  await clock.advance(1_000);
  assert.deepEqual(await late, { kind: "timed-out", message: 'command timed out: "echo a" timed out after 1s' });
  const inTime = run(0);
  await clock.advance(1_500);
  const result = await inTime;
  assert.equal(result.kind === "exited" && Buffer.from(result.stdout).toString(), "echo a");
  await stop();
});

test("images are pulled, found by name, id and digest, and removed", async () => {
  const clock = new VirtualClock();
  const { images } = new FakeRuntime({ clock });
  images.onPull = (name, auth) => {
    if (auth?.password !== "secret") throw new CriError("Unknown", `pull of ${name} denied`);
    return { size: 42 };
  };
  await assert.rejects(images.pullImage({ image: { image: "a.io/b" } }), /a\.io\/b:latest denied/);
  const { imageRef } = await images.pullImage({ image: { image: "a.io/b" }, auth: { password: "secret" } });
  const { image } = await images.imageStatus({ image: { image: "a.io/b:latest" } });
  assert.deepEqual([image?.id, image?.size], [imageRef, 42]);
  for (const name of [imageRef, image!.repoDigests[0]!])
    assert.equal((await images.imageStatus({ image: { image: name } })).image?.id, imageRef);
  await images.removeImage({ image: { image: imageRef } });
  assert.deepEqual((await images.listImages()).images, []);
});
