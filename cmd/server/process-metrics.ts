import { readdirSync, readFileSync } from "node:fs";
import type { VersionInfo } from "../../apiserver/version.ts";
import type { MetricsRegistry } from "../../base/metrics.ts";

/** What every Prometheus client says of its process, and which Kubernetes this is; looked at when somebody asks. */
export function addProcessMetrics(metrics: MetricsRegistry, version: VersionInfo): void {
  const gauge = (name: string, help: string) => metrics.gauge({ name, help, stability: "none" }).labels();
  const cpu = metrics
    .counter({
      name: "process_cpu_seconds_total",
      help: "Total user and system CPU time spent in seconds.",
      stability: "none",
    })
    .labels();
  const resident = gauge("process_resident_memory_bytes", "Resident memory size in bytes.");
  const virtual = gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.");
  const open = gauge("process_open_fds", "Number of open file descriptors.");
  const max = gauge("process_max_fds", "Maximum number of open file descriptors.");
  metrics
    .gauge({ name: "process_start_time_seconds", help: "Start time of the process since unix epoch in seconds." })
    .labels()
    .set(Math.round(Date.now() / 10 - process.uptime() * 100) / 100);
  max.set(maxFiles());
  metrics.onCollect(() => {
    const { user, system } = process.cpuUsage();
    cpu.inc((user + system) / 1e6 - cpu.value);
    resident.set(process.memoryUsage.rss());
    virtual.set(virtualBytes());
    open.set(openFiles());
  });
  const labels = [
    "build_date",
    "compiler",
    "git_commit",
    "git_tree_state",
    "git_version",
    "go_version",
    "major",
    "minor",
    "platform",
  ] as const;
  metrics
    .gauge({
      name: "kubernetes_build_info",
      help: "A metric with a constant '1' value labeled by major, minor, git version, git commit, git tree state, build date, Go version, and compiler from which Kubernetes was built, and platform on which it is running.",
      stability: "BETA",
      labels,
    })
    .labels(
      version.buildDate,
      version.compiler,
      version.gitCommit,
      version.gitTreeState,
      version.gitVersion,
      version.goVersion,
      version.major,
      version.minor,
      version.platform,
    )
    .set(1);
}

/** Where there is no /proc, nothing is known. */
function fromProc<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

function openFiles(): number {
  return fromProc(() => readdirSync("/proc/self/fd").length, 0);
}

function maxFiles(): number {
  return fromProc(
    () => Number(/^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1] ?? 0),
    0,
  );
}

function virtualBytes(): number {
  return fromProc(
    () => Number(/^VmSize:\s+(\d+) kB/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? 0) * 1024,
    0,
  );
}
