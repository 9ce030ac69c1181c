import { Namespace } from "../api/core/v1/namespace.ts";
import { Service } from "../api/core/v1/service.ts";
import { EndpointSlice } from "../api/discovery/v1/endpoint-slice.ts";
import { aborted } from "../base/cancellation.ts";
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import type { MetricsRegistry } from "../base/metrics.ts";
import type { Random } from "../base/random.ts";
import { runTasks } from "../base/task-group.ts";
import { type Client, Informers } from "../client/mod.ts";
import { buildChain } from "./chain.ts";
import { dnsMetrics } from "./metrics.ts";
import { resolvConfUpstreams, type Upstream } from "./resolv-conf.ts";
import { Responder } from "./responder.ts";
import { DnsServer } from "./server.ts";
import { ZoneIndex } from "./zone.ts";

export interface DnsOptions {
  /** Lists and watches services, endpointslices and namespaces. */
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
  /** Addresses of this machine to serve at: see `loopbackAddresses`. */
  readonly addresses: readonly string[];
  /** Default 53. */
  readonly port?: number;
  /** Default `cluster.local`. */
  readonly clusterDomain?: string;
  /** Servers for all other names. Default: those of `resolvConf`. Where there are none, such names fail with SERVFAIL. */
  readonly upstreams?: readonly Upstream[];
  /** Default `/etc/resolv.conf`. */
  readonly resolvConf?: string;
  /** How long clients may keep answers of the cluster. Default 30 s, as kubeadm's Corefile. */
  readonly ttlSeconds?: number;
}

export interface DnsServing {
  /** The ports that are listened on, in the order of the addresses. */
  readonly ports: readonly number[];
  /** Everything the API holds is known: `/ready` of CoreDNS. */
  readonly isReady: () => boolean;
}

/**
 * Serves the cluster's DNS until `signal` aborts. Listens at once; names that are not known yet fail with SERVFAIL until all
 * are. Rejects where it cannot listen. `onListening` is called when it does.
 */
export async function runDns(
  options: DnsOptions,
  signal: AbortSignal,
  onListening: (serving: DnsServing) => void = () => {},
): Promise<void> {
  const { client, clock, random, logger, addresses, port = 53 } = options;
  const zone = new ZoneIndex();
  const informers = new Informers({ client, clock, random, logger });
  followApi(informers, zone);
  let ready = false;
  const isReady = (): boolean => ready;
  const metrics = dnsMetrics(options.metrics);
  const server = `dns://${addresses[0]?.includes(":") ? `[${addresses[0]}]` : addresses[0]}:${port}`;
  const upstreams = upstreamsOf(options);
  const { handler, probe } = buildChain({
    zone,
    domain: (options.clusterDomain ?? "cluster.local").toLowerCase(),
    ttlSeconds: options.ttlSeconds ?? 30,
    serverIPs: addresses,
    isReady,
    upstreams,
    clock,
    random,
    logger,
    metrics,
    server,
  });
  const responder = new Responder({ handler, clock, metrics, server, version: () => zone.version });
  const servers = addresses.map((address) => new DnsServer({ address, port, responder, clock, logger }));
  const listening: DnsServer[] = [];
  try {
    const ports: number[] = [];
    for (const server of servers) {
      ports.push(await server.listen());
      listening.push(server);
    }
    onListening({ ports, isReady });
    await runTasks(signal, [
      (inner) => informers.run(inner),
      async (inner) => {
        await informers.synced(inner);
        ready = true;
        logger.info("DNS knows all services", { addresses });
      },
      (inner) => probe(inner),
      (inner) => aborted(inner),
    ]);
  } finally {
    await Promise.all(listening.map((server) => server.close()));
  }
}

function followApi(informers: Informers, zone: ZoneIndex): void {
  const services = informers.of(Service);
  const slices = informers.of(EndpointSlice);
  const namespaces = informers.of(Namespace);
  services.addHandler({
    add: (service) => zone.setService(service),
    update: (service) => zone.setService(service),
    delete: (service) => zone.deleteService(service),
  });
  slices.addHandler({
    add: (slice) => zone.setSlice(slice),
    update: (slice, old) => zone.setSlice(slice, old),
    delete: (slice) => zone.deleteSlice(slice),
  });
  namespaces.addHandler({
    add: (namespace) => zone.setNamespace(namespace),
    delete: (namespace) => zone.deleteNamespace(namespace),
  });
}

function upstreamsOf(options: DnsOptions): () => readonly Upstream[] {
  const { upstreams, resolvConf = "/etc/resolv.conf", clock, addresses, port = 53 } = options;
  if (upstreams === undefined) return resolvConfUpstreams(resolvConf, clock, addresses);
  const others = upstreams.filter((upstream) => !addresses.includes(upstream.address) || upstream.port !== port);
  return () => others;
}
