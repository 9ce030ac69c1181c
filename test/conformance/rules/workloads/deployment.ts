import { failure } from "../../../support/conformance.ts";
import { negative } from "../messages.ts";
import {
  forbidden,
  invalid,
  type Json,
  type KindRules,
  notSupported,
  type Refusal,
  type Rule,
  refused,
  refusedWith,
} from "../rule.ts";
import {
  collisions,
  countRule,
  fixedSelector,
  scaleRule,
  selector,
  selectorRules,
  statusRules,
  template,
  templateRules,
} from "./template.ts";

const strategy = "spec.strategy";
const update = `${strategy}.rollingUpdate`;
const rolling = (maxUnavailable: Json, maxSurge: Json) => ({
  [strategy]: { type: "RollingUpdate", rollingUpdate: { maxUnavailable, maxSurge } },
});
export const notPercent =
  "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";

/** As upstream's internal type, for an unsupported value. */
export function unsupportedStrategy(place: string, shown: string, supported: readonly string[]): Refusal["answer"] {
  const { message, ...rest } = notSupported(place, "", supported);
  return { causes: [{ ...rest, message: message.replace('""', () => shown) }] };
}

const ofReplicas = { whole: "replicas", detail: "cannot be greater than status.replicas" };
const strategies: readonly Rule[] = [
  {
    says: "pods are replaced at once or step by step",
    accepts: [{ [strategy]: { type: "Recreate" } }, { [strategy]: { type: "RollingUpdate" } }],
    refuses: [
      {
        change: { [strategy]: { type: "Canary", rollingUpdate: { maxSurge: 1 } } },
        answer: unsupportedStrategy(strategy, '{"Type":"Canary","RollingUpdate":{"MaxUnavailable":0,"MaxSurge":1}}', [
          "Recreate",
          "RollingUpdate",
        ]),
      },
      {
        change: { [strategy]: { type: "Canary" } },
        answer: unsupportedStrategy(strategy, '{"Type":"Canary","RollingUpdate":null}', ["Recreate", "RollingUpdate"]),
      },
      refused(
        { [strategy]: { type: "Recreate", rollingUpdate: {} } },
        forbidden(update, "may not be specified when strategy `type` is 'Recreate'"),
      ),
    ],
  },
  {
    says: "some pods may be away or more than needed, by number or by percentage",
    accepts: [rolling(1, 0), rolling(0, "150%"), rolling("100%", 0), rolling("1%", "0%")],
    refuses: [
      refused(rolling(-1, 1), invalid(`${update}.maxUnavailable`, -1, negative)),
      refused(rolling(1, -1), invalid(`${update}.maxSurge`, -1, negative)),
      refused(rolling("a", 1), invalid(`${update}.maxUnavailable`, "a", notPercent)),
      refused(rolling(1, "-1%"), invalid(`${update}.maxSurge`, "-1%", notPercent)),
      refused(rolling("5", 0), invalid(`${update}.maxUnavailable`, "5", notPercent)),
      refused(rolling("101%", 0), invalid(`${update}.maxUnavailable`, "101%", "must not be greater than 100%")),
    ],
  },
  {
    says: "something moves",
    accepts: rolling(0, 1),
    refuses: [
      refused(rolling(0, 0), invalid(`${update}.maxUnavailable`, 0, "may not be 0 when `maxSurge` is 0")),
      refused(rolling("0%", "0%"), invalid(`${update}.maxUnavailable`, "0%", "may not be 0 when `maxSurge` is 0")),
      refused(
        rolling("a", 0),
        invalid(`${update}.maxUnavailable`, "a", notPercent),
        invalid(`${update}.maxUnavailable`, "a", "may not be 0 when `maxSurge` is 0"),
      ),
    ],
  },
];

export const deployment: KindRules = {
  group: "apps",
  kind: "Deployment",
  path: "/apis/apps/v1/namespaces/default/deployments",
  valid: { metadata: { name: "rules" }, spec: { selector, template } },
  create: [
    countRule("replicas are not negative", "spec.replicas"),
    ...selectorRules("deployment", "invalid label selector"),
    ...templateRules("ReplicaSet"),
    ...strategies,
    {
      says: "the time until a pod counts is not negative",
      accepts: { "spec.minReadySeconds": 0 },
      refuses: refused({ "spec.minReadySeconds": -1 }, invalid("spec.minReadySeconds", -1, negative)),
    },
    countRule("a history is not negative", "spec.revisionHistoryLimit"),
    {
      says: "a revision to go back to is not negative",
      accepts: { "metadata.annotations[deprecated.deployment.rollback.to]": "0" },
      refuses: refused(
        { "metadata.annotations[deprecated.deployment.rollback.to]": "-1" },
        invalid("spec.rollback.version", -1, negative),
      ),
    },
    {
      says: "a revision to go back to is a number of 64 bits",
      accepts: { "metadata.annotations[deprecated.deployment.rollback.to]": "9223372036854775807" },
      refuses: [
        ["a", "invalid syntax"],
        ["9223372036854775808", "value out of range"],
      ].map(([text, problem]) =>
        refusedWith(
          { "metadata.annotations[deprecated.deployment.rollback.to]": text! },
          failure(
            400,
            "BadRequest",
            `Deployment in version "v1" cannot be handled as a Deployment: failed to parse annotation[deprecated.deployment.rollback.to]=${text} as int64: strconv.ParseInt: parsing "${text}": ${problem}`,
          ),
        ),
      ),
    },
    {
      says: "progress may take longer than a pod needs to count",
      accepts: { "spec.progressDeadlineSeconds": 2, "spec.minReadySeconds": 1 },
      refuses: [
        refused(
          { "spec.progressDeadlineSeconds": 1, "spec.minReadySeconds": 1 },
          invalid("spec.progressDeadlineSeconds", 1, "must be greater than minReadySeconds"),
        ),
        refused(
          { "spec.progressDeadlineSeconds": -1 },
          invalid("spec.progressDeadlineSeconds", -1, negative),
          invalid("spec.progressDeadlineSeconds", -1, "must be greater than minReadySeconds"),
        ),
      ],
    },
  ],
  update: [fixedSelector, countRule("replicas are not negative", "spec.replicas")],
  subresources: {
    status: [
      ...statusRules(
        [
          "observedGeneration",
          "replicas",
          "updatedReplicas",
          "readyReplicas",
          "availableReplicas",
          "unavailableReplicas",
          "terminatingReplicas",
          "collisionCount",
        ],
        [
          { part: "updatedReplicas", ...ofReplicas },
          { part: "readyReplicas", ...ofReplicas },
          { part: "availableReplicas", ...ofReplicas },
          { part: "availableReplicas", whole: "readyReplicas", detail: "cannot be greater than readyReplicas" },
        ],
      ),
      collisions,
    ],
    scale: [scaleRule],
  },
};
