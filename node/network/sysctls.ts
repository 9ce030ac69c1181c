import { access, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { NodePlace } from "../files.ts";
import { run } from "../process/run.ts";

/** What a network of pods needs of the kernel; each network namespace has its own. */
export function wantedSysctls(clusterCidrs: readonly string[]): ReadonlyMap<string, string> {
  const wanted = new Map([
    ["net/ipv4/ip_forward", "1"],
    // Packets between pods on one bridge pass by the rules of services, too.
    ["net/bridge/bridge-nf-call-iptables", "1"],
  ]);
  if (clusterCidrs.some((cidr) => cidr.includes(":"))) {
    wanted.set("net/ipv6/conf/all/forwarding", "1");
    wanted.set("net/bridge/bridge-nf-call-ip6tables", "1");
  }
  return wanted;
}

/** Sets them; those that this kernel does not have are passed over. Gives those that could not be set. */
export async function applySysctls(place: NodePlace, clusterCidrs: readonly string[]): Promise<readonly string[]> {
  await loadBridgeFilter();
  const refused: string[] = [];
  for (const [name, value] of wantedSysctls(clusterCidrs)) {
    const done = place.networkNamespace === undefined ? setHere(name, value) : setWithin(place, name, value);
    if (!(await done.catch(() => false))) refused.push(name.replaceAll("/", "."));
  }
  return refused;
}

/** Where it is a module, the settings of bridges are there once it is loaded. */
async function loadBridgeFilter(): Promise<void> {
  const there = await access("/proc/sys/net/bridge").then(
    () => true,
    () => false,
  );
  if (!there) await run("modprobe", ["br_netfilter"]).catch(() => {}); // A kernel without it manages, or the test of services tells.
}

async function setHere(name: string, value: string): Promise<boolean> {
  const file = join("/proc/sys", name);
  const now = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return value;
    throw error;
  });
  if (now.trim() !== value) await writeFile(file, value);
  return true;
}

/** The files show the network namespace of the process that looks at them. */
async function setWithin({ networkNamespace }: NodePlace, name: string, value: string): Promise<boolean> {
  const script = `f=/proc/sys/${name}; [ ! -e $f ] || [ "$(cat $f)" = ${value} ] || echo ${value} > $f`;
  await run("sh", ["-c", script], { networkNamespace });
  return true;
}
