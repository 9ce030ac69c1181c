import { forbidden, invalid } from "../../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../../apimachinery/field/path.ts";
import type { ObjectMeta } from "../../../../../apimachinery/resource/object.ts";
import { goQuote } from "../../../../../apimachinery/text/go-quote.ts";
import type { PodSpec } from "../../../../generated/types/core-v1.ts";
import { containersOf } from "../containers.ts";
import { tolerationsAnnotation, validateAnnotatedTolerations } from "./annotated-tolerations.ts";
import type { Check } from "./check.ts";
import { validateDescendingPath } from "./paths.ts";

/** Set on the API's image of a pod that a kubelet runs from a file. */
export const mirrorPodAnnotation = "kubernetes.io/config.mirror";
export const appArmorAnnotationPrefix = "container.apparmor.security.beta.kubernetes.io/";
export const seccompPodAnnotation = "seccomp.security.alpha.kubernetes.io/pod";
export const seccompContainerAnnotationPrefix = "container.seccomp.security.alpha.kubernetes.io/";
const deletionCostAnnotation = "controller.kubernetes.io/pod-deletion-cost";

type Annotations = ObjectMeta["annotations"];

/** The cost of deleting a pod before its siblings: 0 where nothing is said, undefined where it is no 32-bit integer. */
export function deletionCost(annotations: Annotations): number | undefined {
  const text = annotations?.[deletionCostAnnotation];
  if (text === undefined) return 0;
  // Upstream refuses a plus sign and leading zeros to keep one text for one number.
  if (!/^(0|[1-9][0-9]*|-[0-9]+)$/.test(text)) return undefined;
  const value = Number(text);
  return value >= -(2 ** 31) && value < 2 ** 31 ? value : undefined;
}

/** pkg/apis/core/validation ValidatePodSpecificAnnotations. */
export function validatePodAnnotations(
  check: Check,
  annotations: Annotations,
  spec: Partial<PodSpec>,
  place: Path,
): void {
  if (annotations === undefined) return;
  const mirror = annotations[mirrorPodAnnotation];
  if (mirror !== undefined && !spec.nodeName) {
    const detail = "must set spec.nodeName if mirror pod annotation is set";
    check.errors.push(invalid(place.key(mirrorPodAnnotation), mirror, detail));
  }
  const tolerations = annotations[tolerationsAnnotation];
  if (tolerations) validateAnnotatedTolerations(check, tolerations, place);
  if (!check.options.allowInvalidDeletionCost && deletionCost(annotations) === undefined) {
    const value = annotations[deletionCostAnnotation];
    check.errors.push(invalid(place.key(deletionCostAnnotation), value, "must be a 32bit integer"));
  }
  const ofPod = annotations[seccompPodAnnotation];
  if (ofPod !== undefined) validateSeccompText(check, ofPod, place.child(seccompPodAnnotation));
  for (const key in annotations) {
    if (key.startsWith(seccompContainerAnnotationPrefix)) {
      validateSeccompText(check, annotations[key]!, place.child(key));
    }
  }
  for (const key in annotations) {
    if (!key.startsWith(appArmorAnnotationPrefix)) continue;
    const value = annotations[key]!;
    const name = key.slice(appArmorAnnotationPrefix.length);
    if (!containersOf(spec).some(({ container }) => container.name === name)) {
      check.errors.push(invalid(place.key(key), name, "container not found"));
    }
    if (value !== "" && value !== "runtime/default" && value !== "unconfined" && !value.startsWith("localhost/")) {
      check.errors.push(invalid(place.key(key), value, `invalid AppArmor profile name: ${goQuote(value)}`));
    }
  }
}

function validateSeccompText(check: Check, text: string, place: Path): void {
  if (text === "runtime/default" || text === "docker/default" || text === "unconfined") return;
  if (text.startsWith("localhost/")) validateDescendingPath(check, text.slice("localhost/".length), place);
  else check.errors.push(invalid(place, text, "must be a valid seccomp profile"));
}

/** AppArmor's and the mirror's annotations stay as they are (ValidatePodSpecificAnnotationUpdates). */
export function validatePodAnnotationUpdate(
  check: Check,
  annotations: Annotations,
  old: Annotations,
  place: Path,
): void {
  for (const key in old) {
    if (annotations?.[key] === old[key]) continue;
    if (key.startsWith(appArmorAnnotationPrefix)) {
      check.errors.push(forbidden(place.key(key), "may not remove or update AppArmor annotations"));
    }
    if (key === mirrorPodAnnotation) {
      check.errors.push(forbidden(place.key(key), "may not remove or update mirror pod annotation"));
    }
  }
  for (const key in annotations) {
    if (old?.[key] !== undefined) continue;
    if (key.startsWith(appArmorAnnotationPrefix)) {
      check.errors.push(forbidden(place.key(key), "may not add AppArmor annotations"));
    }
    if (key === mirrorPodAnnotation) check.errors.push(forbidden(place.key(key), "may not add mirror pod annotation"));
  }
}
