import assert from "node:assert/strict";
import { test } from "node:test";
import { decoded, problems, row } from "../../test-support.ts";
import { Ingress } from "./ingress.ts";
import { IngressClass } from "./ingress-class.ts";
import { IPAddress } from "./ip-address.ts";
import { NetworkPolicy } from "./network-policy.ts";
import { ServiceCIDR } from "./service-cidr.ts";

const backend = { service: { name: "web", port: { number: 80 } } };
const rule = (item: object, host = "a.example"): object => ({ spec: { rules: [{ host, http: { paths: [item] } }] } });

test("an ingress leads hosts and paths to services", () => {
  assert.deepEqual(problems(Ingress, { spec: { defaultBackend: backend } }), []);
  assert.deepEqual(problems(Ingress, rule({ path: "/", pathType: "Prefix", backend }, "*.example.com")), []);
  assert.deepEqual(problems(Ingress, rule({ pathType: "ImplementationSpecific", backend })), []);
  assert.deepEqual(problems(Ingress, {}), [
    "spec: Invalid value: null: either `defaultBackend` or `rules` must be specified",
  ]);
  assert.deepEqual(problems(Ingress, rule({ path: "a//b", pathType: "Exact", backend: {} })), [
    'spec.rules[0].http.paths[0].path: Invalid value: "a//b": must be an absolute path',
    "spec.rules[0].http.paths[0].path: Invalid value: \"a//b\": must not contain '//'",
    'spec.rules[0].http.paths[0].backend: Invalid value: "": resource or service backend is required',
  ]);
  assert.deepEqual(
    problems(Ingress, rule({ path: "/", backend }))[0],
    "spec.rules[0].http.paths[0].pathType: Required value: pathType must be specified",
  );
  assert.deepEqual(
    problems(Ingress, rule({ path: "/", pathType: "Prefix", backend }, "10.0.0.1"))[0],
    'spec.rules[0].host: Invalid value: "10.0.0.1": must be a DNS name, not an IP address',
  );
});

test("a backend is a service with one port, or another object", () => {
  const ask = (defaultBackend: object): readonly string[] => problems(Ingress, { spec: { defaultBackend } });
  assert.deepEqual(ask({ resource: { kind: "Bucket", name: "b" } }), []);
  assert.deepEqual(ask({ ...backend, resource: { kind: "Bucket", name: "b" } }), [
    'spec.defaultBackend: Invalid value: "": cannot set both resource and service backends',
  ]);
  assert.deepEqual(ask({ service: { name: "web" } }), [
    "spec.defaultBackend: Required value: port name or number is required",
  ]);
  assert.deepEqual(ask({ service: { name: "web", port: { name: "http", number: 80 } } }), [
    'spec.defaultBackend: Invalid value: "": cannot set both port name & port number',
  ]);
});

test("a row of an ingress shows its class, three hosts and its addresses", () => {
  const spec = { ingressClassName: "nginx", tls: [{}], rules: ["a", "b", "c", "d"].map((host) => ({ host })) };
  const ingress = decoded(Ingress, { spec, status: { loadBalancer: { ingress: [{ ip: "203.0.113.9" }] } } });
  const cells = row(Ingress, ingress);
  assert.deepEqual(
    [cells["Class"], cells["Hosts"], cells["Address"], cells["Ports"]],
    ["nginx", "a,b,c + 1 more...", "203.0.113.9", "80, 443"],
  );
  const plain = row(Ingress, decoded(Ingress, {}));
  assert.deepEqual([plain["Class"], plain["Hosts"], plain["Address"], plain["Ports"]], ["<none>", "*", "", "80"]);
});

test("an ingress class keeps its controller, and its parameters say where they are", () => {
  const good = { spec: { controller: "example.com/c", parameters: { kind: "P", name: "p" } } };
  assert.equal(decoded(IngressClass, good).spec.parameters?.scope, "Cluster");
  assert.deepEqual(problems(IngressClass, good), []);
  assert.deepEqual(problems(IngressClass, { spec: { controller: "example.com/d" } }, decoded(IngressClass, good)), [
    'spec.controller: Invalid value: "example.com/d": field is immutable',
  ]);
  const parameters = { kind: "P", name: "p", scope: "Namespace" };
  assert.deepEqual(problems(IngressClass, { spec: { controller: "example.com/c", parameters } }), [
    "spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'",
  ]);
});

test("a network policy is of ingress, and of egress where it has such rules", () => {
  assert.deepEqual(decoded(NetworkPolicy, {}).spec.policyTypes, ["Ingress"]);
  assert.deepEqual(decoded(NetworkPolicy, { spec: { egress: [{}] } }).spec.policyTypes, ["Ingress", "Egress"]);
});

test("peers of a network policy are selected, or blocks with holes inside", () => {
  const from = (peer: object): readonly string[] =>
    problems(NetworkPolicy, { spec: { podSelector: {}, ingress: [{ from: [peer] }] } });
  const at = "spec.ingress[0].from[0]";
  assert.deepEqual(from({ podSelector: {}, namespaceSelector: { matchLabels: { a: "b" } } }), []);
  assert.deepEqual(from({ ipBlock: { cidr: "10.0.0.0/8", except: ["10.1.0.0/16"] } }), []);
  assert.deepEqual(from({}), [`${at}: Required value: must specify a peer`]);
  assert.deepEqual(from({ podSelector: {}, ipBlock: { cidr: "10.0.0.0/8" } }), [
    `${at}: Forbidden: may not specify both ipBlock and another peer`,
  ]);
  assert.deepEqual(from({ ipBlock: { cidr: "10.0.0.0/8", except: ["11.0.0.0/16", "10.0.0.0/8"] } }), [
    `${at}.ipBlock.except[0]: Invalid value: "11.0.0.0/16": must be a strict subset of \`cidr\``,
    `${at}.ipBlock.except[1]: Invalid value: "10.0.0.0/8": must be a strict subset of \`cidr\``,
  ]);
});

test("ports of a network policy are numbers, with an end, or names, without one", () => {
  const ports = (...list: object[]): readonly string[] =>
    problems(NetworkPolicy, { spec: { ingress: [{ ports: list }] } });
  assert.deepEqual(ports({ port: 80, endPort: 90 }, { port: "http" }, {}), []);
  assert.deepEqual(ports({ port: 80, endPort: 70 }, { port: "http", endPort: 1 }, { endPort: 1 }), [
    "spec.ingress[0].ports[0].endPort: Invalid value: 80: must be greater than or equal to `port`",
    "spec.ingress[0].ports[1].endPort: Invalid value: 1: may not be specified when `port` is non-numeric",
    "spec.ingress[0].ports[2].endPort: Invalid value: 1: may not be specified when `port` is not specified",
  ]);
});

test("a service CIDR may get a second family and changes in no other way", () => {
  const cidrs = (...list: string[]): object => ({ spec: { cidrs: list } });
  const old = decoded(ServiceCIDR, cidrs("10.0.0.0/16"));
  assert.deepEqual(problems(ServiceCIDR, cidrs("10.0.0.0/16", "fd00::/112")), []);
  assert.deepEqual(problems(ServiceCIDR, cidrs("10.0.0.0/16", "fd00::/112"), old), []);
  assert.deepEqual(problems(ServiceCIDR, cidrs("10.1.0.0/16"), old), [
    'spec.cidrs[0]: Invalid value: "10.1.0.0/16": field is immutable',
  ]);
  assert.deepEqual(problems(ServiceCIDR, cidrs()), ["spec.cidrs: Required value: at least one CIDR required"]);
});

test("an IP address is its own name and belongs to somebody", () => {
  assert.deepEqual(IPAddress.validateName("10.0.0.1", false), []);
  assert.deepEqual(IPAddress.validateName("010.0.0.1", false), ["must not have leading 0s"]);
  assert.deepEqual(problems(IPAddress, {}), ["spec.parentRef: Required value"]);
  const parentRef = { resource: "services", namespace: "x", name: "s" };
  assert.deepEqual(problems(IPAddress, { spec: { parentRef } }), []);
  assert.equal(row(IPAddress, decoded(IPAddress, { spec: { parentRef } }))["ParentRef"], "services/x/s");
});
