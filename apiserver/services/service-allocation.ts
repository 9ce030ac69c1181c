import { Endpoints } from "../../api/core/v1/endpoints.ts";
import type { Service } from "../../api/core/v1/service.ts";
import { type ServiceNetwork, setServiceFamilies } from "../../api/core/v1/service-families.ts";
import { applyAllocation, type ServiceNeeds, serviceHoldings, serviceNeeds } from "../../api/core/v1/service-ip.ts";
import { ApiError, isNotFound } from "../../apimachinery/errors/api-error.ts";
import type { FieldError } from "../../apimachinery/field/error.ts";
import { invalid } from "../../apimachinery/field/errors.ts";
import { path } from "../../apimachinery/field/path.ts";
import type { ApiObject, Draft } from "../../apimachinery/resource/object.ts";
import type { Logger } from "../../base/logger.ts";
import type { ObjectReader, ObjectWriter } from "../registry/access.ts";
import type { Claim, WriteContext, WriteHooks, WriteOutcome } from "../registry/write-context.ts";
import type { NodePorts } from "./node-ports.ts";
import { pretendedPorts } from "./pretended-ports.ts";
import { addressRefusals, type ClaimedAddress, type ServiceAddresses, type ServiceName } from "./service-addresses.ts";

export interface ServiceAllocationDeps {
  readonly reader: ObjectReader;
  readonly writer: ObjectWriter;
  readonly addresses: ServiceAddresses;
  readonly nodePorts: NodePorts;
  /** Families that have a range, the default one first. */
  readonly network: ServiceNetwork;
  readonly logger: Logger;
}

/**
 * What services hold outside their objects (pkg/registry/core/service/storage/alloc.go): their addresses and ports are taken
 * before the service is written, so that no other can have them, and given back once it no longer has them. A server that
 * ends in between leaves something taken, never something taken twice; the repair gives it back.
 */
export class ServiceAllocation implements WriteHooks {
  readonly #deps: ServiceAllocationDeps;

  constructor(deps: ServiceAllocationDeps) {
    this.#deps = deps;
  }

  async claim(
    draft: Draft<ApiObject>,
    old: ApiObject | undefined,
    { dryRun, subresource }: Pick<WriteContext, "dryRun" | "subresource">,
  ): Promise<Claim | undefined> {
    // A status says nothing of addresses.
    if (subresource !== "") return undefined;
    const service = draft as unknown as Draft<Service>;
    const before = old as unknown as Service | undefined;
    const errors = setServiceFamilies(service, before, this.#deps.network);
    if (errors.length > 0) throw refused(service, errors);
    const needs = serviceNeeds(service, before);
    if (dryRun) {
      this.#pretend(service, needs);
      return undefined;
    }
    const { clusterIPs, nodePorts } = needs.releases;
    const ofOld = { clusterIPs: clusterIPs.map(({ ip }) => ip), nodePorts };
    const takes = needs.clusterIPs.length + needs.nodePorts.length > 0 || needs.healthCheckNodePort !== undefined;
    if (!takes && clusterIPs.length === 0 && nodePorts.length === 0) return undefined;
    const taken = new Taken(this.#deps, nameOf(service));
    try {
      await taken.takeAll(service, needs);
    } catch (error) {
      await taken.settle("refused", ofOld);
      throw error;
    }
    return { settle: (outcome) => taken.settle(outcome, ofOld) };
  }

  async removed(object: ApiObject): Promise<void> {
    const service = object as unknown as Service;
    await this.#removeEndpoints(nameOf(service));
    const { clusterIPs, nodePorts } = serviceHoldings(service);
    const taken = new Taken(this.#deps, nameOf(service));
    await taken.settle("written", { clusterIPs: clusterIPs.map(({ ip }) => ip), nodePorts });
  }

  /** Whoever makes a service of that name next shall not find where the last one led. */
  async #removeEndpoints({ namespace, name }: ServiceName): Promise<void> {
    const { reader, writer, logger } = this.#deps;
    if (reader.get(Endpoints, namespace, name) === undefined) return;
    try {
      await writer.delete(Endpoints, namespace, name);
    } catch (error) {
      if (!isNotFound(error)) logger.warn("the endpoints of a service were not deleted", { namespace, name, error });
    }
  }

  #pretend(service: Draft<Service>, needs: ServiceNeeds): void {
    const clusterIPs = needs.clusterIPs.map(({ family, ip }) => {
      const pretended = this.#deps.addresses.pretend(family, ip);
      if ("refusal" in pretended) throw addressError(service, needs, ip, pretended.refusal);
      return pretended.ip;
    });
    const claim = pretendedPorts(wantedPorts(needs), (port) => this.#deps.nodePorts.has(port));
    if ("refusal" in claim) throw portError(service, needs, claim);
    applyPorts(service, needs, clusterIPs, claim.ports);
  }
}

interface Held {
  readonly clusterIPs: readonly string[];
  readonly nodePorts: readonly number[];
}

/** What one write has taken, until it is known what became of the write. */
class Taken {
  readonly #deps: ServiceAllocationDeps;
  readonly #service: ServiceName;
  readonly #addresses: ClaimedAddress[] = [];
  #ports: readonly number[] = [];

  constructor(deps: ServiceAllocationDeps, service: ServiceName) {
    this.#deps = deps;
    this.#service = service;
  }

  async takeAll(service: Draft<Service>, needs: ServiceNeeds): Promise<void> {
    const clusterIPs: string[] = [];
    for (const { family, ip } of needs.clusterIPs) {
      const { addresses } = this.#deps;
      const claim = await (ip === undefined
        ? addresses.claimAny(family, this.#service)
        : addresses.claim(family, ip, this.#service));
      if ("refusal" in claim) throw addressError(service, needs, ip, claim.refusal);
      this.#addresses.push(claim);
      clusterIPs.push(ip ?? claim.ip);
    }
    const wanted = wantedPorts(needs);
    if (wanted.length > 0) {
      const claim = await this.#deps.nodePorts.take(wanted);
      if ("refusal" in claim) throw portError(service, needs, claim);
      this.#ports = claim.ports;
    }
    applyPorts(service, needs, clusterIPs, this.#ports);
  }

  /**
   * Gives back what nobody holds now: what was taken, if the write was refused; what the service held before, if it was
   * done. Of a write of which nobody knows, all stays taken. What cannot be given back just now is left to the repair.
   */
  async settle(outcome: WriteOutcome, before: Held): Promise<void> {
    if (outcome === "unknown") return;
    const { addresses, nodePorts } = this.#deps;
    const releases =
      outcome === "refused"
        ? this.#addresses.map((address) => addresses.release(address))
        : before.clusterIPs.map((ip) => addresses.releaseOf(this.#service, ip));
    const ports = outcome === "refused" ? this.#ports : before.nodePorts;
    if (ports.length > 0) releases.push(nodePorts.release(ports));
    for (const result of await Promise.allSettled(releases)) {
      if (result.status === "fulfilled") continue;
      const { logger } = this.#deps;
      logger.warn("an address or port of a service was not given back", { ...this.#service, error: result.reason });
    }
  }
}

function nameOf({ metadata: { namespace = "", name = "" } }: Pick<Service, "metadata">): ServiceName {
  return { namespace, name };
}

/** Ports of nodes in their order, the one for health checks last. */
function wantedPorts({ nodePorts, healthCheckNodePort }: ServiceNeeds): readonly (number | undefined)[] {
  const wanted = nodePorts.map(({ nodePort }) => nodePort);
  return healthCheckNodePort === undefined ? wanted : [...wanted, healthCheckNodePort.nodePort];
}

function applyPorts(
  service: Draft<Service>,
  needs: ServiceNeeds,
  clusterIPs: readonly string[],
  ports: readonly number[],
): void {
  const nodePorts = ports.slice(0, needs.nodePorts.length);
  const healthCheckNodePort = ports[needs.nodePorts.length];
  applyAllocation(service, needs, {
    clusterIPs,
    nodePorts,
    ...(healthCheckNodePort === undefined ? {} : { healthCheckNodePort }),
  });
}

function refused(service: Draft<Service>, errors: readonly FieldError[]): ApiError {
  return ApiError.invalid({ group: "", kind: "Service" }, service.metadata.name ?? "", errors);
}

function addressError(
  service: Draft<Service>,
  { clusterIPs }: ServiceNeeds,
  ip: string | undefined,
  refusal: string,
): ApiError {
  if (ip === undefined && refusal === addressRefusals.full) {
    const name = JSON.stringify(service.metadata.name);
    return ApiError.internal(`failed to allocate a serviceIP for Service ${name}: ${refusal}`);
  }
  // Places whose address was to be found are shown empty.
  const shown = [...(service.spec.clusterIPs ?? [])];
  for (const { index } of clusterIPs) while (shown.length <= index) shown.push("");
  const text = ip === undefined ? `failed to allocate IP: ${refusal}` : `failed to allocate IP ${ip}: ${refusal}`;
  return refused(service, [invalid(path("spec", "clusterIPs"), shown, text)]);
}

function portError(
  service: Draft<Service>,
  { nodePorts, healthCheckNodePort }: ServiceNeeds,
  { refusal, index }: { readonly refusal: string; readonly index: number },
): ApiError {
  const need = nodePorts[index];
  if (need === undefined) {
    const asked = healthCheckNodePort?.nodePort;
    const what = asked === undefined ? "a HealthCheck NodePort 0" : `requested HealthCheck NodePort ${asked}`;
    return ApiError.internal(`failed to allocate ${what}: ${refusal}`);
  }
  if (need.nodePort === undefined) return ApiError.internal(`failed to allocate a nodePort: ${refusal}`);
  const place = path("spec", "ports").index(need.indexes[0]!).child("nodePort");
  return refused(service, [invalid(place, need.nodePort, refusal)]);
}
