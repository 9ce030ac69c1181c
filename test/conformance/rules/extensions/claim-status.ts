import { immutable, notDNSLabel, notQualifiedName } from "../messages.ts";
import {
  type Change,
  duplicate,
  forbidden,
  invalid,
  invalidShown,
  type Json,
  type JsonObject,
  notSupported,
  type Rule,
  refused,
  required,
  tooLong,
  tooMany,
} from "../rule.ts";
import { conditionListRules } from "./conditions.ts";
import { configurationRules, driverRule, labelRule, poolRule } from "./device-names.ts";

const result = { request: "a", driver: "d", pool: "p", device: "e" };
const allocation: JsonObject = { devices: { results: [result] } };
const results = "status.allocation.devices.results";
const reserved = "status.reservedFor";
const many = (count: number, item: (i: number) => Json): readonly Json[] =>
  Array.from({ length: count }, (_, i) => item(i));
const consumer = (i: number): Json => ({ resource: "pods", name: "a", uid: `u${i}` });
const reference =
  "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";
const uuid = "01234567-89ab-cdef-0123-456789abcdef";
const normal =
  "uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal characters";

/** What is wrong with each text that is no UUID in its normal form. */
const badUuids = [
  ["a", "error validating uid: invalid UUID length: 1"],
  [`g${uuid.slice(1)}`, "error validating uid: invalid UUID format"],
  [`(${uuid})`, "error validating uid: invalid bracketed UUID format"],
  [`urn:uuix:${uuid}`, 'error validating uid: invalid urn prefix: "urn:uuix:"'],
  [uuid.toUpperCase(), normal],
  [`{${uuid}}`, normal],
  [uuid.replaceAll("-", ""), normal],
] as const;

const reserving: readonly Rule[] = [
  {
    says: "what is allocated is reserved for up to 256, each once",
    accepts: { "status.allocation": allocation, [reserved]: many(256, consumer) },
    refuses: [
      refused(
        { "status.allocation": allocation, [reserved]: many(257, consumer) },
        tooMany(reserved, 257, "must have at most 256 items"),
      ),
      refused(
        { "status.allocation": allocation, [reserved]: [consumer(1), consumer(1)] },
        duplicate(`${reserved}[1]`, "u1"),
      ),
      refused({ [reserved]: [consumer(1)] }, forbidden(reserved, "may not be specified when `allocated` is not set")),
    ],
  },
  {
    says: "who reserves is told",
    accepts: { "status.allocation": allocation, [reserved]: [consumer(1)] },
    refuses: refused(
      { "status.allocation": allocation, [reserved]: [{ resource: "", name: "", uid: "" }] },
      required(`${reserved}[0].resource`),
      required(`${reserved}[0].name`),
      required(`${reserved}[0].uid`),
    ),
  },
  {
    says: "nobody more reserves what is deleted",
    stored: {
      "metadata.finalizers": ["rules.example/a"],
      "status.allocation": allocation,
      [reserved]: [consumer(1), consumer(2)],
    },
    deleted: true,
    accepts: { [reserved]: [consumer(1)] },
    refuses: refused(
      { [reserved]: [consumer(1), consumer(3)] },
      forbidden(reserved, "new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set"),
    ),
  },
  {
    says: "what is allocated stays, or goes as a whole",
    stored: { "status.allocation": allocation },
    accepts: [{ [reserved]: [consumer(1)] }, { "status.allocation": undefined }],
    refuses: refused(
      { [`${results}[0].pool`]: "q" },
      invalidShown(
        "status.allocation",
        JSON.stringify({
          Devices: {
            Results: [
              {
                Request: "a",
                Driver: "d",
                Pool: "q",
                Device: "e",
                AdminAccess: null,
                Tolerations: null,
                BindingConditions: null,
                BindingFailureConditions: null,
                ShareID: null,
                ConsumedCapacity: null,
              },
            ],
            Config: null,
          },
          NodeSelector: null,
          AllocationTimestamp: null,
        }),
        immutable,
      ),
    ),
  },
];

const of = (more: JsonObject): Change => ({ "status.allocation": { devices: { results: [{ ...result, ...more }] } } });
const notPods = { matchExpressions: [{ key: "a", operator: "Like" }] };

const allocating: readonly Rule[] = [
  {
    says: "there are up to 32 results",
    accepts: { "status.allocation.devices.results": many(32, () => result) },
    refuses: refused(
      { "status.allocation.devices.results": many(33, () => result) },
      tooMany(results, 33, "must have at most 32 items"),
    ),
  },
  {
    says: "a result is of a request of the claim",
    accepts: of({ request: "a" }),
    refuses: refused(of({ request: "b" }), invalid(`${results}[0].request`, "b", reference)),
  },
  driverRule(`${results}[0].driver`, (driver) => of({ driver })),
  poolRule(`${results}[0].pool`, (pool) => of({ pool })),
  labelRule(`${results}[0].device`, (device) => of({ device })),
  ...bindingRules(`${results}[0]`, of),
  {
    says: "a share is told by a UUID in its normal form",
    accepts: of({ shareID: uuid }),
    refuses: badUuids.map(([text, detail]) =>
      refused(of({ shareID: text }), invalid(`${results}[0].shareID`, text, detail)),
    ),
  },
  {
    says: "a configuration comes from the claim or from the class",
    accepts: ["FromClaim", "FromClass"].map((source) => configured({ source })),
    refuses: [
      refused(configured({ source: "" }), required("status.allocation.devices.config[0].source")),
      refused(
        configured({ source: "FromPod" }),
        notSupported("status.allocation.devices.config[0].source", "FromPod", ["FromClaim", "FromClass"]),
      ),
      refused(
        configured({ requests: ["b"] }),
        invalid("status.allocation.devices.config[0].requests[0]", "b", reference),
      ),
    ],
  },
  ...configurationRules("status.allocation.devices.config", 64, { source: "FromClass" }),
  {
    says: "nodes are selected as pods select them",
    accepts: { "status.allocation": { ...allocation, nodeSelector: { nodeSelectorTerms: [{}] } } },
    refuses: refused(
      { "status.allocation": { ...allocation, nodeSelector: { nodeSelectorTerms: [notPods] } } },
      invalid(
        "status.allocation.nodeSelector.nodeSelectorTerms[0].matchExpressions[0].operator",
        "Like",
        "not a valid selector operator",
      ),
    ),
  },
];

function configured(more: JsonObject): Change {
  const config = { source: "FromClass", opaque: { driver: "a", parameters: {} }, ...more };
  return { "status.allocation": { devices: { results: [result], config: [config] } } };
}

/** Of the conditions that a device at the place is bound by. */
export function bindingRules(place: string, but: (more: JsonObject) => Change): readonly Rule[] {
  const good = `${place}.bindingConditions`;
  const bad = `${place}.bindingFailureConditions`;
  const both = (a: readonly string[], b: readonly string[]): Change =>
    but({ bindingConditions: a, bindingFailureConditions: b });
  const five = ["a", "b", "c", "d", "e"];
  return [
    {
      says: `up to four conditions of binding, and of its failure, are at ${place}`,
      accepts: both(five.slice(1), ["f.g/h", "i", "j", "k"]),
      refuses: [
        refused(both(five, ["f"]), tooMany(good, 5, "must have at most 4 items")),
        refused(both(["f"], five), tooMany(bad, 5, "must have at most 4 items")),
        refused(both(["-"], ["f"]), invalid(`${good}[0]`, "-", notQualifiedName)),
        refused(both(["f"], ["-"]), invalid(`${bad}[0]`, "-", notQualifiedName)),
      ],
    },
    {
      says: `conditions of binding at ${place} are told once, and on one side`,
      accepts: both(["a"], ["b"]),
      refuses: [
        refused(both(["a", "a"], ["b"]), duplicate(`${good}[1]`, "a")),
        refused(both(["a"], ["b", "b"]), duplicate(`${bad}[1]`, "b")),
        refused(
          both(["a"], ["a"]),
          invalid(`${bad}[0]`, "a", "bindingFailureConditions must not overlap with bindingConditions"),
        ),
      ],
    },
    {
      says: `conditions of binding at ${place} are on both sides, or on none`,
      accepts: but({}),
      refuses: [
        refused(
          but({ bindingFailureConditions: ["a"] }),
          invalid(good, null, "bindingConditions are required to use bindingFailureConditions"),
        ),
        refused(
          but({ bindingConditions: ["a"] }),
          invalid(bad, null, "bindingFailureConditions are required to use bindingConditions"),
        ),
      ],
    },
  ];
}

const device = "status.devices[0]";
const stored = { "status.allocation": allocation };
const told = (more: JsonObject): Change => ({ [device]: { driver: "d", pool: "p", device: "e", ...more } });
const unallocated = "must be an allocated device in the claim";
const named = (name: string, shareID = ""): Json => ({ Driver: "d", Pool: "p", Device: name, ShareID: shareID });
const data = `${device}.networkData`;

const devices: readonly Rule[] = [
  {
    says: "a device is told of that is allocated, once",
    stored,
    accepts: told({}),
    refuses: [
      refused(told({ device: "f" }), invalid(device, named("f"), unallocated)),
      refused(
        told({ device: "F" }),
        invalid(`${device}.device`, "F", notDNSLabel),
        invalid(device, named("F"), unallocated),
      ),
      refused(
        told({ driver: "" }),
        required(`${device}.driver`),
        invalid(device, { ...(named("e") as object), Driver: "" } as Json, unallocated),
      ),
      refused(
        told({ pool: "" }),
        required(`${device}.pool`),
        invalid(device, { ...(named("e") as object), Pool: "" } as Json, unallocated),
      ),
      refused(
        told({ shareID: "a" }),
        invalid(`${device}.shareID`, "a", "error validating uid: invalid UUID length: 1"),
        invalid(device, named("e", "a"), unallocated),
      ),
      refused(
        { "status.devices": many(2, () => ({ driver: "d", pool: "p", device: "e" })) },
        duplicate("status.devices[1]", named("e")),
      ),
    ],
  },
  {
    says: "up to eight conditions are told of a device",
    stored,
    accepts: told({ conditions: many(8, condition) }),
    refuses: refused(
      told({ conditions: many(9, condition) }),
      tooMany(`${device}.conditions`, 9, "must have at most 8 items"),
    ),
  },
  ...conditionListRules(`${device}.conditions`).map((rule) => ({
    ...rule,
    stored: { ...stored, ...told({}) },
  })),
  {
    says: "data of a device is an object of ten kibibytes",
    stored,
    accepts: told({ data: { a: "b".repeat(10_232) } }),
    refuses: [
      refused(told({ data: { a: "b".repeat(10_233) } }), tooLong(`${device}.data`, "may not be more than 10240 bytes")),
      refused(told({ data: [] }), invalid(`${device}.data`, "<value omitted>", "must be a valid JSON object")),
    ],
  },
  {
    says: "names of a network device have their length",
    stored,
    accepts: told({ networkData: { interfaceName: "a".repeat(256), hardwareAddress: "a".repeat(128) } }),
    refuses: [
      refused(
        told({ networkData: { interfaceName: "a".repeat(257) } }),
        tooLong(`${data}.interfaceName`, "may not be more than 256 bytes"),
      ),
      refused(
        told({ networkData: { hardwareAddress: "a".repeat(129) } }),
        tooLong(`${data}.hardwareAddress`, "may not be more than 128 bytes"),
      ),
    ],
  },
  {
    says: "up to sixteen addresses of a network device are told with their networks, in canonical form",
    stored,
    accepts: told({ networkData: { ips: many(16, (i) => `10.0.0.${i}/24`) } }),
    refuses: [
      refused(
        told({ networkData: { ips: many(17, (i) => `10.0.0.${i}/24`) } }),
        tooMany(`${data}.ips`, 17, "must have at most 16 items"),
      ),
      refused(
        told({ networkData: { ips: ["10.0.0.1/24", "10.0.0.1/24"] } }),
        duplicate(`${data}.ips[1]`, "10.0.0.1/24"),
      ),
      refused(
        told({ networkData: { ips: ["10.0.0.1"] } }),
        invalid(
          `${data}.ips[0]`,
          "10.0.0.1",
          "must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)",
        ),
      ),
      refused(
        told({ networkData: { ips: ["2001:DB8::1/64"] } }),
        invalid(`${data}.ips[0]`, "2001:DB8::1/64", 'must be in canonical form ("2001:db8::1/64")'),
      ),
    ],
  },
];

function condition(i: number): Json {
  const lastTransitionTime = "2026-01-01T00:00:00Z";
  return { type: `a${i}`, status: "True", lastTransitionTime, reason: "a", message: "" };
}

export const claimStatus: readonly Rule[] = [...reserving, ...allocating, ...devices];
