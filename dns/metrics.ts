import { exponentialBuckets, type MetricsRegistry } from "../base/metrics.ts";
import { rcodeName, typeName } from "./wire/constants.ts";

/** CoreDNS plugin/metrics, cache, forward, under their names. */
export function dnsMetrics(registry: MetricsRegistry) {
  const sizes = [0, 100, 200, 300, 400, 511, 1023, 2047, 4095, 8291, 16e3, 32e3, 48e3, 64e3];
  return {
    requests: registry.counter({
      name: "coredns_dns_requests_total",
      stability: "none",
      help: "Counter of DNS requests made per zone, protocol and family.",
      labels: ["server", "zone", "view", "proto", "family", "type"],
    }),
    responses: registry.counter({
      name: "coredns_dns_responses_total",
      stability: "none",
      help: "Counter of response status codes.",
      labels: ["server", "zone", "view", "rcode", "plugin"],
    }),
    duration: registry.histogram({
      name: "coredns_dns_request_duration_seconds",
      stability: "none",
      help: "Histogram of the time (in seconds) each request took per zone.",
      labels: ["server", "zone", "view"],
      buckets: exponentialBuckets(0.00025, 2, 16),
    }),
    requestBytes: registry.histogram({
      name: "coredns_dns_request_size_bytes",
      stability: "none",
      help: "Size of the EDNS0 UDP buffer in bytes (64K for TCP) per zone and protocol.",
      labels: ["server", "zone", "view", "proto"],
      buckets: sizes,
    }),
    responseBytes: registry.histogram({
      name: "coredns_dns_response_size_bytes",
      stability: "none",
      help: "Size of the returned response in bytes.",
      labels: ["server", "zone", "view", "proto"],
      buckets: sizes,
    }),
    panics: registry
      .counter({ name: "coredns_panics_total", stability: "none", help: "A metrics that counts the number of panics." })
      .labels(),
    cacheRequests: registry.counter({
      name: "coredns_cache_requests_total",
      stability: "none",
      help: "The count of cache requests.",
      labels: ["server", "zones", "view"],
    }),
    cacheHits: registry.counter({
      name: "coredns_cache_hits_total",
      stability: "none",
      help: "The count of cache hits.",
      labels: ["server", "type", "zones", "view"],
    }),
    cacheMisses: registry.counter({
      name: "coredns_cache_misses_total",
      stability: "none",
      help: "The count of cache misses. Deprecated, derive misses from cache hits/requests counters.",
      labels: ["server", "zones", "view"],
    }),
    proxyDuration: registry.histogram({
      name: "coredns_proxy_request_duration_seconds",
      stability: "none",
      help: "Histogram of the time each request took.",
      labels: ["proxy_name", "to", "rcode"],
      buckets: exponentialBuckets(0.00025, 2, 16),
    }),
  };
}

export type DnsMetrics = ReturnType<typeof dnsMetrics>;

export interface Client {
  readonly transport: "udp" | "tcp";
  /** Of addresses, as CoreDNS numbers them: 1 is IPv4, 2 is IPv6. */
  readonly family: "1" | "2";
}

/** Where queries that are alike are counted. */
export interface Series {
  observe(exchange: {
    readonly startMs: number;
    readonly endMs: number;
    readonly queryBytes: number;
    readonly answerBytes: number;
  }): void;
}

export interface Kind {
  readonly client: Client;
  readonly type: number;
  readonly rcode: number;
  /** The plugin that answered. */
  readonly by: string;
}
export type SeriesOf = (kind: Kind) => Series;

/** The series of each kind of query, looked up by their labels once. */
export function seriesOf(metrics: DnsMetrics, server: string): SeriesOf {
  const known = new Map<string, Series>();
  return ({ client: { transport, family }, type, rcode, by }) => {
    const key = `${transport} ${family} ${typeName(type)} ${rcode} ${by}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    const requests = metrics.requests.labels(server, ".", "", transport, family, typeName(type));
    const responses = metrics.responses.labels(server, ".", "", rcodeName(rcode), by);
    const duration = metrics.duration.labels(server, ".", "");
    const requestBytes = metrics.requestBytes.labels(server, ".", "", transport);
    const responseBytes = metrics.responseBytes.labels(server, ".", "", transport);
    const series: Series = {
      observe(exchange) {
        requests.inc();
        responses.inc();
        duration.observe((exchange.endMs - exchange.startMs) / 1000);
        requestBytes.observe(exchange.queryBytes);
        responseBytes.observe(exchange.answerBytes);
      },
    };
    known.set(key, series);
    return series;
  };
}
