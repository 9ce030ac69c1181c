import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cp, mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { configMaps, expect, seen } from "../support/conformance.ts";
import { type HttpClient, http2Client } from "../support/http.ts";
import { type ServerProcess, startServerProcess } from "../support/process.ts";

describe("what can go wrong with the machine", { timeout: 300_000 }, () => {
  let root: string;
  let template: string;
  const running = new Set<ServerProcess>();
  const mounts: string[] = [];

  before(async () => {
    root = await mkdtemp(join(tmpdir(), "k8ts-failures-"));
    template = join(root, "template");
    const first = await startServerProcess(template);
    await first.stop();
    assert.equal(first.exitCode, 0, first.stderr);
  });
  after(async () => {
    for (const server of running) {
      await server.stop("SIGKILL");
    }
    for (const mount of mounts) {
      execFileSync("umount", ["-l", mount]);
    }
    await rm(root, { recursive: true, force: true });
  });

  const start = async (dataDir: string, ...flags: string[]): Promise<ServerProcess> => {
    const server = await startServerProcess(dataDir, ...flags);
    running.add(server);
    return server;
  };
  const stop = async (server: ServerProcess, signal?: NodeJS.Signals): Promise<void> => {
    await server.stop(signal);
    running.delete(server);
  };
  /** A data directory with certificates and a store in it. */
  const copy = async (name: string): Promise<string> => {
    const dataDir = join(root, name);
    await cp(template, dataDir, { recursive: true });
    return dataDir;
  };
  const clientOf = async (server: ServerProcess): Promise<HttpClient> => {
    assert.equal(server.exitCode, undefined, server.stderr);
    return http2Client(server.port, await server.credentials());
  };
  const names = async (client: HttpClient): Promise<string[]> =>
    (seen(await expect(client, { path: configMaps }, 200)).items ?? []).map(({ metadata }) => metadata.name);

  /** It ended by itself, in words for people. */
  const refused = (server: ServerProcess, words: RegExp): void => {
    assert.equal(server.exitCode, 1, server.stderr);
    assert.match(server.stderr, words);
    assert.doesNotMatch(server.stderr, /^\s+at /m, "a stack trace is no answer to a user");
  };

  test("a port that is taken, and a data directory that is in use", async () => {
    const one = await start(await copy("one"));
    const other = await copy("other");
    refused(
      await start(other, "--api-port", String(one.port)),
      /port [0-9]+ on 127\.0\.0\.1 is taken by another program.*--api-port/,
    );
    refused(await start(join(root, "one")), /state\.db.*(in use|already|another)/i);
    const client = await clientOf(one);
    await expect(client, { path: "/readyz" }, 200, "ok");
    client.close();
    await stop(one);
  });

  test("a data directory whose path is a file, or that is read-only", async (context) => {
    await writeFile(join(root, "file"), "");
    refused(await start(join(root, "file", "below")), /cannot use .*: part of the path is a file/);
    const mount = tmpfs("read-only", "4m");
    if (mount === undefined) {
      context.skip("mounting needs root");
      return;
    }
    execFileSync("mount", ["-o", "remount,ro", mount]);
    refused(await start(join(mount, "data")), /cannot use .*: the file system is read-only/);
  });

  for (const { file, says } of [
    { file: "pki/ca.crt", says: /ca\.crt/ },
    { file: "pki/apiserver.key", says: /apiserver\.key/ },
    { file: "pki/sa.key", says: /sa\.key/ },
    { file: "admin.conf", says: /admin\.conf/ },
  ]) {
    test(`${file} damaged: nothing is replaced, the file is named with a remedy`, async () => {
      const dataDir = await copy(`damaged-${file.replaceAll("/", "-")}`);
      await writeFile(join(dataDir, file), "-----BEGIN nonsense");
      refused(await start(dataDir), says);
      assert.equal(await readFile(join(dataDir, file), "utf8"), "-----BEGIN nonsense");
    });
  }

  test("a store that is damaged is not written over", async () => {
    const dataDir = await copy("damaged-store");
    const path = join(dataDir, "store", "state.db");
    const file = await open(path, "r+");
    await file.write(Buffer.alloc(8_192, 0xa5), 0, 8_192, 0);
    await file.close();
    const before = await readFile(path);
    refused(await start(dataDir), /state\.db/);
    assert.deepEqual(await readFile(path), before);
  });

  test("what was acknowledged is there after kill -9, and a watch goes on where it was", async () => {
    const dataDir = await copy("killed");
    const first = await start(dataDir);
    const client = await clientOf(first);
    const acknowledged: string[] = [];
    let revision = "";
    const writer = async (id: number): Promise<void> => {
      for (let i = 0; ; i++) {
        const name = `w${id}-${i}`;
        const { status } = await client.call({ method: "POST", path: configMaps, body: { metadata: { name } } });
        if (status === 201) {
          acknowledged.push(name);
        }
        if (acknowledged.length === 50) {
          revision = seen(await expect(client, { path: `${configMaps}?limit=1` }, 200)).metadata.resourceVersion;
        }
        if (acknowledged.length >= 400) {
          process.kill(first.pid, "SIGKILL");
        }
      }
    };
    await Promise.allSettled(Array.from({ length: 8 }, (_, id) => writer(id)));
    await stop(first);
    const second = await start(dataDir);
    const after = await clientOf(second);
    const there = new Set(await names(after));
    assert.deepEqual(
      acknowledged.filter((name) => !there.has(name)),
      [],
    );
    const watch = await after.call({ path: `${configMaps}?watch=1&resourceVersion=${revision}&timeoutSeconds=1` });
    assert.ok(watch.status === 200 || watch.status === 410, watch.text);
    after.close();
    client.close();
    await stop(second);
  });

  test("a full disk: writes are refused as unavailable, nothing is lost, and room is enough to go on", async (context) => {
    const mount = tmpfs("full", "40m");
    if (mount === undefined) {
      context.skip("mounting needs root");
      return;
    }
    const dataDir = join(mount, "data");
    await cp(template, dataDir, { recursive: true });
    const filler = join(mount, "filler");
    await writeFile(filler, Buffer.alloc(28 * 1024 * 1024));
    const server = await start(dataDir);
    const client = await clientOf(server);
    const text = "x".repeat(200_000);
    const acknowledged: string[] = [];
    let failure: { status: number; json: unknown } | undefined;
    for (let i = 0; i < 200 && failure === undefined; i++) {
      const name = `n${i}`;
      const answer = await client.call({
        method: "POST",
        path: configMaps,
        body: { metadata: { name }, data: { text } },
      });
      if (answer.status === 201) {
        acknowledged.push(name);
      } else {
        failure = answer;
      }
    }
    assert.equal(failure?.status, 503, JSON.stringify(failure?.json));
    const { kind, reason, message } = failure.json as { kind: string; reason: string; message: string };
    assert.deepEqual([kind, reason], ["Status", "ServiceUnavailable"]);
    const whatToDo =
      /^the store cannot take the write: no space left to write .*state\.db.*: free some, and writes go on/;
    assert.match(message, whatToDo);
    // A deletion may find room enough, or is refused in the same words; it is never lost half way.
    const deletion = await client.call({ method: "DELETE", path: `${configMaps}/n1` });
    if (deletion.status === 200) acknowledged.splice(1, 1);
    else assert.match((deletion.json as { message: string }).message, whatToDo);
    await expect(client, { path: "/livez" }, 200, "ok");
    await expect(client, { path: `${configMaps}/n0` }, 200);
    assert.deepEqual((await names(client)).filter((name) => /^n[0-9]/.test(name)).sort(), [...acknowledged].sort());
    await rm(filler);
    await expect(
      client,
      { method: "POST", path: configMaps, body: { metadata: { name: "again" }, data: { text } } },
      201,
    );
    await stop(server, "SIGKILL");
    const second = await start(dataDir);
    const after = await clientOf(second);
    const there = await names(after);
    assert.deepEqual(
      [...acknowledged, "again"].filter((name) => !there.includes(name)),
      [],
    );
    client.close();
    after.close();
    await stop(second);
  });

  /** A file system of this size; undefined where this user may not mount. */
  function tmpfs(name: string, size: string): string | undefined {
    const mount = join(root, name);
    try {
      execFileSync("mkdir", ["-p", mount]);
      execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "k8ts-test", mount], { stdio: "ignore" });
    } catch {
      return undefined;
    }
    mounts.push(mount);
    return mount;
  }
});
