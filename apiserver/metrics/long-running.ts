import type { Clock } from "../../base/clock.ts";
import type { MetricsRegistry, Value } from "../../base/metrics.ts";
import type { ApiRequest } from "../request.ts";
import type { ApiResponse, WatchResponse, WatchSink } from "../response.ts";

/** What is measured of watches and of whatever else runs on for as long as it likes (endpoints/metrics). */
export class LongRunning {
  readonly #running;
  readonly #events;
  readonly #sizes;

  readonly #initial;
  readonly #clock: Clock;

  constructor(metrics: MetricsRegistry, clock: Clock) {
    this.#clock = clock;
    this.#initial = metrics.histogram({
      name: "apiserver_watch_list_duration_seconds",
      stability: "BETA",
      help: "Response latency distribution in seconds for watch list requests broken by group, version, resource and scope.",
      labels: ["group", "resource", "scope", "version"],
      buckets: [0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 2, 4, 6, 8, 10, 15, 20, 30, 45, 60],
    });
    this.#running = metrics.gauge({
      name: "apiserver_longrunning_requests",
      stability: "STABLE",
      help: "Gauge of all active long-running apiserver requests broken out by verb, group, version, resource, scope and component. Not all requests are tracked this way.",
      labels: ["component", "group", "resource", "scope", "subresource", "verb", "version"],
    });
    this.#events = metrics.counter({
      name: "apiserver_watch_events_total",
      help: "Number of events sent in watch clients",
      labels: ["group", "resource", "version"],
    });
    this.#sizes = metrics.histogram({
      name: "apiserver_watch_events_sizes",
      help: "Watch event size distribution in bytes",
      labels: ["group", "resource", "version"],
      buckets: [1, 2, 4, 8, 16, 32, 64, 128].map((kibibytes) => kibibytes * 1024),
    });
  }

  /** The same answer, followed to its end. */
  follow(request: ApiRequest, response: ApiResponse, verb: string, scope: string): ApiResponse {
    const { group, resource, subresource, version } = request.info;
    const running = (): Value => this.#running.labels("apiserver", group, resource, scope, subresource, verb, version);
    switch (response.type) {
      case "watch":
        return this.#followWatch(request, response, running(), scope);
      case "stream":
        return { ...response, body: counted(response.body, running()) };
      case "upgrade": {
        const value = running();
        return {
          ...response,
          connect(client, head) {
            value.inc();
            return response.connect(client, head).finally(() => value.dec());
          },
        };
      }
      default:
        return response;
    }
  }

  #followWatch({ info, query }: ApiRequest, response: WatchResponse, running: Value, scope: string): WatchResponse {
    const startedMs = this.#clock.monotonicMs();
    /** Whether it begins with what there is, and the end of that has not been told yet. */
    let listing = query.get("sendInitialEvents") === "true";
    const listed = (): void => {
      listing = false;
      const seconds = (this.#clock.monotonicMs() - startedMs) / 1000;
      this.#initial.labels(info.group, info.resource, scope, info.version).observe(seconds);
    };
    const events = this.#events.labels(info.group, info.resource, info.version);
    const sizes = this.#sizes.labels(info.group, info.resource, info.version);
    const start = (sink: WatchSink): (() => void) => {
      let ended = false;
      const end = (): void => {
        if (!ended) running.dec();
        ended = true;
      };
      running.inc();
      const stop = response.start({
        send(event) {
          events.inc();
          if (event.type !== "BOOKMARK") sizes.observe(event.served.byteLength);
          else if (listing && event.initialEventsEnd) listed();
          return sink.send(event);
        },
        ...(sink.behind === undefined ? {} : { behind: () => sink.behind?.() }),
        end(status) {
          end();
          sink.end(status);
        },
      });
      return () => {
        end();
        stop();
      };
    };
    return { ...response, start };
  }
}

async function* counted(body: AsyncIterable<Uint8Array>, running: Value): AsyncGenerator<Uint8Array> {
  running.inc();
  try {
    yield* body;
  } finally {
    running.dec();
  }
}
