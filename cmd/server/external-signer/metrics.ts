import type { MetricsRegistry } from "../../../base/metrics.ts";

/** Upstream's of its external signer (pkg/serviceaccount/externaljwt/metrics). */
export interface SignerMetrics {
  /** One call has ended. */
  called(method: string, error: unknown, seconds: number): void;
  /** The keys were asked for; `dataTimestamp` in seconds since 1970. */
  fetched(error: unknown, now: number, dataTimestamp?: number): void;
  signed(error: unknown): void;
}

export function signerMetrics(registry: MetricsRegistry): SignerMetrics {
  const prefix = "apiserver_externaljwt";
  const fetchedAt = registry.gauge({
    name: `${prefix}_fetch_keys_success_timestamp`,
    help: "Unix Timestamp in seconds of the last successful FetchKeys request",
  });
  const dataFrom = registry.gauge({
    name: `${prefix}_fetch_keys_data_timestamp`,
    help: "Unix Timestamp in seconds of the last successful FetchKeys data_timestamp value returned by the external signer",
  });
  const fetches = registry.counter({
    name: `${prefix}_fetch_keys_request_total`,
    help: "Total attempts at syncing supported JWKs",
    labels: ["code"],
  });
  const signs = registry.counter({
    name: `${prefix}_sign_request_total`,
    help: "Total attempts at signing JWT",
    labels: ["code"],
  });
  const durations = registry.histogram({
    name: `${prefix}_request_duration_seconds`,
    help: "Request duration and time for calls to external-jwt-signer",
    labels: ["method", "code"],
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
  });
  return {
    called: (method, error, seconds) => durations.labels(method, codeOf(error)).observe(seconds),
    fetched(error, now, dataTimestamp) {
      fetches.labels(codeOf(error)).inc();
      if (error !== undefined) return;
      fetchedAt.labels().set(now / 1000);
      if (dataTimestamp !== undefined) dataFrom.labels().set(dataTimestamp);
    },
    signed: (error) => signs.labels(codeOf(error)).inc(),
  };
}

function codeOf(error: unknown): string {
  if (error === undefined) return "OK";
  if (!(error instanceof Error)) return "unknown-non-grpc";
  const { code } = error as { readonly code?: unknown };
  return typeof code === "string" ? code : codeOf(error.cause ?? null);
}
