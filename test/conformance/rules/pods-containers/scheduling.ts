import { emptyName, longLabelValue, notLabelValue, notPositive, notQualifiedName } from "../messages.ts";
import {
  duplicate,
  forbidden,
  invalid,
  type Json,
  type JsonObject,
  type KindRules,
  notSupported,
  refused,
  required,
} from "../rule.ts";
import { pod } from "./pod.ts";

const toleration = "spec.tolerations[0]";
const tolerates = (more: JsonObject) => ({ [toleration]: more });
const effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
const needsExists = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';

const spread = "spec.topologySpreadConstraints[0]";
const evenly = {
  maxSkew: 1,
  topologyKey: "zone",
  whenUnsatisfiable: "DoNotSchedule",
  labelSelector: { matchLabels: { a: "b" } },
};
const spreads = (more: JsonObject) => ({ [spread]: { ...evenly, ...more } });
const keys = (matchLabelKeys: readonly Json[], labelSelector: Json) => spreads({ matchLabelKeys, labelSelector });
const gate = (...names: readonly string[]) => ({ "spec.schedulingGates": names.map((name) => ({ name })) });

export const scheduling: KindRules = {
  ...pod,
  create: [
    {
      says: "a toleration has the key of a label, or is of all keys",
      accepts: [tolerates({ key: "a.b/c" }), tolerates({ operator: "Exists" })],
      refuses: [
        refused(tolerates({ key: "a b" }), invalid(`${toleration}.key`, "a b", notQualifiedName)),
        refused(tolerates({}), invalid(`${toleration}.operator`, "", needsExists)),
        refused(tolerates({ operator: "Equal" }), invalid(`${toleration}.operator`, "Equal", needsExists)),
      ],
    },
    {
      says: "a toleration that ends is of what stops pods",
      accepts: tolerates({ key: "a", effect: "NoExecute", tolerationSeconds: 1 }),
      refuses: [
        refused(
          tolerates({ key: "a", effect: "NoSchedule", tolerationSeconds: 1 }),
          invalid(`${toleration}.effect`, "NoSchedule", "effect must be 'NoExecute' when `tolerationSeconds` is set"),
        ),
        refused(
          tolerates({ key: "a", tolerationSeconds: 1 }),
          invalid(`${toleration}.effect`, "", "effect must be 'NoExecute' when `tolerationSeconds` is set"),
        ),
      ],
    },
    {
      says: "a toleration is of one value, or of all",
      accepts: [
        tolerates({ key: "a", value: "b" }),
        tolerates({ key: "a", operator: "Equal", value: "b".repeat(63) }),
        tolerates({ key: "a", operator: "Exists" }),
      ],
      refuses: [
        refused(tolerates({ key: "a", value: "a b" }), invalid(`${toleration}.operator`, "a b", notLabelValue)),
        refused(
          tolerates({ key: "a", operator: "Equal", value: `-${"b".repeat(63)}` }),
          invalid(`${toleration}.operator`, `-${"b".repeat(63)}`, `${longLabelValue};${notLabelValue}`),
        ),
        refused(
          tolerates({ key: "a", operator: "Exists", value: "b" }),
          invalid(`${toleration}.operator`, "b", "value must be empty when `operator` is 'Exists'"),
        ),
        refused(
          tolerates({ key: "a", operator: "In" }),
          notSupported(`${toleration}.operator`, "In", ["Equal", "Exists"]),
        ),
        ...["Lt", "Gt"].map((operator) =>
          refused(
            tolerates({ key: "a", operator, value: "1" }),
            notSupported(`${toleration}.operator`, operator, ["Equal", "Exists", "Lt", "Gt"]),
          ),
        ),
      ],
    },
    {
      says: "a toleration is of an effect, or of all",
      accepts: [tolerates({ key: "a" }), ...effects.map((effect) => tolerates({ key: "a", effect }))],
      refuses: refused(
        tolerates({ key: "a", effect: "NoStart" }),
        notSupported(`${toleration}.effect`, "NoStart", effects),
      ),
    },
    {
      says: "pods are spread with a skew of one at least",
      accepts: spreads({}),
      refuses: [0, -1].map((maxSkew) =>
        refused(spreads({ maxSkew }), invalid(`${spread}.maxSkew`, maxSkew, notPositive)),
      ),
    },
    {
      says: "pods are spread over the values of a label of nodes",
      accepts: spreads({ topologyKey: "a b" }),
      refuses: refused(spreads({ topologyKey: "" }), required(`${spread}.topologyKey`, "can not be empty")),
    },
    {
      says: "a pod that cannot be spread waits or is scheduled nevertheless",
      accepts: [spreads({}), spreads({ whenUnsatisfiable: "ScheduleAnyway" })],
      refuses: [
        refused(
          spreads({ whenUnsatisfiable: "" }),
          notSupported(`${spread}.whenUnsatisfiable`, "", ["DoNotSchedule", "ScheduleAnyway"]),
        ),
        refused(
          spreads({ whenUnsatisfiable: "Wait" }),
          notSupported(`${spread}.whenUnsatisfiable`, "Wait", ["DoNotSchedule", "ScheduleAnyway"]),
        ),
      ],
    },
    {
      says: "a pod is spread over a label once in one way",
      accepts: {
        "spec.topologySpreadConstraints": [
          evenly,
          { ...evenly, whenUnsatisfiable: "ScheduleAnyway" },
          { ...evenly, topologyKey: "host" },
        ],
      },
      refuses: refused(
        { "spec.topologySpreadConstraints": [evenly, { ...evenly, maxSkew: 2 }] },
        duplicate(`${spread}.{topologyKey, whenUnsatisfiable}`, "{zone, DoNotSchedule}"),
      ),
    },
    {
      says: "a pod that has to be spread may need some domains",
      accepts: spreads({ minDomains: 1 }),
      refuses: [
        refused(spreads({ minDomains: 0 }), invalid(`${spread}.minDomains`, 0, notPositive)),
        refused(
          spreads({ minDomains: 1, whenUnsatisfiable: "ScheduleAnyway" }),
          invalid(
            `${spread}.minDomains`,
            1,
            "can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ScheduleAnyway",
          ),
        ),
      ],
    },
    ...["nodeAffinityPolicy", "nodeTaintsPolicy"].map((field) => ({
      says: `${field} is to honor or to ignore`,
      accepts: ["Honor", "Ignore"].map((value) => spreads({ [field]: value })),
      refuses: refused(spreads({ [field]: "Maybe" }), notSupported(`${spread}.${field}`, "Maybe", ["Honor", "Ignore"])),
    })),
    {
      says: "pods are spread with those that have the same labels",
      accepts: keys(["c.d/e"], {}),
      refuses: [
        refused(
          keys(["a"], undefined as unknown as Json),
          forbidden(`${spread}.matchLabelKeys`, "must not be specified when labelSelector is not set"),
        ),
        refused(keys(["a b"], {}), invalid(`${spread}.matchLabelKeys[0]`, "a b", notQualifiedName)),
      ],
    },
    {
      says: "a key of labels stands in the selector or for itself",
      accepts: { "metadata.labels.a": "b", ...keys(["a"], {}) },
      refuses: [
        refused(
          { "metadata.labels.a": "b", ...keys(["c", "a"], { matchLabels: { a: "b" } }) },
          invalid(`${spread}[1]`, "a", "exists in both matchLabelKeys and labelSelector"),
        ),
        refused(
          { "metadata.labels.a": "b", ...keys(["a"], { matchExpressions: [{ key: "a", operator: "Exists" }] }) },
          invalid(`${spread}[0]`, "a", "exists in both matchLabelKeys and labelSelector"),
        ),
      ],
    },
    {
      says: "pods that are spread are chosen by a proper selector",
      accepts: keys([], { matchExpressions: [{ key: "a", operator: "In", values: ["b"] }] }),
      refuses: refused(
        keys([], { matchExpressions: [{ key: "a", operator: "In" }] }),
        required(
          `${spread}.labelSelector.matchExpressions[0].values`,
          "must be specified when `operator` is 'In' or 'NotIn'",
        ),
      ),
    },
    {
      says: "a gate of scheduling has a name that no other has",
      accepts: gate("a.b/c", "d"),
      refuses: [
        refused(gate("a b"), invalid("spec.schedulingGates[0]", "a b", notQualifiedName)),
        refused(
          gate(""),
          invalid("spec.schedulingGates[0]", "", emptyName),
          invalid("spec.schedulingGates[0]", "", notQualifiedName),
        ),
        refused(gate("a", "a"), duplicate("spec.schedulingGates[1]", "a")),
      ],
    },
    {
      says: "a pod behind a gate has no node",
      accepts: [gate("a"), { "spec.nodeName": "a" }],
      refuses: refused(
        { ...gate("a"), "spec.nodeName": "a" },
        forbidden("spec.nodeName", "cannot be set until all schedulingGates have been cleared"),
      ),
    },
  ],
};
