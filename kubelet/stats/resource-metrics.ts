import { formatLabels, formatNumber } from "../../base/metrics-text.ts";
import type { ContainerUsage, PodUsage, Summary } from "./types.ts";

type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly labels: Labels;
  readonly value: number | undefined;
  /** Whether the sample bears its time. */
  readonly timed: boolean;
}

export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge";
  readonly samples: readonly Sample[];
}

/** What /metrics/resource says, which metrics-server reads (pkg/kubelet/metrics/collectors/resource_metrics.go). */
export function resourceMetricsText({ node, pods }: Summary, atMs: number): string {
  const ofNode = (value: number | undefined): readonly Sample[] => [{ labels: {}, value, timed: true }];
  const ofPods = (value: (pod: PodUsage) => number | undefined): readonly Sample[] =>
    pods.map((pod) => ({ labels: podLabels(pod), value: value(pod), timed: true }));
  const ofContainers = (value: (container: ContainerUsage) => number | undefined, timed = true): readonly Sample[] =>
    pods.flatMap((pod) =>
      pod.containers.map((container) => ({
        labels: { container: container.name, ...podLabels(pod) },
        value: value(container),
        timed,
      })),
    );
  const seconds = (nanos: number | undefined): number | undefined => (nanos === undefined ? undefined : nanos / 1e9);
  const families: readonly Family[] = [
    counter(
      "container_cpu_usage_seconds_total",
      "[STABLE] Cumulative cpu time consumed by the container in core-seconds",
      ofContainers(({ cpu }) => seconds(cpu?.usageCoreNanoSeconds)),
    ),
    gauge(
      "container_memory_working_set_bytes",
      "[STABLE] Current working set of the container in bytes",
      ofContainers(({ memory }) => memory?.workingSetBytes),
    ),
    gauge(
      "container_start_time_seconds",
      "[STABLE] Start time of the container since unix epoch in seconds",
      ofContainers(({ startTime }) => Date.parse(startTime) / 1000, false),
    ),
    gauge(
      "container_swap_usage_bytes",
      "[ALPHA] Current amount of the container swap usage in bytes. Reported only on non-windows systems",
      ofContainers(({ swap }) => swap?.swapUsageBytes),
    ),
    counter(
      "node_cpu_usage_seconds_total",
      "[STABLE] Cumulative cpu time consumed by the node in core-seconds",
      ofNode(seconds(node.cpu?.usageCoreNanoSeconds)),
    ),
    gauge(
      "node_memory_working_set_bytes",
      "[STABLE] Current working set of the node in bytes",
      ofNode(node.memory?.workingSetBytes),
    ),
    gauge(
      "node_swap_usage_bytes",
      "[ALPHA] Current swap usage of the node in bytes. Reported only on non-windows systems",
      ofNode(node.swap?.swapUsageBytes),
    ),
    counter(
      "pod_cpu_usage_seconds_total",
      "[STABLE] Cumulative cpu time consumed by the pod in core-seconds",
      ofPods(({ cpu }) => seconds(cpu?.usageCoreNanoSeconds)),
    ),
    gauge(
      "pod_memory_working_set_bytes",
      "[STABLE] Current working set of the pod in bytes",
      ofPods(({ memory }) => memory?.workingSetBytes),
    ),
    gauge(
      "pod_swap_usage_bytes",
      "[ALPHA] Current amount of the pod swap usage in bytes. Reported only on non-windows systems",
      ofPods(({ swap }) => swap?.swapUsageBytes),
    ),
    gauge("resource_scrape_error", "[STABLE] 1 if there was an error while getting container metrics, 0 otherwise", [
      { labels: {}, value: 0, timed: false },
    ]),
    gauge(
      "scrape_error",
      "[ALPHA] (Deprecated since 1.29.0) 1 if there was an error while getting container metrics, 0 otherwise",
      [{ labels: {}, value: 0, timed: false }],
    ),
  ];
  return families.map((family) => textOf(family, atMs)).join("");
}

const counter = (name: string, help: string, samples: readonly Sample[]): Family => ({
  name,
  help,
  type: "counter",
  samples,
});
const gauge = (name: string, help: string, samples: readonly Sample[]): Family => ({
  name,
  help,
  type: "gauge",
  samples,
});

function podLabels({ podRef: { name, namespace } }: PodUsage): Labels {
  return { namespace, pod: name };
}

/** One metric with its samples; nothing where there are none. */
export function textOf({ name, help, type, samples }: Family, atMs: number): string {
  const lines = samples.flatMap(({ labels, value, timed }) => {
    if (value === undefined || Number.isNaN(value)) return [];
    const names = Object.keys(labels);
    const time = timed ? ` ${Math.floor(atMs)}` : "";
    return [`${name}${formatLabels(names, Object.values(labels))} ${formatNumber(value)}${time}\n`];
  });
  return lines.length === 0 ? "" : `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}
