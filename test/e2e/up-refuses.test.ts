import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { type ClusterPlace, createClusterPlace, whyNoContainers } from "../support/real-cluster.ts";

/** Machines on which `up` cannot do its work: it says what is wrong and what to do, and leaves nothing. */

const skip = whyNoContainers() ?? false;
const timeout = 120_000;
const k8ts = join(import.meta.dirname, "..", "..", "k8ts");

interface Machine {
  /** Shell commands in a mount namespace of their own, before `up`. */
  readonly prepare?: string;
  readonly flags?: readonly string[];
}

/** `up` on such a machine. */
function up({ dataDir, run }: ClusterPlace, { prepare = ":", flags = [] }: Machine) {
  const script = `${prepare}\nexec ${[k8ts, "up", "--data-dir", dataDir, ...flags].join(" ")}`;
  return run("unshare", ["--mount", "sh", "-ec", script]);
}

async function isRefused(place: ClusterPlace, machine: Machine, message: RegExp): Promise<void> {
  const { status, stdout, stderr } = await up(place, machine);
  assert.match(stderr, message);
  assert.doesNotMatch(stderr, /unexpected failure/);
  assert.equal(status, 1, stderr);
  assert.equal(stdout, "");
  assert.deepEqual(await place.traces(), []);
  assert.equal(existsSync(place.dataDir), false, "it has left files");
}

async function program(place: ClusterPlace, name: string, text: string): Promise<string> {
  const file = join(place.folder, name);
  await writeFile(file, `#!/bin/sh\n${text}\n`);
  await chmod(file, 0o755);
  return file;
}

/** A kernel may have as a module what it does not list. */
const noModules = 'if command -v modprobe; then mount --bind /bin/false "$(command -v modprobe)"; fi >/dev/null';

const over = (name: string, file: string): string => `mount --bind ${file} "$(command -v ${name})"`;

test("ranges and names that cannot be are refused", { skip, timeout }, async (t) => {
  const place = await createClusterPlace(t);
  await isRefused(
    place,
    { flags: ["--service-cidr", "10.244.0.0/24"] },
    /^k8ts: --pod-cidr 10\.244\.0\.0\/16 and --service-cidr 10\.244\.0\.0\/24 overlap/m,
  );
  await isRefused(
    place,
    { flags: ["--node-name", "my_server"] },
    /^k8ts: "my_server" cannot be the name of a node.*: choose one with --node-name$/m,
  );
  await place.namespace.run("ip", "route", "add", "10.244.3.0/24", "dev", "eth0");
  await isRefused(
    place,
    {},
    /^k8ts: --pod-cidr 10\.244\.0\.0\/16 is in use: this machine has a network 10\.244\.3\.0\/24 on eth0\. Choose another range with --pod-cidr$/m,
  );
  await place.namespace.run("ip", "route", "delete", "10.244.3.0/24");
});

test("a machine without what containers need is refused", { skip, timeout }, async (t) => {
  const place = await createClusterPlace(t);
  const { folder } = place;
  await isRefused(
    place,
    {
      prepare: `${noModules}\ngrep -v overlay /proc/filesystems > ${folder}/fs; mount --bind ${folder}/fs /proc/filesystems`,
    },
    /^k8ts: the kernel has no overlay file system, which images are unpacked with: use another kernel$/m,
  );
  const nft = await program(
    place,
    "nft",
    "echo 'netlink: Error: cache initialization failed: Protocol not supported' >&2; exit 1",
  );
  await isRefused(
    place,
    { prepare: over("nft", nft) },
    /^k8ts: the kernel has no nftables \(nf_tables\), which services need: .*Protocol not supported$/m,
  );
  await isRefused(
    place,
    { prepare: "umount --lazy /sys/fs/cgroup" },
    /^k8ts: no cgroups are mounted: mount -t cgroup2 /m,
  );
  const mounts = "grep -o ' /sys/fs/cgroup[^ ]*' /proc/mounts";
  await isRefused(
    place,
    { prepare: `for one in $(${mounts}); do mount -o remount,bind,ro $one; done` },
    /^k8ts: the cgroups in \/sys\/fs\/cgroup\S* cannot be written, .* with --privileged$/m,
  );
  await isRefused(
    place,
    { prepare: `mount -t tmpfs -o size=100m tmpfs ${folder}` },
    /^k8ts: there are \d+ MiB left for \S+, and a cluster needs 512: make room, or choose another disk with --data-dir$/m,
  );
});

test("tools that are missing and cannot be installed are named, with what to type", { skip, timeout }, async (t) => {
  const place = await createClusterPlace(t);
  const failing = await program(
    place,
    "apt-get",
    "[ $1 = update ] || { echo 'E: Failed to fetch http://mirror/runc.deb' >&2; echo 'E: Unable to fetch some archives' >&2; exit 100; }",
  );
  const without = over("runc", "/dev/null");
  await isRefused(
    place,
    { prepare: `${over("apt-get", failing)}\n${without}` },
    /^k8ts: a node needs what is not installed here: runc, and apt could not install it: Failed to fetch http:\/\/mirror\/runc\.deb \(and 1 more\)\nWhen its cause is gone, run this again; or type yourself:\n {2}apt-get update\n {2}apt-get install --yes --no-install-recommends runc$/m,
  );
  const getting = await program(
    place,
    "apt-get",
    "echo 'Get:1 http://mirror runc'; echo 'Reading'; echo 'Setting up runc'",
  );
  await isRefused(
    place,
    { prepare: `${over("apt-get", getting)}\n${without}` },
    /^ {2}Get:1 http:\/\/mirror runc\n {2}Setting up runc\nk8ts: apt-get install .* runc went well, and yet these are not to be found: runc$/m,
  );
  await isRefused(
    place,
    { prepare: `${over("apt-get", "/dev/null")}\n${without}` },
    /^k8ts: a node needs what is not installed here: runc\. Install it by hand, then run this again; Debian's packages are called runc$/m,
  );
});

test("a start that fails half way is undone, and delete removes its logs", { skip, timeout }, async (t) => {
  const place = await createClusterPlace(t);
  const isUndone = async (machine: Machine, message: RegExp): Promise<void> => {
    const { status, stderr } = await up(place, machine);
    assert.match(stderr, message);
    assert.equal(status, 1, stderr);
    assert.deepEqual(await place.traces(), []);
    assert.equal((await place.k8ts(["delete"])).status, 0);
    assert.equal(existsSync(place.dataDir), false);
  };
  const broken = await program(place, "broken-containerd", "echo broken >&2; exit 1");
  await isUndone(
    { prepare: over("containerd", broken) },
    /^k8ts: containerd cannot be run: \S+ --version: broken\. Install it anew\nWhat was started has been stopped again; its logs stay in \S+ until \S*k8ts delete --data-dir \S+\. When the cause is gone: \S*k8ts up --data-dir \S+$/m,
  );
  const ending = await program(
    place,
    "ending-containerd",
    '[ "$1" = --version ] && echo containerd x 1.6.20 y || { echo no luck >&2; exit 3; }',
  );
  await isUndone(
    { prepare: over("containerd", ending) },
    /^k8ts: containerd exited with 3, again and again\.\n.* ends so:\n(?: {2}.*\n)* {2}no luck\n/m,
  );
});

test("a second cluster lives beside the first, and what both would use is refused", { skip, timeout }, async (t) => {
  const place = await createClusterPlace(t);
  const second = join(place.folder, "second");
  const good = async (args: readonly string[]): Promise<string> => {
    const { status, stdout, stderr } = await place.run(k8ts, args);
    assert.equal(status, 0, stderr);
    return stdout;
  };
  await good(["up", "--data-dir", place.dataDir]);
  t.after(() => place.run(k8ts, ["delete", "--data-dir", second]));
  const alike = await place.run(k8ts, ["up", "--data-dir", second, "--api-port", "7443"]);
  assert.match(alike.stderr, /^k8ts: another cluster of this machine answers at 10\.96\.0\.10: choose other ranges/m);
  assert.equal(existsSync(second), false);
  const ranges = ["--api-port", "7443", "--pod-cidr", "10.245.0.0/16", "--service-cidr", "10.97.0.0/16"];
  await good(["up", "--data-dir", second, ...ranges]);
  const port = "jsonpath={.items[0].status.daemonEndpoints.kubeletEndpoint.Port}";
  assert.equal((await place.run("kubectl", ["get", "nodes", "-o", port])).stdout, "10251");
  await good(["delete", "--data-dir", second]);
  assert.match(await good(["status", "--data-dir", place.dataDir]), /^ready /);
  assert.match(await place.namespace.run("nft", "list", "ruleset"), /10\.96\.0\.1 \. tcp \. 443/);
});
