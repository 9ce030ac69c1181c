import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import type { Random } from "../base/random.ts";
import type { DnsMetrics } from "./metrics.ts";
import { chain, type Handler, type Plugin } from "./plugin.ts";
import { cache } from "./plugins/cache.ts";
import { errors } from "./plugins/errors.ts";
import { forward } from "./plugins/forward.ts";
import { kubernetes } from "./plugins/kubernetes.ts";
import { loadbalance } from "./plugins/loadbalance.ts";
import { loop, question } from "./plugins/loop.ts";
import type { Upstream } from "./resolv-conf.ts";
import { readAddresses } from "./wire/message.ts";
import { servfail } from "./wire/response.ts";
import type { ZoneIndex } from "./zone.ts";

export interface ChainOptions {
  readonly zone: ZoneIndex;
  readonly domain: string;
  readonly ttlSeconds: number;
  readonly serverIPs: readonly string[];
  readonly isReady: () => boolean;
  readonly upstreams: () => readonly Upstream[];
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: DnsMetrics;
  /** As metrics name this server. */
  readonly server: string;
}

export interface Chain {
  readonly handler: Handler;
  /** Finds out whether the node's resolvers lead back here. */
  readonly probe: (signal: AbortSignal) => Promise<void>;
}

/** What a query goes through, in this order. */
export function buildChain(options: ChainOptions): Chain {
  const { clock, random, logger, metrics, server } = options;
  const looping = loop(random, logger);
  const plugins: readonly Plugin[] = [
    errors(logger, () => metrics.panics.inc()),
    cache({ clock, onLookup: (result) => countLookup(metrics, server, result) }),
    loadbalance(random),
    kubernetes({
      ...options,
      serial: () => Math.floor(clock.now() / 1000),
      async resolve(query, signal) {
        // Asked as a new question: a client's spelling of the alias says nothing about what it leads to.
        const outcome = await handler(
          { query: { ...query, ...question(query.name, query.type) }, transport: "udp" },
          signal,
        );
        return outcome.kind === "message" ? readAddresses(outcome.bytes) : outcome.answer.answers;
      },
    }),
    looping,
    forward({
      ...options,
      onExchange: ({ upstream, seconds, rcode }) =>
        metrics.proxyDuration
          .labels("forward", `${upstream.address}:${upstream.port}`, rcode === undefined ? "" : String(rcode))
          .observe(seconds),
    }),
  ];
  const handler = chain(plugins, () => ({ kind: "answer", answer: servfail, by: "" }));
  return { handler, probe: (signal) => looping.probe(signal) };
}

function countLookup(metrics: DnsMetrics, server: string, result: "hit" | "miss"): void {
  metrics.cacheRequests.labels(server, ".", "").inc();
  if (result === "hit") metrics.cacheHits.labels(server, "success", ".", "").inc();
  else metrics.cacheMisses.labels(server, ".", "").inc();
}
