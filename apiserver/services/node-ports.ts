import type { ApiError } from "../../apimachinery/errors/api-error.ts";
import type { Random } from "../../base/random.ts";
import type { Entry, Storage } from "../../storage/storage.ts";
import { guardedWrite } from "../registry/committer.ts";
import type { AllocatorMetrics } from "./allocator-metrics.ts";
import { type PortRange, type PortSet, portRangeText } from "./port-set.ts";
import { decodePorts, encodePorts, nodePortsKey } from "./range-allocation.ts";

/** Ports that are a service's from now on, or why the one at `index` is not to be had. */
export type PortClaim = { readonly ports: readonly number[] } | { readonly refusal: string; readonly index: number };

interface Operation {
  /** Changes the set, or leaves it as it is and answers a refusal. */
  readonly apply: (ports: PortSet) => PortClaim;
  readonly resolve: (claim: PortClaim) => void;
  readonly reject: (error: unknown) => void;
}

/** What the store held when it was last read or written here. */
interface Known {
  /** Undefined: nothing is stored. */
  readonly ports: PortSet | undefined;
  readonly revision: number;
}

const uninitialized = "cannot allocate resources of type servicenodeportallocations at this time";

export interface NodePortsDeps {
  readonly storage: Storage;
  readonly random: Random;
  readonly range: PortRange;
  readonly metrics?: () => AllocatorMetrics;
}

/**
 * Gives out the ports of nodes. Which are taken is one object of the store, upstream's, changed by compare-and-put: that
 * object decides, however many servers there are. What is asked for while a write is under way goes with the next one, all of
 * it, so that a server's own requests never wait for each other's turns.
 */
export class NodePorts {
  readonly range: PortRange;
  readonly #storage: Storage;
  readonly #random: Random;
  readonly #metrics: (() => AllocatorMetrics) | undefined;
  #known: Known | undefined;
  #waiting: Operation[] = [];
  #working = false;

  constructor({ storage, random, range, metrics }: NodePortsDeps) {
    this.#metrics = metrics;
    this.#storage = storage;
    this.#random = random;
    this.range = range;
  }

  /** One port for each that is wanted: this one, or any where it is undefined. All of them, or none. */
  async take(wanted: readonly (number | undefined)[]): Promise<PortClaim> {
    const claim = await this.#do((ports) => this.#takeFrom(ports, wanted));
    const metrics = this.#metrics?.();
    const scope = (port: number | undefined) => (port === undefined ? "dynamic" : "static");
    if ("refusal" in claim) metrics?.failedPort(scope(wanted[claim.index]));
    else for (const port of wanted) metrics?.gavePort(scope(port));
    return claim;
  }

  /** As far as this server knows; undefined where it does not. */
  get use(): { readonly allocated: number; readonly size: number } | undefined {
    const ports = this.#known?.ports;
    const { first, last } = this.range;
    return ports === undefined ? undefined : { allocated: ports.size, size: last - first + 1 };
  }

  /** Gives ports back; those that are free change nothing. */
  async release(released: readonly number[]): Promise<void> {
    await this.#do((ports) => {
      for (const port of released) ports.delete(port);
      return { ports: [] };
    });
  }

  /** As far as this server knows. */
  has(port: number): boolean {
    return this.#known?.ports?.has(port) === true;
  }

  /** The store's own state, read now. Undefined where nothing is stored; to be handed to `replace`. */
  async read(): Promise<Known> {
    const { entry } = await this.#storage.get(nodePortsKey);
    const known = this.#stateOf(entry);
    if ((this.#known?.revision ?? 0) < known.revision) this.#known = known;
    return known;
  }

  /** Stores these in place of what was read; false where somebody has written since. */
  async replace(read: Known, ports: PortSet): Promise<boolean> {
    return (await this.#put(ports, read.revision)) === undefined;
  }

  #do(apply: Operation["apply"]): Promise<PortClaim> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ apply, resolve, reject });
      if (!this.#working) void this.#work();
    });
  }

  /** Never rejects: each operation hears of what became of it. */
  async #work(): Promise<void> {
    this.#working = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0);
      try {
        const claims = await this.#write(batch);
        for (const [i, { resolve }] of batch.entries()) resolve(claims[i]!);
      } catch (error) {
        this.#known = undefined;
        for (const { reject } of batch) reject(error as ApiError);
      }
    }
    this.#working = false;
  }

  async #write(batch: readonly Operation[]): Promise<readonly PortClaim[]> {
    let fresh = false;
    for (;;) {
      if (this.#known === undefined) {
        await this.read();
        fresh = true;
      }
      const { ports: known, revision } = this.#known!;
      if (known === undefined) {
        if (fresh) return batch.map(() => ({ refusal: uninitialized, index: 0 }));
        this.#known = undefined;
        continue;
      }
      const ports = known.copy();
      const claims = batch.map(({ apply }) => apply(ports));
      const unchanged = ports.equals(known);
      // A write tells whether what is known here is true. Without one, and before a refusal, it has to be looked at: another
      // server may have given back what is asked for, or taken what is to be given back.
      if (!fresh && (unchanged || claims.some((claim) => "refusal" in claim))) {
        this.#known = undefined;
        continue;
      }
      if (unchanged) return claims;
      const newer = await this.#put(ports, revision);
      if (newer === undefined) return claims;
      this.#known = newer;
      fresh = true;
    }
  }

  /** Undefined once it is written; what is there instead where somebody was faster. */
  async #put(ports: PortSet, expectedRevision: number): Promise<Known | undefined> {
    const result = await guardedWrite(() => this.#storage.put(nodePortsKey, encodePorts(ports), { expectedRevision }));
    if (!result.ok) return this.#stateOf(result.current);
    this.#known = { ports, revision: result.revision };
    return undefined;
  }

  #stateOf(entry: Entry | undefined): Known {
    if (entry?.unreadable !== undefined) throw entry.unreadable;
    return entry === undefined
      ? { ports: undefined, revision: 0 }
      : { ports: decodePorts(entry.value, this.range), revision: entry.modRevision };
  }

  #takeFrom(ports: PortSet, wanted: readonly (number | undefined)[]): PortClaim {
    const taken: number[] = [];
    const refuse = (index: number, refusal: string): PortClaim => {
      for (const port of taken) ports.delete(port);
      return { refusal, index };
    };
    // Those that are named come first: any other could be taken in place of them.
    for (const [index, port] of wanted.entries()) {
      if (port === undefined) continue;
      if (!ports.covers(port)) {
        const valid = portRangeText(this.range);
        return refuse(index, `provided port is not in the valid range. The range of valid ports is ${valid}`);
      }
      if (!ports.add(port)) return refuse(index, "provided port is already allocated");
      taken.push(port);
    }
    const result: number[] = [];
    for (const [index, port] of wanted.entries()) {
      const given = port ?? ports.takeAny(this.#random);
      if (given === undefined) return refuse(index, "range is full");
      if (port === undefined) taken.push(given);
      result.push(given);
    }
    return { ports: result };
  }
}
