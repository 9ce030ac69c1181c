import assert from "node:assert/strict";
import { Service } from "../../api/core/v1/service.ts";
import { IPAddress } from "../../api/networking/v1/ip-address.ts";
import { decodePorts, nodePortsKey } from "../../apiserver/services/range-allocation.ts";
import { defaultNodePortRange } from "../../apiserver/services/service-network.ts";
import type { Storage } from "../../storage/storage.ts";
import type { Cluster } from "../cluster.ts";

/** What a store says of who has which address and which ports are taken. */
export interface Allocations {
  /** `10.96.0.1` → `default/kubernetes`. */
  readonly addresses: ReadonlyMap<string, string>;
  readonly ports: readonly number[];
}

export async function allocationsOf(cluster: Cluster, storage: Storage): Promise<Allocations> {
  const { items } = await cluster.client.resource(IPAddress).list();
  const addresses = items.map(({ metadata, spec: { parentRef } }) => {
    return [metadata.name!, `${parentRef.namespace}/${parentRef.name}`] as const;
  });
  const { entry } = await storage.get(nodePortsKey);
  const ports = entry === undefined ? [] : [...decodePorts(entry.value, defaultNodePortRange)];
  return { addresses: new Map(addresses), ports };
}

/** What follows from the services alone; no address and no port is two services'. */
export async function heldBy(cluster: Cluster): Promise<Allocations> {
  const addresses = new Map<string, string>();
  const ports: number[] = [];
  for (const { metadata, spec } of (await cluster.client.resource(Service).listAll()).items) {
    const name = `${metadata.namespace}/${metadata.name}`;
    for (const ip of spec.clusterIPs ?? []) {
      if (ip === "None") continue;
      assert.ok(!addresses.has(ip), `${ip} is ${addresses.get(ip)}'s and ${name}'s`);
      addresses.set(ip, name);
    }
    ports.push(...new Set((spec.ports ?? []).flatMap(({ nodePort }) => nodePort ?? [])));
    if (spec.healthCheckNodePort) ports.push(spec.healthCheckNodePort);
  }
  assert.equal(new Set(ports).size, ports.length, `a port is two services': ${ports}`);
  const byAddress = (a: readonly [string, string], b: readonly [string, string]): number => (a[0] < b[0] ? -1 : 1);
  return { addresses: new Map([...addresses].sort(byAddress)), ports: ports.sort((a, b) => a - b) };
}

/** The store says of addresses and ports what the services say. */
export async function assertInAgreement(cluster: Cluster, storage: Storage): Promise<void> {
  const stored = await allocationsOf(cluster, storage);
  const held = await heldBy(cluster);
  const sorted = new Map([...stored.addresses].sort((a, b) => (a[0] < b[0] ? -1 : 1)));
  assert.deepEqual({ ...stored, addresses: sorted }, held);
}
