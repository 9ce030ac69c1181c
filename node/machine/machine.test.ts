import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { capabilityIn } from "./capabilities.ts";
import { checkCgroups } from "./checks.ts";
import { reasonIn } from "./install.ts";
import { cniPlugins, findCniBinDir, findProgram } from "./programs.ts";
import { installCommands } from "./tools.ts";

test("capabilities are read from the effective set", () => {
  const status = "CapPrm:\t000001fffeffffff\nCapEff:\t000001fffeffffff\nCapBnd:\t000001ffffffffff\n";
  assert.equal(capabilityIn(status, "CAP_SYS_ADMIN"), true);
  assert.equal(capabilityIn(status, "CAP_SYS_RESOURCE"), false);
  assert.equal(capabilityIn("", "CAP_NET_ADMIN"), false);
});

test("the commands to type are those of the package manager, with each package once", () => {
  assert.deepEqual(installCommands("apt-get", ["containerd", "runc", "cni-plugins"]), [
    "apt-get update",
    "apt-get install --yes --no-install-recommends containerd runc containernetworking-plugins",
  ]);
  assert.deepEqual(installCommands("dnf", ["conntrack", "iproute"]), [
    "dnf install --assumeyes conntrack-tools iproute",
  ]);
  assert.deepEqual(installCommands("pacman", ["nftables"]), ["pacman -S --noconfirm --needed nftables"]);
});

test("of what apt complains about, the first is told", () => {
  assert.equal(
    reasonIn(["W: x", "E: Failed to fetch a", "E: Failed to fetch b", "E: Unable"], 100),
    "Failed to fetch a (and 2 more)",
  );
  assert.equal(reasonIn(["dpkg: broken"], 2), "dpkg: broken");
  assert.equal(reasonIn([], 2), "it ended with 2");
});

test("programs are found on the path, and CNI plugins where all of them lie together", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "k8ts-tools-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const put = (name: string): void => {
    writeFileSync(join(folder, name), "");
    chmodSync(join(folder, name), 0o755);
  };
  put("tool-of-nobody");
  assert.equal(await findProgram("tool-of-nobody", `/nowhere:${folder}`), join(folder, "tool-of-nobody"));
  assert.equal(await findProgram("tool-of-nobody", "/nowhere"), undefined);
  mkdirSync(join(folder, "empty"));
  for (const plugin of cniPlugins.slice(1)) put(plugin);
  assert.notEqual(await findCniBinDir(folder), folder, "one is missing");
  put(cniPlugins[0]!);
  assert.equal(await findCniBinDir(`${join(folder, "empty")}:${folder}`), folder);
});

test("a kernel without a controller that limits need is told apart, with the way to get it", () => {
  const v1 = (...controllers: string[]) => ({ mountPoint: "/c", version: 1 as const, controllers });
  checkCgroups([v1("cpu", "cpuacct"), v1("memory"), v1("pids")]);
  checkCgroups([{ mountPoint: "/c", version: 2, controllers: [] }], ["cpu", "memory", "pids", "io"]);
  assert.throws(() => checkCgroups([]), { name: "MachineError", message: /no cgroups are mounted/ });
  assert.throws(() => checkCgroups([{ mountPoint: "/c", version: 2, controllers: [] }], ["cpu", "pids"]), {
    message: /no cgroup controller memory: start it with cgroup_enable=memory/,
  });
});
