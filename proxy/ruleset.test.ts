import assert from "node:assert/strict";
import { test } from "node:test";
import type { Service } from "../api/generated/types/core-v1.ts";
import type { EndpointSlice } from "../api/generated/types/discovery-v1.ts";
import { buildRuleset } from "./build.ts";
import { diff } from "./diff.ts";
import { endpoint, facts, service, slice } from "./testing/objects.ts";

function tableOf(services: readonly Service[], slices: readonly EndpointSlice[], changes: Partial<typeof facts> = {}) {
  const [table] = buildRuleset(services, slices, { ...facts, ...changes });
  const elements = (name: string) => Object.fromEntries(table!.sets.get(name)!.elements);
  const rules = (prefix: string) =>
    [...table!.chains].flatMap(([name, chain]) => (name.startsWith(prefix) ? chain.rules : []));
  return { table: table!, elements, rules };
}

const ready = (...ips: string[]) => ips.map((ip) => endpoint(ip));

test("the order in which services and slices come does not matter", () => {
  const services = [
    service("a", "10.96.0.1", { externalIPs: ["1.2.3.4"] }),
    service("b", "10.96.0.2", { externalIPs: ["1.2.3.4"] }),
  ];
  const slices = [
    slice("a", ready("10.0.0.1", "10.0.0.2")),
    slice("b", ready("10.0.0.3")),
    slice("a", ready("10.0.0.0"), { suffix: "2" }),
  ];
  const one = buildRuleset(services, slices, facts);
  const other = buildRuleset(services.toReversed(), slices.toReversed(), facts);
  assert.equal(diff(one, other), "");
  assert.equal(diff(other, one), "");
});

test("headless, external and other proxies' services have no rules", () => {
  const labelled = service("c", "10.96.0.3");
  const services = [
    service("a", "None"),
    service("b", "", { type: "ExternalName", externalName: "example.com" }),
    { ...labelled, metadata: { ...labelled.metadata, labels: { "service.kubernetes.io/service-proxy-name": "mine" } } },
  ];
  assert.equal(diff(buildRuleset([], [], facts), buildRuleset(services, [slice("a", ready("10.0.0.1"))], facts)), "");
});

test("an address that a process of the node answers at is left alone", () => {
  const dns = service("kube-dns", "198.18.128.10", { protocol: "UDP", port: 53 });
  const { elements } = tableOf([dns], [], { localServiceIPs: ["198.18.128.10"] });
  assert.deepEqual(elements("no-endpoint-services"), {});
  assert.deepEqual(elements("cluster-ips"), {});
});

test("ready endpoints are used; without one, those that serve while they terminate; else it refuses", () => {
  const endpoints = [
    endpoint("10.0.0.1"),
    endpoint("10.0.0.2", { conditions: { ready: false, serving: true, terminating: true } }),
    endpoint("10.0.0.3", { conditions: { ready: false, serving: false, terminating: true } }),
    endpoint("10.0.0.4", { conditions: { ready: false, serving: false, terminating: false } }),
    endpoint("10.0.0.5", { conditions: {} }),
  ];
  const targets = (which: readonly number[]) =>
    tableOf(
      [service("a", "10.96.0.1")],
      [
        slice(
          "a",
          which.map((i) => endpoints[i]!),
        ),
      ],
    )
      .rules("service-")[1]
      ?.match(/10\.0\.0\.\d/g);
  assert.deepEqual(targets([0, 1, 2, 3, 4]), ["10.0.0.1", "10.0.0.5"]);
  assert.deepEqual(targets([1, 2, 3]), ["10.0.0.2"]);
  assert.equal(targets([2, 3]), undefined);
  const { elements } = tableOf([service("a", "10.96.0.1")], [slice("a", [endpoints[3]!])]);
  assert.deepEqual(elements("no-endpoint-services"), { "10.96.0.1 . tcp . 80": "goto reject-chain" });
});

test("hints keep traffic on the node, else in the zone, unless an endpoint has none or nobody is near", () => {
  const hinted = (ip: string, node: string | undefined, zone: string | undefined) =>
    endpoint(ip, {
      hints: {
        ...(node === undefined ? {} : { forNodes: [{ name: node }] }),
        ...(zone === undefined ? {} : { forZones: [{ name: zone }] }),
      },
    });
  const targets = (...endpoints: ReturnType<typeof endpoint>[]) =>
    tableOf([service("a", "10.96.0.1")], [slice("a", endpoints)])
      .rules("service-")[1]!
      .match(/10\.0\.0\.\d/g);
  const [one, two, three] = ["10.0.0.1", "10.0.0.2", "10.0.0.3"] as const;
  assert.deepEqual(
    targets(hinted(one, "node-1", "zone-a"), hinted(two, "node-2", "zone-a"), hinted(three, "node-3", "zone-b")),
    [one],
  );
  assert.deepEqual(
    targets(hinted(one, "node-8", "zone-a"), hinted(two, "node-2", "zone-a"), hinted(three, "node-3", "zone-b")),
    [one, two],
  );
  assert.deepEqual(targets(hinted(one, undefined, "zone-a"), hinted(two, undefined, undefined)), [one, two]);
  assert.deepEqual(targets(hinted(one, undefined, "zone-x"), hinted(two, undefined, "zone-y")), [one, two]);
});

test("internal traffic with policy Local is dropped where no endpoint is on this node", () => {
  const local = service("a", "10.96.0.1", { internalTrafficPolicy: "Local" });
  const elsewhere = slice("a", [endpoint("10.0.0.1", { nodeName: "node-2" })]);
  assert.deepEqual(tableOf([local], [elsewhere]).elements("no-endpoint-services"), { "10.96.0.1 . tcp . 80": "drop" });
  const both = slice("a", [endpoint("10.0.0.1", { nodeName: "node-2" }), endpoint("10.0.0.2")]);
  assert.deepEqual(tableOf([local], [both]).rules("local-"), [
    "meta l4proto tcp dnat ip addr . port to numgen random mod 1 map { 0 : 10.0.0.2 . 8080 }",
  ]);
});

test("an endpoint in two slices counts once", () => {
  const { rules } = tableOf(
    [service("a", "10.96.0.1")],
    [slice("a", ready("10.0.0.1")), slice("a", ready("10.0.0.1"), { suffix: "2" })],
  );
  assert.match(rules("service-")[1]!, /mod 1 /);
});

test("slices of other ports, protocols and families are none of a port's", () => {
  const others = [
    slice("a", ready("10.0.0.1"), { protocol: "UDP" }),
    slice("a", ready("fd00::1"), { addressType: "IPv6", suffix: "6" }),
    { ...slice("a", ready("10.0.0.2"), { suffix: "3" }), ports: [{ name: "other", port: 1, protocol: "TCP" }] },
  ];
  assert.deepEqual(tableOf([service("a", "10.96.0.1")], others).rules("service-A"), []);
});

test("without IPv6 on the node or in the service range there is no table for it", () => {
  const families = (changes: Partial<typeof facts>) =>
    buildRuleset([], [], { ...facts, ...changes }).map(({ family }) => family);
  assert.deepEqual(families({}), ["ip", "ip6"]);
  assert.deepEqual(families({ nodeIPs: ["198.18.0.1"], serviceCidrs: ["10.96.0.0/16"] }), ["ip"]);
});
