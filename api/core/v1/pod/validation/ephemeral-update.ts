import { forbidden } from "../../../../../apimachinery/field/errors.ts";
import { path } from "../../../../../apimachinery/field/path.ts";
import { semanticEqual } from "../../../../../apimachinery/json/equal.ts";
import type { Pod } from "../../../../generated/types/core-v1.ts";
import { internalValue } from "../../../../internal-values.ts";
import { jsonDiff } from "../../../../json-diff.ts";
import { mirrorPodAnnotation, validatePodAnnotationUpdate } from "./annotations.ts";
import type { Check } from "./check.ts";
import { validatePod } from "./pod.ts";

const place = path("spec", "ephemeralContainers");

/** `pods/ephemeralcontainers` adds containers; those there stay (ValidatePodEphemeralContainersUpdate). */
export function validateEphemeralContainersUpdate(check: Check, pod: Pod, old: Pod): void {
  if (old.metadata.annotations?.[mirrorPodAnnotation] !== undefined) {
    check.errors.push(forbidden(path(""), "static pods do not support ephemeral containers"));
    return;
  }
  validatePod(check, pod);
  validatePodAnnotationUpdate(
    check,
    pod.metadata.annotations,
    old.metadata.annotations,
    path("metadata", "annotations"),
  );
  for (const before of old.spec?.ephemeralContainers ?? []) {
    const now = pod.spec?.ephemeralContainers?.findLast(({ name }) => name === before.name);
    if (now === undefined) {
      const detail = `existing ephemeral containers "${before.name}" may not be removed\n`;
      check.errors.push(forbidden(place, detail));
    } else if (!semanticEqual(before, now)) {
      const difference = jsonDiff(
        internalValue("EphemeralContainer", before),
        internalValue("EphemeralContainer", now),
      );
      const detail = `existing ephemeral containers "${before.name}" may not be changed\n${difference}`;
      check.errors.push(forbidden(place, detail));
    }
  }
}
