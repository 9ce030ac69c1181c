import { defineResource } from "../../../apimachinery/resource/define.ts";
import { definition } from "../../generated/definitions.ts";
import type * as types from "../../generated/types/policy-v1.ts";

export type Eviction = types.Eviction;

/** Asks that a pod be deleted as its disruption budgets allow; what pods/eviction takes, not a resource of its own. */
export const Eviction = defineResource<Eviction>({
  group: "policy",
  version: "v1",
  kind: "Eviction",
  plural: "evictions",
  scope: "Namespaced",
  verbs: ["create"],
  schema: () => definition("io.k8s.api.policy.v1.Eviction"),
});
