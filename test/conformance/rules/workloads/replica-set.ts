import type { KindRules } from "../rule.ts";
import {
  countRule,
  fixedSelector,
  scaleRule,
  selector,
  selectorRules,
  statusRules,
  template,
  templateRules,
} from "./template.ts";

const ofReplicas = { whole: "replicas", detail: "cannot be greater than status.replicas" };

export const replicaSet: KindRules = {
  group: "apps",
  kind: "ReplicaSet",
  path: "/apis/apps/v1/namespaces/default/replicasets",
  valid: { metadata: { name: "rules" }, spec: { selector, template } },
  create: [
    countRule("replicas are not negative", "spec.replicas"),
    countRule("the time until a pod counts is not negative", "spec.minReadySeconds"),
    ...selectorRules("deployment", "invalid label selector"),
    ...templateRules("ReplicaSet"),
  ],
  update: [fixedSelector, countRule("replicas are not negative", "spec.replicas")],
  subresources: {
    status: statusRules(
      [
        "replicas",
        "fullyLabeledReplicas",
        "readyReplicas",
        "availableReplicas",
        "observedGeneration",
        "terminatingReplicas",
      ],
      [
        { part: "fullyLabeledReplicas", ...ofReplicas },
        { part: "readyReplicas", ...ofReplicas },
        { part: "availableReplicas", ...ofReplicas },
        { part: "availableReplicas", whole: "readyReplicas", detail: "cannot be greater than readyReplicas" },
      ],
    ),
    scale: [scaleRule],
  },
};
