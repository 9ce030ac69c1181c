import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { realClock, realRandom, silentLogger, VirtualClock } from "../../../base/mod.ts";
import type { ValueTransformer } from "../value-transformer.ts";
import { envelope } from "./envelope.ts";
import { KeySource } from "./key-source.ts";
import { type KeyManagementPlugin, keyManagementPlugin } from "./plugin.ts";
import { type PluginServer, startPluginServer } from "./testing/plugin-server.ts";

const key = "/registry/secrets/default/a";
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("a key management plugin", { timeout: 60_000 }, () => {
  let folder: string;
  let server: PluginServer;
  const plugins: KeyManagementPlugin[] = [];
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "k8ts-kms-"));
    server = await startPluginServer(join(folder, "kms.sock"), realRandom);
  });
  after(async () => {
    for (const plugin of plugins) plugin.close();
    server?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** What one start of a server has. */
  const start = (clock = new VirtualClock()): { source: KeySource; transformer: ValueTransformer } => {
    const plugin = keyManagementPlugin({
      endpoint: server.endpoint,
      timeoutMs: 3_000,
      clock: realClock,
      random: realRandom,
    });
    plugins.push(plugin);
    const source = new KeySource({ name: "p", plugin, clock, random: realRandom, logger: silentLogger });
    return { source, transformer: envelope(source, plugin, realRandom) };
  };

  test("is asked once a key, however many values there are, and not at all for one's own", async () => {
    const first = start();
    await first.source.check();
    assert.equal(first.source.failure, undefined);
    const stored = ["1", "2", "3"].map((value) => first.transformer.toStore(bytes(value), key));
    const own = first.transformer.fromStore(stored[0]!, key);
    assert.ok(!(own instanceof Promise));
    assert.deepEqual(own, { value: Buffer.from("1"), stale: false });
    assert.equal(server.decrypted, 0);

    const second = start();
    await second.source.check();
    const read = await Promise.all(stored.map((value) => second.transformer.fromStore(value, key)));
    assert.deepEqual(
      read.map(({ value }) => Buffer.from(value).toString()),
      ["1", "2", "3"],
    );
    assert.equal(server.decrypted, 1);
  });

  test("that turns to another key makes what the former one encrypted stale, and still readable", async () => {
    const { source, transformer } = start();
    await source.check();
    const before = transformer.toStore(bytes("1"), key);
    server.keyId = "2";
    await source.check();
    assert.deepEqual(await transformer.fromStore(before, key), { value: Buffer.from("1"), stale: true });
    const afterwards = transformer.toStore(bytes("1"), key);
    assert.deepEqual(await transformer.fromStore(afterwards, key), { value: Buffer.from("1"), stale: false });
    server.keyId = "1";
  });

  test("that is not well lets the last key write for three minutes, and read for ever", async () => {
    const clock = new VirtualClock();
    const { source, transformer } = start(clock);
    assert.throws(() => transformer.toStore(bytes("1"), key), /has not been asked yet/);
    await source.check();
    const stored = transformer.toStore(bytes("1"), key);
    server.healthz = "on fire";
    await source.check();
    assert.equal(
      source.failure?.message,
      "kmsv2 Provider p is not healthy, error: got unexpected healthz status: on fire",
    );
    await clock.advance(180_000);
    transformer.toStore(bytes("2"), key);
    await clock.advance(1);
    assert.throws(() => transformer.toStore(bytes("3"), key), /encryptedDEKSource of KMS provider p has expired/);
    assert.equal(Buffer.from((await transformer.fromStore(stored, key)).value).toString(), "1");
    server.healthz = "ok";
    await source.check();
    transformer.toStore(bytes("4"), key);
  });

  test("that hangs is given up after its timeout: what is known is written and read on, what is not is refused", async () => {
    const first = start();
    await first.source.check();
    const stored = first.transformer.toStore(bytes("1"), key);
    const second = start();
    await second.source.check();
    server.hangs = true;
    try {
      const began = performance.now();
      const checks = Promise.all([first.source.check(), second.source.check()]);
      const reads = await Promise.allSettled(
        Array.from({ length: 100 }, () => second.transformer.fromStore(stored, key)),
      );
      await checks;
      assert.ok(performance.now() - began < 5_000);
      const deadline = "rpc error: code = DeadlineExceeded desc = context deadline exceeded";
      assert.equal(first.source.failure?.message, `kmsv2 Provider p is not healthy, error: ${deadline}`);
      for (const read of reads) {
        assert.equal(
          read.status === "rejected" && (read.reason as Error).message,
          `failed to decrypt DEK, error: ${deadline}`,
        );
      }
      assert.equal(Buffer.from((await first.transformer.fromStore(stored, key)).value).toString(), "1");
      second.transformer.toStore(bytes("2"), key);
    } finally {
      server.hangs = false;
    }
    assert.equal(Buffer.from((await second.transformer.fromStore(stored, key)).value).toString(), "1");
  });

  test("what is stored under another key of the store, or is no such object, is refused", async () => {
    const { source, transformer } = start();
    await source.check();
    const stored = transformer.toStore(bytes("1"), key);
    await assert.rejects(async () => transformer.fromStore(stored, `${key}b`), /message authentication failed/);
    await assert.rejects(async () => transformer.fromStore(bytes(""), key), /encrypted data is empty/);
    await assert.rejects(async () => transformer.fromStore(bytes("\x0a\xff"), key), { name: "UnreadableValueError" });
  });

  test("that nobody answers for is told as such", async () => {
    const plugin = keyManagementPlugin({
      endpoint: `unix://${join(folder, "nobody.sock")}`,
      timeoutMs: 1_000,
      clock: realClock,
      random: realRandom,
    });
    plugins.push(plugin);
    const source = new KeySource({ name: "q", plugin, clock: realClock, random: realRandom, logger: silentLogger });
    await source.check();
    assert.match(source.failure?.message ?? "", /^kmsv2 Provider q is not healthy, error: /);
  });
});
