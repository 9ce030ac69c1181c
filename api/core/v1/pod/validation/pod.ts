import { forbidden } from "../../../../../apimachinery/field/errors.ts";
import { path } from "../../../../../apimachinery/field/path.ts";
import type { Pod } from "../../../../generated/types/core-v1.ts";
import { validatePodAnnotations } from "./annotations.ts";
import type { Check } from "./check.ts";
import { validateImagePadding } from "./containers.ts";
import { validateProfilesMatch } from "./profiles.ts";
import { validatePodSpec } from "./spec.ts";

const specPath = path("spec");
const annotationsPath = path("metadata", "annotations");

/** What holds of every pod, new or changed (validatePodMetadataAndSpec; ObjectMeta is checked elsewhere). */
export function validatePod(check: Check, pod: Pod): void {
  const { metadata } = pod;
  const spec = pod.spec ?? { containers: [] };
  validatePodAnnotations(check, metadata?.annotations, spec, annotationsPath);
  validatePodSpec(check, spec, specPath, metadata);
  if (!spec.serviceAccountName) {
    spec.volumes?.forEach((volume, v) => {
      volume.projected?.sources?.forEach((source, s) => {
        if (source.serviceAccountToken === undefined) return;
        const at = specPath
          .child("volumes")
          .index(v)
          .child("projected", "sources")
          .index(s)
          .child("serviceAccountToken");
        check.errors.push(forbidden(at, "must not be specified when serviceAccountName is not set"));
      });
    });
  }
  for (const list of ["containers", "initContainers"] as const) {
    spec[list]?.forEach((container, i) => {
      validateImagePadding(check, container.image ?? "", specPath.child(list).index(i));
    });
  }
}

/** pkg/apis/core/validation ValidatePodCreate. */
export function validatePodCreate(check: Check, pod: Pod): void {
  validatePod(check, pod);
  const { spec } = pod;
  if (spec === undefined) return;
  if (spec.ephemeralContainers?.length) {
    check.errors.push(forbidden(specPath.child("ephemeralContainers"), "cannot be set on create"));
  }
  if (spec.nodeName && spec.schedulingGates?.length) {
    const detail = "cannot be set until all schedulingGates have been cleared";
    check.errors.push(forbidden(specPath.child("nodeName"), detail));
  }
  validateProfilesMatch(check, pod.metadata ?? {}, spec, specPath);
}
