import { conditionListRules } from "../extensions/conditions.ts";
import { negative, notLabelValue, notQualifiedName } from "../messages.ts";
import { invalid, invalidShown, type KindRules, notSupported, type Rule, refused, required } from "../rule.ts";
import { notPercent } from "./deployment.ts";

function amountRule(field: "minAvailable" | "maxUnavailable"): Rule {
  const place = `spec.${field}`;
  return {
    says: `${field} is a number or a percentage of pods`,
    accepts: [0, 5, "0%", "100%"].map((amount) => ({ [place]: amount })),
    refuses: [
      refused({ [place]: -1 }, invalid(place, -1, negative)),
      refused({ [place]: "a" }, invalid(place, "a", notPercent)),
      refused({ [place]: "5" }, invalid(place, "5", notPercent)),
      refused({ [place]: "101%" }, invalid(place, "101%", "must not be greater than 100%")),
    ],
  };
}

export const podDisruptionBudget: KindRules = {
  group: "policy",
  kind: "PodDisruptionBudget",
  path: "/apis/policy/v1/namespaces/default/poddisruptionbudgets",
  valid: { metadata: { name: "rules" }, spec: { selector: { matchLabels: { a: "b" } } } },
  create: [
    {
      says: "a budget's name is any segment of a path",
      accepts: ["A_b", ".a-", "a".repeat(254)].map((name) => ({ "metadata.name": name })),
      refuses: [
        refused({ "metadata.name": "a%b" }, invalid("metadata.name", "a%b", "may not contain '%'")),
        refused({ "metadata.generateName": "a%" }, invalid("metadata.generateName", "a%", "may not contain '%'")),
      ],
    },
    {
      says: "pods are to be there, or may be away",
      accepts: [{ "spec.minAvailable": 1 }, { "spec.maxUnavailable": "1%" }],
      refuses: refused(
        { "spec.minAvailable": 1, "spec.maxUnavailable": "1%" },
        invalidShown(
          "spec",
          '{"MinAvailable":1,"Selector":{"matchLabels":{"a":"b"}},"MaxUnavailable":"1%","UnhealthyPodEvictionPolicy":null}',
          "minAvailable and maxUnavailable cannot be both set",
        ),
      ),
    },
    amountRule("minAvailable"),
    amountRule("maxUnavailable"),
    {
      says: "pods are chosen by labels",
      accepts: [{ "spec.selector": undefined }, { "spec.selector": {} }],
      refuses: [
        refused(
          { "spec.selector": { matchLabels: { "a b": "c" } } },
          invalid("spec.selector.matchLabels", "a b", notQualifiedName),
        ),
        refused(
          { "spec.selector": { matchExpressions: [{ key: "a", operator: "In", values: ["a b"] }] } },
          invalid("spec.selector.matchExpressions[0].values[0]", "a b", notLabelValue),
        ),
        refused(
          { "spec.selector": { matchExpressions: [{ key: "a", operator: "In" }] } },
          required("spec.selector.matchExpressions[0].values", "must be specified when `operator` is 'In' or 'NotIn'"),
        ),
      ],
    },
    {
      says: "pods that are not ready are evicted always, or within the budget",
      accepts: ["AlwaysAllow", "IfHealthyBudget"].map((policy) => ({ "spec.unhealthyPodEvictionPolicy": policy })),
      refuses: refused(
        { "spec.unhealthyPodEvictionPolicy": "Never" },
        notSupported("spec.unhealthyPodEvictionPolicy", "Never", ["AlwaysAllow", "IfHealthyBudget"]),
      ),
    },
  ],
  update: [
    {
      says: "what holds of a new budget holds of a changed one",
      accepts: { "spec.minAvailable": 1 },
      refuses: refused({ "spec.minAvailable": -1 }, invalid("spec.minAvailable", -1, negative)),
    },
  ],
  subresources: {
    status: [
      ...["disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"].map((count) => ({
        says: `${count} is not negative`,
        accepts: { [`status.${count}`]: 0 },
        refuses: refused({ [`status.${count}`]: -1 }, invalid(`status.${count}`, -1, negative)),
      })),
      ...conditionListRules("status.conditions"),
    ],
  },
};
