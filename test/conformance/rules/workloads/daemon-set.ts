import { failure } from "../../../support/conformance.ts";
import { negative, notQualifiedName } from "../messages.ts";
import { invalid, type Json, type KindRules, refused, refusedWith, required } from "../rule.ts";
import { notPercent, unsupportedStrategy } from "./deployment.ts";
import {
  collisions,
  countRule,
  fixedSelector,
  selector,
  statusRules,
  template,
  templateRules,
  unmatched,
} from "./template.ts";

const strategy = "spec.updateStrategy";
const update = `${strategy}.rollingUpdate`;
const rolling = (maxUnavailable: Json, maxSurge: Json) => ({
  [strategy]: { type: "RollingUpdate", rollingUpdate: { maxUnavailable, maxSurge } },
});
const labels = "spec.template.metadata.labels";

export const daemonSet: KindRules = {
  group: "apps",
  kind: "DaemonSet",
  path: "/apis/apps/v1/namespaces/default/daemonsets",
  valid: { metadata: { name: "rules" }, spec: { selector, template } },
  create: [
    {
      says: "a selector chooses something",
      accepts: { "spec.selector": { matchExpressions: [{ key: "app", operator: "Exists" }] } },
      refuses: [
        refused({ "spec.selector": undefined }, invalid(labels, { app: "a" }, unmatched)),
        refused({ "spec.selector": {} }, invalid("spec.selector", {}, "empty selector is invalid for daemonset")),
      ],
    },
    {
      says: "a selector is one of labels",
      accepts: { "spec.selector": { matchExpressions: [{ key: "app", operator: "In", values: ["a", "b"] }] } },
      refuses: [
        refused(
          { "spec.selector": { matchLabels: { "a b": "c" } } },
          invalid("spec.selector.matchLabels", "a b", notQualifiedName),
        ),
        refused(
          { "spec.selector": { matchExpressions: [{ key: "app", operator: "Is", values: ["a"] }] } },
          invalid("spec.selector.matchExpressions[0].operator", "Is", "not a valid selector operator"),
        ),
      ],
    },
    ...templateRules("DaemonSet"),
    countRule("the time until a pod counts is not negative", "spec.minReadySeconds"),
    {
      says: "pods are replaced step by step or when they are deleted",
      accepts: [
        { [strategy]: { type: "OnDelete" } },
        { [strategy]: { type: "OnDelete", rollingUpdate: { maxUnavailable: -1 } } },
        { [strategy]: { type: "RollingUpdate" } },
      ],
      refuses: [
        {
          change: { [strategy]: { type: "Recreate" } },
          answer: unsupportedStrategy(strategy, '{"Type":"Recreate","RollingUpdate":null}', [
            "RollingUpdate",
            "OnDelete",
          ]),
        },
        {
          change: { [strategy]: { type: "Recreate", rollingUpdate: { maxUnavailable: "1%" } } },
          answer: unsupportedStrategy(
            strategy,
            '{"Type":"Recreate","RollingUpdate":{"MaxUnavailable":"1%","MaxSurge":0}}',
            ["RollingUpdate", "OnDelete"],
          ),
        },
      ],
    },
    {
      says: "on some nodes a pod may be away, or be twice",
      accepts: [rolling(1, 0), rolling("100%", 0), rolling(0, "100%"), rolling("0%", 1)],
      refuses: [
        refused(rolling(-1, 0), invalid(`${update}.maxUnavailable`, -1, negative)),
        refused(rolling(0, -1), invalid(`${update}.maxSurge`, -1, negative)),
        refused(rolling("101%", 0), invalid(`${update}.maxUnavailable`, "101%", "must not be greater than 100%")),
        refused(rolling(0, "101%"), invalid(`${update}.maxSurge`, "101%", "must not be greater than 100%")),
        refused(
          rolling("a", 0),
          invalid(`${update}.maxUnavailable`, "a", notPercent),
          required(`${update}.maxUnavailable`, "cannot be 0 when maxSurge is 0"),
        ),
        refused(
          rolling(1, "1"),
          invalid(`${update}.maxSurge`, "1", notPercent),
          invalid(`${update}.maxSurge`, "1", "may not be set when maxUnavailable is non-zero"),
        ),
      ],
    },
    {
      says: "pods are away or twice, not both and not neither",
      accepts: rolling(0, 1),
      refuses: [
        refused(rolling(1, 1), invalid(`${update}.maxSurge`, 1, "may not be set when maxUnavailable is non-zero")),
        refused(rolling(0, "0%"), required(`${update}.maxUnavailable`, "cannot be 0 when maxSurge is 0")),
      ],
    },
    countRule("a history is not negative", "spec.revisionHistoryLimit"),
    {
      says: "changes of the template are counted in numbers of 64 bits",
      accepts: { "metadata.annotations[deprecated.daemonset.template.generation]": "-1" },
      refuses: refusedWith(
        { "metadata.annotations[deprecated.daemonset.template.generation]": "" },
        failure(
          400,
          "BadRequest",
          'DaemonSet in version "v1" cannot be handled as a DaemonSet: strconv.ParseInt: parsing "": invalid syntax',
        ),
      ),
    },
  ],
  update: [fixedSelector, countRule("a history is not negative", "spec.revisionHistoryLimit")],
  subresources: {
    status: [
      ...statusRules(
        [
          "currentNumberScheduled",
          "numberMisscheduled",
          "desiredNumberScheduled",
          "numberReady",
          "observedGeneration",
          "updatedNumberScheduled",
          "numberAvailable",
          "numberUnavailable",
          "collisionCount",
        ],
        [],
      ),
      collisions,
    ],
  },
};
