import { createHash } from "node:crypto";
import { join, resolve } from "node:path";

/**
 * A machine, or a part of one, that runs pods. With one node everything lies in the cluster's own directory and network;
 * several on one machine have a directory and a network namespace each.
 */
export interface NodePlace {
  readonly name: string;
  /** Holds `containerd/`, `cni/` and `log/` of this node. Absolute. */
  readonly directory: string;
  /** `/run/netns/NAME`; absent: the network of whoever asks. */
  readonly networkNamespace?: string;
}

/** Files of a node that its parts meet at. */
export interface NodeFiles {
  readonly directory: string;
  readonly containerd: {
    readonly directory: string;
    readonly config: string;
    readonly root: string;
    readonly state: string;
    readonly socket: string;
    readonly opt: string;
    /** What runc remembers of containers; it would share a folder with every runc of the machine otherwise. */
    readonly runc: string;
    /** `hosts.toml` files of registries (containerd's `config_path`). */
    readonly certs: string;
    readonly log: string;
  };
  readonly cni: {
    readonly directory: string;
    readonly confDir: string;
    /** Leases of host-local. */
    readonly leases: string;
    /** What the plugins and containerd remember of networks. */
    readonly cache: string;
  };
}

export function nodeFiles(directory: string): NodeFiles {
  const containerd = join(directory, "containerd");
  const cni = join(directory, "cni");
  return {
    directory,
    containerd: {
      directory: containerd,
      config: join(containerd, "config.toml"),
      root: join(containerd, "root"),
      state: join(containerd, "state"),
      socket: join(containerd, "containerd.sock"),
      opt: join(containerd, "opt"),
      runc: join(containerd, "runc"),
      certs: join(containerd, "certs.d"),
      log: join(directory, "log", "containerd.log"),
    },
    cni: { directory: cni, confDir: join(cni, "net.d"), leases: join(cni, "networks"), cache: join(cni, "cache") },
  };
}

/** Tells clusters of one machine apart in what they share: cgroups, interfaces, tables. Eight hexadecimal digits. */
export function clusterId(dataDir: string): string {
  return createHash("sha256").update(resolve(dataDir)).digest("hex").slice(0, 8);
}

/** The bridge that a node's pods hang on. At most 15 characters, as interface names are. */
export function bridgeName(directory: string): string {
  return `k8ts-${clusterId(directory)}`;
}

/** The table of the service proxy's rules, in each family (nftables). */
export function proxyTable(dataDir: string): string {
  return `k8ts-proxy-${clusterId(dataDir)}`;
}

/** Below every cgroup hierarchy: pods, containerd and its shims, and k8ts's own processes. */
export function cgroupRoot(dataDir: string): string {
  return `/k8ts/${clusterId(dataDir)}`;
}
