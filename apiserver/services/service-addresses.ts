import type { IPFamily } from "../../api/core/v1/service-families.ts";
import { IPAddress } from "../../api/networking/v1/ip-address.ts";
import { isAlreadyExists, isConflict, isNotFound } from "../../apimachinery/errors/api-error.ts";
import { formatIP } from "../../apimachinery/net/ip.ts";
import type { Random } from "../../base/random.ts";
import type { ObjectReader, ObjectWriter } from "../registry/access.ts";
import type { AllocatorMetrics, RangeUse } from "./allocator-metrics.ts";
import { ipAddressOf, isOf } from "./ip-address-object.ts";
import { ipOfBigint } from "./ip-number.ts";
import { type ServiceRange, ServiceRanges } from "./service-ranges.ts";
import { addressOf, UsedAddresses } from "./used-addresses.ts";

/** What went wrong, in upstream's words (pkg/registry/core/service/ipallocator/interfaces.go). */
export const addressRefusals = {
  full: "range is full",
  allocated: "provided IP is already allocated",
  mismatched: "the provided network does not match the current range",
  notReady: "allocator not ready",
} as const;

export interface ServiceName {
  readonly namespace: string;
  readonly name: string;
}

/** An address that is a service's from now on, until somebody deletes its IPAddress. */
export interface ClaimedAddress {
  /** Canonical: the name of the IPAddress. */
  readonly ip: string;
  /** Of the IPAddress. */
  readonly uid: string;
}

export type AddressClaim = ClaimedAddress | { readonly refusal: string };

export interface ServiceAddressesDeps {
  readonly reader: ObjectReader;
  readonly writer: ObjectWriter;
  readonly random: Random;
  /** Resolves when the reader shows what the store held when it was called. */
  readonly fresh: () => Promise<void>;
  readonly metrics?: () => AllocatorMetrics;
}

/**
 * Gives out the addresses of services. An address is taken by creating the IPAddress of its name, which the store does for
 * one only, however many servers there are; what the cache shows merely saves tries that would fail (MultiCIDRServiceAllocator,
 * KEP-1880).
 */
export class ServiceAddresses {
  readonly ranges: ServiceRanges;
  readonly #deps: ServiceAddressesDeps;
  readonly #used = new UsedAddresses();
  /** Of creates that are under way here: others need not try the same. */
  readonly #claiming = new Set<string>();

  constructor(deps: ServiceAddressesDeps) {
    this.#deps = deps;
    this.ranges = new ServiceRanges(deps.reader, (range) => this.#used.forget(range));
    deps.reader.onChange(IPAddress, ({ type, object }) => {
      const { name = "" } = object.metadata;
      if (type === "DELETED") this.#used.delete(name);
      else this.#used.add(name);
    });
  }

  /** How full each range is. */
  *uses(): Generator<RangeUse> {
    for (const family of ["IPv4", "IPv6"] as const) {
      for (const { range } of this.ranges.of(family)) {
        yield { cidr: range.text, allocated: this.#used.count(range), size: range.size };
      }
    }
  }

  /** Any free address of the family. */
  async claimAny(family: IPFamily, service: ServiceName): Promise<AddressClaim> {
    const metrics = this.#deps.metrics?.();
    const startedMs = metrics?.now() ?? 0;
    for (const { range, ready } of this.ranges.of(family)) {
      if (!ready) continue;
      if (this.#used.isFull(range)) {
        metrics?.failed(range.text, "dynamic");
        continue;
      }
      for (const value of range.candidates(this.#deps.random)) {
        if (this.#used.has(family, value)) continue;
        const name = formatIP(ipOfBigint(value, family));
        if (this.#claiming.has(name)) continue;
        const claimed = await this.#create(name, family, service);
        if (claimed !== undefined) {
          metrics?.gave(range.text, "dynamic", startedMs);
          return claimed;
        }
        // Another server was faster: the next.
        metrics?.failed(range.text, "dynamic");
      }
    }
    return { refusal: addressRefusals.full };
  }

  /** This address. */
  async claim(family: IPFamily, ip: string, service: ServiceName): Promise<AddressClaim> {
    const value = addressOf(ip)!.value;
    const within = this.ranges.of(family).find(({ range, ready }) => ready && range.has(value));
    if (within === undefined) return { refusal: addressRefusals.mismatched };
    const metrics = this.#deps.metrics?.();
    const startedMs = metrics?.now() ?? 0;
    const claimed = await this.#create(formatIP(ipOfBigint(value, family)), family, service);
    if (claimed === undefined) metrics?.failed(within.range.text, "static");
    else metrics?.gave(within.range.text, "static", startedMs);
    return claimed ?? { refusal: addressRefusals.allocated };
  }

  /** What a dry run is answered: nothing is looked for, let alone taken (dryRunAllocator). */
  pretend(family: IPFamily, ip: string | undefined): { readonly ip: string } | { readonly refusal: string } {
    const ranges = this.ranges.of(family);
    const value = ip === undefined ? undefined : addressOf(ip)!.value;
    const any = (ready: (range: ServiceRange) => boolean): ServiceRange | undefined => ranges.find(ready);
    const fitting =
      (value === undefined ? undefined : any(({ range, ready }) => ready && range.has(value))) ??
      any(({ ready }) => ready);
    if (fitting === undefined) return { refusal: addressRefusals.notReady };
    const { range } = fitting;
    if (ip === undefined) return { ip: formatIP(ipOfBigint(range.network, family)) };
    if (range.has(value!)) return { ip };
    return {
      refusal: `the provided IP (${ip}) is not in the valid range. The range of valid IPs is ${range.text}`,
    };
  }

  /** Gives back what a claim has taken: this very object. */
  async release({ ip, uid }: ClaimedAddress): Promise<void> {
    try {
      await this.#deps.writer.delete(IPAddress, "", ip, { uid });
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }

  /** Gives back an address that a service held, if it was that service's. */
  async releaseOf(service: ServiceName, ip: string): Promise<void> {
    const address = addressOf(ip);
    if (address === undefined) return;
    const name = formatIP(ipOfBigint(address.value, address.family));
    const find = (): IPAddress | undefined => this.#deps.reader.get(IPAddress, "", name);
    let held = find();
    if (held === undefined) {
      await this.#deps.fresh();
      held = find();
    }
    if (held !== undefined && isOf(held, service)) await this.release({ ip: name, uid: held.metadata.uid! });
  }

  /** Undefined where somebody has it. */
  async #create(name: string, family: IPFamily, service: ServiceName): Promise<ClaimedAddress | undefined> {
    this.#claiming.add(name);
    try {
      const created = await this.#deps.writer.create(IPAddress, ipAddressOf(name, family, service));
      return { ip: name, uid: created.metadata.uid! };
    } catch (error) {
      if (isAlreadyExists(error)) return undefined;
      throw error;
    } finally {
      this.#claiming.delete(name);
    }
  }
}
