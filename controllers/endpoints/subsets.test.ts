import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Pod } from "../../api/core/v1/pod.ts";
import type { Service } from "../../api/core/v1/service.ts";
import type { EndpointAddress } from "../../api/generated/types/core-v1.ts";
import { canonical, capacity, countAddresses, subsetsOf, truncate } from "./subsets.ts";

const service = (ports: readonly object[], more: object = {}): Service =>
  ({
    metadata: { name: "web", namespace: "n" },
    spec: { ports, clusterIP: "10.96.0.7", ipFamilies: ["IPv4"], ...more },
  }) as unknown as Service;

const pod = (i: number, ready: boolean, named?: number, going = false): Pod =>
  ({
    metadata: {
      name: `p${i}`,
      namespace: "n",
      uid: `u${i}`,
      ...(going ? { deletionTimestamp: "2026-01-01T00:00:00Z" } : {}),
    },
    spec: {
      nodeName: "n1",
      containers: [{ ports: named === undefined ? [] : [{ name: "http", containerPort: named, protocol: "TCP" }] }],
    },
    status: {
      phase: "Running",
      podIP: `10.0.0.${i}`,
      podIPs: [{ ip: `10.0.0.${i}` }, { ip: `fd00::${i}` }],
      conditions: [{ type: "Ready", status: ready ? "True" : "False" }],
    },
  }) as unknown as Pod;

const http = { name: "http", port: 80, targetPort: "http", protocol: "TCP" };
const metrics = { name: "metrics", port: 90, targetPort: 9090, protocol: "TCP" };

const ips = (addresses: readonly EndpointAddress[] = []) => addresses.map(({ ip }) => ip).join();

test("ports of the same pods stand together, those of other pods apart", () => {
  const subsets = subsetsOf(service([http, metrics]), [pod(1, true, 8080), pod(2, false, 8080)]);
  assert.equal(subsets.length, 1);
  assert.deepEqual(
    subsets[0]?.ports?.map(({ port }) => port),
    [8080, 9090],
  );
  assert.deepEqual([ips(subsets[0]?.addresses), ips(subsets[0]?.notReadyAddresses)], ["10.0.0.1", "10.0.0.2"]);
  const apart = subsetsOf(service([http, metrics]), [pod(1, true, 8080), pod(2, true, 8081), pod(3, true)]);
  assert.deepEqual(
    apart.map(({ addresses, ports }) => [ips(addresses), ports?.map(({ port }) => port).join()]),
    [
      ["10.0.0.1", "8080"],
      ["10.0.0.2", "8081"],
      ["10.0.0.1,10.0.0.2,10.0.0.3", "9090"],
    ],
  );
});

test("pods that go are left out, unless all are asked for; a headless service needs no ports; families are kept apart", () => {
  const pods = [pod(1, true), pod(2, false, undefined, true)];
  assert.equal(ips(subsetsOf(service([metrics]), pods)[0]?.addresses), "10.0.0.1");
  const all = subsetsOf(service([metrics], { publishNotReadyAddresses: true }), pods);
  assert.equal(ips(all[0]?.addresses), "10.0.0.1,10.0.0.2");
  assert.deepEqual(subsetsOf(service([]), pods), []);
  const headless = subsetsOf(service([], { clusterIP: "None" }), pods);
  assert.deepEqual([headless.length, headless[0]?.ports], [1, undefined]);
  assert.equal(ips(subsetsOf(service([metrics], { ipFamilies: ["IPv6"] }), pods)[0]?.addresses), "fd00::1");
});

test("a thousand addresses at most, ready ones first", () => {
  const address = (i: number): EndpointAddress => ({ ip: `10.0.${i >> 8}.${i & 255}` });
  const many = (count: number) => Array.from({ length: count }, (_, i) => address(i));
  const [first, second] = truncate([
    { addresses: many(600), notReadyAddresses: many(600) },
    { addresses: many(200), notReadyAddresses: many(200) },
  ]);
  assert.deepEqual([first?.addresses?.length, second?.addresses?.length], [600, 200]);
  assert.deepEqual([first?.notReadyAddresses?.length, second?.notReadyAddresses?.length], [150, 50]);
  assert.equal(countAddresses(truncate([{ addresses: many(1500), notReadyAddresses: many(5) }])), capacity);
});

test("laws: each pod with the port is there once for it, and packing again changes nothing", () => {
  const shapes = fc.array(fc.record({ ready: fc.boolean(), named: fc.constantFrom(undefined, 8080, 8081) }), {
    maxLength: 8,
  });
  fc.assert(
    fc.property(shapes, (list) => {
      const pods = list.map(({ ready, named }, i) => pod(i + 1, ready, named));
      const subsets = subsetsOf(service([http, metrics]), pods);
      assert.deepEqual(canonical(subsets), subsets);
      for (const [i, { ready, named }] of list.entries()) {
        for (const port of [named, 9090]) {
          if (port === undefined) continue;
          const having = subsets.filter((one) => one.ports?.some((each) => each.port === port));
          const places = having.flatMap(({ addresses = [], notReadyAddresses = [] }) =>
            (ready ? addresses : notReadyAddresses).filter(({ ip }) => ip === `10.0.0.${i + 1}`),
          );
          assert.equal(places.length, 1);
        }
      }
    }),
  );
});
