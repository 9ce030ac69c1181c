import { forbidden } from "../../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../../apimachinery/field/path.ts";
import { validateAnnotations, validateLabels } from "../../../../../apimachinery/validation/label-fields.ts";
import type { PodTemplateSpec } from "../../../../generated/types/core-v1.ts";
import { validatePodAnnotations } from "./annotations.ts";
import type { Check } from "./check.ts";
import { validateProfilesMatch } from "./profiles.ts";
import { validatePodSpec } from "./spec.ts";

/** Labels and annotations of a template; upstream's paths leave `metadata` out. */
export function validateTemplateMetadata(check: Check, template: PodTemplateSpec, place: Path): void {
  const { labels, annotations } = template.metadata ?? {};
  if (labels !== undefined) check.errors.push(...validateLabels(labels, place.child("labels")));
  if (annotations !== undefined) {
    check.errors.push(...validateAnnotations(annotations, place.child("annotations")));
    validatePodAnnotations(check, annotations, template.spec ?? {}, place.child("annotations"));
  }
}

/** What controllers make pods from (pkg/apis/core/validation ValidatePodTemplateSpec). */
export function validatePodTemplate(check: Check, template: PodTemplateSpec, place: Path): void {
  validateTemplateMetadata(check, template, place);
  const at = place.child("spec");
  validatePodSpec(check, template.spec ?? { containers: [] }, at, undefined);
  if (template.spec === undefined) return;
  validateProfilesMatch(check, template.metadata ?? {}, template.spec, at);
  if (template.spec.ephemeralContainers?.length) {
    const detail = "ephemeral containers not allowed in pod template";
    check.errors.push(forbidden(at.child("ephemeralContainers"), detail));
  }
}
