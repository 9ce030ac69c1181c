import { immutable, notDNSSubdomain } from "../messages.ts";
import {
  duplicate,
  invalid,
  invalidShown,
  type Json,
  type KindRules,
  type Rule,
  refused,
  required,
  tooMany,
} from "../rule.ts";
import { driverRule, labelRule, poolRule } from "./device-names.ts";
import { capacities } from "./slice-capacity.ts";
import { counterRules, devices } from "./slice-devices.ts";

const one = "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required";
const many = (count: number, item: (i: number) => Json): readonly Json[] =>
  Array.from({ length: count }, (_, i) => item(i));
const counters = { a: { value: "1" } };

const pools: readonly Rule[] = [
  driverRule("spec.driver", (driver) => ({ "spec.driver": driver })),
  poolRule("spec.pool.name", (name) => ({ "spec.pool.name": name })),
  {
    says: "a pool has slices, and no negative generation",
    accepts: { "spec.pool": { name: "p", resourceSliceCount: 1, generation: 0 } },
    refuses: [
      refused(
        { "spec.pool.resourceSliceCount": 0 },
        invalid("spec.pool.resourceSliceCount", 0, "must be greater than zero"),
      ),
      refused(
        { "spec.pool.generation": -1 },
        invalid("spec.pool.generation", -1, "must be greater than or equal to zero"),
      ),
    ],
  },
];

const nodes: readonly Rule[] = [
  {
    says: "devices are reached from nodes that are told in one way",
    accepts: [
      { "spec.allNodes": undefined, "spec.nodeName": "a.b" },
      { "spec.allNodes": undefined, "spec.nodeSelector": { nodeSelectorTerms: [{}] } },
      { "spec.allNodes": undefined, "spec.perDeviceNodeSelection": true, "spec.devices[0].allNodes": true },
    ],
    refuses: [
      refused({ "spec.allNodes": undefined }, required("spec", one)),
      refused(
        {
          "spec.nodeName": "a",
          "spec.nodeSelector": { nodeSelectorTerms: [{}] },
          "spec.perDeviceNodeSelection": true,
          "spec.devices[0].allNodes": true,
        },
        invalid(
          "spec",
          "{`nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection`}",
          `${one}, but multiple fields are set`,
        ),
      ),
    ],
  },
  {
    says: "a node is named, by a DNS subdomain",
    accepts: { "spec.allNodes": undefined, "spec.nodeName": "a".repeat(253) },
    refuses: [
      refused({ "spec.allNodes": undefined, "spec.nodeName": "A" }, invalid("spec.nodeName", "A", notDNSSubdomain)),
      refused(
        { "spec.nodeName": "" },
        invalid("spec.nodeName", "", "must be either unset or set to a non-empty string"),
      ),
    ],
  },
  {
    says: "what is said of all nodes, or of none, is said or is not there",
    accepts: { "spec.allNodes": true },
    refuses: [
      refused(
        { "spec.allNodes": false, "spec.nodeName": "a" },
        invalid("spec.allNodes", false, "must be either unset or set to true"),
      ),
      refused(
        { "spec.perDeviceNodeSelection": false },
        invalid("spec.perDeviceNodeSelection", false, "must be either unset or set to true"),
      ),
    ],
  },
  {
    says: "nodes are selected by one term",
    accepts: { "spec.allNodes": undefined, "spec.nodeSelector": { nodeSelectorTerms: [{}] } },
    refuses: [
      refused(
        {
          "spec.allNodes": undefined,
          "spec.nodeSelector": { nodeSelectorTerms: [{}, { matchExpressions: [{ key: "a", operator: "Exists" }] }] },
        },
        invalidShown(
          "spec.nodeSelector.nodeSelectorTerms",
          JSON.stringify([
            { MatchExpressions: null, MatchFields: null },
            { MatchExpressions: [{ Key: "a", Operator: "Exists", Values: null }], MatchFields: null },
          ]),
          "must have exactly one node selector term",
        ),
      ),
      refused(
        {
          "spec.allNodes": undefined,
          "spec.nodeSelector": { nodeSelectorTerms: [{ matchExpressions: [{ key: "a", operator: "Like" }] }] },
        },
        invalid(
          "spec.nodeSelector.nodeSelectorTerms[0].matchExpressions[0].operator",
          "Like",
          "not a valid selector operator",
        ),
      ),
    ],
  },
];

const contents: readonly Rule[] = [
  {
    says: "a slice has devices, or counters that devices share",
    accepts: { "spec.devices": undefined, "spec.sharedCounters": [{ name: "a", counters }] },
    refuses: [[{ name: "a", counters }], []].map((list) =>
      refused(
        { "spec.sharedCounters": list },
        invalid("spec", "", "only one of `sharedCounters` or `devices` is allowed"),
      ),
    ),
  },
  {
    says: "there are up to 128 devices, half as many where the scheduler has more to do, each with a name of its own",
    accepts: [
      { "spec.devices": many(128, (i) => ({ name: `a${i}` })) },
      { "spec.devices": many(64, (i) => ({ name: `a${i}`, taints: [{ key: "a", effect: "None" }] })) },
    ],
    refuses: [
      refused(
        { "spec.devices": many(129, (i) => ({ name: `a${i}` })) },
        tooMany("spec.devices", 129, "must have at most 128 items"),
      ),
      refused(
        { "spec.devices": many(65, (i) => ({ name: `a${i}`, taints: [{ key: "a", effect: "None" }] })) },
        tooMany("spec.devices", 65, "must have at most 64 items"),
      ),
      refused(
        { "spec.devices": many(65, (i) => ({ name: `a${i}`, consumesCounters: [{ counterSet: "a", counters }] })) },
        tooMany("spec.devices", 65, "must have at most 64 items"),
      ),
      refused({ "spec.devices": many(2, () => ({ name: "a" })) }, duplicate("spec.devices[1]", "a")),
    ],
  },
  {
    says: "there are up to eight sets of counters, each with a name of its own",
    accepts: { "spec.devices": undefined, "spec.sharedCounters": many(8, (i) => ({ name: `a${i}`, counters })) },
    refuses: [
      refused(
        { "spec.devices": undefined, "spec.sharedCounters": many(9, (i) => ({ name: `a${i}`, counters })) },
        tooMany("spec.sharedCounters", 9, "must have at most 8 items"),
      ),
      refused(
        { "spec.devices": undefined, "spec.sharedCounters": many(2, () => ({ name: "a", counters })) },
        duplicate("spec.sharedCounters[1]", "a"),
      ),
    ],
  },
  ...counterRules("spec.sharedCounters[0]", "name", (set) => ({
    "spec.devices": undefined,
    "spec.sharedCounters": [set],
  })),
];

const changes: readonly Rule[] = [
  {
    says: "a slice stays with its driver, pool and node",
    stored: { "spec.allNodes": undefined, "spec.nodeName": "a" },
    accepts: { "spec.pool.generation": 2 },
    refuses: [
      refused({ "spec.driver": "e" }, invalid("spec.driver", "e", immutable)),
      refused({ "spec.pool.name": "q" }, invalid("spec.pool.name", "q", immutable)),
      refused({ "spec.nodeName": "b" }, invalid("spec.nodeName", "b", immutable)),
    ],
  },
  labelRule("spec.devices[0].name", (name) => ({ "spec.devices[0].name": name })),
];

export const resourceSlice: KindRules = {
  group: "resource.k8s.io",
  kind: "ResourceSlice",
  path: "/apis/resource.k8s.io/v1/resourceslices",
  valid: {
    metadata: { name: "rules" },
    spec: {
      driver: "d",
      pool: { name: "p", resourceSliceCount: 1, generation: 1 },
      allNodes: true,
      devices: [{ name: "a" }],
    },
  },
  create: [...pools, ...nodes, ...contents, ...devices, ...capacities],
  update: changes,
};
