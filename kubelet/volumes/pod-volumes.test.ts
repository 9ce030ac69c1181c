import assert from "node:assert/strict";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ConfigMap } from "../../api/core/v1/config-map.ts";
import type { Pod } from "../../api/core/v1/pod.ts";
import { Secret } from "../../api/core/v1/secret.ts";
import { CapturingLogger, silentLogger } from "../../base/logger.ts";
import { realClock } from "../../base/real-clock.ts";
import { SeededRandom } from "../../base/seeded-random.ts";
import { type Client, createClient } from "../../client/client.ts";
import { MemoryApi } from "../../client/testing/memory-api.ts";
import { createReferencedObjects } from "../objects/create-referenced-objects.ts";
import { createPodVolumes, type NodeVolumes } from "./create-pod-volumes.ts";
import { hostMounts, type Mount, type Mounts, mountOf, unmountBelow } from "./mounts.ts";
import { VolumeError } from "./pod-volumes.ts";
import { VolumeLayout } from "./volume-layout.ts";
import { prepareRoot, unmountRoot } from "./volume-root.ts";

const isRoot = process.getuid?.() === 0;

/** Remembers mounts, makes none: a tmpfs is the folder that is there. */
function imaginedMounts(): Mounts & { readonly made: Mount[] } {
  const made: Mount[] = [{ path: "/", type: "ext4", shared: true }];
  const add = async (path: string, type: string): Promise<void> => void made.push({ path, type, shared: true });
  return {
    made,
    list: async () => made,
    tmpfs: (path) => add(path, "tmpfs"),
    bind: (_, path) => add(path, "bind"),
    share: (path) => add(path, "bind"),
    unmount: async (path) =>
      void made.splice(
        made.findLastIndex((mount) => mount.path === path),
        1,
      ),
  };
}

interface World {
  readonly root: string;
  readonly api: MemoryApi;
  readonly client: Client;
  readonly volumes: NodeVolumes;
  readonly logger: CapturingLogger;
  prepare(pod: Pod): ReturnType<NodeVolumes["prepare"]>;
}

async function inWorld(use: (world: World) => Promise<void>, mounts: Mounts = imaginedMounts()): Promise<void> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "k8ts-volumes-")));
  const api = new MemoryApi({ clock: realClock, random: new SeededRandom(1) });
  const client = createClient(api);
  const stop = new AbortController();
  const logger = new CapturingLogger();
  const shared = { client, clock: realClock, random: new SeededRandom(2), logger };
  const objects = createReferencedObjects(shared, stop.signal);
  const allocatable = (): Record<string, string> => ({ cpu: "2", memory: "1Gi" });
  const volumes = createPodVolumes({ ...shared, rootDir: root, objects, allocatable, mounts }, stop.signal);
  try {
    await use({ root, api, client, volumes, logger, prepare: (pod) => volumes.prepare(pod, stop.signal) });
  } finally {
    stop.abort();
    await objects.ended;
    await volumes.unmountAll();
    rmSync(root, { recursive: true });
  }
}

/** A pod whose one container mounts all its volumes. */
function podOf(
  volumes: readonly { readonly name: string; readonly [source: string]: unknown }[],
  spec: object = {},
): Pod {
  const volumeMounts = volumes.map(({ name }) => ({ name, mountPath: `/${name}` }));
  return {
    metadata: { name: "p", namespace: "default", uid: "u1", labels: { app: "web" } },
    spec: { containers: [{ name: "c", volumeMounts, resources: {} }], securityContext: {}, volumes, ...spec },
  } as unknown as Pod;
}

const configVolume = { name: "v", configMap: { name: "cm", defaultMode: 0o644 } };
const text = (path: string): string => readFileSync(path, "utf8");

async function eventually(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 5_000 && !holds(); i++) await new Promise((resolve) => setTimeout(resolve, 2));
  assert.ok(holds());
}

test("a ConfigMap's file follows the object at once", () =>
  inWorld(async ({ root, client, prepare, volumes }) => {
    const configMaps = client.resource(ConfigMap, "default");
    await configMaps.create({ metadata: { name: "cm" }, data: { a: "1" }, binaryData: { b: "AAE=" } });
    const { hostPath, readOnly } = (await prepare(podOf([configVolume]))).get("v")!;
    assert.equal(hostPath, join(root, "pods/u1/volumes/kubernetes.io~configmap/v"));
    assert.equal(readOnly, true);
    assert.equal(text(join(hostPath, "a")), "1");
    assert.deepEqual([...readFileSync(join(hostPath, "b"))], [0, 1]);
    await configMaps.patch("cm", { type: "merge", body: { data: { a: "2" } } });
    await eventually(() => text(join(hostPath, "a")) === "2");
    assert.deepEqual(await volumes.known(), ["u1"]);
    await volumes.remove("u1");
    await volumes.remove("u1");
    assert.deepEqual(await volumes.known(), []);
  }));

test("a volume that cannot be made says why in upstream's words", () =>
  inWorld(async ({ client, prepare }) => {
    const refused = async (volume: Parameters<typeof podOf>[0][number], message: string): Promise<void> => {
      await assert.rejects(prepare(podOf([volume])), (error) => {
        assert.ok(error instanceof VolumeError);
        assert.equal(error.message, message);
        assert.equal(error.volume, volume.name);
        return true;
      });
    };
    const failed = 'MountVolume.SetUp failed for volume "v" : ';
    await refused(configVolume, `${failed}configmap "cm" not found`);
    await refused({ name: "v", secret: { secretName: "s", defaultMode: 420 } }, `${failed}secret "s" not found`);
    await client.resource(ConfigMap, "default").create({ metadata: { name: "cm" }, data: { a: "1" } });
    await client.resource(Secret, "default").create({ metadata: { name: "s" } });
    const items = [{ key: "z", path: "z" }];
    const missing = "references non-existent config key: z";
    const configMap = { name: "cm", defaultMode: 420, items };
    for (let i = 0; i < 100; i++) {
      // The watch of the object above may still be on its way.
      const error: unknown = await prepare(podOf([{ name: "v", configMap }])).catch((error: unknown) => error);
      if (!String(error).includes("not found")) break;
    }
    await refused({ name: "v", configMap }, `${failed}configmap ${missing}`);
    await refused(
      { name: "v", secret: { secretName: "s", defaultMode: 420, items } },
      `${failed}references non-existent secret key: z`,
    );
    const sources = [{ configMap: { name: "x" } }, { secret: { name: "y" } }];
    await refused(
      { name: "v", projected: { defaultMode: 420, sources } },
      `${failed}[configmap "x" not found, secret "y" not found]`,
    );
    await refused(
      { name: "v", hostPath: { path: "/proc/self/status", type: "Directory" } },
      `${failed}hostPath type check failed: /proc/self/status is not a directory`,
    );
    await refused(
      { name: "v", nfs: {} },
      'MountVolume.FindPluginBySpec failed for volume "v" : no volume plugin matched',
    );
    await refused(
      { name: "v", persistentVolumeClaim: { claimName: "c" } },
      `${failed}error processing PVC default/c: failed to fetch PVC from API server: persistentvolumeclaim "c" not found`,
    );
  }));

test("optional objects and keys may be missing, and come later", () =>
  inWorld(async ({ client, prepare }) => {
    const configMap = {
      name: "cm",
      defaultMode: 0o600,
      optional: true,
      items: [{ key: "a", path: "x/a", mode: 0o440 }],
    };
    const { hostPath } = (await prepare(podOf([{ name: "v", configMap }]))).get("v")!;
    assert.throws(() => statSync(join(hostPath, "x")));
    await client.resource(ConfigMap, "default").create({ metadata: { name: "cm" }, data: { a: "1" } });
    await eventually(() => statSync(join(hostPath, "x/a"), { throwIfNoEntry: false }) !== undefined);
    assert.equal(statSync(join(hostPath, "x/a")).mode & 0o777, 0o440);
  }));

test("a volume that no container mounts is not made", () =>
  inWorld(async ({ prepare }) => {
    const pod = podOf([configVolume]);
    const idle = { ...pod, spec: { ...pod.spec, containers: [{ name: "c" }] } } as unknown as Pod;
    assert.equal((await prepare(idle)).size, 0);
  }));

test("a pod's labels and its containers' resources are files that follow the pod", () =>
  inWorld(async ({ prepare }) => {
    const items = [
      { path: "labels", fieldRef: { fieldPath: "metadata.labels" } },
      { path: "app", fieldRef: { fieldPath: "metadata.labels['app']" } },
      { path: "cpu", resourceFieldRef: { containerName: "c", resource: "limits.cpu", divisor: "1m" } },
      { path: "memory", resourceFieldRef: { containerName: "c", resource: "requests.memory", divisor: "0" } },
    ];
    const pod = podOf([{ name: "v", downwardAPI: { defaultMode: 0o644, items } }]);
    const { hostPath } = (await prepare(pod)).get("v")!;
    const files = () => items.map(({ path }) => text(join(hostPath, path)));
    assert.deepEqual(files(), ['app="web"', "web", "2000", "0"]);
    await prepare({ ...pod, metadata: { ...pod.metadata, labels: { app: 'a"b', x: "y" } } });
    assert.deepEqual(files(), ['app="a\\"b"\nx="y"', 'a"b', "2000", "0"]);
  }));

test("secrets lie in memory, where upstream's folder points", () =>
  inWorld(async ({ root, client, prepare, volumes }) => {
    await client.resource(Secret, "default").create({ metadata: { name: "s" }, data: { k: "MQ==" } });
    const pod = podOf([{ name: "v", secret: { secretName: "s", defaultMode: 0o400 } }], {
      securityContext: isRoot ? { fsGroup: 1234 } : {},
    });
    const { hostPath } = (await prepare(pod)).get("v")!;
    assert.equal(hostPath, join(root, "memory/u1/kubernetes.io~secret/v"));
    assert.equal(readlinkSync(join(root, "pods/u1/volumes/kubernetes.io~secret/v")), hostPath);
    assert.equal(text(join(hostPath, "k")), "1");
    if (isRoot) {
      assert.equal(statSync(join(hostPath, "k")).mode & 0o7777, 0o440);
      assert.equal(statSync(join(hostPath, "k")).gid, 1234);
      assert.equal(statSync(hostPath).mode & 0o2000, 0o2000);
    }
    await volumes.remove("u1");
    assert.equal(statSync(join(root, "memory/u1"), { throwIfNoEntry: false }), undefined);
  }));

test("what containers wrote into an emptyDir stays until the pod is removed", () =>
  inWorld(async ({ prepare, volumes }) => {
    const pod = podOf([{ name: "v", emptyDir: {} }]);
    const { hostPath, readOnly } = (await prepare(pod)).get("v")!;
    assert.equal(readOnly, false);
    assert.equal(statSync(hostPath).mode & 0o777, 0o777);
    writeFileSync(join(hostPath, "a"), "1");
    await prepare(pod);
    assert.equal(text(join(hostPath, "a")), "1");
    await volumes.remove("u1");
    assert.throws(() => statSync(hostPath));
  }));

test("volumes within volumes have a folder to be mounted on", () =>
  inWorld(async ({ client, prepare }) => {
    await client.resource(ConfigMap, "default").create({ metadata: { name: "cm" }, data: {} });
    const pod = podOf([configVolume, { name: "e", emptyDir: {} }]);
    const volumeMounts = [
      { name: "v", mountPath: "/etc/v" },
      { name: "e", mountPath: "/etc/v/inner/e" },
    ];
    const nested = { ...pod, spec: { ...pod.spec, containers: [{ name: "c", volumeMounts }] } } as unknown as Pod;
    const { hostPath } = (await prepare(nested)).get("v")!;
    assert.ok(statSync(join(hostPath, "inner/e")).isDirectory());
  }));

test(
  "mounts of a memory volume and of a sub-path are real, and nothing of them stays",
  { skip: !isRoot, timeout: 30_000 },
  () =>
    inWorld(async ({ root, prepare, volumes }) => {
      const pod = podOf([{ name: "v", emptyDir: { medium: "Memory", sizeLimit: "1Mi" } }]);
      const { hostPath } = (await prepare(pod)).get("v")!;
      assert.throws(() => writeFileSync(join(hostPath, "big"), Buffer.alloc(2 << 20)), /ENOSPC/);
      rmSync(join(hostPath, "big"));
      await prepare(pod);

      const request = {
        podUid: "u1",
        container: "c",
        volume: "v",
        volumePath: hostPath,
        subPath: "a/b",
        mountIndex: 0,
      };
      const bound = await volumes.resolveSubPath(request);
      assert.equal(bound, join(root, "pods/u1/volume-subpaths/v/c/0"));
      writeFileSync(join(hostPath, "a/b/x"), "1");
      assert.equal(text(join(bound, "x")), "1");
      assert.equal(await volumes.resolveSubPath(request), bound, "the same once more");
      const file = await volumes.resolveSubPath({ ...request, subPath: "a/b/x", mountIndex: 1 });
      assert.equal(text(file), "1");
      const other = await volumes.resolveSubPath({ ...request, subPath: "a", mountIndex: 0 });
      assert.equal(text(join(other, "b/x")), "1");

      await volumes.remove("u1");
      const left = (await hostMounts.list()).filter(({ path }) => path.startsWith(join(root, "pods")));
      assert.deepEqual(left, []);
      await volumes.unmountAll();
      assert.deepEqual(
        (await hostMounts.list()).filter(({ path }) => path.startsWith(root)),
        [],
      );
    }, hostMounts),
);

test("a root that nothing shares becomes a mount once, and a disk of its own stays", {
  skip: !isRoot,
  timeout: 30_000,
}, async () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "k8ts-volumes-")));
  const below = async (): Promise<readonly string[]> =>
    (await hostMounts.list()).map(({ path }) => path).filter((path) => path.startsWith(folder));
  const options = (root: string) => ({ layout: new VolumeLayout(root), mounts: hostMounts, logger: silentLogger });
  const root = join(folder, "root");
  const disk = join(folder, "disk");
  mkdirSync(root);
  mkdirSync(disk);
  try {
    const isShared = mountOf(await hostMounts.list(), folder)?.shared;
    await prepareRoot(options(root));
    await prepareRoot(options(root));
    assert.deepEqual(await below(), isShared ? [join(root, "memory")] : [root, join(root, "memory")]);
    await unmountRoot(options(root));
    assert.deepEqual(await below(), []);
    await hostMounts.tmpfs(disk, ["size=1m"]);
    await prepareRoot(options(disk));
    await unmountRoot(options(disk));
    assert.deepEqual(await below(), [disk]);
  } finally {
    await unmountBelow(folder, { mounts: hostMounts, logger: silentLogger });
    rmSync(folder, { recursive: true });
  }
});

test("no sub-path leads out of its volume", { skip: !isRoot, timeout: 30_000 }, () =>
  inWorld(async ({ root, prepare, volumes }) => {
    const { hostPath } = (await prepare(podOf([{ name: "v", emptyDir: {} }]))).get("v")!;
    mkdirSync(join(root, "outside"));
    symlinkSync(join(root, "outside"), join(hostPath, "out"));
    symlinkSync("inside", join(hostPath, "in"));
    mkdirSync(join(hostPath, "inside"));
    const request = { podUid: "u1", container: "c", volume: "v", volumePath: hostPath, mountIndex: 0 };
    const refused = (subPath: string, message: string): Promise<void> =>
      assert.rejects(volumes.resolveSubPath({ ...request, subPath }), (error) => {
        assert.equal((error as Error).message, message);
        return error instanceof VolumeError;
      });
    await refused("/etc", "error SubPath `/etc` must not be an absolute path");
    await refused("a/../../b", "unable to provision SubPath `a/../../b`: must not contain '..'");
    await refused("out", 'failed to prepare subPath for volumeMount "v" of container "c"');
    await refused("out/made", 'failed to create subPath directory for volumeMount "v" of container "c"');
    assert.throws(() => statSync(join(root, "outside/made")));
    const bound = await volumes.resolveSubPath({ ...request, subPath: "in/deep" });
    assert.ok(statSync(join(hostPath, "inside/deep")).isDirectory());
    assert.equal(statSync(bound).ino, statSync(join(hostPath, "inside/deep")).ino);
  }, hostMounts),
);
