import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pauseImage, pauseImageArchive } from "./image.ts";
import { blockedSignals, pauseProgram } from "./program.ts";

const runs = process.platform === "linux" && process.arch === "x64";
const skip = runs ? false : "machine code of another machine";

function folder(t: { after(fn: () => void): void }): string {
  const path = mkdtempSync(join(tmpdir(), "k8ts-pause-"));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

test("the sandbox's program is a small static executable for both kinds of processor", () => {
  for (const [architecture, machine] of [
    ["amd64", 62],
    ["arm64", 183],
  ] as const) {
    const program = pauseProgram(architecture);
    assert.ok(program.length < 400, `${program.length} bytes`);
    assert.equal(program.subarray(1, 4).toString(), "ELF");
    assert.equal(program.readUInt16LE(18), machine);
    assert.equal(program.readBigUInt64LE(96), BigInt(program.length));
  }
  // INT, TERM and CHLD, as the kernel counts them.
  assert.equal(blockedSignals, (1 << 1) | (1 << 14) | (1 << 16));
  assert.equal(pauseProgram("amd64").readUInt32LE(121), blockedSignals);
});

test("the sandbox's program waits for ever, and ends in order when it is told to", {
  skip,
  timeout: 10_000,
}, async (t) => {
  const file = join(folder(t), "pause");
  writeFileSync(file, pauseProgram("amd64"));
  chmodSync(file, 0o755);
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    const child = spawn(file);
    const ended = once(child, "exit");
    await once(child, "spawn");
    // The wait for a signal is system call 128.
    await t.waitFor(() => assert.match(readFileSync(`/proc/${child.pid}/syscall`, "utf8"), /^128 /));
    child.kill("SIGCHLD");
    child.kill("SIGCONT");
    assert.equal(child.exitCode, null);
    child.kill(signal);
    assert.deepEqual(await ended, [0, null]);
  }
});

test("the image is an OCI layout whose digests are right", (t) => {
  const directory = folder(t);
  const archive = pauseImageArchive("amd64");
  execFileSync("tar", ["-x", "-C", directory], { input: archive });
  const json = (file: string) => JSON.parse(readFileSync(join(directory, file), "utf8"));
  const blob = ({ digest, size }: { digest: string; size: number }) => {
    const file = join("blobs", "sha256", digest.slice("sha256:".length));
    const content = readFileSync(join(directory, file));
    assert.equal(`sha256:${createHash("sha256").update(content).digest("hex")}`, digest);
    assert.equal(content.length, size);
    return file;
  };
  const [entry] = json("index.json").manifests;
  assert.equal(entry.annotations["io.containerd.image.name"], pauseImage);
  const manifest = json(blob(entry));
  assert.deepEqual(json(blob(manifest.config)).config.Entrypoint, ["/pause"]);
  const layer = execFileSync("tar", ["-xO", "pause"], {
    input: readFileSync(join(directory, blob(manifest.layers[0]))),
  });
  assert.deepEqual(layer, pauseProgram("amd64"));
  assert.deepEqual(pauseImageArchive("amd64"), archive, "the same each time");
});
