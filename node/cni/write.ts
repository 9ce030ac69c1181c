import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { NodeFiles } from "../files.ts";
import { type PodNetwork, podNetworkConflist } from "./conflist.ts";

/** Makes the node's CNI configuration exist. Written in place: containerd 1.6 overlooks a file that is renamed into its folder. */
export async function writeCniConfiguration(files: NodeFiles, network: Omit<PodNetwork, "leases">): Promise<void> {
  const { confDir, leases } = files.cni;
  await Promise.all([mkdir(confDir, { recursive: true }), mkdir(leases, { recursive: true })]);
  const file = join(confDir, "10-k8ts.conflist");
  const text = podNetworkConflist({ ...network, leases });
  if ((await readFile(file, "utf8").catch(() => "")) !== text) {
    await writeFile(file, text);
  }
}
