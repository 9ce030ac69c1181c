import { longLabelValue, negative, notCIDR, notLabelValue, notQualifiedName } from "../messages.ts";
import {
  type Change,
  duplicate,
  forbidden,
  internal,
  invalid,
  type Json,
  type KindRules,
  notSupported,
  type Rule,
  refused,
  required,
} from "../rule.ts";

// pkg/apis/core/validation/validation.go ValidateNode, ValidateNodeUpdate. An update is held to both.

const podCIDRs = (...ranges: readonly string[]): Change => ({ "spec.podCIDR": ranges[0]!, "spec.podCIDRs": ranges });
const podCIDRFixed = 'node updates may not change podCIDR except from "" to valid';
const severalRanges = "may specify no more than one CIDR for each IP family";
const taint = { key: "a", value: "b", effect: "NoSchedule" };
const shownTaint = { Key: "a", Value: "c", Effect: "NoSchedule", TimeAdded: null };
const featureForm =
  "must start with an UpperCamelCase segment, with subsequent segments separated by '/' (e.g., MyFeature or MyFeature/mySubFeature), and contain only alphanumeric characters and slashes";
const uniqueTaints = {
  ...duplicate("metadata.taints[1]", shownTaint),
  message: `${duplicate("", shownTaint).message}: taints must be unique by key and effect pair`,
};

const taints: readonly Rule[] = [
  {
    says: "the key of a taint is a label's",
    accepts: { "spec.taints": [{ key: "a.b/C", effect: "NoSchedule" }] },
    refuses: refused(
      { "spec.taints": [{ key: "-", effect: "NoSchedule" }] },
      invalid("metadata.taints[0].key", "-", notQualifiedName),
    ),
  },
  {
    says: "the value of a taint is a label's",
    accepts: { "spec.taints": [{ ...taint, value: "x".repeat(63) }] },
    refuses: refused(
      { "spec.taints": [{ ...taint, value: `${"x".repeat(63)}-` }] },
      invalid("metadata.taints[0].value", `${"x".repeat(63)}-`, `${longLabelValue};${notLabelValue}`),
    ),
  },
  {
    says: "the effect of a taint is one of three",
    accepts: ["PreferNoSchedule", "NoExecute"].map((effect) => ({ "spec.taints": [{ key: "a", effect }] })),
    refuses: [
      refused({ "spec.taints": [{ key: "a" }] }, required("metadata.taints[0].effect")),
      refused(
        { "spec.taints": [{ key: "a", effect: "noExecute" }] },
        notSupported("metadata.taints[0].effect", "noExecute", ["NoSchedule", "PreferNoSchedule", "NoExecute"]),
      ),
    ],
  },
  {
    says: "a taint is told by its key and its effect",
    accepts: { "spec.taints": [taint, { ...taint, effect: "NoExecute" }] },
    refuses: refused({ "spec.taints": [taint, { ...taint, value: "c" }] }, uniqueTaints),
  },
];

const annotations = "metadata.annotations";
const taintsKey = "scheduler.alpha.kubernetes.io/taints";
const avoidKey = "scheduler.alpha.kubernetes.io/preferAvoidPods";
const noJson: readonly (readonly [string, string])[] = [
  ["{", "unexpected end of JSON input"],
  ["a", "invalid character 'a' looking for beginning of value"],
];
const signed = (controller: Json): Json =>
  JSON.stringify({ preferAvoidPods: [{ podSignature: { podController: controller } }] });

const annotated: readonly Rule[] = [
  {
    says: "taints in the annotation of old are taints",
    accepts: ["", "null", "[]", '[{"key": "a", "effect": "NoSchedule", "timeAdded": "2026-01-02T11:00:00Z"}]'].map(
      (text) => ({ [`${annotations}[${taintsKey}]`]: text }),
    ),
    refuses: [
      ...[
        ...noJson,
        ["{}", "json: cannot unmarshal object into Go value of type []core.Taint"] as const,
        ["[1]", "json: cannot unmarshal number into Go value of type core.Taint"] as const,
        [
          '[{"effect": 1}]',
          "json: cannot unmarshal number into Go struct field Taint.Effect of type core.TaintEffect",
        ] as const,
      ].map(([text, detail]) =>
        refused({ [`${annotations}[${taintsKey}]`]: text }, invalid(annotations, taintsKey, detail)),
      ),
      refused(
        { [`${annotations}[${taintsKey}]`]: '[{"key": "a"}]' },
        required(`${annotations}.${taintsKey}[0].effect`),
      ),
    ],
  },
  {
    says: "pods that are avoided by the annotation of old have a controller",
    accepts: ["", "{}", signed({ controller: true })].map((text) => ({ [`${annotations}[${avoidKey}]`]: text })),
    refuses: [
      ...[
        ...noJson,
        ["[]", "json: cannot unmarshal array into Go value of type v1.AvoidPods"] as const,
        [
          '{"preferAvoidPods": [{"reason": 1}]}',
          "json: cannot unmarshal number into Go struct field PreferAvoidPodsEntry.preferAvoidPods.reason of type string",
        ] as const,
      ].map(([text, detail]) =>
        refused({ [`${annotations}[${avoidKey}]`]: text }, invalid(`${annotations}.AvoidPods`, avoidKey, detail)),
      ),
      refused(
        { [`${annotations}[${avoidKey}]`]: '{"preferAvoidPods": [{}]}' },
        required(`${annotations}.${avoidKey}[0].PodSignature`),
      ),
      refused(
        { [`${annotations}[${avoidKey}]`]: signed({ controller: false }) },
        invalid(
          `${annotations}.${avoidKey}[0].PodSignature.PodController.Controller`,
          false,
          "must point to a controller",
        ),
      ),
    ],
  },
];

const resources: readonly Rule[] = ["capacity", "allocatable"].map((list) => ({
  says: `what there is by ${list} is not negative, and whole where it comes in pieces`,
  accepts: { [`status.${list}`]: { cpu: "100m", memory: "0", pods: "110", "example.com/a": "1" } },
  refuses: [
    refused({ [`status.${list}`]: { cpu: "-1" } }, invalid(`status.${list}.cpu`, "-1", negative)),
    refused({ [`status.${list}`]: { pods: "500m" } }, invalid(`status.${list}.pods`, "500m", "must be an integer")),
    refused(
      { [`status.${list}`]: { "example.com/a": "1500m" } },
      invalid(`status.${list}.example.com/a`, "1500m", "must be an integer"),
    ),
  ].map((refusal) =>
    list === "capacity" ? { ...refusal, change: { ...refusal.change, "status.allocatable": { cpu: "1" } } } : refusal,
  ),
}));

const features: Rule = {
  says: "features are named in upper camel case, each once, in order",
  accepts: { "status.declaredFeatures": ["A", "B1/c", "B1/cD", "x".repeat(252).replace(/^/, "X")] },
  refuses: [
    refused(
      { "status.declaredFeatures": ["a"] },
      invalid("status.declaredFeatures[0]", "a", `invalid feature name "a": ${featureForm}`),
    ),
    refused(
      { "status.declaredFeatures": ["X".repeat(254)] },
      invalid(
        "status.declaredFeatures[0]",
        "X".repeat(254),
        `invalid feature name "${"X".repeat(254)}": must be no more than 253 characters`,
      ),
    ),
    refused({ "status.declaredFeatures": ["A", "A"] }, duplicate("status.declaredFeatures[1]", "A")),
    refused(
      { "status.declaredFeatures": ["B", "A"] },
      invalid("status.declaredFeatures[1]", "A", "list must be sorted alphabetically"),
    ),
  ],
};

const ranges: readonly Rule[] = [
  {
    says: "a range of pods' addresses is a range",
    accepts: podCIDRs("198.18.0.0/24"),
    refuses: [
      refused(podCIDRs("a"), invalid("spec.podCIDRs[0]", "a", notCIDR.form)),
      refused(podCIDRs("198.18.0.0/024"), invalid("spec.podCIDRs[0]", "198.18.0.0/024", notCIDR.zeros)),
      refused(podCIDRs("::ffff:198.18.0.0/120"), invalid("spec.podCIDRs[0]", "::ffff:198.18.0.0/120", notCIDR.mapped)),
      refused(podCIDRs("198.18.0.1/24"), invalid("spec.podCIDRs[0]", "198.18.0.1/24", notCIDR.bits)),
    ],
  },
  {
    says: "each range is of another family",
    accepts: podCIDRs("198.18.0.0/24", "2001:db8::/64"),
    refuses: [
      refused(
        podCIDRs("198.18.0.0/24", "198.18.1.0/24"),
        invalid("spec.podCIDRs", ["198.18.0.0/24", "198.18.1.0/24"], severalRanges),
      ),
      refused(
        podCIDRs("198.18.0.0/24", "2001:db8::/64", "198.18.1.0/24"),
        invalid("spec.podCIDRs", ["198.18.0.0/24", "2001:db8::/64", "198.18.1.0/24"], severalRanges),
      ),
      refused(
        podCIDRs("198.18.0.0/24", "a"),
        invalid("spec.podCIDRs[1]", "a", notCIDR.form),
        internal(
          "spec.podCIDRs",
          "invalid PodCIDRs. failed to check with dual stack with error:invalid CIDR[1]: <nil> (invalid CIDR address: a)",
        ),
        invalid("spec.podCIDRs", ["198.18.0.0/24", "a"], severalRanges),
      ),
    ],
  },
];

const changes: readonly Rule[] = [
  {
    says: "annotations are looked at twice",
    accepts: { "metadata.annotations.a": "b" },
    refuses: refused(
      { [`${annotations}[${taintsKey}]`]: "{" },
      invalid(annotations, taintsKey, "unexpected end of JSON input"),
      invalid(annotations, taintsKey, "unexpected end of JSON input"),
    ),
  },
  {
    says: "taints are looked at twice",
    accepts: { "spec.taints": [taint] },
    refuses: [
      refused(
        { "spec.taints": [{ key: "a", effect: "" }] },
        required("metadata.taints[0].effect"),
        required("metadata.taints[0].effect"),
      ),
      refused({ "spec.taints": [taint, { ...taint, value: "c" }] }, uniqueTaints, uniqueTaints),
    ],
  },
  {
    says: "ranges of pods' addresses stay once they are there",
    stored: podCIDRs("198.18.0.0/24", "2001:db8::/64"),
    accepts: { "spec.unschedulable": true },
    refuses: [
      refused(podCIDRs("198.18.0.0/24"), forbidden("spec.podCIDRs", podCIDRFixed)),
      refused(
        podCIDRs("198.18.1.0/24", "2001:db8:1::/64"),
        forbidden("spec.podCIDRs", podCIDRFixed),
        forbidden("spec.podCIDRs", podCIDRFixed),
      ),
    ],
  },
  {
    says: "a node without ranges gets them",
    accepts: podCIDRs("198.18.0.0/24"),
    refuses: refused(podCIDRs("a"), invalid("spec.podCIDRs[0]", "a", notCIDR.form)),
  },
  {
    says: "the provider's name for the machine stays once it is there",
    stored: { "spec.providerID": "a" },
    accepts: { "spec.unschedulable": true },
    refuses: refused(
      { "spec.providerID": "" },
      forbidden("spec.providerID", 'node updates may not change providerID except from "" to valid'),
    ),
  },
  {
    says: "the name for the machine of old stays",
    accepts: { "spec.providerID": "a" },
    refuses: refused({ "spec.externalID": "a" }, forbidden("spec.externalID", "may not be updated")),
  },
];

const addresses: Rule = {
  says: "an address stands once for each type",
  accepts: {
    "status.addresses": [
      { type: "InternalIP", address: "a" },
      { type: "Hostname", address: "a" },
    ],
  },
  refuses: refused(
    {
      "status.addresses": [
        { type: "Hostname", address: "a" },
        { type: "Hostname", address: "a" },
      ],
    },
    duplicate("status.addresses[1]", { Type: "Hostname", Address: "a" }),
  ),
};

export const node: KindRules = {
  group: "",
  kind: "Node",
  path: "/api/v1/nodes",
  valid: { metadata: { name: "rules" } },
  create: [
    ...annotated,
    ...taints,
    ...resources,
    {
      says: "there is some swap, if it is told",
      accepts: { "status.nodeInfo.swap.capacity": 1 },
      refuses: [0, -1].map((capacity) =>
        refused(
          { "status.nodeInfo.swap.capacity": capacity },
          invalid("metadata.nodeSwapStatus.capacity", capacity, "must be greater than zero"),
        ),
      ),
    },
    features,
    ...ranges,
  ],
  update: changes,
  subresources: { status: [...resources, features, addresses] },
};
