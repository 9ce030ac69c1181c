import { notDNSLabel, notDNSSubdomain, notLabelValue, notQualifiedName } from "../messages.ts";
import {
  type Change,
  duplicate,
  invalid,
  type Json,
  type JsonObject,
  notSupported,
  type Rule,
  refused,
  required,
  tooLong,
  tooMany,
} from "../rule.ts";
import { bindingRules } from "./claim-status.ts";
import { labelRule, qualifiedRule } from "./device-names.ts";

const device = "spec.devices[0]";
const of = (more: JsonObject): Change => ({ [device]: { name: "a", ...more } });
const many = (count: number, item: (i: number) => Json): readonly Json[] =>
  Array.from({ length: count }, (_, i) => item(i));
const named = (count: number, value: Json, prefix = "a"): JsonObject =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`${prefix}${i}`, value]));
const semver = "must be a string compatible with semver.org spec 2.0.0";
const long = "may not be more than 64 bytes";
const attribute = `${device}.attributes[b]`;

/** Of a set of counters at the place, named in the field. */
export function counterRules(place: string, field: string, but: (set: JsonObject) => Change): readonly Rule[] {
  const counters = { c: { value: "1" } };
  return [
    {
      says: `counters of ${place} are those of a set, which is named by a label`,
      accepts: but({ [field]: "a", counters }),
      refuses: [
        refused(but({ [field]: "", counters }), required(`${place}.${field}`)),
        refused(but({ [field]: "A", counters }), invalid(`${place}.${field}`, "A", notDNSLabel)),
      ],
    },
    {
      says: `there are up to 32 counters of ${place}, named by labels`,
      accepts: but({ [field]: "a", counters: named(32, { value: "1" }) }),
      refuses: [
        refused(but({ [field]: "a", counters: {} }), required(`${place}.counters`)),
        refused(
          but({ [field]: "a", counters: named(33, { value: "1" }) }),
          tooMany(`${place}.counters`, 33, "must have at most 32 items"),
        ),
        refused(but({ [field]: "a", counters: { B: { value: "1" } } }), invalid(`${place}.counters`, "B", notDNSLabel)),
      ],
    },
  ];
}

const attributes: readonly Rule[] = [
  labelRule(`${device}.name`, (name) => ({ [`${device}.name`]: name })),
  {
    says: "there are up to 32 attributes and capacities in all",
    accepts: of({ attributes: named(16, { int: 1 }), capacity: named(16, { value: "1" }, "b") }),
    refuses: refused(
      of({ attributes: named(17, { int: 1 }), capacity: named(16, { value: "1" }, "b") }),
      invalid(device, 33, "the total number of attributes and capacities must not exceed 32"),
    ),
  },
  qualifiedRule(`${device}.attributes`, (name) => of({ attributes: { [name as string]: { int: 1 } } })),
  qualifiedRule(`${device}.capacity`, (name) => of({ capacity: { [name as string]: { value: "1" } } })),
  {
    says: "an attribute has one value",
    accepts: [{ int: 0 }, { bool: false }, { string: "" }, { version: "1.2.3-a.b+c" }].map((b) =>
      of({ attributes: { b } }),
    ),
    refuses: [
      refused(of({ attributes: { b: {} } }), invalid(attribute, "", "exactly one value must be specified")),
      refused(
        of({ attributes: { b: { int: 1, string: "c" } } }),
        invalid(
          attribute,
          {
            IntValue: 1,
            BoolValue: null,
            StringValue: "c",
            VersionValue: null,
            IntValues: null,
            BoolValues: null,
            StringValues: null,
            VersionValues: null,
          },
          "exactly one value must be specified",
        ),
      ),
    ],
  },
  {
    says: "a text is of 64 bytes, and a version as semver.org has it",
    accepts: [{ string: "a".repeat(64) }, { version: `1.2.3-${"a".repeat(58)}` }].map((b) => of({ attributes: { b } })),
    refuses: [
      refused(of({ attributes: { b: { string: "a".repeat(65) } } }), tooLong(`${attribute}.string`, long)),
      refused(of({ attributes: { b: { version: `1.2.3-${"a".repeat(59)}` } } }), tooLong(`${attribute}.version`, long)),
      ...["1.2", "v1.2.3", "1.02.3"].map((version) =>
        refused(of({ attributes: { b: { version } } }), invalid(`${attribute}.version`, version, semver)),
      ),
    ],
  },
];

const taint = `${device}.taints[0]`;

const taints: readonly Rule[] = [
  {
    says: "there are up to sixteen taints",
    accepts: of({ taints: many(16, (i) => ({ key: `a${i}`, effect: "None" })) }),
    refuses: refused(
      of({ taints: many(17, (i) => ({ key: `a${i}`, effect: "None" })) }),
      tooMany(`${device}.taints`, 17, "must have at most 16 items"),
    ),
  },
  {
    says: "a taint has a label's key and value, and an effect",
    accepts: ["NoExecute", "NoSchedule", "None"].map((effect) =>
      of({ taints: [{ key: "a.b/c", value: "d", effect }] }),
    ),
    refuses: [
      refused(of({ taints: [{ key: "-", effect: "None" }] }), invalid(`${taint}.key`, "-", notQualifiedName)),
      refused(
        of({ taints: [{ key: "a", value: "-", effect: "None" }] }),
        invalid(`${taint}.value`, "-", notLabelValue),
      ),
      refused(of({ taints: [{ key: "a", effect: "" }] }), required(`${taint}.effect`)),
      refused(
        of({ taints: [{ key: "a", effect: "Explode" }] }),
        notSupported(`${taint}.effect`, "Explode", ["NoExecute", "NoSchedule", "None"]),
      ),
    ],
  },
];

const consumes = `${device}.consumesCounters`;
const counters = { c: { value: "1" } };

const consuming: readonly Rule[] = [
  {
    says: "a device consumes counters of up to two sets, each once",
    accepts: of({ consumesCounters: many(2, (i) => ({ counterSet: `a${i}`, counters })) }),
    refuses: [
      refused(
        of({ consumesCounters: many(3, (i) => ({ counterSet: `a${i}`, counters })) }),
        tooMany(consumes, 3, "must have at most 2 items"),
      ),
      refused(
        of({ consumesCounters: many(2, () => ({ counterSet: "a", counters })) }),
        duplicate(`${consumes}[1]`, "a"),
      ),
    ],
  },
  ...counterRules(`${consumes}[0]`, "counterSet", (set) => of({ consumesCounters: [set] })),
];

const each = { "spec.allNodes": undefined, "spec.perDeviceNodeSelection": true };
const one =
  "exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec";
const terms = { nodeSelectorTerms: [{}] };

const nodes: readonly Rule[] = [
  {
    says: "a device tells its nodes where the slice leaves it to devices, in one way",
    accepts: [{ nodeName: "a.b" }, { nodeSelector: terms }, { allNodes: true }].map((more) => ({
      ...each,
      ...of(more),
    })),
    refuses: [
      refused({ ...each, ...of({}) }, required(device, one)),
      refused(
        { ...each, ...of({ nodeName: "a", nodeSelector: terms, allNodes: true }) },
        invalid(device, "{`nodeName`, `nodeSelector`, `allNodes`}", one),
      ),
      ...[{ nodeName: "a" }, { nodeSelector: terms }, { allNodes: true }].map((more) =>
        refused(
          of(more),
          invalid(
            device,
            null,
            "`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec",
          ),
        ),
      ),
    ],
  },
  {
    says: "nodes of a device are told as those of a slice",
    accepts: { ...each, ...of({ nodeName: "a".repeat(253) }) },
    refuses: [
      refused(
        { ...each, ...of({ nodeName: "", allNodes: true }) },
        invalid(`${device}.nodeName`, "", "must not be empty"),
      ),
      refused({ ...each, ...of({ nodeName: "A" }) }, invalid(`${device}.nodeName`, "A", notDNSSubdomain)),
      refused(
        { ...each, ...of({ nodeName: "a", allNodes: false }) },
        invalid(`${device}.allNodes`, false, "must be either unset or set to true"),
      ),
      refused(
        {
          ...each,
          ...of({ nodeSelector: { nodeSelectorTerms: [{ matchExpressions: [{ key: "a", operator: "Like" }] }] } }),
        },
        invalid(
          `${device}.nodeSelector.nodeSelectorTerms[0].matchExpressions[0].operator`,
          "Like",
          "not a valid selector operator",
        ),
      ),
    ],
  },
];

export const devices: readonly Rule[] = [...attributes, ...taints, ...consuming, ...nodes, ...bindingRules(device, of)];
