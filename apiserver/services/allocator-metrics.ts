import type { Clock } from "../../base/clock.ts";
import type { MetricsRegistry } from "../../base/metrics.ts";

/** `static`: what was asked for by name; `dynamic`: any that is free. */
export type AllocationScope = "static" | "dynamic";

const durationBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** How full a range is. */
export interface RangeUse {
  readonly cidr: string;
  readonly allocated: bigint;
  readonly size: bigint;
}

export interface AllocatorMetricsDeps {
  readonly metrics: MetricsRegistry;
  readonly clock: Clock;
  /** Asked when somebody looks. */
  readonly ranges: () => Iterable<RangeUse>;
  /** Undefined: not known yet. */
  readonly ports: () => { readonly allocated: number; readonly size: number } | undefined;
}

/** What is given out to services, under upstream's names (pkg/registry/core/service/ipallocator and portallocator). */
export class AllocatorMetrics {
  readonly #clock: Clock;
  readonly #addresses;
  readonly #addressErrors;
  readonly #durations;
  readonly #ports;
  readonly #portErrors;

  constructor({ metrics, clock, ranges, ports }: AllocatorMetricsDeps) {
    this.#clock = clock;
    const address = "kube_apiserver_clusterip_allocator";
    const port = "kube_apiserver_nodeport_allocator";
    this.#addresses = metrics.counter({
      name: `${address}_allocation_total`,
      help: "Number of Cluster IPs allocations",
      labels: ["cidr", "scope"],
    });
    this.#addressErrors = metrics.counter({
      name: `${address}_allocation_errors_total`,
      help: "Number of errors trying to allocate Cluster IPs",
      labels: ["cidr", "scope"],
    });
    this.#durations = metrics.histogram({
      name: `${address}_allocation_duration_seconds`,
      help: "Duration in seconds to allocate a Cluster IP by ServiceCIDR",
      labels: ["cidr"],
      buckets: durationBuckets,
    });
    this.#ports = metrics.counter({
      name: `${port}_allocation_total`,
      help: "Number of NodePort allocations",
      labels: ["scope"],
    });
    this.#portErrors = metrics.counter({
      name: `${port}_allocation_errors_total`,
      help: "Number of errors trying to allocate NodePort",
      labels: ["scope"],
    });
    const labels = ["cidr"] as const;
    const used = metrics.gauge({
      name: `${address}_allocated_ips`,
      help: "Gauge measuring the number of allocated IPs for Services",
      labels,
    });
    const free = metrics.gauge({
      name: `${address}_available_ips`,
      help: "Gauge measuring the number of available IPs for Services",
      labels,
    });
    const usedPorts = metrics
      .gauge({
        name: `${port}_allocated_ports`,
        help: "Gauge measuring the number of allocated NodePorts for Services",
      })
      .labels();
    const freePorts = metrics
      .gauge({
        name: `${port}_available_ports`,
        help: "Gauge measuring the number of available NodePorts for Services",
      })
      .labels();
    let shown = new Set<string>();
    metrics.onCollect(() => {
      const now = new Set<string>();
      for (const { cidr, allocated, size } of ranges()) {
        used.labels(cidr).set(Number(allocated));
        free.labels(cidr).set(Number(size - allocated));
        now.add(cidr);
      }
      for (const cidr of shown) {
        if (now.has(cidr)) continue;
        used.remove(cidr);
        free.remove(cidr);
      }
      shown = now;
      const { allocated = 0, size = 0 } = ports() ?? {};
      usedPorts.set(allocated);
      freePorts.set(size - allocated);
    });
  }

  now(): number {
    return this.#clock.monotonicMs();
  }

  /** An address of the range was given out, to somebody who has asked at `startedMs`. */
  gave(cidr: string, scope: AllocationScope, startedMs: number): void {
    this.#addresses.labels(cidr, scope).inc();
    this.#durations.labels(cidr).observe((this.now() - startedMs) / 1000);
  }

  failed(cidr: string, scope: AllocationScope): void {
    this.#addressErrors.labels(cidr, scope).inc();
  }

  gavePort(scope: AllocationScope): void {
    this.#ports.labels(scope).inc();
  }

  failedPort(scope: AllocationScope): void {
    this.#portErrors.labels(scope).inc();
  }
}
