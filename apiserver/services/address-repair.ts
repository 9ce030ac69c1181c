import { Service } from "../../api/core/v1/service.ts";
import { IPAddress } from "../../api/networking/v1/ip-address.ts";
import { isAlreadyExists, isConflict, isNotFound } from "../../apimachinery/errors/api-error.ts";
import type { Clock, Timer } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import type { ObjectChange, ObjectReader, ObjectWriter } from "../registry/access.ts";
import {
  type AddressView,
  type AddressRepair as Repair,
  repairsOfAddress,
  repairsOfService,
} from "./address-repair-plan.ts";
import { ipAddressOf, isManagedHere } from "./ip-address-object.ts";
import type { Tell } from "./repair-events.ts";
import type { ServiceRanges } from "./service-ranges.ts";

/** Between two looks at everything (controlplane's repairLoopInterval). */
export const repairIntervalMs = 3 * 60_000;
/** Before a repair that failed is tried again. */
const retryMs = 5_000;
/** Repairs under way at once, of a whole cluster that was never repaired. */
const parallel = 32;

export const addressController = "ipallocator-repair-controller";

export interface AddressRepairDeps {
  readonly reader: ObjectReader;
  readonly writer: ObjectWriter;
  readonly ranges: ServiceRanges;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly tell: Tell;
}

/**
 * Keeps services and IPAddresses in agreement: of a change it looks at what the change concerns, in the turn in which it
 * happens, and now and then at everything. As a rule there is nothing to do: an allocation that goes well costs a look.
 */
export class AddressRepair {
  readonly #deps: AddressRepairDeps;
  readonly #view: AddressView;
  /** IPAddresses that may be nobody's, and when (ms since 1970) that is to be looked into. */
  readonly #suspects = new Map<string, number>();
  readonly #stops: (() => void)[] = [];
  /** Of the suspects, of the next look at everything, and of what failed. */
  #timer: Timer | undefined;
  #round: Timer | undefined;
  #retry: Timer | undefined;
  /** What is being put right, one thing after another. */
  #work: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(deps: AddressRepairDeps) {
    this.#deps = deps;
    const { reader, ranges } = deps;
    this.#view = {
      service: (namespace, name) => reader.get(Service, namespace, name),
      address: (name) => reader.get(IPAddress, "", name),
      isInRange: (family, value) => ranges.contains(family, value),
    };
  }

  /** Looks at everything; resolves when what was wrong is right. Rejects where a service's address could not be recorded. */
  async repairAll(): Promise<void> {
    const { reader, clock } = this.#deps;
    const services = [...reader.list(Service)].values();
    const work = async (): Promise<void> => {
      for (const service of services) {
        for (const repair of [...repairsOfService(service, this.#view)]) await this.#do(repair);
      }
    };
    await Promise.all(Array.from({ length: parallel }, work));
    for (const address of [...reader.list(IPAddress)]) {
      for (const repair of [...repairsOfAddress(address, this.#view, clock.now())]) await this.#do(repair);
    }
  }

  /** Follows changes from now on. */
  start(): void {
    const { reader } = this.#deps;
    this.#stops.push(reader.onChange(Service, (change) => this.#serviceChanged(change)));
    this.#stops.push(reader.onChange(IPAddress, (change) => this.#addressChanged(change)));
    this.#again();
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of [this.#timer, this.#round, this.#retry]) timer?.clear();
    for (const stop of this.#stops) stop();
  }

  #again(): void {
    this.#round = this.#deps.clock
      .setTimer(repairIntervalMs, () => {
        this.#enqueue(() => this.repairAll());
        if (!this.#stopped) this.#again();
      })
      .unref();
  }

  #serviceChanged({ type, object }: ObjectChange<Service>): void {
    if (type === "DELETED") return;
    for (const ip of object.spec.clusterIPs ?? []) this.#suspects.delete(ip);
    this.#lookAt(object);
  }

  #addressChanged({ type, object }: ObjectChange<IPAddress>): void {
    const { name = "" } = object.metadata;
    this.#suspects.delete(name);
    const { parentRef } = object.spec;
    const service = parentRef === undefined ? undefined : this.#view.service(parentRef.namespace ?? "", parentRef.name);
    if (service !== undefined) this.#lookAt(service);
    if (type !== "DELETED" && isManagedHere(object)) this.#lookAtAddress(object);
  }

  #lookAt({ metadata: { namespace = "", name = "" } }: Service): void {
    const repairs = (): readonly Repair[] => {
      const service = this.#view.service(namespace, name);
      return service === undefined ? [] : [...repairsOfService(service, this.#view)];
    };
    if (repairs().length > 0) this.#enqueue(() => this.#doAll(repairs()));
  }

  #lookAtAddress({ metadata: { name = "" } }: IPAddress): void {
    const repairs = (): readonly Repair[] => {
      const address = this.#view.address(name);
      return address === undefined ? [] : [...repairsOfAddress(address, this.#view, this.#deps.clock.now())];
    };
    const now = repairs();
    const waits = now.every((repair) => repair.type === "look");
    for (const repair of now) if (repair.type === "look") this.#suspect(repair.name, repair.atMs);
    if (!waits) this.#enqueue(() => this.#doAll(repairs()));
  }

  #suspect(name: string, atMs: number): void {
    this.#suspects.set(name, atMs);
    if (this.#timer !== undefined || this.#stopped) return;
    const { clock } = this.#deps;
    this.#timer = clock
      .setTimer(Math.max(1, atMs - clock.now()), () => {
        this.#timer = undefined;
        this.#lookAtSuspects();
      })
      .unref();
  }

  #lookAtSuspects(): void {
    const now = this.#deps.clock.now();
    for (const [name, atMs] of [...this.#suspects]) {
      this.#suspects.delete(name);
      const address = this.#view.address(name);
      if (address === undefined) continue;
      if (atMs > now) this.#suspect(name, atMs);
      else this.#lookAtAddress(address);
    }
  }

  /** Runs when what is before it has ended; what fails is looked at again a little later, all of it. */
  #enqueue(task: () => Promise<void>): void {
    this.#work = this.#work.then(async () => {
      if (this.#stopped) return;
      try {
        await task();
      } catch (error) {
        if (this.#stopped) return;
        const { clock, logger } = this.#deps;
        logger.warn("addresses of services could not be repaired", { error });
        // One look at everything serves all that has failed until then.
        this.#retry ??= clock
          .setTimer(retryMs, () => {
            this.#retry = undefined;
            this.#enqueue(() => this.repairAll());
          })
          .unref();
      }
    });
  }

  async #doAll(repairs: readonly Repair[]): Promise<void> {
    for (const repair of repairs) await this.#do(repair);
  }

  async #do(repair: Repair): Promise<void> {
    const { writer, tell, logger } = this.#deps;
    switch (repair.type) {
      case "tell":
        logger.warn("an address of a service is not as it should be", { ...repair.event });
        return tell(addressController, repair.regarding, repair.event);
      case "look":
        return this.#suspect(repair.name, repair.atMs);
      case "create": {
        const { namespace = "", name = "" } = repair.service.metadata;
        const object = ipAddressOf(repair.name, repair.family, { namespace, name });
        // Another server repairs the same.
        await tolerating(isAlreadyExists, () => writer.create(IPAddress, object));
        return;
      }
      case "delete": {
        // It may be that of a service which cannot be read now.
        if (this.#deps.reader.hasUnreadable?.(Service) === true) return;
        const { name = "", uid = "" } = repair.address.metadata;
        const gone = (error: unknown): boolean => isNotFound(error) || isConflict(error);
        await tolerating(gone, () => writer.delete(IPAddress, "", name, { uid }));
      }
    }
  }
}

async function tolerating(tolerated: (error: unknown) => boolean, write: () => Promise<unknown>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (!tolerated(error)) throw error;
  }
}
