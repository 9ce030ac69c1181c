import type { MetricsRegistry, Value } from "../../base/metrics.ts";
import type { ApiRequest } from "../request.ts";
import type { ApiResponse, WatchResponse, WatchSink } from "../response.ts";

/** What is measured of watches and of whatever else runs on for as long as it likes (endpoints/metrics). */
export class LongRunning {
  readonly #running;
  readonly #events;
  readonly #sizes;

  constructor(metrics: MetricsRegistry) {
    this.#running = metrics.gauge({
      name: "apiserver_longrunning_requests",
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
        return this.#followWatch(request, response, running());
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

  #followWatch({ info }: ApiRequest, response: WatchResponse, running: Value): WatchResponse {
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
