import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Service } from "../../api/core/v1/service.ts";
import type { IPAddress } from "../../api/networking/v1/ip-address.ts";
import { formatTime } from "../../apimachinery/time/time.ts";
import { type AddressRepair, type AddressView, repairsOfAddress, repairsOfService } from "./address-repair-plan.ts";
import { ipAddressOf } from "./ip-address-object.ts";
import { repairPorts } from "./port-repair-plan.ts";
import { PortSet } from "./port-set.ts";
import { pretendedPorts } from "./pretended-ports.ts";

const now = Date.parse("2026-01-01T00:00:00Z");
const ago = (seconds: number): string => formatTime(now - seconds * 1_000);

function service(name: string, spec: object, ageSeconds = 3_600): Service {
  const metadata = { namespace: "ns", name, creationTimestamp: ago(ageSeconds) };
  return { apiVersion: "v1", kind: "Service", metadata, spec: { type: "ClusterIP", ...spec } } as unknown as Service;
}

function address(
  name: string,
  owner: string,
  more: { ageSeconds?: number; labels?: object; parentRef?: object } = {},
): IPAddress {
  const { ageSeconds = 3_600, labels, parentRef } = more;
  const made = ipAddressOf(name, name.includes(":") ? "IPv6" : "IPv4", { namespace: "ns", name: owner }) as {
    metadata: object;
    spec: object;
  };
  const metadata = { ...made.metadata, creationTimestamp: ago(ageSeconds), ...(labels && { labels }) };
  return { ...made, metadata, spec: { ...made.spec, ...(parentRef && { parentRef }) } } as unknown as IPAddress;
}

function viewOf(services: readonly Service[], addresses: readonly IPAddress[]): AddressView {
  return {
    service: (namespace, name) =>
      services.find(({ metadata }) => metadata.namespace === namespace && metadata.name === name),
    address: (name) => addresses.find(({ metadata }) => metadata.name === name),
    isInRange: (_, value) => value !== 0x0a09_0001n,
  };
}

function shown(repairs: Iterable<AddressRepair>): readonly string[] {
  return Array.from(repairs, textOf);
}

function textOf(repair: AddressRepair): string {
  switch (repair.type) {
    case "create":
      return `create ${repair.name} ${repair.family} for ${repair.service.metadata.name}`;
    case "delete":
      return `delete ${repair.address.metadata.name}`;
    case "tell":
      return `${repair.event.reason}/${repair.event.action}: ${repair.event.note}`;
    case "look":
      return `look at ${repair.name} in ${(repair.atMs - now) / 1_000} s`;
  }
}

const ofService = (one: Service, others: readonly Service[], addresses: readonly IPAddress[]): readonly string[] =>
  shown(repairsOfService(one, viewOf([one, ...others], addresses)));
const ofAddress = (one: IPAddress, services: readonly Service[]): readonly string[] =>
  shown(repairsOfAddress(one, viewOf(services, [one]), now));

test("a service whose addresses are its own needs nothing, and one without addresses neither", () => {
  const both = service("s", { clusterIPs: ["10.0.0.1", "2001:db8::1"] });
  assert.deepEqual(ofService(both, [], [address("10.0.0.1", "s"), address("2001:db8::1", "s")]), []);
  assert.deepEqual(ofService(service("s", { clusterIPs: ["None"] }), [], []), []);
  assert.deepEqual(ofService(service("s", { type: "ExternalName" }), [], []), []);
});

test("an address without its IPAddress, or with somebody else's, is repaired and told in upstream's words", () => {
  const s = service("s", { clusterIPs: ["10.0.0.1"] });
  const wrong =
    "ClusterIPNotAllocated/ClusterIPAllocation: the ClusterIP [IPv4]: 10.0.0.1 for Service ns/s has a wrong reference; repairing";
  const again = ["delete 10.0.0.1", "create 10.0.0.1 IPv4 for s"];
  assert.deepEqual(ofService(s, [], []), [
    "ClusterIPNotAllocated/ClusterIPAllocation: Cluster IP [IPv4]: 10.0.0.1 is not allocated; repairing",
    "create 10.0.0.1 IPv4 for s",
  ]);
  assert.deepEqual(ofService(s, [], [address("10.0.0.1", "gone")]), [wrong, ...again]);
  const gateway = { parentRef: { group: "example.com", resource: "gateways", name: "g" } };
  assert.deepEqual(ofService(s, [], [address("10.0.0.1", "s", gateway)]), [wrong, ...again]);
  const other = service("other", { clusterIPs: ["10.0.0.2"] });
  assert.deepEqual(ofService(s, [other], [address("10.0.0.1", "other")]), [wrong, ...again]);
  const twin = service("twin", { clusterIPs: ["10.0.0.1"] });
  assert.deepEqual(ofService(s, [twin], [address("10.0.0.1", "twin")]), [
    "ClusterIPAlreadyAllocated/ClusterIPAllocation: Cluster IP [IPv4]:10.0.0.1 was assigned to multiple services; please recreate service",
  ]);
  const labels = { "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io" };
  assert.deepEqual(ofService(s, [], [address("10.0.0.1", "s", { labels })]), again);
});

test("an address that is none, or of no range, is told and not recorded", () => {
  assert.deepEqual(ofService(service("s", { clusterIPs: ["10.9.0.1"] }), [], []), [
    "ClusterIPOutOfRange/ClusterIPAllocation: Cluster IP [IPv4]: 10.9.0.1 is not within any configured Service CIDR; please recreate service",
  ]);
  assert.deepEqual(ofService(service("s", { clusterIPs: ["x"] }), [], []), [
    "ClusterIPNotValid/ClusterIPValidation: Cluster IP <nil> is not a valid IP; please recreate Service",
  ]);
});

test("an IPAddress without its service is waited for, for a minute, then it goes", () => {
  assert.deepEqual(ofAddress(address("10.0.0.1", "s", { ageSeconds: 20 }), []), ["look at 10.0.0.1 in 40.001 s"]);
  assert.deepEqual(ofAddress(address("10.0.0.1", "s", { ageSeconds: 61 }), []), [
    "IPAddressNotAllocated/IPAddressAllocation: IPAddress: 10.0.0.1 for Service ns/s appears to have leaked: cleaning up",
    "delete 10.0.0.1",
  ]);
});

test("an IPAddress that its service does not hold goes, unless a write that takes it may be under way", () => {
  const gone = [
    "IPAddressWrongReference/IPAddressAllocation: IPAddress: 10.0.0.1 for Service ns/s has a wrong reference; cleaning up",
    "delete 10.0.0.1",
  ];
  const s = service("s", { clusterIPs: ["10.0.0.2"] });
  assert.deepEqual(ofAddress(address("10.0.0.1", "s", { ageSeconds: 2 }), [s]), ["look at 10.0.0.1 in 5 s"]);
  assert.deepEqual(ofAddress(address("10.0.0.1", "s", { ageSeconds: 6 }), [s]), gone);
  const external = service("s", { type: "ExternalName" });
  assert.deepEqual(ofAddress(address("10.0.0.1", "s", { ageSeconds: 30 }), [external]), ["look at 10.0.0.1 in 30 s"]);
  assert.deepEqual(ofAddress(address("10.0.0.1", "s", { ageSeconds: 60 }), [external]), gone);
});

test("an IPAddress of the allocator that is no service's any more goes; others' are let be", () => {
  const parentRef = { group: "example.com", resource: "gateways", name: "g" };
  assert.deepEqual(ofAddress(address("10.0.0.1", "s", { parentRef }), []), [
    "IPAddressNotAllocated/IPAddressAllocation: IPAddress 10.0.0.1 appears to have been modified, not referencing a Service &ParentReference{Group:example.com,Resource:gateways,Namespace:,Name:g,}: cleaning up",
    "delete 10.0.0.1",
  ]);
  assert.deepEqual(ofAddress(address("10.0.0.1", "s", { parentRef, labels: {} }), []), []);
});

const range = { first: 30_000, last: 30_099 };

function setOf(ports: Iterable<number>): PortSet {
  const set = new PortSet(range);
  for (const port of ports) set.add(port);
  return set;
}

test("ports are compared with the services, and what differs is told in upstream's words", () => {
  const s = service("s", {
    ports: [{ nodePort: 30_001 }, { nodePort: 30_001, protocol: "UDP" }],
    healthCheckNodePort: 30_002,
  });
  const t = service("t", { ports: [{ nodePort: 30_001 }, { nodePort: 40_000 }] });
  const { ports, events } = repairPorts(setOf([30_001]), [s, t], { range, leaks: new Map() });
  assert.deepEqual([...ports], [30_001, 30_002]);
  assert.deepEqual(
    events.map(({ service: { metadata }, event }) => `${metadata.name} ${event.reason}: ${event.note}`),
    [
      "s PortNotAllocated: Port 30002 is not allocated; repairing",
      "t PortAlreadyAllocated: Port 30001 was assigned to multiple services; please recreate service",
      "t PortOutOfRange: Port 40000 is not within the port range 30000-30099; please recreate service",
    ],
  );
});

test("law: a port of a service is never free, one that nobody has is free at the third look and not before", () => {
  const port = fc.integer({ min: range.first, max: range.last });
  fc.assert(
    fc.property(fc.uniqueArray(port, { maxLength: 20 }), fc.uniqueArray(port, { maxLength: 20 }), (stored, held) => {
      const services = held.map((nodePort, i) => service(`s${i}`, { ports: [{ nodePort }] }));
      let ports = setOf(stored);
      let leaks: ReadonlyMap<number, number> = new Map();
      const leaked = stored.filter((one) => !held.includes(one));
      for (let look = 1; look <= 4; look++) {
        ({ ports, leaks } = repairPorts(ports, services, { range, leaks }));
        const wanted = setOf(look < 3 ? [...held, ...leaked] : held);
        assert.deepEqual([...ports], [...wanted], `look ${look}`);
      }
      assert.equal(leaks.size, 0);
    }),
  );
});

test("a dry run looks up the ports that are named, and counts on from the highest for the others", () => {
  const isTaken = (port: number): boolean => port === 30_005;
  assert.deepEqual(pretendedPorts([undefined, undefined], isTaken), { ports: [32_769, 32_770] });
  assert.deepEqual(pretendedPorts([30_000, undefined, 7], isTaken), { ports: [30_000, 30_001, 7] });
  const refusal = "provided port is already allocated";
  assert.deepEqual(pretendedPorts([1, 30_005], isTaken), { refusal, index: 1 });
  assert.deepEqual(pretendedPorts([8, 8], isTaken), { refusal, index: 1 });
});
