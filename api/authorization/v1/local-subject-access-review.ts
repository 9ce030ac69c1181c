import type { FieldError } from "../../../apimachinery/field/error.ts";
import { invalid } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import { defineResource } from "../../../apimachinery/resource/define.ts";
import { definition } from "../../generated/definitions.ts";
import type * as types from "../../generated/types/authorization-v1.ts";
import { addMetadataErrors, addSpecErrors, upstreamAttributes } from "./review-validation.ts";

export type LocalSubjectAccessReview = types.LocalSubjectAccessReview;

/** May that user do this in this namespace? Answered at once, never stored (pkg/registry/authorization/localsubjectaccessreview). */
export const LocalSubjectAccessReview = defineResource<LocalSubjectAccessReview>({
  group: "authorization.k8s.io",
  version: "v1",
  kind: "LocalSubjectAccessReview",
  plural: "localsubjectaccessreviews",
  scope: "Namespaced",
  verbs: ["create"],
  schema: () => definition("io.k8s.api.authorization.v1.LocalSubjectAccessReview"),
  validate({ spec, metadata }) {
    const errors: FieldError[] = [];
    addSpecErrors(errors, spec);
    addMetadataErrors(errors, metadata, "Namespaced");
    const { resourceAttributes: resource, nonResourceAttributes: other } = spec;
    const asked = resource?.namespace ?? "";
    if (resource !== undefined && asked !== (metadata.namespace ?? "")) {
      errors.push(invalid(path("spec.resourceAttributes.namespace"), asked, "must match metadata.namespace"));
    }
    if (other !== undefined) {
      errors.push(
        invalid(path("spec.nonResourceAttributes"), upstreamAttributes(other), "disallowed on this kind of request"),
      );
    }
    return errors;
  },
});
