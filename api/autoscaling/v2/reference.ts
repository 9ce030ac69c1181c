import type { FieldError } from "../../../apimachinery/field/error.ts";
import { invalid } from "../../../apimachinery/field/errors.ts";
import type { Path } from "../../../apimachinery/field/path.ts";
import type { CrossVersionObjectReference, HorizontalPodAutoscalerSpec } from "../../generated/types/autoscaling-v2.ts";
import { addSegmentErrors } from "../../networking/v1/references.ts";

/** What may be wrong with a reference's `apiVersion`. */
export interface ReferenceOptions {
  /** What an old object got wrong it may keep wrong. */
  readonly allowInvalidVersion: boolean;
  /** Objects of the core group may be named. */
  readonly allowNoGroup: boolean;
}

/** What is scaled, and the objects that metrics describe. */
export interface AutoscalerOptions {
  readonly target: ReferenceOptions;
  readonly described: ReferenceOptions;
}

/** pkg/registry/autoscaling/horizontalpodautoscaler validationOptionsForHorizontalPodAutoscaler. */
export function autoscalerOptions(
  { scaleTargetRef: target }: HorizontalPodAutoscalerSpec,
  old: HorizontalPodAutoscalerSpec | undefined,
): AutoscalerOptions {
  const before = old?.scaleTargetRef;
  const same =
    before !== undefined &&
    (before.apiVersion ?? "") === (target?.apiVersion ?? "") &&
    (before.kind ?? "") === (target?.kind ?? "");
  const described = { allowInvalidVersion: false, allowNoGroup: true };
  const broken = old?.metrics?.some(
    ({ type, object }) =>
      type === "Object" &&
      object !== undefined &&
      versionProblem(object.describedObject ?? {}, described) !== undefined,
  );
  return {
    target: { allowInvalidVersion: same, allowNoGroup: !same && target?.kind === "ReplicationController" },
    described: { ...described, allowInvalidVersion: broken ?? false },
  };
}

function versionProblem(
  { apiVersion = "" }: Partial<CrossVersionObjectReference>,
  { allowInvalidVersion, allowNoGroup }: ReferenceOptions,
): string | undefined {
  if (allowInvalidVersion) return undefined;
  const slashes = apiVersion.split("/").length - 1;
  if (slashes > 1) return `unexpected GroupVersion string: ${apiVersion}`;
  const group = slashes === 1 ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
  return group === "" && !allowNoGroup ? "apiVersion must specify API group" : undefined;
}

/** pkg/apis/autoscaling/validation ValidateCrossVersionObjectReference. */
export function addReferenceErrors(
  errors: FieldError[],
  reference: Partial<CrossVersionObjectReference>,
  place: Path,
  options: ReferenceOptions,
): void {
  addSegmentErrors(errors, reference.kind, place.child("kind"));
  addSegmentErrors(errors, reference.name, place.child("name"));
  const problem = versionProblem(reference, options);
  if (problem !== undefined) errors.push(invalid(place.child("apiVersion"), reference.apiVersion ?? "", problem));
}
