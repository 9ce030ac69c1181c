import type { FieldError } from "../../../apimachinery/field/error.ts";
import { forbidden } from "../../../apimachinery/field/errors.ts";
import type { Path } from "../../../apimachinery/field/path.ts";
import type { ObjectMeta } from "../../../apimachinery/resource/object.ts";
import { objectMetaFields } from "../../../apimachinery/resource/object-meta-fields.ts";
import { sentEmptyOf } from "../../../apimachinery/schema/sent-empty.ts";
import { validateAnnotations, validateLabels } from "../../../apimachinery/validation/label-fields.ts";

/** Metadata of claims that are yet to be made: only labels and annotations are the user's (ValidateTemplateObjectMeta). */
export function templateMetadataErrors(metadata: ObjectMeta, place: Path): readonly FieldError[] {
  return [
    ...validateAnnotations(metadata.annotations, place.child("annotations")),
    ...validateLabels(metadata.labels, place.child("labels")),
    ...objectMetaFields
      .filter((field) => field !== "labels" && field !== "annotations" && isSet(metadata, field))
      // Upstream writes the first letter of its own field's name small.
      .map((field) => forbidden(place.child(field === "uid" ? "uID" : field), "cannot be set")),
  ];
}

function isSet(metadata: ObjectMeta, field: keyof ObjectMeta): boolean {
  const value: unknown = metadata[field];
  if (value === undefined) return sentEmptyOf(metadata, field) !== undefined;
  return value !== null && value !== "" && !(field === "generation" && value === 0);
}
