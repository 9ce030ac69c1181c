import { Service } from "../../api/core/v1/service.ts";
import type { Clock, Timer } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import type { ObjectReader } from "../registry/access.ts";
import { repairIntervalMs } from "./address-repair.ts";
import type { NodePorts } from "./node-ports.ts";
import { repairPorts } from "./port-repair-plan.ts";
import type { Tell } from "./repair-events.ts";

export const portController = "portallocator-repair-controller";
/** Tries while others write. */
const attempts = 5;

export interface PortRepairDeps {
  readonly reader: ObjectReader;
  readonly nodePorts: NodePorts;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly tell: Tell;
  /** Resolves when the reader shows what the store held when it was called. */
  readonly fresh: () => Promise<void>;
}

/** Keeps the ports that are taken those that services have. */
export class PortRepair {
  readonly #deps: PortRepairDeps;
  #leaks: ReadonlyMap<number, number> = new Map();
  #timer: Timer | undefined;
  #stopped = false;

  constructor(deps: PortRepairDeps) {
    this.#deps = deps;
  }

  /** Makes what is stored right; the first time, makes it. Rejects where others write all the time. */
  async repair(): Promise<void> {
    const { reader, nodePorts, tell, logger, fresh } = this.#deps;
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const read = await nodePorts.read();
      // In this order: a port whose service is listed was taken before, so that it is in what was read.
      await fresh();
      // What nobody seems to have may be that of a service which cannot be read now.
      if (read.ports !== undefined && reader.hasUnreadable?.(Service) === true) return;
      const plan = repairPorts(read.ports, reader.list(Service), { range: nodePorts.range, leaks: this.#leaks });
      const right = read.ports?.equals(plan.ports) === true;
      if (!right && !(await nodePorts.replace(read, plan.ports))) continue;
      this.#leaks = plan.leaks;
      for (const { service, event } of plan.events) {
        logger.warn("a port of a service is not as it should be", { ...event });
        tell(portController, service, event);
      }
      return;
    }
    throw new Error("the node ports are written all the time: they could not be compared with the services");
  }

  start(): void {
    const { clock, logger } = this.#deps;
    this.#timer = clock
      .setTimer(repairIntervalMs, () => {
        this.repair()
          .catch((error: unknown) => logger.warn("node ports could not be repaired", { error }))
          .finally(() => {
            if (!this.#stopped) this.start();
          });
      })
      .unref();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.clear();
  }
}
