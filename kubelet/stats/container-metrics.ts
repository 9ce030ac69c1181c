import { type Family, type Sample, textOf } from "./resource-metrics.ts";
import type { ContainerUsage, NetworkStats, PodUsage, Summary } from "./types.ts";

export interface ContainerMetricsInput {
  readonly summary: Summary;
  /** The node's. */
  readonly cpus: number;
  readonly memoryBytes: number;
  /** Milliseconds since 1970. */
  readonly atMs: number;
}

/** A container, or a pod as a whole: then `container` is empty, as in cAdvisor's own. */
interface Row {
  readonly container: string;
  readonly pod: PodUsage;
  readonly usage: Pick<ContainerUsage, "cpu" | "memory" | "startTime">;
}

/** The part of cAdvisor's metrics that dashboards and recording rules for Kubernetes read, under its names. */
export function containerMetricsText({ summary, cpus, memoryBytes, atMs }: ContainerMetricsInput): string {
  const rows: readonly Row[] = summary.pods.flatMap((pod) => [
    { container: "", pod, usage: pod },
    ...pod.containers.map((usage) => ({ container: usage.name, pod, usage })),
  ]);
  const ofRows = (value: (usage: Row["usage"]) => number | undefined): readonly Sample[] =>
    rows.map(({ container, pod, usage }) => ({
      labels: { container, namespace: pod.podRef.namespace, pod: pod.podRef.name },
      value: value(usage),
      timed: true,
    }));
  const ofInterfaces = (value: (device: NetworkStats["interfaces"][number]) => number): readonly Sample[] =>
    summary.pods.flatMap((pod) =>
      (pod.network?.interfaces ?? []).map((device) => ({
        labels: { interface: device.name, namespace: pod.podRef.namespace, pod: pod.podRef.name },
        value: value(device),
        timed: true,
      })),
    );
  const seconds = (nanos: number | undefined): number | undefined => (nanos === undefined ? undefined : nanos / 1e9);
  const machine = (value: number): readonly Sample[] => [{ labels: {}, value, timed: false }];
  const families: readonly Family[] = [
    {
      name: "container_cpu_usage_seconds_total",
      help: "Cumulative cpu time consumed in seconds.",
      type: "counter",
      samples: ofRows(({ cpu }) => seconds(cpu?.usageCoreNanoSeconds)),
    },
    {
      name: "container_memory_rss",
      help: "Size of RSS in bytes.",
      type: "gauge",
      samples: ofRows(({ memory }) => memory?.rssBytes),
    },
    {
      name: "container_memory_usage_bytes",
      help: "Current memory usage in bytes, including all memory regardless of when it was accessed",
      type: "gauge",
      samples: ofRows(({ memory }) => memory?.usageBytes),
    },
    {
      name: "container_memory_working_set_bytes",
      help: "Current working set in bytes.",
      type: "gauge",
      samples: ofRows(({ memory }) => memory?.workingSetBytes),
    },
    {
      name: "container_network_receive_bytes_total",
      help: "Cumulative count of bytes received",
      type: "counter",
      samples: ofInterfaces(({ rxBytes }) => rxBytes),
    },
    {
      name: "container_network_receive_errors_total",
      help: "Cumulative count of errors encountered while receiving",
      type: "counter",
      samples: ofInterfaces(({ rxErrors }) => rxErrors),
    },
    {
      name: "container_network_transmit_bytes_total",
      help: "Cumulative count of bytes transmitted",
      type: "counter",
      samples: ofInterfaces(({ txBytes }) => txBytes),
    },
    {
      name: "container_network_transmit_errors_total",
      help: "Cumulative count of errors encountered while transmitting",
      type: "counter",
      samples: ofInterfaces(({ txErrors }) => txErrors),
    },
    {
      name: "container_start_time_seconds",
      help: "Start time of the container since unix epoch in seconds.",
      type: "gauge",
      samples: ofRows(({ startTime }) => Date.parse(startTime) / 1000),
    },
    { name: "machine_cpu_cores", help: "Number of logical CPU cores.", type: "gauge", samples: machine(cpus) },
    {
      name: "machine_memory_bytes",
      help: "Amount of memory installed on the machine.",
      type: "gauge",
      samples: machine(memoryBytes),
    },
  ];
  return families.map((family) => textOf(family, atMs)).join("");
}
