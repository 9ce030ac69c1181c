import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatFieldError } from "../../../apimachinery/field/errors.ts";
import type { Draft } from "../../../apimachinery/resource/object.ts";
import { thaw } from "../../../apimachinery/resource/thaw.ts";
import { errorsOf, prepared } from "../../test-support.ts";
import { Service } from "./service.ts";
import { type ServiceNetwork, setServiceFamilies } from "./service-families.ts";
import { applyAllocation, serviceHoldings, serviceNeeds } from "./service-ip.ts";

const four: ServiceNetwork = { families: ["IPv4"] };
const both: ServiceNetwork = { families: ["IPv4", "IPv6"] };

function draftOf(spec: object, old?: Service): Draft<Service> {
  return thaw(
    prepared(Service, { metadata: { name: "s" }, spec: { selector: { a: "b" }, ports: [{ port: 80 }], ...spec } }, old),
  );
}

function familiesOf(spec: object, network: ServiceNetwork, old?: Service): unknown {
  const draft = draftOf(spec, old);
  const errors = setServiceFamilies(draft, old, network).map(formatFieldError);
  return errors.length > 0 ? errors : [draft.spec.ipFamilyPolicy, draft.spec.ipFamilies];
}

/** Takes what the service needs from pools that never run dry, as a server would. */
function allocate(draft: Draft<Service>, old: Service | undefined, network: ServiceNetwork): Service {
  assert.deepEqual(setServiceFamilies(draft, old, network), []);
  const needs = serviceNeeds(draft as Service, old);
  let port = 31000;
  const nodePort = (asked: number | undefined): number => asked ?? port++;
  applyAllocation(draft, needs, {
    clusterIPs: needs.clusterIPs.map(({ family, ip }) => ip ?? (family === "IPv4" ? "10.96.0.9" : "fd00::9")),
    nodePorts: needs.nodePorts.map((need) => nodePort(need.nodePort)),
    ...(needs.healthCheckNodePort ? { healthCheckNodePort: nodePort(needs.healthCheckNodePort.nodePort) } : {}),
  });
  return draft as Service;
}

test("families follow policy, addresses and the cluster", () => {
  assert.deepEqual(familiesOf({}, four), ["SingleStack", ["IPv4"]]);
  assert.deepEqual(familiesOf({ ipFamilyPolicy: "PreferDualStack" }, four), ["PreferDualStack", ["IPv4"]]);
  assert.deepEqual(familiesOf({ ipFamilyPolicy: "PreferDualStack" }, both), ["PreferDualStack", ["IPv4", "IPv6"]]);
  assert.deepEqual(familiesOf({ ipFamilyPolicy: "PreferDualStack", ipFamilies: ["IPv6"] }, both), [
    "PreferDualStack",
    ["IPv6", "IPv4"],
  ]);
  assert.deepEqual(familiesOf({ clusterIP: "fd00::1" }, both), ["SingleStack", ["IPv6"]]);
  assert.deepEqual(familiesOf({ clusterIP: "None" }, four), ["SingleStack", ["IPv4"]]);
  assert.deepEqual(familiesOf({ clusterIP: "None", selector: {} }, four), ["RequireDualStack", ["IPv4", "IPv6"]]);
  assert.deepEqual(familiesOf({ type: "ExternalName", externalName: "a" }, four), [undefined, undefined]);
});

test("what the cluster cannot give is refused", () => {
  assert.deepEqual(familiesOf({ ipFamilyPolicy: "RequireDualStack" }, four), [
    'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services',
  ]);
  assert.deepEqual(familiesOf({ ipFamilies: ["IPv6"] }, four), [
    'spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster',
  ]);
  assert.deepEqual(familiesOf({ clusterIP: "fd00::1" }, four), [
    'spec.clusterIPs[0]: Invalid value: ["fd00::1"]: IPv6 is not configured on this cluster',
  ]);
  assert.deepEqual(familiesOf({ ipFamilyPolicy: "SingleStack", ipFamilies: ["IPv4", "IPv6"] }, both), [
    "spec.ipFamilyPolicy: Invalid value: \"SingleStack\": must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified",
  ]);
});

test("a new service takes one address a family", () => {
  const draft = draftOf({ ipFamilyPolicy: "RequireDualStack", clusterIP: "10.96.0.7" });
  setServiceFamilies(draft, undefined, both);
  assert.deepEqual(serviceNeeds(draft as Service).clusterIPs, [
    { index: 0, family: "IPv4", ip: "10.96.0.7" },
    { index: 1, family: "IPv6" },
  ]);
});

test("headless services and aliases take nothing", () => {
  for (const spec of [{ clusterIP: "None" }, { type: "ExternalName", externalName: "a.example" }]) {
    const draft = draftOf(spec);
    setServiceFamilies(draft, undefined, both);
    assert.deepEqual(serviceNeeds(draft as Service), {
      clusterIPs: [],
      nodePorts: [],
      releases: { clusterIPs: [], nodePorts: [] },
    });
  }
});

test("ports of one number share a port of the nodes, whichever of them names it", () => {
  const ports = [
    { name: "tcp", port: 53 },
    { name: "web", port: 80 },
    { name: "udp", port: 53, protocol: "UDP", nodePort: 30053 },
    { name: "alt", port: 80, protocol: "UDP" },
  ];
  const draft = draftOf({ type: "NodePort", ports });
  assert.deepEqual(serviceNeeds(draft as Service).nodePorts, [
    { indexes: [0, 2], nodePort: 30053 },
    { indexes: [1, 3] },
  ]);
});

test("a load balancer without port allocation takes only what it names", () => {
  const ports = [
    { name: "a", port: 80 },
    { name: "b", port: 81, nodePort: 30081 },
  ];
  const draft = draftOf({ type: "LoadBalancer", allocateLoadBalancerNodePorts: false, ports });
  assert.deepEqual(serviceNeeds(draft as Service).nodePorts, [{ indexes: [1], nodePort: 30081 }]);
});

test("a local load balancer takes a port for health checks, and gives it back", () => {
  const local = allocate(draftOf({ type: "LoadBalancer", externalTrafficPolicy: "Local" }), undefined, four);
  assert.equal(local.spec.healthCheckNodePort, 31001);
  assert.deepEqual(serviceHoldings(local).nodePorts, [31000, 31001]);
  const plain = draftOf({ ...local.spec, externalTrafficPolicy: "Cluster" }, local);
  assert.deepEqual(serviceNeeds(plain as Service, local).releases.nodePorts, [31001]);
});

test("an update takes and gives back the difference alone", () => {
  const ports = [
    { name: "a", port: 80, nodePort: 30080 },
    { name: "b", port: 81, nodePort: 30081 },
  ];
  const old = allocate(draftOf({ type: "NodePort", ports }), undefined, four);
  const draft = draftOf(
    { type: "NodePort", ports: [ports[0]!, { name: "c", port: 82, nodePort: 30082 }, { name: "d", port: 83 }] },
    old,
  );
  setServiceFamilies(draft, old, four);
  const needs = serviceNeeds(draft as Service, old);
  assert.deepEqual(needs.clusterIPs, []);
  assert.deepEqual(needs.nodePorts, [{ indexes: [1], nodePort: 30082 }, { indexes: [2] }]);
  assert.deepEqual(needs.releases, { clusterIPs: [], nodePorts: [30081] });
});

test("becoming an alias gives everything back, and ceasing to be one takes anew", () => {
  const old = allocate(draftOf({ type: "NodePort" }), undefined, four);
  const alias = draftOf({ ...old.spec, type: "ExternalName", externalName: "a.example" }, old) as Service;
  assert.deepEqual(serviceNeeds(alias, old).releases, {
    clusterIPs: [{ family: "IPv4", ip: "10.96.0.9" }],
    nodePorts: [31000],
  });
  const back = draftOf({ type: "ClusterIP" }, alias);
  setServiceFamilies(back, alias, four);
  assert.deepEqual(serviceNeeds(back as Service, alias).clusterIPs, [{ index: 0, family: "IPv4" }]);
});

test("a second family comes and goes with the policy", () => {
  const single = allocate(draftOf({}), undefined, both);
  const dual = draftOf({ ...single.spec, ipFamilyPolicy: "RequireDualStack" }, single);
  const stored = allocate(dual, single, both);
  assert.deepEqual(stored.spec.clusterIPs, ["10.96.0.9", "fd00::9"]);
  const again = draftOf({ ...stored.spec, ipFamilyPolicy: "SingleStack" }, stored);
  setServiceFamilies(again, stored, both);
  assert.deepEqual(again.spec.clusterIPs, ["10.96.0.9"]);
  assert.deepEqual(serviceNeeds(again as Service, stored).releases.clusterIPs, [{ family: "IPv6", ip: "fd00::9" }]);
});

test("what is held before, taken and released adds up to what is held after", () => {
  const specs = fc.record({
    type: fc.constantFrom("ClusterIP", "NodePort", "LoadBalancer", "ExternalName"),
    externalTrafficPolicy: fc.constantFrom("Cluster", "Local"),
    ports: fc.uniqueArray(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }),
    dual: fc.boolean(),
  });
  fc.assert(
    fc.property(specs, specs, (before, after) => {
      const toSpec = ({ type, externalTrafficPolicy, ports, dual }: typeof before): object => ({
        type,
        ...(type === "NodePort" || type === "LoadBalancer" ? { externalTrafficPolicy } : {}),
        ...(type === "ExternalName" ? { externalName: "a.example" } : {}),
        ...(dual && type !== "ExternalName" ? { ipFamilyPolicy: "RequireDualStack" } : {}),
        ports: ports.map((port) => ({ name: `p${port}`, port })),
      });
      const old = allocate(draftOf(toSpec(before)), undefined, both);
      assert.deepEqual(errorsOf(Service, old), []);
      const draft = draftOf(toSpec(after), old);
      if (setServiceFamilies(thaw(draft as Service), old, both).length > 0) return;
      const held = serviceHoldings(old);
      const ready = thaw(draft as Service);
      setServiceFamilies(ready, old, both);
      const { releases } = serviceNeeds(ready as Service, old);
      const now = serviceHoldings(allocate(draft, old, both));
      const kept = held.nodePorts.filter((port) => !releases.nodePorts.includes(port));
      assert.ok(
        kept.every((port) => now.nodePorts.includes(port)),
        "a port is neither held nor released",
      );
      assert.ok(
        releases.nodePorts.every((port) => held.nodePorts.includes(port)),
        "a port is released that was not held",
      );
      const keptIPs = held.clusterIPs.filter(({ ip }) => !releases.clusterIPs.some((released) => released.ip === ip));
      assert.ok(
        keptIPs.every(({ ip }) => now.clusterIPs.some((other) => other.ip === ip)),
        "an address is lost",
      );
    }),
    { numRuns: 200 },
  );
});
