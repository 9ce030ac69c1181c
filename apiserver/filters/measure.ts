import { ApiError } from "../../apimachinery/errors/api-error.ts";
import type { Clock } from "../../base/clock.ts";
import { type CounterValue, type Distribution, exponentialBuckets, type MetricsRegistry } from "../../base/metrics.ts";
import type { Filter } from "../chain.ts";
import { LongRunning } from "../metrics/long-running.ts";
import { type ApiRequest, deprecatedAnnotation, type RequestInfo } from "../request.ts";
import type { ApiResponse } from "../response.ts";

const durationBuckets = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
];

const sliBuckets = [0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60];

/** Kinds of requests whose series are remembered; paths that nobody serves are kinds too. */
const maxKinds = 10_000;

/** What is counted of requests that differ in nothing but their outcome. */
interface KindSeries {
  /** By status. */
  readonly byCode: Map<string, CounterValue>;
  /** Of what only reads: bytes of answers. */
  readonly sizes: Distribution | undefined;
  /** Absent for watches, which last as long as they like. */
  readonly times: { readonly all: Distribution; readonly sli: Distribution } | undefined;
}

/** Counts and times requests under upstream's names (apiserver/pkg/endpoints/metrics). */
export function measure(metrics: MetricsRegistry, clock: Clock): Filter {
  const requests = metrics.counter({
    name: "apiserver_request_total",
    stability: "STABLE",
    help: "Counter of apiserver requests broken out for each verb, dry run value, group, version, resource, scope, component, and HTTP response code.",
    labels: ["code", "component", "dry_run", "group", "resource", "scope", "subresource", "verb", "version"],
  });
  const durations = metrics.histogram({
    name: "apiserver_request_duration_seconds",
    stability: "STABLE",
    help: "Response latency distribution in seconds for each verb, dry run value, group, version, resource, subresource, scope and component.",
    labels: ["component", "dry_run", "group", "resource", "scope", "subresource", "verb", "version"],
    buckets: durationBuckets,
  });
  const inflight = metrics.gauge({
    name: "apiserver_current_inflight_requests",
    stability: "STABLE",
    help: "Maximal number of currently used inflight request limit of this apiserver per request kind in last second.",
    labels: ["request_kind"],
  });
  const sli = metrics.histogram({
    name: "apiserver_request_sli_duration_seconds",
    help: "Response latency distribution (not counting webhook duration and priority & fairness queue wait times) in seconds for each verb, group, version, resource, subresource, scope and component.",
    labels: ["component", "group", "resource", "scope", "subresource", "verb", "version"],
    buckets: sliBuckets,
  });
  const terminations = metrics.counter({
    name: "apiserver_request_terminations_total",
    help: "Number of requests which apiserver terminated in self-defense.",
    labels: ["code", "component", "group", "resource", "scope", "subresource", "verb", "version"],
  });
  const sizes = metrics.histogram({
    name: "apiserver_response_sizes",
    stability: "STABLE",
    help: "Response size distribution in bytes for each group, version, verb, resource, subresource, scope and component.",
    labels: ["component", "group", "resource", "scope", "subresource", "verb", "version"],
    buckets: exponentialBuckets(1000, 10, 7),
  });
  const deprecated = metrics.gauge({
    name: "apiserver_requested_deprecated_apis",
    stability: "STABLE",
    help: "Gauge of deprecated APIs that have been requested, broken out by API group, version, resource, subresource, and removed_release.",
    labels: ["group", "removed_release", "resource", "subresource", "version"],
  });
  const kinds = new Map<string, KindSeries>();
  const seriesOf = (verb: string, scope: string, dryRun: string, info: RequestInfo): KindSeries => {
    const { group, resource, subresource, version } = info;
    const key = `${verb}/${scope}/${dryRun}/${group}/${version}/${resource}/${subresource}`;
    let series = kinds.get(key);
    if (series === undefined) {
      const all = () => durations.labels("apiserver", dryRun, group, resource, scope, subresource, verb, version);
      const own = () => sli.labels("apiserver", group, resource, scope, subresource, verb, version);
      const size = () => sizes.labels("apiserver", group, resource, scope, subresource, verb, version);
      series = {
        byCode: new Map(),
        times: verb === "WATCH" ? undefined : { all: all(), sli: own() },
        sizes: verb === "GET" || verb === "LIST" ? size() : undefined,
      };
      if (kinds.size >= maxKinds) kinds.clear();
      kinds.set(key, series);
    }
    return series;
  };
  const longRunning = new LongRunning(metrics, clock);
  const mutating = inflight.labels("mutating");
  const readOnly = inflight.labels("readOnly");
  return (next) => async (request) => {
    const started = clock.monotonicMs();
    const kind = request.method === "GET" || request.method === "HEAD" ? readOnly : mutating;
    kind.inc();
    let code = "500";
    try {
      const response = await next(request);
      code = String(codeOf(response));
      const { type } = response;
      return type === "watch" || type === "stream" || type === "upgrade"
        ? longRunning.follow(request, response, verbLabel(request), scopeOf(request))
        : response;
    } catch (error) {
      code = String(error instanceof ApiError ? error.code : 500);
      throw error;
    } finally {
      kind.dec();
      const { group, resource, subresource, version } = request.info;
      const dryRun = request.query.has("dryRun") ? "All" : "";
      const verb = verbLabel(request);
      const scope = scopeOf(request);
      const series = seriesOf(verb, scope, dryRun, request.info);
      let count = series.byCode.get(code);
      if (count === undefined) {
        count = requests.labels(code, "apiserver", dryRun, group, resource, scope, subresource, verb, version);
        series.byCode.set(code, count);
      }
      count.inc();
      if (series.sizes !== undefined) {
        const { sizes } = series;
        request.onAnswered?.(() => sizes.observe(request.sentBytes ?? 0));
      }
      if (request.auditAnnotations.has(deprecatedAnnotation)) {
        deprecated.labels(group, "", resource, subresource, version).set(1);
      }
      if (code === "429" || code === "504") {
        terminations.labels(code, "apiserver", group, resource, scope, subresource, verb, version).inc();
      }
      if (series.times !== undefined) {
        const seconds = (clock.monotonicMs() - started) / 1_000;
        series.times.sli.observe(seconds - (request.waitedMs ?? 0) / 1_000);
        series.times.all.observe(seconds);
      }
    }
  };
}

function codeOf(response: ApiResponse): number {
  return "status" in response ? response.status : 200;
}

const verbLabels: Readonly<Record<string, string>> = {
  get: "GET",
  list: "LIST",
  watch: "WATCH",
  create: "POST",
  update: "PUT",
  patch: "PATCH",
  delete: "DELETE",
  deletecollection: "DELETECOLLECTION",
};

function verbLabel(request: ApiRequest): string {
  const { info, method } = request;
  if (!info.isResourceRequest) {
    return method;
  }
  if (info.verb === "patch" && request.header("content-type")?.startsWith("application/apply-patch") === true) {
    return "APPLY";
  }
  return verbLabels[info.verb] ?? "other";
}

/** What is made is one thing, whatever its path says (CleanScope). */
function scopeOf({ info }: ApiRequest): string {
  if (!info.isResourceRequest) {
    return "";
  }
  if (info.name !== "" || info.verb === "create") {
    return "resource";
  }
  return info.namespace === "" ? "cluster" : "namespace";
}
