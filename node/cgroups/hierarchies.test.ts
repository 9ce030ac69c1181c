import assert from "node:assert/strict";
import { test } from "node:test";
import { hierarchiesIn, isUnified } from "./hierarchies.ts";

const line = (mountPoint: string, type: string, options: string) =>
  `35 30 0:30 / ${mountPoint} rw,relatime shared:9 - ${type} ${type} rw,${options}`;

test("a machine of today has one tree, with all controllers", () => {
  const found = hierarchiesIn(line("/sys/fs/cgroup", "cgroup2", "nsdelegate,memory_recursiveprot"));
  assert.deepEqual(found, [{ mountPoint: "/sys/fs/cgroup", version: 2, controllers: [] }]);
  assert.equal(isUnified(found), true);
});

test("a hybrid machine limits by version 1", () => {
  const found = hierarchiesIn(
    [
      line("/sys/fs/cgroup/cpu,cpuacct", "cgroup", "cpu,cpuacct"),
      line("/sys/fs/cgroup/memory", "cgroup", "memory"),
      line("/sys/fs/cgroup/systemd", "cgroup", "xattr,release_agent=/lib/systemd/agent,name=systemd"),
      line("/sys/fs/cgroup/unified", "cgroup2", "nsdelegate"),
      // The same tree, shown a second time somewhere else.
      line("/elsewhere", "cgroup", "memory"),
    ].join("\n"),
  );
  assert.deepEqual(
    found.map(({ mountPoint, version, controllers }) => [mountPoint, version, controllers.join()]),
    [
      ["/sys/fs/cgroup/cpu,cpuacct", 1, "cpu,cpuacct"],
      ["/sys/fs/cgroup/memory", 1, "memory"],
      ["/sys/fs/cgroup/systemd", 1, "name=systemd"],
      ["/sys/fs/cgroup/unified", 2, ""],
    ],
  );
  assert.equal(isUnified(found), false);
});
