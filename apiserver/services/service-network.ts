import { Service } from "../../api/core/v1/service.ts";
import type { ServiceNetwork as Families } from "../../api/core/v1/service-families.ts";
import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import type { MetricsRegistry } from "../../base/metrics.ts";
import type { Random } from "../../base/random.ts";
import type { Storage } from "../../storage/storage.ts";
import type { WatchCache } from "../cache/watch-cache.ts";
import type { Registry } from "../registry/registry.ts";
import { AddressRange } from "./address-range.ts";
import { AddressRepair } from "./address-repair.ts";
import { AllocatorMetrics } from "./allocator-metrics.ts";
import { DefaultServiceCidr } from "./default-service-cidr.ts";
import { NodePorts } from "./node-ports.ts";
import { PortRepair } from "./port-repair.ts";
import type { PortRange } from "./port-set.ts";
import { repairEvents } from "./repair-events.ts";
import { ServiceAddresses } from "./service-addresses.ts";
import { ServiceAllocation } from "./service-allocation.ts";

/** kube-apiserver's --service-node-port-range. */
export const defaultNodePortRange: PortRange = { first: 30_000, last: 32_767 };
/** How long a repair waits for what it reads to be new enough. */
const freshMs = 30_000;

export interface ServiceNetworkDeps {
  readonly registry: Registry;
  readonly cache: WatchCache;
  readonly storage: Storage;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
  /** Ranges of the default ServiceCIDR, the first family first: one or two. */
  readonly cidrs: readonly string[];
  readonly nodePortRange: PortRange;
  /** Names this server in events. */
  readonly instance: string;
}

/** Everything about the addresses of services and their ports of nodes: who has which, and that it stays true. */
export class ServiceNetwork {
  readonly #defaultCidr: DefaultServiceCidr;
  readonly #addressRepair: AddressRepair;
  readonly #portRepair: PortRepair;

  constructor(deps: ServiceNetworkDeps) {
    const { registry, cache, storage, clock, random, logger, cidrs } = deps;
    const fresh = async (): Promise<void> => {
      const timeout = cache.timeoutSignal(freshMs);
      await cache.waitUntilFresh(timeout.signal).finally(() => timeout.clear());
    };
    const tell = repairEvents({ registry, clock, logger, instance: deps.instance });
    const common = { reader: registry, writer: registry, clock, random, logger, tell, fresh };
    const metrics = (): AllocatorMetrics => measured;
    const addresses = new ServiceAddresses({ ...common, metrics });
    const nodePorts = new NodePorts({ storage, random, range: deps.nodePortRange, metrics });
    const measured = new AllocatorMetrics({
      metrics: deps.metrics,
      clock,
      ranges: () => addresses.uses(),
      ports: () => nodePorts.use,
    });
    this.#defaultCidr = new DefaultServiceCidr({ registry, cidrs, ...common });
    this.#addressRepair = new AddressRepair({ ...common, ranges: addresses.ranges });
    this.#portRepair = new PortRepair({ ...common, nodePorts });
    registry.setHooks(Service, new ServiceAllocation({ ...common, addresses, nodePorts, network: familiesOf(cidrs) }));
  }

  /**
   * Once the cache is filled: makes what every cluster has, and what services hold, known to the store. Resolves when
   * addresses and ports can be given out; rejects where that cannot be.
   */
  async start(): Promise<void> {
    await Promise.all([
      this.#defaultCidr.start().then(() => this.#addressRepair.repairAll()),
      this.#portRepair.repair(),
    ]);
    this.#addressRepair.start();
    this.#portRepair.start();
  }

  stop(): void {
    this.#defaultCidr.stop();
    this.#addressRepair.stop();
    this.#portRepair.stop();
  }
}

/** Throws RangeError on what is no range. */
function familiesOf(cidrs: readonly string[]): Families {
  const families = cidrs.map((text) => {
    const range = AddressRange.of(text);
    if (range !== undefined) return range.family;
    throw new RangeError(
      `the service range ${JSON.stringify(text)} is none: write something like 10.96.0.0/16, or fd00:96::/112 (64 bits or more)`,
    );
  });
  return { families: families as unknown as Families["families"] };
}
