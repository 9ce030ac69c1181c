import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { changed, decoded, errorsOf, prepared, problems, row } from "../../../test-support.ts";
import { Node } from "../node.ts";

const node = (spec: object = {}, status: object = {}, metadata: object = {}) => ({
  metadata: { name: "n1", ...metadata },
  spec,
  status,
});

describe("a node", () => {
  test("can give what it has", () => {
    assert.deepEqual(decoded(Node, node({}, { capacity: { cpu: "4" } })).status.allocatable, { cpu: "4" });
    const less = decoded(Node, node({}, { capacity: { cpu: "4" }, allocatable: { cpu: "3" } }));
    assert.deepEqual(less.status.allocatable, { cpu: "3" });
  });

  test("has one range of pods' addresses a family", () => {
    assert.deepEqual(decoded(Node, node({ podCIDR: "10.0.0.0/24" })).spec.podCIDRs, ["10.0.0.0/24"]);
    assert.equal(decoded(Node, node({ podCIDRs: ["10.0.0.0/24"] })).spec.podCIDR, "10.0.0.0/24");
    assert.deepEqual(problems(Node, node({ podCIDRs: ["10.0.0.0/24", "fd00::/64"] })), []);
    assert.deepEqual(problems(Node, node({ podCIDRs: ["10.0.0.0/24", "10.0.1.0/24"] })), [
      'spec.podCIDRs: Invalid value: ["10.0.0.0/24","10.0.1.0/24"]: may specify no more than one CIDR for each IP family',
    ]);
    assert.deepEqual(problems(Node, node({ podCIDRs: ["10.0.0.5/24"] })), [
      'spec.podCIDRs[0]: Invalid value: "10.0.0.5/24": must not have bits set beyond the prefix length',
    ]);
  });

  test("has taints that differ by key or effect", () => {
    const taint = { key: "a", effect: "NoSchedule" };
    assert.deepEqual(problems(Node, node({ taints: [taint, { ...taint, effect: "NoExecute" }] })), []);
    assert.deepEqual(problems(Node, node({ taints: [taint, { ...taint, value: "b" }] })), [
      'metadata.taints[1]: Duplicate value: {"Key":"a","Value":"b","Effect":"NoSchedule","TimeAdded":null}: taints must be unique by key and effect pair',
    ]);
    assert.deepEqual(problems(Node, node({ taints: [{ key: "a" }] })), ["metadata.taints[0].effect: Required value"]);
    assert.deepEqual(problems(Node, node({ taints: [{ key: "a", effect: "No" }] })), [
      'metadata.taints[0].effect: Unsupported value: "No": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
    ]);
  });

  test("declares features by name, in order", () => {
    const bad = node({}, { declaredFeatures: ["B", "A", "a"] });
    const errors = errorsOf(Node, decoded(Node, bad));
    assert.equal(errors.length, 2);
    assert.equal(errors[0], 'status.declaredFeatures[1]: Invalid value: "A": list must be sorted alphabetically');
    assert.match(
      errors[1]!,
      /^status\.declaredFeatures\[2\]: Invalid value: "a": invalid feature name "a": must start/,
    );
  });

  test("keeps its ranges and its provider's name", () => {
    const old = prepared(Node, node({ podCIDR: "10.0.0.0/24", providerID: "a://1" }));
    assert.deepEqual(problems(Node, old, old), []);
    assert.deepEqual(problems(Node, node({ podCIDR: "10.0.1.0/24", providerID: "a://2" }), old), [
      'spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid',
      'spec.providerID: Forbidden: node updates may not change providerID except from "" to valid',
    ]);
    assert.deepEqual(problems(Node, old, prepared(Node, node())), []);
  });

  test("has each address once in its status", () => {
    const address = { type: "InternalIP", address: "10.0.0.1" };
    const old = prepared(Node, node());
    const twice = changed(old, ({ status }) => {
      status.addresses = [address, address];
    });
    assert.deepEqual(errorsOf(Node, twice, old, { subresource: "status" }), [
      'status.addresses[1]: Duplicate value: {"Type":"InternalIP","Address":"10.0.0.1"}',
    ]);
  });

  test("shows its state, roles and addresses", () => {
    const labels = { "node-role.kubernetes.io/control-plane": "", "kubernetes.io/role": "a" };
    const status = {
      conditions: [{ type: "Ready", status: "True" }],
      addresses: [{ type: "InternalIP", address: "10.0.0.1" }],
      nodeInfo: { kubeletVersion: "v1.36.0", kernelVersion: "6.18", architecture: "amd64" },
    };
    const cells = row(Node, decoded(Node, node({ unschedulable: true }, status, { labels })));
    assert.equal(cells["Status"], "Ready,SchedulingDisabled");
    assert.equal(cells["Roles"], "a,control-plane");
    assert.equal(cells["Version"], "v1.36.0");
    assert.equal(cells["Internal-IP"], "10.0.0.1");
    assert.equal(cells["External-IP"], "<none>");
    assert.equal(cells["Kernel-Version"], "6.18 (amd64)");
    assert.equal(cells["OS-Image"], "<unknown>");
    const lost = row(Node, decoded(Node, node({}, { conditions: [{ type: "Ready", status: "Unknown" }] })));
    assert.deepEqual([lost["Status"], lost["Roles"]], ["NotReady", "<none>"]);
    assert.equal(row(Node, decoded(Node, node()))["Status"], "Unknown");
  });

  test("is found by whether it takes pods", () => {
    const read = (one: Node) => Node.fieldSelectors["spec.unschedulable"]?.(one);
    assert.equal(read(decoded(Node, node())), "false");
    assert.equal(read(decoded(Node, node({ unschedulable: true }))), "true");
  });

  test("warns of fields that mean nothing", () => {
    const old = decoded(Node, node({ externalID: "a", configSource: {} }));
    assert.deepEqual(
      [...Node.warnings!(old, undefined)],
      [
        "spec.configSource: the feature is removed",
        "spec.externalID: this field is deprecated, and is unused by Kubernetes",
      ],
    );
  });
});
