import { defineResource } from "../../../apimachinery/resource/define.ts";
import { definition } from "../../generated/definitions.ts";
import type * as types from "../../generated/types/authentication-v1.ts";

export type SelfSubjectReview = types.SelfSubjectReview;

/** Who am I? Answered at once, never stored (pkg/registry/authentication/selfsubjectreview). */
export const SelfSubjectReview = defineResource<SelfSubjectReview>({
  group: "authentication.k8s.io",
  version: "v1",
  kind: "SelfSubjectReview",
  plural: "selfsubjectreviews",
  scope: "Cluster",
  verbs: ["create"],
  schema: () => definition("io.k8s.api.authentication.v1.SelfSubjectReview"),
});
