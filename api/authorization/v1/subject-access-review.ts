import type { FieldError } from "../../../apimachinery/field/error.ts";
import { defineResource } from "../../../apimachinery/resource/define.ts";
import { definition } from "../../generated/definitions.ts";
import type * as types from "../../generated/types/authorization-v1.ts";
import { addMetadataErrors, addSpecErrors } from "./review-validation.ts";

export type SubjectAccessReview = types.SubjectAccessReview;

/** May that user do this? Answered at once, never stored (pkg/registry/authorization/subjectaccessreview). */
export const SubjectAccessReview = defineResource<SubjectAccessReview>({
  group: "authorization.k8s.io",
  version: "v1",
  kind: "SubjectAccessReview",
  plural: "subjectaccessreviews",
  scope: "Cluster",
  verbs: ["create"],
  schema: () => definition("io.k8s.api.authorization.v1.SubjectAccessReview"),
  validate({ spec, metadata }) {
    const errors: FieldError[] = [];
    addSpecErrors(errors, spec);
    addMetadataErrors(errors, metadata, "Cluster");
    return errors;
  },
});
