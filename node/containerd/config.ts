import type { NodeFiles } from "../files.ts";

export interface ContainerdVersion {
  readonly major: number;
  readonly minor: number;
}

export interface ContainerdSettings {
  readonly version: ContainerdVersion;
  readonly files: NodeFiles;
  readonly cniBinDir: string;
  readonly sandboxImage: string;
  readonly snapshotter: "overlayfs" | "native";
  /** Without CAP_SYS_RESOURCE nobody may lower an oom_score_adj, and a sandbox that wants to does not start. */
  readonly restrictOomScoreAdj: boolean;
  /** Whether pods may bind low ports and ping without privileges: as the kernel has the settings. */
  readonly unprivilegedPorts: boolean;
  readonly unprivilegedIcmp: boolean;
}

/** `containerd github.com/containerd/containerd 1.6.20~ds1 …`, `containerd … v2.1.4 …`; undefined where it is neither. */
export function parseContainerdVersion(text: string): ContainerdVersion | undefined {
  const found = /\sv?(\d+)\.(\d+)\.\d+/.exec(text);
  return found === null ? undefined : { major: Number(found[1]), minor: Number(found[2]) };
}

/** The oldest that has what is configured here: `netns_mounts_under_state_dir`, CRI v1. */
export const oldestContainerd: ContainerdVersion = { major: 1, minor: 6 };

export function isNewEnough({ major, minor }: ContainerdVersion): boolean {
  return major > oldestContainerd.major || (major === oldestContainerd.major && minor >= oldestContainerd.minor);
}

/** Parts of containerd that this cluster never asks. */
const unused = ["internal.v1.restart", "snapshotter.v1.aufs", "snapshotter.v1.btrfs", "snapshotter.v1.devmapper"];

/**
 * containerd's configuration, of a containerd that meets no other one on the machine: everything it keeps or listens on lies
 * in the node's directory. Format 2 for 1.6 and 1.7, format 3 for 2.x (containerd docs/cri/config.md).
 */
export function containerdConfig(settings: ContainerdSettings): string {
  const { version, files } = settings;
  const { root, state, socket, opt } = files.containerd;
  const common = [
    table("", { version: version.major >= 2 ? 3 : 2, root, state, disabled_plugins: disabled(settings) }),
    table("grpc", { address: socket }),
    table("ttrpc", { address: `${socket}.ttrpc` }),
    table(`plugins."io.containerd.internal.v1.opt"`, { path: opt }),
    // Its socket would be the same for every containerd of the machine.
    table(`plugins."io.containerd.nri.v1.nri"`, { disable: true }),
  ];
  return [...common, ...(version.major >= 2 ? criOfVersion3(settings) : criOfVersion2(settings))].join("\n");
}

function disabled({ snapshotter }: ContainerdSettings): readonly string[] {
  const zfs = snapshotter === "native" ? [] : ["snapshotter.v1.zfs"];
  return [...unused, ...zfs].map((id) => `io.containerd.${id}`);
}

function criOfVersion2(settings: ContainerdSettings): readonly string[] {
  const cri = `plugins."io.containerd.grpc.v1.cri"`;
  return [
    table(cri, {
      sandbox_image: settings.sandboxImage,
      max_concurrent_downloads: 3,
      ...runtimeKeys(settings),
      ...streamKeys,
    }),
    table(`${cri}.cni`, { bin_dir: settings.cniBinDir, conf_dir: settings.files.cni.confDir, max_conf_num: 1 }),
    table(`${cri}.containerd`, { default_runtime_name: "runc", ...imageKeys(settings) }),
    ...runcTables(`${cri}.containerd`, settings),
    table(`${cri}.registry`, { config_path: settings.files.containerd.certs }),
  ];
}

function criOfVersion3(settings: ContainerdSettings): readonly string[] {
  const runtime = `plugins."io.containerd.cri.v1.runtime"`;
  const images = `plugins."io.containerd.cri.v1.images"`;
  const { cniBinDir, files, version } = settings;
  const bin = version.major > 2 || version.minor >= 1 ? { bin_dirs: [cniBinDir] } : { bin_dir: cniBinDir };
  return [
    table(runtime, runtimeKeys(settings)),
    table(`${runtime}.cni`, { ...bin, conf_dir: files.cni.confDir, max_conf_num: 1 }),
    table(`${runtime}.containerd`, { default_runtime_name: "runc" }),
    ...runcTables(`${runtime}.containerd`, settings),
    table(images, { max_concurrent_downloads: 3, ...imageKeys(settings) }),
    table(`${images}.pinned_images`, { sandbox: settings.sandboxImage }),
    table(`${images}.registry`, { config_path: files.containerd.certs }),
    table(`plugins."io.containerd.grpc.v1.cri"`, streamKeys),
  ];
}

function runtimeKeys({ restrictOomScoreAdj, unprivilegedPorts, unprivilegedIcmp }: ContainerdSettings): Values {
  return {
    restrict_oom_score_adj: restrictOomScoreAdj,
    enable_unprivileged_ports: unprivilegedPorts,
    enable_unprivileged_icmp: unprivilegedIcmp,
    // Beside the rest of what is ours, not in /var/run/netns.
    netns_mounts_under_state_dir: true,
    tolerate_missing_hugetlb_controller: true,
    disable_hugetlb_controller: true,
  };
}

function imageKeys({ snapshotter }: ContainerdSettings): Values {
  return { snapshotter, discard_unpacked_layers: false, disable_snapshot_annotations: true };
}

/** Exec, attach and port-forward are streamed to the kubelet, on this machine. */
const streamKeys: Values = { disable_tcp_service: true, stream_server_address: "127.0.0.1", stream_server_port: "0" };

function runcTables(containerd: string, { files }: ContainerdSettings): readonly string[] {
  return [
    table(`${containerd}.runtimes.runc`, { runtime_type: "io.containerd.runc.v2" }),
    // The kubelet names cgroups by path and makes them itself.
    table(`${containerd}.runtimes.runc.options`, { SystemdCgroup: false, Root: files.containerd.runc }),
  ];
}

type Values = Readonly<Record<string, string | number | boolean | readonly string[]>>;

function table(name: string, values: Values): string {
  const lines = Object.entries(values).map(([key, value]) => `${key} = ${tomlOf(value)}`);
  return `${name === "" ? "" : `[${name}]\n`}${lines.join("\n")}\n`;
}

/** JSON's texts, numbers, booleans and lists of texts are TOML's; but for DEL, which JSON leaves as it is. */
function tomlOf(value: Values[string]): string {
  return JSON.stringify(value).replaceAll("\x7f", "\\u007f");
}
