import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { CapturingLogger, realClock, realRandom } from "../base/mod.ts";
import { createCriClient, timeoutOf } from "./client.ts";
import { CriError, isCriError } from "./errors.ts";
import type { ContainerEvent } from "./events/container-event.ts";
import { containerEvents } from "./events/container-events.ts";
import { execSync } from "./exec-sync.ts";
import { FakeRuntime } from "./testing/fake-runtime.ts";
import { serveRuntime } from "./testing/serve-runtime.ts";

async function setUp(t: TestContext, options: { readonly timeoutMs?: number } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "k8ts-cri-"));
  const socketPath = join(folder, "cri.sock");
  const runtime = new FakeRuntime({ clock: realClock, latenciesMs: { stopPodSandbox: 60_000, execSync: 1 } });
  const serve = () => serveRuntime(socketPath, { runtime, images: runtime.images });
  let server = await serve();
  const client = createCriClient({ clock: realClock, socketPath, ...options });
  t.after(async () => {
    client.close();
    await server[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });
  const stop = async (): Promise<void> => {
    await server[Symbol.asyncDispose]();
    rmSync(socketPath, { force: true });
  };
  const restart = async (): Promise<void> => {
    await stop();
    server = await serve();
  };
  return { runtime, client, stop, restart };
}

const config = { metadata: { name: "a", namespace: "b", uid: "c" }, linux: { sysctls: { x: "1" } } };

test("requests and answers pass through the socket as they are", { timeout: 20_000 }, async (t) => {
  const { runtime, client } = await setUp(t);
  const { podSandboxId } = await client.runPodSandbox({ config });
  const { status, info } = await client.podSandboxStatus({ podSandboxId });
  const own = await runtime.podSandboxStatus({ podSandboxId });
  assert.deepEqual([status, info], [own.status, own.info]);
  const received = runtime.calls[0]!.request as { readonly config: { readonly linux: { readonly sysctls: object } } };
  assert.deepEqual(received.config.linux.sysctls, { x: "1" });
});

test("an error has its code, and the message that Go's clients show", { timeout: 20_000 }, async (t) => {
  const { runtime, client } = await setUp(t);
  runtime.failNext("version", new CriError("FailedPrecondition", "not now"));
  await assert.rejects(client.version({}), (error) => {
    assert.ok(isCriError(error, "FailedPrecondition"));
    assert.equal(error.details, "not now");
    assert.equal(error.message, "rpc error: code = FailedPrecondition desc = not now");
    return true;
  });
});

test("a call that takes too long ends with DeadlineExceeded, an aborted one with its reason", {
  timeout: 20_000,
}, async (t) => {
  const { client } = await setUp(t, { timeoutMs: 50 });
  await assert.rejects(client.stopPodSandbox({ podSandboxId: "x" }), (error) => {
    assert.ok(isCriError(error, "DeadlineExceeded"));
    assert.equal(error.message, "rpc error: code = DeadlineExceeded desc = context deadline exceeded");
    return true;
  });
  const end = new AbortController();
  const reason = new Error("no longer");
  const call = client.pullImage({ image: { image: "x" } }, end.signal);
  end.abort(reason);
  await assert.rejects(call, (error) => error === reason);
});

test("calls fail at once while the runtime is away, and work again soon after it is back", {
  timeout: 20_000,
}, async (t) => {
  const { client, stop, restart } = await setUp(t);
  await client.version({});
  await stop();
  const sinceMs = performance.now();
  for (let i = 0; i < 5; i++) await assert.rejects(client.version({}), (error) => isCriError(error, "Unavailable"));
  assert.ok(performance.now() - sinceMs < 1_000);
  await restart();
  await t.waitFor(async () => assert.equal((await client.version({})).runtimeName, "fake"), { timeout: 5_000 });
});

test("streams end with their reader", { timeout: 20_000 }, async (t) => {
  const { runtime, client } = await setUp(t);
  runtime.images.add({ name: "busybox" });
  const found: string[] = [];
  for await (const { images } of client.streamImages({})) found.push(...images.map(({ repoTags }) => repoTags[0]!));
  assert.deepEqual(found, ["docker.io/library/busybox:latest"]);
  const end = new AbortController();
  const events = client.getContainerEvents({}, end.signal)[Symbol.asyncIterator]();
  const next = events.next();
  await client.version({});
  end.abort(new Error("enough"));
  await assert.rejects(next, /enough/);
});

test("a runtime without containerd's events is asked for the CRI's", { timeout: 20_000 }, async (t) => {
  const { runtime, client, restart } = await setUp(t);
  runtime.images.add({ name: "busybox" });
  const end = new AbortController();
  const told: ContainerEvent[] = [];
  const options = { clock: realClock, random: realRandom, logger: new CapturingLogger(), client, signal: end.signal };
  const done = (async () => {
    for await (const event of containerEvents(options)) told.push(event);
  })();
  const until = async (condition: () => boolean) => {
    while (!condition()) await realClock.sleep(5);
  };
  const of = (kind: ContainerEvent["kind"]) => told.filter((event) => event.kind === kind);
  await until(() => of("resync").length === 1);
  await realClock.sleep(50);
  const { podSandboxId } = await client.runPodSandbox({ config });
  const { containerId } = await client.createContainer({ podSandboxId, config: { image: { image: "busybox" } } });
  await client.startContainer({ containerId });
  runtime.endContainer(containerId, { exitCode: 9 });
  await until(() => of("exited").length === 1);
  const [exited] = of("exited");
  assert.ok(exited?.kind === "exited");
  assert.deepEqual([exited.containerId, exited.exitCode], [containerId, 9]);
  assert.ok(exited.exitedAt > 1e18);
  const before = of("resync").length;
  await restart();
  await until(() => of("resync").length > before);
  end.abort();
  await done;
});

test("a command's limit is its own, however the runtime says so", { timeout: 20_000 }, async (t) => {
  const { runtime, client } = await setUp(t);
  runtime.failNext("execSync", new CriError("DeadlineExceeded", "timeout 90s exceeded"));
  assert.deepEqual(await execSync({ runtime: client, containerId: "x", command: ["a", "b"], timeoutSeconds: 90 }), {
    kind: "timed-out",
    message: 'command timed out: "a b" timed out after 1m30s',
  });
  await assert.rejects(execSync({ runtime: client, containerId: "x", command: ["a"], timeoutSeconds: 1 }), (error) =>
    isCriError(error, "NotFound"),
  );
});

test("each kind of call has its time", () => {
  const minute = 60_000;
  assert.equal(timeoutOf("version", {}, 2 * minute), 2 * minute);
  assert.equal(timeoutOf("runPodSandbox", {}, 2 * minute), 4 * minute);
  assert.equal(timeoutOf("stopContainer", { timeout: 30 }, 2 * minute), 2.5 * minute);
  assert.equal(timeoutOf("execSync", { timeout: 60 }, 2 * minute), 3 * minute);
  assert.equal(timeoutOf("execSync", {}, 2 * minute), undefined);
  assert.equal(timeoutOf("pullImage", {}, 2 * minute), undefined);
  assert.equal(timeoutOf("checkpointContainer", { timeout: 600 }, 2 * minute), 10 * minute);
});
