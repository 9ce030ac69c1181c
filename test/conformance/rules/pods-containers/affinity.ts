import {
  dotsInLabel,
  emptyName,
  longerThan,
  notDNSLabel,
  notDNSSubdomain,
  notLabelValue,
  notQualifiedName,
} from "../messages.ts";
import { forbidden, invalid, type JsonObject, type KindRules, type Rule, refused, required } from "../rule.ts";
import { pod } from "./pod.ts";

const must = "requiredDuringSchedulingIgnoredDuringExecution";
const prefers = "preferredDuringSchedulingIgnoredDuringExecution";
const nodes = "spec.affinity.nodeAffinity";
const term = `${nodes}.${must}.nodeSelectorTerms[0]`;
const requirement = `${term}.matchExpressions[0]`;
const byField = `${term}.matchFields[0]`;
const label = (key: string, operator: string, ...values: readonly string[]) => ({
  [requirement]: { key, operator, ...(values.length === 0 ? {} : { values }) },
});
const field = (key: string, operator: string, ...values: readonly string[]) => ({
  [byField]: { key, operator, values },
});
const oneName = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
const notOperator = "not a valid selector operator";
const weigh = (place: string, weight: number, more: JsonObject) => ({ [`${place}[0]`]: { weight, ...more } });

function weightRule(place: string, more: JsonObject): Rule {
  return {
    says: `a term of ${place} weighs between 1 and 100`,
    accepts: [weigh(place, 1, more), weigh(place, 100, more)],
    refuses: [0, 101].map((weight) =>
      refused(weigh(place, weight, more), invalid(`${place}[0].weight`, weight, "must be in the range 1-100")),
    ),
  };
}

/** At each of the four places where a term about other pods stands. */
const places = ["podAffinity", "podAntiAffinity"].flatMap((kind) => [
  { list: `spec.affinity.${kind}.${must}`, at: `spec.affinity.${kind}.${must}[0]`, weighs: false },
  { list: `spec.affinity.${kind}.${prefers}`, at: `spec.affinity.${kind}.${prefers}[0].podAffinityTerm`, weighs: true },
]);
const near = ({ list, weighs }: (typeof places)[number], more: JsonObject) => {
  const one = { topologyKey: "zone", ...more };
  return { [`${list}[0]`]: weighs ? { weight: 1, podAffinityTerm: one } : one };
};
const a = { matchLabels: { a: "b" } };
const badValues = { matchExpressions: [{ key: "a", operator: "In", values: ["a b"] }] };
const bothKeys = "exists in both matchLabelKeys and labelSelector";

const podTerms = places.flatMap((place): Rule[] => {
  const { at } = place;
  return [
    {
      says: `${at} chooses pods by a proper selector`,
      accepts: near(place, { labelSelector: a, namespaceSelector: {} }),
      refuses: ["labelSelector", "namespaceSelector"].flatMap((selector) => [
        refused(
          near(place, { [selector]: badValues }),
          invalid(`${at}.${selector}.matchExpressions[0].values[0]`, "a b", notLabelValue),
        ),
        refused(
          near(place, { [selector]: { matchLabels: { "a b": "c" } } }),
          invalid(`${at}.${selector}.matchLabels`, "a b", notQualifiedName),
        ),
      ]),
    },
    {
      says: `${at} is of namespaces that may be`,
      accepts: near(place, { namespaces: ["a", "b".repeat(63)] }),
      refuses: [
        refused(near(place, { namespaces: ["a", "B"] }), invalid(`${at}.namespace`, "B", notDNSLabel)),
        refused(near(place, { namespaces: ["a.b"] }), invalid(`${at}.namespace`, "a.b", dotsInLabel)),
        refused(
          near(place, { namespaces: ["b".repeat(64)] }),
          invalid(`${at}.namespace`, "b".repeat(64), longerThan(63)),
        ),
      ],
    },
    {
      says: `${at} is of a label of nodes`,
      accepts: near(place, { topologyKey: "a.b/c" }),
      refuses: [
        refused(
          near(place, { topologyKey: "" }),
          required(`${at}.topologyKey`, "can not be empty"),
          invalid(`${at}.topologyKey`, "", emptyName),
          invalid(`${at}.topologyKey`, "", notQualifiedName),
        ),
        refused(near(place, { topologyKey: "a b" }), invalid(`${at}.topologyKey`, "a b", notQualifiedName)),
      ],
    },
    {
      says: `${at} takes over keys of labels beside a selector`,
      accepts: near(place, { labelSelector: {}, matchLabelKeys: ["a"], mismatchLabelKeys: ["b"] }),
      refuses: [
        ...["matchLabelKeys", "mismatchLabelKeys"].flatMap((keys) => [
          refused(
            near(place, { [keys]: ["a"] }),
            forbidden(`${at}.${keys}`, "must not be specified when labelSelector is not set"),
          ),
          refused(
            near(place, { labelSelector: {}, [keys]: ["a b"] }),
            invalid(`${at}.${keys}[0]`, "a b", notQualifiedName),
          ),
        ]),
        refused(
          near(place, { labelSelector: {}, matchLabelKeys: ["c", "a"], mismatchLabelKeys: ["a"] }),
          invalid(`${at}.matchLabelKeys[1]`, "a", "exists in both matchLabelKeys and mismatchLabelKeys"),
        ),
        refused(
          { "metadata.labels.a": "b", ...near(place, { labelSelector: a, matchLabelKeys: ["a"] }) },
          invalid(`${at}[0]`, "a", bothKeys),
        ),
      ],
    },
  ];
});

export const affinity: KindRules = {
  ...pod,
  create: [
    {
      says: "nodes that a pod needs are told by a term at least",
      accepts: { [term]: {} },
      refuses: refused(
        { [`${nodes}.${must}`]: { nodeSelectorTerms: [] } },
        required(`${nodes}.${must}.nodeSelectorTerms`, "must have at least one node selector term"),
      ),
    },
    {
      says: "a label of nodes is one of values, exists, or is a number below or above another",
      accepts: [
        label("a.b/c", "In", "d"),
        label("a", "NotIn", "d", ""),
        label("a", "Exists"),
        label("a", "DoesNotExist"),
        label("a", "Gt", "1"),
        label("a", "Lt", "1"),
      ],
      refuses: [
        ...["In", "NotIn"].map((operator) =>
          refused(
            label("a", operator),
            required(`${requirement}.values`, "must be specified when `operator` is 'In' or 'NotIn'"),
          ),
        ),
        ...["Exists", "DoesNotExist"].map((operator) =>
          refused(
            label("a", operator, "b"),
            forbidden(`${requirement}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
          ),
        ),
        ...["Gt", "Lt"].map((operator) =>
          refused(
            label("a", operator, "1", "2"),
            required(`${requirement}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'"),
          ),
        ),
        refused(label("a", "Equals", "b"), invalid(`${requirement}.operator`, "Equals", notOperator)),
        refused({ [requirement]: { key: "a" } }, invalid(`${requirement}.operator`, "", notOperator)),
        refused(label("a b", "Exists"), invalid(`${requirement}.key`, "a b", notQualifiedName)),
        refused(label("a", "In", "b", "c d"), invalid(`${requirement}.values[1]`, "c d", notLabelValue)),
      ],
    },
    {
      says: "a node is chosen by its name, of all its fields",
      accepts: [field("metadata.name", "In", "a.b"), field("metadata.name", "NotIn", "a")],
      refuses: [
        refused(field("metadata.name", "Exists", "a"), invalid(`${byField}.operator`, "Exists", notOperator)),
        refused(field("metadata.name", "In"), required(`${byField}.values`, oneName)),
        refused(field("metadata.name", "NotIn", "a", "b"), required(`${byField}.values`, oneName)),
        refused(
          field("metadata.uid", "In", "a"),
          invalid(`${byField}.key`, "metadata.uid", "not a valid field selector key"),
        ),
        refused(field("metadata.name", "In", "A"), invalid(`${byField}.values[0]`, "A", notDNSSubdomain)),
      ],
    },
    weightRule(`${nodes}.${prefers}`, { preference: {} }),
    {
      says: "nodes that a pod prefers are told in the same way, but any value may be told",
      accepts: weigh(`${nodes}.${prefers}`, 1, {
        preference: { matchExpressions: [{ key: "a", operator: "In", values: ["a b"] }] },
      }),
      refuses: [
        refused(
          weigh(`${nodes}.${prefers}`, 1, { preference: { matchExpressions: [{ key: "a", operator: "In" }] } }),
          required(
            `${nodes}.${prefers}[0].preference.matchExpressions[0].values`,
            "must be specified when `operator` is 'In' or 'NotIn'",
          ),
        ),
        refused(
          weigh(`${nodes}.${prefers}`, 1, {
            preference: { matchFields: [{ key: "a", operator: "In", values: ["b"] }] },
          }),
          invalid(`${nodes}.${prefers}[0].preference.matchFields[0].key`, "a", "not a valid field selector key"),
        ),
      ],
    },
    ...["podAffinity", "podAntiAffinity"].map((kind) =>
      weightRule(`spec.affinity.${kind}.${prefers}`, { podAffinityTerm: { topologyKey: "a" } }),
    ),
    ...podTerms,
  ],
};
