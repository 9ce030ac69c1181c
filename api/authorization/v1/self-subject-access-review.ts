import type { FieldError } from "../../../apimachinery/field/error.ts";
import { defineResource } from "../../../apimachinery/resource/define.ts";
import { definition } from "../../generated/definitions.ts";
import type * as types from "../../generated/types/authorization-v1.ts";
import { addMetadataErrors, addSelfSpecErrors } from "./review-validation.ts";

export type SelfSubjectAccessReview = types.SelfSubjectAccessReview;

/** May I do this? Answered at once, never stored (pkg/registry/authorization/selfsubjectaccessreview). */
export const SelfSubjectAccessReview = defineResource<SelfSubjectAccessReview>({
  group: "authorization.k8s.io",
  version: "v1",
  kind: "SelfSubjectAccessReview",
  plural: "selfsubjectaccessreviews",
  scope: "Cluster",
  verbs: ["create"],
  schema: () => definition("io.k8s.api.authorization.v1.SelfSubjectAccessReview"),
  validate({ spec, metadata }) {
    const errors: FieldError[] = [];
    addSelfSpecErrors(errors, spec);
    addMetadataErrors(errors, metadata, "Cluster");
    return errors;
  },
});
