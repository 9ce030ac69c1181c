import assert from "node:assert/strict";
import { chownSync, mkdirSync, mkdtempSync, realpathSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { PersistentVolume } from "../../api/core/v1/persistent-volume.ts";
import { PersistentVolumeClaim } from "../../api/core/v1/persistent-volume-claim.ts";
import type { Pod } from "../../api/core/v1/pod.ts";
import type { Container } from "../../api/generated/types/core-v1.ts";
import { realClock } from "../../base/real-clock.ts";
import { SeededRandom } from "../../base/seeded-random.ts";
import { createClient } from "../../client/client.ts";
import { MemoryApi } from "../../client/testing/memory-api.ts";
import { containerResource, downwardPayload, formatMap, metadataField } from "./downward-api.ts";
import { tmpfsSize } from "./empty-dir.ts";
import { checkHostPath } from "./host-path.ts";
import { mountOf, parseMounts } from "./mounts.ts";
import { changeOwnership, fsUserOf } from "./ownership.ts";
import { type LocalSource, resolveClaim } from "./persistent-volumes.ts";

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "k8ts-sources-")));
  try {
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const podOf = (spec: object, metadata: object = {}): Pod =>
  ({
    metadata: { name: "p", namespace: "ns", uid: "u", ...metadata },
    spec: { containers: [], ...spec },
  }) as unknown as Pod;

test("host paths are what they are said to be, or made", () =>
  inFolder(async (folder) => {
    const at = (name: string): string => join(folder, name);
    const refused = (name: string, type: string, what: string): Promise<void> =>
      assert.rejects(
        checkHostPath(at(name), type),
        new Error(`hostPath type check failed: ${at(name)} is not ${what}`),
      );
    writeFileSync(at("file"), "");
    mkdirSync(at("dir"));
    symlinkSync("dir", at("link"));
    await checkHostPath(at("none"));
    await checkHostPath(at("link"), "Directory");
    await checkHostPath(at("file"), "File");
    await checkHostPath("/dev/null", "CharDevice");
    await refused("none", "Directory", "a directory");
    await refused("file", "DirectoryOrCreate", "a directory");
    await refused("dir", "File", "a file");
    await refused("dir", "FileOrCreate", "a file");
    await refused("file", "Socket", "a socket file");
    await refused("file", "CharDevice", "a character device");
    await refused("file", "BlockDevice", "a block device");
    await checkHostPath(at("made/deep"), "DirectoryOrCreate");
    assert.equal(statSync(at("made/deep")).mode & 0o777, 0o755);
    await checkHostPath(at("made/file"), "FileOrCreate");
    assert.ok(statSync(at("made/file")).isFile());
    await assert.rejects(
      checkHostPath(at("no/file"), "FileOrCreate"),
      /^Error: open .*\/no\/file: no such file or directory$/,
    );
    await assert.rejects(checkHostPath(at("x"), "Other"), /^Error: Other is an invalid volume type$/);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(at("socket"), resolve));
    await checkHostPath(at("socket"), "Socket");
    await new Promise((resolve) => server.close(resolve));
  }));

test("metadata is told as upstream tells it", () => {
  const pod = podOf({}, { annotations: { b: 'x"\n', a: "1" }, labels: { app: "web" } });
  assert.equal(formatMap({ b: 'x"\n', a: "1" }), 'a="1"\nb="x\\"\\n"');
  assert.equal(metadataField(pod, "metadata.annotations"), 'a="1"\nb="x\\"\\n"');
  assert.equal(metadataField(pod, "metadata.annotations['a']"), "1");
  assert.equal(metadataField(pod, "metadata.labels['none']"), "");
  assert.equal(metadataField(pod, "metadata.uid"), "u");
  assert.throws(() => metadataField(pod, "spec.nodeName"), /^Error: unsupported fieldPath: spec.nodeName$/);
  assert.throws(
    () => metadataField(pod, "metadata.name['a']"),
    /^Error: fieldPath "metadata.name\['a'\]" does not support subscript$/,
  );
});

test("resources are told in units of the divisor, rounded up; without a limit the node's is one", () => {
  const container = {
    name: "c",
    resources: { requests: { cpu: "1500m", memory: "100Mi" }, limits: { cpu: "0" } },
  } as unknown as Container;
  const allocatable = { cpu: "4", memory: "1Gi" };
  const told = (resource: string, divisor?: string): string =>
    containerResource(container, { resource, ...(divisor === undefined ? {} : { divisor }) }, allocatable);
  assert.equal(told("requests.cpu"), "2");
  assert.equal(told("requests.cpu", "1m"), "1500");
  assert.equal(told("requests.memory", "1Mi"), "100");
  assert.equal(told("limits.cpu"), "4");
  assert.equal(told("limits.memory", "1Gi"), "1");
  assert.equal(told("limits.ephemeral-storage"), "0");
  assert.equal(told("requests.hugepages-2Mi"), "0");
  assert.throws(() => told("limits.gpu"), /^Error: unsupported container resource : limits.gpu$/);
  const items = [
    { path: "a", resourceFieldRef: { containerName: "x", resource: "limits.cpu", divisor: "0" } },
    { path: "b", fieldRef: { apiVersion: "v1", fieldPath: "status.podIP" } },
  ];
  assert.throws(
    () => downwardPayload(podOf({}), items, { defaultMode: 420, allocatable }),
    /^Error: \[container x not found, unsupported fieldPath: status.podIP\]$/,
  );
});

test("a volume is handed to a group, with all in it", { skip: process.getuid?.() !== 0 }, () =>
  inFolder(async (folder) => {
    const inner = join(folder, "dir");
    mkdirSync(inner, { mode: 0o700 });
    writeFileSync(join(inner, "file"), "", { mode: 0o600 });
    symlinkSync("file", join(inner, "link"));
    writeFileSync(join(folder, "outside"), "", { mode: 0o600 });
    symlinkSync("../outside", join(inner, "away"));
    await changeOwnership(inner, { fsGroup: 4321, readOnly: false });
    assert.equal(statSync(inner).mode & 0o7777, 0o2770);
    assert.equal(statSync(join(inner, "file")).mode & 0o7777, 0o660);
    assert.equal(statSync(join(inner, "file")).gid, 4321);
    assert.equal(statSync(join(folder, "outside")).gid, 0, "links are not followed");
    assert.equal(statSync(join(folder, "outside")).mode & 0o777, 0o600);

    chownSync(join(inner, "file"), 0, 0);
    const options = { fsGroup: 4321, readOnly: false, changePolicy: "OnRootMismatch" };
    await changeOwnership(inner, options);
    assert.equal(statSync(join(inner, "file")).gid, 0, "the root was right, so nothing was done");
    await changeOwnership(inner, { ...options, fsGroup: 1 });
    assert.equal(statSync(join(inner, "file")).gid, 1);
  }),
);

test("a file belongs to the one user that all containers are", () => {
  const as = (runAsUser?: number): object => ({
    name: "c",
    ...(runAsUser === undefined ? {} : { securityContext: { runAsUser } }),
  });
  assert.equal(fsUserOf(podOf({ containers: [as(7), as(7)] })), 7);
  assert.equal(fsUserOf(podOf({ containers: [as(7), as(8)] })), undefined);
  assert.equal(fsUserOf(podOf({ containers: [as(7), as()] })), undefined);
  assert.equal(fsUserOf(podOf({ securityContext: { runAsUser: 9 }, containers: [as(), as(9)] })), 9);
});

test("a volume in memory is as large as the least of what bounds it", () => {
  const limited = podOf({ containers: [{ name: "c", resources: { limits: { memory: "10Mi" } } }] });
  const allocatable = { memory: "1Gi" };
  assert.equal(tmpfsSize(limited, undefined, allocatable), 10 << 20);
  assert.equal(tmpfsSize(limited, "5Mi", allocatable), 5 << 20);
  assert.equal(tmpfsSize(podOf({}), undefined, allocatable), 1 << 30);
  assert.equal(tmpfsSize(podOf({}), undefined, {}), 0);
});

test("mounts are read with their odd names", () => {
  const mounts = parseMounts(
    "1 0 8:1 / / rw shared:1 - ext4 /dev/sda rw\n2 1 0:5 / /a\\040b rw,relatime - tmpfs tmpfs rw\n3 2 0:6 / /a\\040b/c rw master:2 - tmpfs x rw\n",
  );
  assert.deepEqual(mounts, [
    { path: "/", type: "ext4", shared: true },
    { path: "/a b", type: "tmpfs", shared: false },
    { path: "/a b/c", type: "tmpfs", shared: false },
  ]);
  assert.equal(mountOf(mounts, "/a b/c/d")?.path, "/a b/c");
  assert.equal(mountOf(mounts, "/a bc")?.path, "/");
});

test("a claim leads to a path of this node, or says why not", async () => {
  const client = createClient(new MemoryApi({ clock: realClock, random: new SeededRandom(1) }));
  const claims = client.resource(PersistentVolumeClaim, "ns");
  const volumes = client.resource(PersistentVolume);
  const resolve = (claimName: string, ephemeral = false): Promise<LocalSource> =>
    resolveClaim(client, podOf({}), { claimName, readOnly: true, ephemeral }, new AbortController().signal);
  const make = async (name: string, source: object, phase = "Bound"): Promise<void> => {
    const claim = await claims.create({
      metadata: { name },
      spec: { volumeName: `pv-${name}` },
      status: { phase },
    } as never);
    const claimRef = { uid: claim.metadata.uid };
    await volumes.create({ metadata: { name: `pv-${name}` }, spec: { claimRef, ...source } } as never);
  };
  await make("host", { hostPath: { path: "/x", type: "Directory" } });
  assert.deepEqual(await resolve("host"), { path: "/x", hostPathType: "Directory", ownable: false, readOnly: true });
  await make("local", { local: { path: "/y" } });
  assert.deepEqual(await resolve("local"), { path: "/y", hostPathType: "Directory", ownable: true, readOnly: true });
  await make("pending", { hostPath: { path: "/x" } }, "Pending");
  await assert.rejects(resolve("pending"), /^Error: error processing PVC ns\/pending: PVC is not bound$/);
  await make("nfs", { nfs: {} });
  await assert.rejects(resolve("nfs"), /no volume plugin for$/);
  await assert.rejects(resolve("host", true), /was not created for pod ns\/p \(pod is not owner\)$/);
  await assert.rejects(resolve("none"), /persistentvolumeclaim "none" not found$/);
});
