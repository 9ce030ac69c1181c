import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { nodeVerdict } from "./api-questions.ts";
import { absoluteDataDir } from "./cluster.ts";
import { readable } from "./component-failure.ts";
import { namesIn } from "./images.ts";
import { firstSubnet } from "./pod-range.ts";
import { textOfStatus } from "./status.ts";
import { boundLog } from "./supervisor/log-size.ts";

function folder(t: { after(fn: () => void): void }): string {
  const path = mkdtempSync(join(tmpdir(), "k8ts-up-"));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

test("a node is ready when it says so in this life", () => {
  const node = (status: string, lastHeartbeatTime: string) => ({
    metadata: { name: "n" },
    status: { conditions: [{ type: "Ready", status, message: "no network", lastHeartbeatTime }] },
  });
  const since = "2026-01-01T00:00:10.700Z";
  assert.deepEqual(nodeVerdict(node("True", "2026-01-01T00:00:10Z"), since), { ready: true });
  assert.deepEqual(nodeVerdict(node("True", "2026-01-01T00:00:09Z"), since), {
    ready: false,
    why: "the node n has not reported",
  });
  assert.deepEqual(nodeVerdict(node("False", "2026-01-01T00:00:11Z"), since), {
    ready: false,
    why: "the node n is not ready: no network",
  });
  assert.equal(nodeVerdict({ metadata: { name: "n" } }, since).ready, false);
});

test("the first node's pods are in the first part of the range", () => {
  assert.equal(firstSubnet("10.244.0.0/16"), "10.244.0.0/24");
  assert.equal(firstSubnet("10.1.2.0/25"), "10.1.2.0/25");
  assert.equal(firstSubnet("fd00:10::/48"), "fd00:10::/64");
  assert.throws(() => firstSubnet("10.244.0.0"), { name: "CommandError" });
});

test("a directory has one path, through links and before it exists", async (t) => {
  const path = folder(t);
  symlinkSync(path, join(path, "link"));
  assert.equal(await absoluteDataDir(join(path, "link", "new", "data")), join(path, "new", "data"));
  assert.equal(await absoluteDataDir(join(path, "link")), path);
});

test("a long log is put aside, and its writers go on in an empty file", async (t) => {
  const file = join(folder(t), "a.log");
  await boundLog(file, 10);
  writeFileSync(file, "0123456789");
  await boundLog(file, 10);
  assert.equal(statSync(file).size, 10);
  writeFileSync(file, "0123456789a");
  await boundLog(file, 10);
  assert.equal(statSync(file).size, 0);
  assert.equal(readFileSync(`${file}.1`, "utf8"), "0123456789a");
});

test("lines of JSON in a log are shown as people read them, others as they are", () => {
  assert.equal(
    readable('{"level":"error","time":"2026","component":"node","message":"no way","pod":"a","n":1}'),
    "error no way pod=a n=1",
  );
  assert.equal(readable("plain {"), "plain {");
});

test("names of images are read from what ctr says", () => {
  assert.deepEqual(namesIn("unpacking docker.io/library/a:1 (sha256:12)...done\nunpacking b:2 (sha256:3)...done\n"), [
    "docker.io/library/a:1",
    "b:2",
  ]);
});

test("status says what is wrong with what is not well", () => {
  const components = [
    { name: "server", pid: 7, url: "https://x", startedAt: "T", memoryBytes: 2 ** 20, restarts: 2, healthy: true },
    { name: "node", healthy: false, problem: "it was killed by SIGKILL" },
  ];
  assert.equal(
    textOfStatus("/d", { ready: false, components }),
    "not ready (/d)\nserver: ready, pid 7, https://x, since T, 1 MiB, restarted 2 times\nnode: not ready: it was killed by SIGKILL\n",
  );
  assert.equal(
    textOfStatus("/d", { ready: false, components: [] }),
    "not running (/d). Start it with: k8ts up --data-dir /d\n",
  );
});
