import { defineResource } from "../../../apimachinery/resource/define.ts";
import { definition } from "../../generated/definitions.ts";
import type * as types from "../../generated/types/authorization-v1.ts";

export type SelfSubjectRulesReview = types.SelfSubjectRulesReview;

/** What may I do in a namespace? Answered at once, never stored; that a namespace is asked for is the answering side's to demand, as a bad request (pkg/registry/authorization/selfsubjectrulesreview). */
export const SelfSubjectRulesReview = defineResource<SelfSubjectRulesReview>({
  group: "authorization.k8s.io",
  version: "v1",
  kind: "SelfSubjectRulesReview",
  plural: "selfsubjectrulesreviews",
  scope: "Cluster",
  verbs: ["create"],
  schema: () => definition("io.k8s.api.authorization.v1.SelfSubjectRulesReview"),
});
