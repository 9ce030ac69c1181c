import type { FieldError } from "../field/error.ts";
import { forbidden, invalid, required, tooLong } from "../field/errors.ts";
import type { Path } from "../field/path.ts";
import { byteLength } from "../text/go-quote.ts";
import { isQualifiedName, isValidLabelValue } from "./labels.ts";

// Rules and texts: apimachinery/pkg/apis/meta/v1/validation and pkg/api/validation/objectmeta.go.

type StringMap = Readonly<Record<string, string>>;

/** metav1.LabelSelector. */
export interface LabelSelector {
  readonly matchLabels?: StringMap;
  readonly matchExpressions?: readonly LabelSelectorRequirement[];
}

export interface LabelSelectorRequirement {
  readonly key: string;
  /** `In`, `NotIn`, `Exists` or `DoesNotExist`. */
  readonly operator: string;
  readonly values?: readonly string[];
}

/** Total bytes of annotations' keys and values. */
const totalAnnotationSizeLimitBytes = 256 * 1024;

export function validateLabelName(name: string, place: Path): readonly FieldError[] {
  return isQualifiedName(name).map((message) => invalid(place, name, message));
}

export function validateLabels(labels: StringMap | undefined, place: Path): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (const key in labels) {
    for (const message of isQualifiedName(key)) errors.push(invalid(place, key, message));
    const value = labels[key]!;
    for (const message of isValidLabelValue(value)) errors.push(invalid(place, value, message));
  }
  return errors;
}

export function validateAnnotations(annotations: StringMap | undefined, place: Path): readonly FieldError[] {
  const errors: FieldError[] = [];
  let size = 0;
  for (const key in annotations) {
    for (const message of isQualifiedName(key.toLowerCase())) errors.push(invalid(place, key, message));
    size += byteLength(key) + byteLength(annotations[key]!);
  }
  if (size > totalAnnotationSizeLimitBytes) errors.push(tooLong(place, totalAnnotationSizeLimitBytes));
  return errors;
}

export interface LabelSelectorOptions {
  /** The stored object already has values that are no label values. */
  readonly allowInvalidLabelValue?: boolean;
  readonly allowUnknownOperator?: boolean;
}

export function labelSelectorHasInvalidLabelValue(selector: LabelSelector | undefined): boolean {
  return (selector?.matchExpressions ?? []).some((e) =>
    (e.values ?? []).some((value) => isValidLabelValue(value).length > 0),
  );
}

export function validateLabelSelector(
  selector: LabelSelector | undefined,
  place: Path,
  options: LabelSelectorOptions = {},
): readonly FieldError[] {
  if (selector === undefined || selector === null) return [];
  const errors = [...validateLabels(selector.matchLabels, place.child("matchLabels"))];
  for (const [i, requirement] of (selector.matchExpressions ?? []).entries()) {
    errors.push(...validateLabelSelectorRequirement(requirement, place.child("matchExpressions").index(i), options));
  }
  return errors;
}

/** metav1.LabelSelectorRequirement, as selectors and authorization reviews carry it. */
export function validateLabelSelectorRequirement(
  requirement: LabelSelectorRequirement,
  place: Path,
  options: LabelSelectorOptions,
): readonly FieldError[] {
  const values = requirement.values ?? [];
  const errors = [
    ...validateOperator(requirement.operator ?? "", values, place, options.allowUnknownOperator === true),
  ];
  errors.push(...validateLabelName(requirement.key ?? "", place.child("key")));
  if (options.allowInvalidLabelValue) return errors;
  for (const [i, value] of values.entries()) {
    for (const message of isValidLabelValue(value))
      errors.push(invalid(place.child("values").index(i), value, message));
  }
  return errors;
}

/** What label and field selector requirements have in common. */
function validateOperator(
  operator: string,
  values: readonly string[],
  place: Path,
  allowUnknown: boolean,
): FieldError[] {
  switch (operator) {
    case "In":
    case "NotIn":
      if (values.length > 0) return [];
      return [required(place.child("values"), "must be specified when `operator` is 'In' or 'NotIn'")];
    case "Exists":
    case "DoesNotExist":
      if (values.length === 0) return [];
      return [forbidden(place.child("values"), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")];
    default:
      return allowUnknown ? [] : [invalid(place.child("operator"), operator, "not a valid selector operator")];
  }
}

/** metav1.FieldSelectorRequirement, as authorization reviews carry it. */
export function validateFieldSelectorRequirement(
  requirement: LabelSelectorRequirement,
  place: Path,
  options: LabelSelectorOptions = {},
): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (!requirement.key) errors.push(required(place.child("key"), "must be specified"));
  const allowUnknown = options.allowUnknownOperator === true;
  errors.push(...validateOperator(requirement.operator ?? "", requirement.values ?? [], place, allowUnknown));
  return errors;
}
