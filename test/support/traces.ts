import { existsSync, readdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { hierarchiesIn } from "../../node/cgroups/hierarchies.ts";
import { mountsIn } from "../../node/clean-up/mounts.ts";
import { cgroupRoot } from "../../node/files.ts";
import type { TestNamespace } from "./network-namespace.ts";

/**
 * What a cluster that is stopped has left on the machine, beside its files: processes, mounts, cgroups, interfaces, addresses,
 * routes, rules. Empty where it was tidy. `dataDir` is absolute, and the namespace the cluster's alone.
 */
export async function tracesOf(dataDir: string, namespace: TestNamespace): Promise<readonly string[]> {
  const mountinfo = await readFile("/proc/self/mountinfo", "utf8");
  const cgroups = hierarchiesIn(mountinfo).map(({ mountPoint }) => join(mountPoint, cgroupRoot(dataDir)));
  return [
    ...processesNaming(dataDir),
    ...mountsIn(mountinfo, dataDir).map((mount) => `mount ${mount}`),
    ...cgroups.filter((folder) => existsSync(folder)).map((folder) => `cgroup ${folder}`),
    ...(await networkTraces(namespace)),
  ];
}

function processesNaming(dataDir: string): readonly string[] {
  const found: string[] = [];
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      if (line.includes(dataDir)) found.push(`process ${pid}: ${line}`);
    } catch {
      // It has just ended.
    }
  }
  return found;
}

/** What is in a namespace, and not from `createNetworkNamespace`. */
async function networkTraces(namespace: TestNamespace): Promise<readonly string[]> {
  const links = JSON.parse(await namespace.run("ip", "-json", "address")) as readonly Link[];
  const routes = await namespace.run("ip", "route");
  const ruleset = await namespace.run("nft", "list", "ruleset");
  const own = ["lo", "eth0", "nowhere"];
  const loopback = links.find(({ ifname }) => ifname === "lo")?.addr_info ?? [];
  return [
    ...links.filter(({ ifname }) => !own.includes(ifname)).map(({ ifname }) => `interface ${ifname}`),
    ...loopback.filter(({ local }) => !["127.0.0.1", "::1"].includes(local)).map(({ local }) => `address ${local}`),
    ...routes
      .split("\n")
      .filter((line) => line !== "" && !line.includes(" dev eth0"))
      .map((line) => `route ${line}`),
    // Empty chains that iptables makes by itself are no rules.
    ...ruleset
      .split("\n")
      .filter((line) => /^table .*k8ts|CNI-|KUBE-/.test(line))
      .map((line) => `rule ${line}`),
  ];
}

interface Link {
  readonly ifname: string;
  readonly addr_info: readonly { readonly local: string }[];
}
