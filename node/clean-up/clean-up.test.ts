import assert from "node:assert/strict";
import { test } from "node:test";
import { mountsIn } from "./mounts.ts";
import { portmapRemoval } from "./network.ts";

test("mounts below a directory are found deepest first, and no others", () => {
  const mountinfo = ["/", "/d", "/d/a", "/d/a/b\\040c", "/dd", "/other/d"]
    .map((path) => `35 30 0:30 / ${path} rw - ext4 /dev/x rw`)
    .join("\n");
  assert.deepEqual(mountsIn(mountinfo, "/d"), ["/d/a/b c", "/d/a", "/d"]);
});

const saved = (more: readonly string[]) =>
  [
    "*nat",
    ":PREROUTING ACCEPT [0:0]",
    ":CNI-HOSTPORT-DNAT - [0:0]",
    ":CNI-HOSTPORT-MASQ - [0:0]",
    ":CNI-HOSTPORT-SETMARK - [0:0]",
    ":DOCKER - [0:0]",
    ...more,
    "-A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT",
    "-A PREROUTING -j DOCKER",
    "-A POSTROUTING -m comment --comment x -j CNI-HOSTPORT-MASQ",
    "-A CNI-HOSTPORT-SETMARK -j MARK --set-xmark 0x2000/0x2000",
    "COMMIT",
  ].join("\n");

test("portmap's chains go with their jumps, and nothing of others", () => {
  assert.deepEqual(portmapRemoval(saved([])).split("\n"), [
    "*nat",
    "-D PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT",
    "-D POSTROUTING -m comment --comment x -j CNI-HOSTPORT-MASQ",
    ...["DNAT", "MASQ", "SETMARK"].flatMap((name) => [`-F CNI-HOSTPORT-${name}`, `-X CNI-HOSTPORT-${name}`]),
    "COMMIT",
    "",
  ]);
});

test("portmap's chains stay while another network of the machine uses them", () => {
  assert.equal(portmapRemoval(saved([":CNI-DN-5edc6fc3185af2aa28fbb - [0:0]"])), "");
  assert.equal(portmapRemoval("*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n"), "");
});
