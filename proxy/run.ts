import { Node } from "../api/core/v1/node.ts";
import { Service } from "../api/core/v1/service.ts";
import { EndpointSlice } from "../api/discovery/v1/endpoint-slice.ts";
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import type { MetricsRegistry } from "../base/metrics.ts";
import type { Random } from "../base/random.ts";
import { runTasks } from "../base/task-group.ts";
import { type Client, Informers, objectKey } from "../client/mod.ts";
import { serviceNameLabel } from "./build.ts";
import type { Conntrack } from "./conntrack.ts";
import { renderRemoval } from "./diff.ts";
import type { Nft } from "./nft.ts";
import { defaultMasqueradeMark, defaultTableName, type NodeFacts } from "./node-facts.ts";
import { byServiceIndex, ProxyState } from "./state.ts";
import { Syncer } from "./syncer.ts";

export interface ProxyOptions {
  /** As `system:kube-proxy`: lists and watches services, endpointslices and its own node. */
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
  readonly nft: Nft;
  readonly conntrack: Conntrack;
  readonly nodeName: string;
  readonly nodeIPs: readonly string[];
  readonly clusterCidrs: readonly string[];
  readonly serviceCidrs: readonly string[];
  /** See `NodeFacts`. Default: none. */
  readonly localServiceIPs?: readonly string[];
  /** Default `k8ts-proxy`. */
  readonly tableName?: string;
  readonly masqueradeMark?: number;
  /** Least time from the start of one sync to the next. The first change of a burst does not wait. Default 50 ms. */
  readonly minSyncIntervalMs?: number;
  /** Everything is written anew this often, whatever happened. Default an hour, as upstream. */
  readonly fullSyncIntervalMs?: number;
  /** Called after each sync that succeeded, with what it did. Must not throw. */
  readonly onSynced?: () => void;
}

const zoneLabel = "topology.kubernetes.io/zone";
// Upstream's selection (cmd/kube-proxy/app/server.go): headless services and those of other proxies are none of its business.
const ownSlices = "!service.kubernetes.io/headless,!service.kubernetes.io/service-proxy-name";

/**
 * Keeps the node's nftables as services and endpoints ask, until `signal` aborts. Rules stay when it ends: traffic goes on
 * while the proxy starts anew. `removeRules` takes them away.
 */
export async function runProxy(options: ProxyOptions, signal: AbortSignal): Promise<void> {
  const { client, clock, random, logger, nodeName } = options;
  const informers = new Informers({ client, clock, random, logger });
  const services = informers.of(Service, { labelSelector: "!service.kubernetes.io/service-proxy-name" });
  const slices = informers.of(EndpointSlice, { labelSelector: ownSlices });
  const nodes = informers.of(Node, { fieldSelector: `metadata.name=${nodeName}` });
  slices.addIndex(byServiceIndex, (slice) => [serviceKeyOf(slice)]);
  const state = new ProxyState(services.cache, slices.cache, factsOf(options));
  const syncer = new Syncer({ ...options, state });

  const serviceChanged = (service: Service): void => {
    state.changed(objectKey(service));
    syncer.serviceChanged();
  };
  const sliceChanged = (slice: EndpointSlice): void => {
    state.changed(serviceKeyOf(slice));
    syncer.endpointsChanged(slice);
  };
  const nodeChanged = ({ metadata }: Node): void => {
    const zone = metadata.labels?.[zoneLabel] ?? "";
    if (zone === state.facts.zone) return;
    state.setFacts({ ...state.facts, zone });
    syncer.request();
  };
  services.addHandler({ add: serviceChanged, update: serviceChanged, delete: serviceChanged });
  slices.addHandler({ add: sliceChanged, update: sliceChanged, delete: sliceChanged });
  nodes.addHandler({ add: nodeChanged, update: nodeChanged });

  await runTasks(signal, [
    (inner) => informers.run(inner),
    (inner) => syncer.watchForMeddling(inner),
    async (inner) => {
      await Promise.all([services.synced(inner), slices.synced(inner), nodes.synced(inner)]);
      await syncer.run(inner);
    },
  ]);
}

/** Takes the proxy's tables away. Fine where there are none. */
export async function removeRules(nft: Nft, tableName: string = defaultTableName): Promise<void> {
  await nft.apply(renderRemoval((["ip", "ip6"] as const).map((family) => ({ family, name: tableName }))));
}

function factsOf(options: ProxyOptions): NodeFacts {
  const { nodeName, nodeIPs, clusterCidrs, serviceCidrs, localServiceIPs = [] } = options;
  const { tableName = defaultTableName, masqueradeMark = defaultMasqueradeMark } = options;
  return { nodeName, zone: "", nodeIPs, clusterCidrs, serviceCidrs, localServiceIPs, tableName, masqueradeMark };
}

function serviceKeyOf({ metadata }: EndpointSlice): string {
  return `${metadata.namespace}/${metadata.labels?.[serviceNameLabel]}`;
}
