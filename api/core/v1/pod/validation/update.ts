import { forbidden, invalid, required } from "../../../../../apimachinery/field/errors.ts";
import { type Path, path } from "../../../../../apimachinery/field/path.ts";
import { semanticEqual } from "../../../../../apimachinery/json/equal.ts";
import type { Draft } from "../../../../../apimachinery/resource/object.ts";
import { rangeMessage } from "../../../../../apimachinery/validation/messages.ts";
import type { Container, Pod, PodSpec, Toleration } from "../../../../generated/types/core-v1.ts";
import { internalPodSpec } from "../../../../internal-values.ts";
import { jsonDiff } from "../../../../json-diff.ts";
import { validatePodAnnotations, validatePodAnnotationUpdate } from "./annotations.ts";
import type { Check } from "./check.ts";
import { validateImagePadding } from "./containers.ts";
import { restoreGatedScheduling } from "./gated.ts";
import { validatePod } from "./pod.ts";
import { validateTolerations } from "./scheduling.ts";

const specPath = path("spec");
const annotationsPath = path("metadata", "annotations");
const maxInt32 = 2 ** 31 - 1;
const none: readonly never[] = [];

const mutable = [
  "`spec.containers[*].image`",
  "`spec.initContainers[*].image`",
  "`spec.activeDeadlineSeconds`",
  "`spec.tolerations` (only additions to existing tolerations)",
  "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
].join(",");

/** Little of a pod may change once it is made (pkg/apis/core/validation ValidatePodUpdate). */
export function validatePodUpdate(check: Check, pod: Pod, old: Pod): void {
  validatePod(check, pod);
  const { annotations } = pod.metadata;
  validatePodAnnotationUpdate(check, annotations, old.metadata.annotations, annotationsPath);
  // Once more, as upstream tells them.
  validatePodAnnotations(check, annotations, pod.spec ?? {}, annotationsPath);
  const spec = pod.spec ?? { containers: [] };
  const oldSpec = old.spec ?? { containers: [] };
  if (!sameLength(check, spec.containers, oldSpec.containers, specPath.child("containers"))) return;
  if (!sameLength(check, spec.initContainers, oldSpec.initContainers, specPath.child("initContainers"))) return;
  if (!validateDeadline(check, spec, oldSpec)) return;
  validateAddedTolerations(check, spec, oldSpec);
  validateRemovedGates(check, spec, oldSpec);
  validateRest(check, spec, oldSpec);
}

function sameLength(
  check: Check,
  containers: readonly Container[] = none,
  old: readonly Container[] = none,
  place: Path,
): boolean {
  if (containers.length !== old.length) {
    check.errors.push(forbidden(place, "pod updates may not add or remove containers"));
    return false;
  }
  containers.forEach(({ image = "" }, i) => {
    if (image === "") check.errors.push(required(place.index(i).child("image")));
    validateImagePadding(check, image, place.index(i));
  });
  return true;
}

/** The deadline may only come nearer. False where upstream looks no further. */
function validateDeadline(check: Check, spec: PodSpec, oldSpec: PodSpec): boolean {
  const at = specPath.child("activeDeadlineSeconds");
  const seconds = spec.activeDeadlineSeconds;
  const before = oldSpec.activeDeadlineSeconds;
  if (seconds === undefined) {
    if (before !== undefined) {
      check.errors.push(invalid(at, null, "must not update from a positive integer to nil value"));
    }
    return true;
  }
  if (seconds < 0 || seconds > maxInt32) {
    check.errors.push(invalid(at, seconds, rangeMessage(0, maxInt32)));
    return false;
  }
  if (before === undefined || before >= seconds) return true;
  check.errors.push(invalid(at, seconds, "must be less than or equal to previous value"));
  return false;
}

function validateAddedTolerations(check: Check, spec: PodSpec, oldSpec: PodSpec): void {
  const place = specPath.child("tolerations");
  const tolerations = spec.tolerations ?? none;
  const withoutTime = ({ tolerationSeconds: _, ...rest }: Toleration) => rest;
  for (const before of oldSpec.tolerations ?? none) {
    if (tolerations.some((one) => semanticEqual(withoutTime(one), withoutTime(before)))) continue;
    const detail = "existing toleration can not be modified except its tolerationSeconds";
    check.errors.push(forbidden(place, detail));
    return;
  }
  validateTolerations(check, tolerations, place);
}

function validateRemovedGates(check: Check, spec: PodSpec, oldSpec: PodSpec): void {
  const known = new Set((oldSpec.schedulingGates ?? none).map(({ name }) => name));
  const gates = spec.schedulingGates ?? none;
  gates.forEach(({ name = "" }, i) => {
    if (known.has(name) || gates.findLastIndex((gate) => gate.name === name) !== i) return;
    const detail = `only deletion is allowed, but found new scheduling gate '${name}'`;
    check.errors.push(forbidden(specPath.child("schedulingGates").index(i).child("name"), detail));
  });
}

/** Puts back what may change and compares the rest. */
function validateRest(check: Check, spec: PodSpec, oldSpec: PodSpec): void {
  if (semanticEqual(spec, oldSpec)) return;
  const rest = { ...spec } as Draft<PodSpec>;
  copyFields(rest, oldSpec as Draft<PodSpec>, ["activeDeadlineSeconds", "schedulingGates", "tolerations"]);
  rest.containers = withOldImages(spec.containers, oldSpec.containers);
  if (spec.initContainers !== undefined) {
    rest.initContainers = withOldImages(spec.initContainers, oldSpec.initContainers);
  }
  if ((oldSpec.terminationGracePeriodSeconds ?? 0) < 0 && spec.terminationGracePeriodSeconds === 1) {
    copyFields(rest, oldSpec as Draft<PodSpec>, ["terminationGracePeriodSeconds"]);
  }
  if (oldSpec.schedulingGates?.length) restoreGatedScheduling(check, rest, oldSpec as Draft<PodSpec>);
  if (semanticEqual(rest, oldSpec)) return;
  const difference = jsonDiff(internalPodSpec(oldSpec), internalPodSpec(rest));
  check.errors.push(forbidden(specPath, `pod updates may not change fields other than ${mutable}\n${difference}`));
}

function withOldImages(containers: readonly Container[] = none, old: readonly Container[] = none): Draft<Container[]> {
  return containers.map((container, i) => {
    const result = { ...container } as Draft<Container>;
    copyFields(result, (old[i] ?? {}) as Draft<Container>, ["image"]);
    return result;
  });
}

/** Makes the named fields of `target` those of `source`, absent where they are absent there. */
export function copyFields<T extends object>(target: T, source: T, fields: readonly (keyof T)[]): void {
  for (const field of fields) {
    if (source[field] === undefined) delete target[field];
    else target[field] = source[field];
  }
}
