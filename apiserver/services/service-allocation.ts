import { Service } from "../../api/core/v1/service.ts";
import { type IPFamily, type ServiceNetwork, setServiceFamilies } from "../../api/core/v1/service-families.ts";
import {
  applyAllocation,
  type ServiceHoldings,
  type ServiceNeeds,
  serviceHoldings,
  serviceNeeds,
} from "../../api/core/v1/service-ip.ts";
import { ApiError } from "../../apimachinery/errors/api-error.ts";
import type { FieldError } from "../../apimachinery/field/error.ts";
import { invalid } from "../../apimachinery/field/errors.ts";
import { path } from "../../apimachinery/field/path.ts";
import { type Cidr, formatIP, isIPv4, parseCIDR, parseIP } from "../../apimachinery/net/ip.ts";
import type { ApiObject, Draft } from "../../apimachinery/resource/object.ts";
import type { Random } from "../../base/random.ts";
import type { ObjectReader } from "../registry/access.ts";
import type { WriteHooks } from "../registry/write-context.ts";
import { bigintOfIP, ipOfBigint } from "./ip-number.ts";
import { Pool, type Refusal } from "./pool.ts";

/** Ports of nodes that services get (kube-apiserver --service-node-port-range). */
const nodePortFirst = 30_000;
const nodePortLast = 32_767;
/** Of an IPv6 range no more than this is used: upstream's allocators do the same. */
const maxRange = 1n << 64n;

const refusals: Readonly<Record<Exclude<Refusal, "outOfRange">, string>> = {
  full: "range is full",
  allocated: "provided IP is already allocated",
};

interface Range {
  readonly cidr: Cidr;
  readonly text: string;
  readonly pool: Pool;
}

/**
 * Gives services their addresses and ports of nodes. What is taken is what the services in the cache hold: nothing else is
 * stored, so nothing can leak. One server writes; several on one store would each need to reserve in it (IPAddress objects).
 */
export class ServiceAllocation implements WriteHooks {
  readonly #network: ServiceNetwork;
  readonly #ranges = new Map<IPFamily, Range>();
  readonly #ports: Pool;

  constructor(reader: ObjectReader, cidrs: readonly string[], random: Random) {
    for (const text of cidrs) {
      const range = rangeOf(text, random);
      this.#ranges.set(isIPv4(range.cidr.network) ? "IPv4" : "IPv6", range);
    }
    this.#network = { families: [...this.#ranges.keys()] as unknown as ServiceNetwork["families"] };
    this.#ports = new Pool(BigInt(nodePortFirst), BigInt(nodePortLast - nodePortFirst + 1), random);
    reader.onChange(Service, ({ type, object, previous }) => {
      if (previous !== undefined) {
        this.#count(serviceHoldings(previous), -1);
      }
      if (type !== "DELETED") {
        this.#count(serviceHoldings(object), 1);
      }
    });
  }

  claim(draft: Draft<ApiObject>, old: ApiObject | undefined): () => void {
    const service = draft as unknown as Draft<Service>;
    const before = old as unknown as Service | undefined;
    const refuse = (errors: readonly FieldError[]): ApiError =>
      ApiError.invalid({ group: "", kind: "Service" }, service.metadata.name ?? "", errors);
    const errors = setServiceFamilies(service, before, this.#network);
    if (errors.length > 0) {
      throw refuse(errors);
    }
    const needs = serviceNeeds(service, before);
    const taken: { readonly pool: Pool; readonly value: bigint }[] = [];
    const release = (): void => {
      for (const { pool, value } of taken) {
        pool.release(value);
      }
    };
    try {
      const clusterIPs = needs.clusterIPs.map((need) => this.#takeAddress(service, need, taken, refuse));
      const nodePorts = needs.nodePorts.map(({ indexes, nodePort }) => {
        const place = path("spec", "ports").index(indexes[0]!).child("nodePort");
        return this.#takePort(nodePort, taken, (text) => refuse([invalid(place, nodePort ?? 0, text)]));
      });
      const health = needs.healthCheckNodePort;
      const healthCheckNodePort =
        health === undefined
          ? undefined
          : this.#takePort(health.nodePort, taken, (text) =>
              ApiError.internal(`failed to allocate requested HealthCheck NodePort ${health.nodePort}: ${text}`),
            );
      applyAllocation(service, needs, {
        clusterIPs,
        nodePorts,
        ...(healthCheckNodePort === undefined ? {} : { healthCheckNodePort }),
      });
    } catch (error) {
      release();
      throw error;
    }
    return release;
  }

  #takeAddress(
    service: Draft<Service>,
    need: ServiceNeeds["clusterIPs"][number],
    taken: { readonly pool: Pool; readonly value: bigint }[],
    refuse: (errors: readonly FieldError[]) => ApiError,
  ): string {
    const range = this.#ranges.get(need.family);
    const place = path("spec", "clusterIPs");
    const shown = service.spec.clusterIPs ?? [];
    if (range === undefined) {
      throw refuse([invalid(place, shown, `${need.family} is not configured on this cluster`)]);
    }
    const wanted = need.ip === undefined ? undefined : bigintOfIP(parseIP(need.ip)!);
    const value = range.pool.take(wanted);
    if (typeof value === "bigint") {
      taken.push({ pool: range.pool, value });
      return need.ip ?? formatIP(ipOfBigint(value, need.family));
    }
    if (need.ip === undefined) {
      const name = JSON.stringify(service.metadata.name);
      throw ApiError.internal(`failed to allocate a serviceIP for Service ${name}: ${refusals.full}`);
    }
    const why =
      value === "outOfRange"
        ? `the provided IP (${need.ip}) is not in the valid range. The range of valid IPs is ${range.text}`
        : refusals[value];
    throw refuse([invalid(place, shown, `failed to allocate IP ${need.ip}: ${why}`)]);
  }

  #takePort(
    wanted: number | undefined,
    taken: { readonly pool: Pool; readonly value: bigint }[],
    refuse: (text: string) => ApiError,
  ): number {
    const value = this.#ports.take(wanted === undefined ? undefined : BigInt(wanted));
    if (typeof value === "bigint") {
      taken.push({ pool: this.#ports, value });
      return Number(value);
    }
    if (wanted === undefined) {
      throw ApiError.internal("failed to allocate a nodePort: range is full");
    }
    throw refuse(
      value === "outOfRange"
        ? `provided port is not in the valid range. The range of valid ports is ${nodePortFirst}-${nodePortLast}`
        : "provided port is already allocated",
    );
  }

  #count({ clusterIPs, nodePorts }: ServiceHoldings, change: 1 | -1): void {
    for (const { family, ip } of clusterIPs) {
      const address = parseIP(ip);
      if (address !== undefined) {
        this.#ranges.get(family)?.pool.count(bigintOfIP(address), change);
      }
    }
    for (const port of nodePorts) {
      this.#ports.count(BigInt(port), change);
    }
  }
}

/** A range without its first address (the network's) and, in IPv4, its last (broadcast). */
function rangeOf(text: string, random: Random): Range {
  const cidr = parseCIDR(text);
  if (cidr === undefined) {
    throw new RangeError(`the service range ${JSON.stringify(text)} is no CIDR: write something like 10.96.0.0/16`);
  }
  const { network, prefix } = cidr;
  const four = isIPv4(network);
  const whole = 1n << BigInt((four ? 32 : 128) - prefix);
  const size = (whole > maxRange ? maxRange : whole) - (four ? 2n : 1n);
  return { cidr, text, pool: new Pool(bigintOfIP(network) + 1n, size, random) };
}
