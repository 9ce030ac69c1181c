import assert from "node:assert/strict";
import { test } from "node:test";
import { decoded, prepared, problems, row } from "../../test-support.ts";
import { EndpointSlice } from "./endpoint-slice.ts";

const slice = { addressType: "IPv4", ports: [{ port: 80 }], endpoints: [{ addresses: ["10.0.0.1"] }] };

test("a slice of each address type is good", () => {
  assert.deepEqual(problems(EndpointSlice, slice), []);
  assert.deepEqual(problems(EndpointSlice, { addressType: "IPv6", endpoints: [{ addresses: ["fd00::1"] }] }), []);
  assert.deepEqual(problems(EndpointSlice, { addressType: "FQDN", endpoints: [{ addresses: ["a.example.com"] }] }), []);
});

test("the address type is known and never changes", () => {
  assert.deepEqual(problems(EndpointSlice, { endpoints: [] }), ["addressType: Required value"]);
  assert.deepEqual(problems(EndpointSlice, { addressType: "IP" }), [
    'addressType: Unsupported value: "IP": supported values: "FQDN", "IPv4", "IPv6"',
  ]);
  assert.deepEqual(problems(EndpointSlice, { addressType: "IPv6" }, decoded(EndpointSlice, { addressType: "IPv4" })), [
    'addressType: Invalid value: "IPv6": field is immutable',
  ]);
});

test("addresses are of the slice's type", () => {
  const wrong = (addressType: string, ...addresses: string[]): readonly string[] =>
    problems(EndpointSlice, { addressType, endpoints: [{ addresses }] });
  assert.deepEqual(wrong("IPv4", "fd00::1", "127.0.0.1", "010.0.0.1"), [
    'endpoints[0].addresses: Invalid value: "fd00::1": must be an IPv4 address',
    'endpoints[0].addresses[1]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
    'endpoints[0].addresses[2]: Invalid value: "010.0.0.1": must not have leading 0s',
  ]);
  assert.deepEqual(wrong("IPv6", "10.0.0.1", "fd00::0:1"), [
    'endpoints[0].addresses: Invalid value: "10.0.0.1": must be an IPv6 address',
    'endpoints[0].addresses[1]: Invalid value: "fd00::0:1": must be in canonical form ("fd00::1")',
  ]);
  assert.deepEqual(wrong("FQDN", "short"), [
    'endpoints[0].addresses[0]: Invalid value: "short": should be a domain with at least two segments separated by dots',
  ]);
  assert.deepEqual(wrong("IPv4"), ["endpoints[0].addresses: Required value: must contain at least 1 address"]);
});

test("a slice is bounded in every direction", () => {
  const endpoint = { addresses: ["10.0.0.1"] };
  const many = (n: number): object[] => Array.from({ length: n }, (_, i) => ({ name: `a${i}` }));
  assert.deepEqual(problems(EndpointSlice, { ...slice, endpoints: Array(1001).fill(endpoint) }), [
    "endpoints: Too many: 1001: must have at most 1000 items",
  ]);
  assert.deepEqual(problems(EndpointSlice, { ...slice, endpoints: [{ addresses: Array(101).fill("10.0.0.1") }] }), [
    "endpoints[0].addresses: Too many: 101: must have at most 100 items",
  ]);
  assert.deepEqual(problems(EndpointSlice, { ...slice, endpoints: [{ ...endpoint, hints: { forZones: many(9) } }] }), [
    "endpoints[0].hints.forZones: Too many: 9: must have at most 8 items",
  ]);
  assert.deepEqual(problems(EndpointSlice, { ...slice, endpoints: [{ ...endpoint, hints: { forNodes: many(9) } }] }), [
    "endpoints[0].hints.forNodes: Too many: 9: must have at most 8 items",
  ]);
});

test("names of ports, hosts, nodes and zones keep their forms, and ports and hints are named once", () => {
  const hints = { forZones: [{ name: "z" }, { name: "z" }], forNodes: [{ name: "N" }] };
  const endpoint = { addresses: ["10.0.0.1"], hostname: "a.b", nodeName: "n", hints };
  const ports = [{ port: 1 }, { port: 2 }, { name: "x", protocol: "X" }];
  const [name, protocol, hostname, zone, node] = problems(EndpointSlice, { ...slice, ports, endpoints: [endpoint] });
  assert.equal(name, 'ports[1].name: Duplicate value: ""');
  assert.equal(protocol, 'ports[2].protocol: Unsupported value: "X": supported values: "SCTP", "TCP", "UDP"');
  assert.equal(hostname, 'endpoints[0].hostname: Invalid value: "a.b": must not contain dots');
  assert.equal(zone, 'endpoints[0].hints.forZones[1].name: Duplicate value: "z"');
  assert.match(
    node!,
    /^endpoints\[0\]\.hints\.forNodes\[0\]\.name: Invalid value: "N": a lowercase RFC 1123 subdomain/,
  );
});

test("endpoints that are stored already may stay, however they came in", () => {
  const bad = { ...slice, endpoints: [{ addresses: ["127.0.0.1"] }] };
  assert.deepEqual(problems(EndpointSlice, { ...bad, ports: [] }, decoded(EndpointSlice, bad)), []);
});

test("topology cannot be written, but a node that was named there before moves to nodeName", () => {
  const topology = { deprecatedTopology: { "kubernetes.io/hostname": "n1" } };
  const endpoints = [{ addresses: ["10.0.0.1"], ...topology }];
  assert.deepEqual(prepared(EndpointSlice, { ...slice, endpoints }).endpoints, [
    { addresses: ["10.0.0.1"], conditions: {} },
  ]);
  const old = decoded(EndpointSlice, { ...slice, endpoints });
  const changed = [{ addresses: ["10.0.0.2"], ...topology }];
  assert.deepEqual(prepared(EndpointSlice, { ...slice, endpoints: changed }, old).endpoints, [
    { addresses: ["10.0.0.2"], conditions: {}, nodeName: "n1" },
  ]);
});

test("its row lists three ports and three addresses and counts the rest", () => {
  const endpoints = [{ addresses: ["10.0.0.1", "10.0.0.2"] }, { addresses: ["10.0.0.3", "10.0.0.4"] }];
  const cells = row(
    EndpointSlice,
    decoded(EndpointSlice, { ...slice, endpoints, ports: [{ port: 80, name: "a" }, { name: "b" }] }),
  );
  assert.equal(cells["Ports"], "80,b");
  assert.equal(cells["Endpoints"], "10.0.0.1,10.0.0.2,10.0.0.3 + 1 more...");
  assert.equal(row(EndpointSlice, decoded(EndpointSlice, { addressType: "IPv4" }))["Endpoints"], "<unset>");
});
