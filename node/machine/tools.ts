import { findCniBinDir, findProgram } from "./programs.ts";

/** Something that a node needs and a distribution brings. */
export type Tool =
  | "containerd"
  | "runc"
  | "cni-plugins"
  | "nftables"
  | "iptables"
  | "conntrack"
  | "iproute"
  | "util-linux";

/** Programs by which each is known; the CNI plugins lie in a folder of their own. */
const programsOf: Readonly<Record<Exclude<Tool, "cni-plugins">, readonly string[]>> = {
  containerd: ["containerd", "ctr"],
  runc: ["runc"],
  nftables: ["nft"],
  iptables: ["iptables"],
  conntrack: ["conntrack"],
  iproute: ["ip"],
  "util-linux": ["nsenter", "umount"],
};

/** What is not installed, in the order of this list. */
export async function missingTools(): Promise<readonly Tool[]> {
  const names = Object.entries(programsOf) as [Exclude<Tool, "cni-plugins">, readonly string[]][];
  const found = await Promise.all(names.map(([, programs]) => Promise.all(programs.map((one) => findProgram(one)))));
  const missing: Tool[] = names.flatMap(([tool], i) => (found[i]!.includes(undefined) ? [tool] : []));
  return (await findCniBinDir()) === undefined ? [...missing, "cni-plugins"] : missing;
}

export type PackageManager = "apt-get" | "dnf" | "zypper" | "pacman" | "apk";

/** In the order in which they are looked for. */
export const packageManagers: readonly PackageManager[] = ["apt-get", "dnf", "zypper", "pacman", "apk"];

/** Names of packages; where a package brings several tools it is named for each. */
const packages: Readonly<Record<PackageManager, Readonly<Record<Tool, string>>>> = {
  "apt-get": {
    containerd: "containerd",
    runc: "runc",
    "cni-plugins": "containernetworking-plugins",
    nftables: "nftables",
    iptables: "iptables",
    conntrack: "conntrack",
    iproute: "iproute2",
    "util-linux": "util-linux",
  },
  dnf: {
    containerd: "containerd",
    runc: "runc",
    "cni-plugins": "containernetworking-plugins",
    nftables: "nftables",
    iptables: "iptables-nft",
    conntrack: "conntrack-tools",
    iproute: "iproute",
    "util-linux": "util-linux",
  },
  zypper: {
    containerd: "containerd",
    runc: "runc",
    "cni-plugins": "cni-plugins",
    nftables: "nftables",
    iptables: "iptables",
    conntrack: "conntrack-tools",
    iproute: "iproute2",
    "util-linux": "util-linux",
  },
  pacman: {
    containerd: "containerd",
    runc: "runc",
    "cni-plugins": "cni-plugins",
    nftables: "nftables",
    iptables: "iptables-nft",
    conntrack: "conntrack-tools",
    iproute: "iproute2",
    "util-linux": "util-linux",
  },
  apk: {
    containerd: "containerd",
    runc: "runc",
    "cni-plugins": "cni-plugins",
    nftables: "nftables",
    iptables: "iptables",
    conntrack: "conntrack-tools",
    iproute: "iproute2",
    "util-linux": "util-linux",
  },
};

const installing: Readonly<Record<PackageManager, string>> = {
  "apt-get": "apt-get install --yes --no-install-recommends",
  dnf: "dnf install --assumeyes",
  zypper: "zypper --non-interactive install",
  pacman: "pacman -S --noconfirm --needed",
  apk: "apk add",
};

/** The packages that bring the tools, each once. */
export function packagesOf(manager: PackageManager, tools: readonly Tool[]): readonly string[] {
  return [...new Set(tools.map((tool) => packages[manager][tool]))];
}

/** The commands, in order, by which a person installs what is missing. */
export function installCommands(manager: PackageManager, missing: readonly Tool[]): readonly string[] {
  const install = `${installing[manager]} ${packagesOf(manager, missing).join(" ")}`;
  return manager === "apt-get" ? ["apt-get update", install] : [install];
}

export async function findPackageManager(): Promise<PackageManager | undefined> {
  for (const manager of packageManagers) {
    if ((await findProgram(manager)) !== undefined) return manager;
  }
  return undefined;
}
