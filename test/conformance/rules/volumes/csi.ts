import { emptyName, immutable, negative, notDNSSubdomain, notLabelValue, notQualifiedName } from "../messages.ts";
import {
  type Cause,
  duplicate,
  invalid,
  invalidShown,
  type Json,
  type KindRules,
  notSupported,
  type Rule,
  refused,
  required,
  tooLong,
} from "../rule.ts";

const group = "storage.k8s.io";

const tokens = (...list: readonly Json[]) => ({ "spec.tokenRequests": list });
const expiration = "spec.tokenRequests[0].expirationSeconds";
const driverRules: readonly Rule[] = [
  {
    says: "whether a driver knows of groups is one of three",
    accepts: ["File", "None", "ReadWriteOnceWithFSType"].map((policy) => ({ "spec.fsGroupPolicy": policy })),
    refuses: refused(
      { "spec.fsGroupPolicy": "Some" },
      notSupported("spec.fsGroupPolicy", "Some", ["File", "None", "ReadWriteOnceWithFSType"]),
    ),
  },
  {
    says: "a driver asks for each token once, for ten minutes to 136 years",
    accepts: tokens(
      { audience: "", expirationSeconds: 600 },
      { audience: "a", expirationSeconds: 2 ** 32 },
      { audience: "b" },
    ),
    refuses: [
      refused(
        tokens({ audience: "a" }, { audience: "a", expirationSeconds: 1 }),
        duplicate("spec.tokenRequests[1].audience", "a"),
      ),
      refused(
        tokens({ audience: "a", expirationSeconds: 599 }),
        invalid(expiration, 599, "may not specify a duration less than 10 minutes"),
      ),
      refused(
        tokens({ audience: "a", expirationSeconds: 2 ** 32 + 1 }),
        invalid(expiration, 2 ** 32 + 1, "may not specify a duration larger than 2^32 seconds"),
      ),
    ],
  },
  {
    says: "volumes of a driver are persistent or ephemeral",
    accepts: { "spec.volumeLifecycleModes": ["Persistent", "Ephemeral"] },
    refuses: refused(
      { "spec.volumeLifecycleModes": ["Persistent", "Eternal"] },
      notSupported("spec.volumeLifecycleModes", "Eternal", ["Persistent", "Ephemeral"]),
    ),
  },
  {
    says: "what a node can hold is asked for every ten seconds at most",
    accepts: { "spec.nodeAllocatableUpdatePeriodSeconds": 10 },
    refuses: refused(
      { "spec.nodeAllocatableUpdatePeriodSeconds": 9 },
      invalid("spec.nodeAllocatableUpdatePeriodSeconds", 9, "must be greater than or equal to 10 seconds"),
    ),
  },
  {
    says: "tokens are among secrets where there are tokens",
    accepts: { ...tokens({ audience: "a" }), "spec.serviceAccountTokenInSecrets": true },
    refuses: refused(
      { "spec.serviceAccountTokenInSecrets": false },
      invalid(
        "spec.serviceAccountTokenInSecrets",
        false,
        "serviceAccountTokenInSecrets is set but no tokenRequests are specified",
      ),
    ),
  },
];

export const csiDriver: KindRules = {
  group,
  kind: "CSIDriver",
  path: `/apis/${group}/v1/csidrivers`,
  valid: { metadata: { name: "rules" }, spec: {} },
  create: driverRules,
  update: [
    {
      says: "how a driver attaches and what its volumes are stays",
      accepts: { "spec.podInfoOnMount": true },
      refuses: [
        // Upstream's path is misspelt.
        refused({ "spec.attachRequired": false }, invalid("spec.attachedRequired", false, immutable)),
        refused(
          { "spec.volumeLifecycleModes": ["Ephemeral"] },
          invalidShown("spec.volumeLifecycleModes", '["Ephemeral"]', immutable),
        ),
        refused(
          { "spec.nodeAllocatableUpdatePeriodSeconds": 9, "spec.attachRequired": false },
          invalid("spec.nodeAllocatableUpdatePeriodSeconds", 9, "must be greater than or equal to 10 seconds"),
          invalid("spec.attachedRequired", false, immutable),
        ),
      ],
    },
  ],
};

const drivers = (...list: readonly Json[]) => ({ "spec.drivers": list });
const driver = { name: "d", nodeID: "n" };
const first = "spec.drivers[0]";
const nodeRules: readonly Rule[] = [
  {
    says: "a driver's name is a DNS subdomain in any case, of 63 bytes at most",
    accepts: drivers({ ...driver, name: "CSI.example.com" }, { ...driver, name: "d".repeat(63) }),
    refuses: [
      refused(drivers({ nodeID: "n" }), required(`${first}.name`)),
      refused(drivers({ ...driver, name: "d_" }), invalid(`${first}.name`, "d_", notDNSSubdomain)),
      refused(drivers({ ...driver, name: "d".repeat(64) }), tooLong(`${first}.name`, "may not be more than 63 bytes")),
    ],
  },
  {
    says: "a driver knows its node by an identifier of 256 bytes at most",
    accepts: drivers({ ...driver, nodeID: "é".repeat(128) }),
    refuses: [
      refused(drivers({ name: "d" }), required(`${first}.nodeID`)),
      refused(
        drivers({ ...driver, nodeID: "é".repeat(129) }),
        invalid(`${first}.nodeID`, "é".repeat(129), "must be 256 characters or less"),
      ),
    ],
  },
  {
    says: "what a node can hold is not negative",
    accepts: drivers({ ...driver, allocatable: { count: 0 } }),
    refuses: refused(
      drivers({ ...driver, allocatable: { count: -1 } }),
      invalid(`${first}.allocatable.count`, -1, negative),
    ),
  },
  {
    says: "a driver is told once",
    accepts: drivers(driver, { ...driver, name: "e" }),
    refuses: refused(drivers(driver, driver), duplicate("spec.drivers[1].name", "d")),
  },
  {
    says: "keys of a topology are qualified names, each told once",
    accepts: drivers({ ...driver, topologyKeys: ["example.com/zone", "rack"] }),
    refuses: [
      refused(
        drivers({ ...driver, topologyKeys: [""] }),
        required(first),
        invalid(first, "", emptyName),
        invalid(first, "", notQualifiedName),
      ),
      refused(drivers({ ...driver, topologyKeys: ["a", "a"] }), duplicate(first, "a")),
      refused(drivers({ ...driver, topologyKeys: ["a b"] }), invalid(first, "a b", notQualifiedName)),
    ],
  },
];
const fixed = (shown: string): Cause => invalidShown("spec.drivers", shown, immutable);

export const csiNode: KindRules = {
  group,
  kind: "CSINode",
  path: `/apis/${group}/v1/csinodes`,
  valid: { metadata: { name: "rules" }, spec: { drivers: [{ ...driver, topologyKeys: ["zone"] }] } },
  create: nodeRules,
  update: [
    {
      says: "drivers come and go, and change what they can hold",
      accepts: [drivers(), { "spec.drivers[+]": { ...driver, name: "e" } }, { [`${first}.allocatable`]: { count: 3 } }],
      refuses: [
        refused(
          { [`${first}.nodeID`]: "m", [`${first}.allocatable`]: { count: 3 } },
          fixed('{"Name":"d","NodeID":"m","TopologyKeys":["zone"],"Allocatable":null}'),
        ),
        refused(
          { [`${first}.topologyKeys`]: undefined },
          fixed('{"Name":"d","NodeID":"n","TopologyKeys":null,"Allocatable":null}'),
        ),
      ],
    },
  ],
};

export const storageCapacity: KindRules = {
  group,
  kind: "CSIStorageCapacity",
  path: `/apis/${group}/v1/namespaces/default/csistoragecapacities`,
  valid: { metadata: { name: "rules" }, storageClassName: "a", nodeTopology: { matchLabels: { a: "b" } } },
  create: [
    {
      says: "a capacity is of nodes by their labels",
      accepts: { nodeTopology: undefined },
      refuses: [
        refused(
          { nodeTopology: { matchLabels: { "a b": "c" } } },
          invalid("nodeTopology.matchLabels", "a b", notQualifiedName),
        ),
        refused(
          { nodeTopology: { matchExpressions: [{ key: "a", operator: "In", values: ["b c"] }] } },
          invalid("nodeTopology.matchExpressions[0].values[0]", "b c", notLabelValue),
        ),
      ],
    },
    {
      says: "a capacity is of a class",
      accepts: { storageClassName: "a.b" },
      refuses: [
        refused({ storageClassName: "" }, invalid("storageClassName", "", notDNSSubdomain)),
        refused({ storageClassName: "A" }, invalid("storageClassName", "A", notDNSSubdomain)),
      ],
    },
    {
      says: "a capacity is not negative",
      accepts: { capacity: "0" },
      refuses: refused({ capacity: "-1" }, invalid("capacity", "-1", negative)),
    },
  ],
  update: [
    {
      says: "what a capacity is of stays",
      accepts: { capacity: "1Gi" },
      refuses: [
        refused({ storageClassName: "b" }, invalid("storageClassName", "b", immutable)),
        refused(
          { nodeTopology: { matchLabels: { d: "e", a: "b" } } },
          invalidShown("nodeTopology", '{"matchLabels":{"a":"b","d":"e"}}', immutable),
        ),
        refused({ nodeTopology: undefined }, invalidShown("nodeTopology", "null", immutable)),
        refused({ capacity: "-1" }, invalid("capacity", "-1", negative)),
      ],
    },
  ],
};
