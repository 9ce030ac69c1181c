import assert from "node:assert/strict";
import { test } from "node:test";
import { Service } from "../../api/core/v1/service.ts";
import { EndpointSlice } from "../../api/discovery/v1/endpoint-slice.ts";
import { realRandom } from "../../base/mod.ts";
import { MemoryObjects } from "../registry/memory-objects.ts";
import { endpointResolver } from "./service-resolver.ts";

const objects = new MemoryObjects();
const resolver = endpointResolver(objects, realRandom);
const service = (name: string, spec: object): unknown =>
  objects.set(Service, { metadata: { name, namespace: "n" }, spec });
const slice = (name: string, of: string, more: object): unknown =>
  objects.set(EndpointSlice, {
    metadata: { name, namespace: "n", labels: { "kubernetes.io/service-name": of } },
    ...more,
  });

const ports = [{ name: "https", port: 443, targetPort: 8443 }];

test("a ready endpoint of the first family is chosen, at its own port", () => {
  service("hook", { type: "ClusterIP", clusterIP: "10.96.0.9", ipFamilies: ["IPv4", "IPv6"], ports });
  const endpoints = [
    { addresses: ["10.0.0.1"], conditions: { ready: false } },
    { addresses: ["10.0.0.2"], conditions: { ready: true } },
  ];
  const own = [{ name: "https", port: 8443 }];
  slice("six", "hook", { addressType: "IPv6", ports: own, endpoints: [{ addresses: ["fd00::1"], conditions: {} }] });
  slice("four", "hook", { addressType: "IPv4", ports: own, endpoints });
  for (let i = 0; i < 20; i++) assert.deepEqual(resolver.resolve("n", "hook", 443), { host: "10.0.0.2", port: 8443 });
});

test("who is not there is told as upstream tells it", () => {
  const fails = (name: string, port: number, message: string) =>
    assert.throws(() => resolver.resolve("n", name, port), { message });
  fails("none", 443, 'service "none" not found');
  fails("hook", 80, 'no service port 80 found for service "hook"');
  service("empty", { type: "ClusterIP", ports });
  fails("empty", 443, 'no endpoints available for service "empty"');
});

test("a name outside the cluster is taken as it is", () => {
  service("out", { type: "ExternalName", externalName: "hook.example.com" });
  assert.deepEqual(resolver.resolve("n", "out", 443), { host: "hook.example.com", port: 443 });
});
