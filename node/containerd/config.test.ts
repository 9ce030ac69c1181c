import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeFiles } from "../files.ts";
import { containerdConfig, isNewEnough, parseContainerdVersion } from "./config.ts";

const settings = {
  version: { major: 1, minor: 6 },
  files: nodeFiles("/d"),
  cniBinDir: "/usr/lib/cni",
  sandboxImage: "localhost/pause:1",
  snapshotter: "overlayfs",
  restrictOomScoreAdj: true,
  unprivilegedPorts: true,
  unprivilegedIcmp: false,
} as const;

/** Tables by name, each with its keys: enough of TOML for what is written here. */
function tablesOf(text: string): Readonly<Record<string, Readonly<Record<string, string>>>> {
  const tables: Record<string, Record<string, string>> = { "": {} };
  let current = tables[""]!;
  for (const line of text.split("\n").filter((one) => one !== "")) {
    const heading = /^\[(.+)\]$/.exec(line)?.[1];
    if (heading === undefined) {
      const [key = "", value = ""] = line.split(/ = (.*)/);
      current[key] = value;
    } else {
      assert.equal(tables[heading], undefined, `${heading} stands there once`);
      current = {};
      tables[heading] = current;
    }
  }
  return tables;
}

test("everything that a containerd keeps or listens on lies in the node's directory", () => {
  for (const version of [
    { major: 1, minor: 6 },
    { major: 2, minor: 1 },
  ]) {
    const text = containerdConfig({ ...settings, version });
    const paths = [...text.matchAll(/"(\/[^"]*)"/g)].map(([, path]) => path!);
    assert.deepEqual(
      paths.filter((path) => !path.startsWith("/d/")),
      ["/usr/lib/cni"],
    );
  }
});

test("containerd 1.x gets format 2, with CRI as one plugin", () => {
  const tables = tablesOf(containerdConfig(settings));
  assert.equal(tables[""]!["version"], "2");
  assert.equal(tables["grpc"]!["address"], '"/d/containerd/containerd.sock"');
  const cri = tables['plugins."io.containerd.grpc.v1.cri"']!;
  assert.equal(cri["sandbox_image"], '"localhost/pause:1"');
  assert.equal(cri["restrict_oom_score_adj"], "true");
  assert.equal(cri["enable_unprivileged_icmp"], "false");
  assert.equal(cri["netns_mounts_under_state_dir"], "true");
  assert.equal(tables['plugins."io.containerd.grpc.v1.cri".registry']!["config_path"], '"/d/containerd/certs.d"');
  assert.equal(
    tables['plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options']!["SystemdCgroup"],
    "false",
  );
});

test("containerd 2.x gets format 3, with runtime and images apart", () => {
  const tables = tablesOf(containerdConfig({ ...settings, version: { major: 2, minor: 0 } }));
  assert.equal(tables[""]!["version"], "3");
  assert.equal(tables['plugins."io.containerd.cri.v1.images".pinned_images']!["sandbox"], '"localhost/pause:1"');
  assert.equal(tables['plugins."io.containerd.cri.v1.runtime".cni']!["bin_dir"], '"/usr/lib/cni"');
  assert.equal(tables['plugins."io.containerd.cri.v1.images"']!["snapshotter"], '"overlayfs"');
  const newer = tablesOf(containerdConfig({ ...settings, version: { major: 2, minor: 1 } }));
  assert.equal(newer['plugins."io.containerd.cri.v1.runtime".cni']!["bin_dirs"], '["/usr/lib/cni"]');
});

test("versions are read as distributions write them", () => {
  const version = (text: string) => parseContainerdVersion(`containerd ${text}`);
  assert.deepEqual(version("github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+deb12u3"), { major: 1, minor: 6 });
  assert.deepEqual(version("containerd.io 1.7.25 bcc810d6b9066471b0b6fa75f557a15a1cbf31bb"), { major: 1, minor: 7 });
  assert.deepEqual(version("github.com/containerd/containerd/v2 v2.1.4 75cb2b7193e4"), { major: 2, minor: 1 });
  assert.equal(version("nothing"), undefined);
  assert.deepEqual(
    [
      [1, 5],
      [1, 6],
      [2, 0],
    ].map(([major, minor]) => isNewEnough({ major: major!, minor: minor! })),
    [false, true, true],
  );
});
