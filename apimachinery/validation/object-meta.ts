import { validateManagedFields } from "../apply/field-manager.ts";
import type { FieldError } from "../field/error.ts";
import { forbidden, invalid, required } from "../field/errors.ts";
import type { Path } from "../field/path.ts";
import type { ObjectMeta, OwnerReference } from "../resource/object.ts";
import { compareText, goQuote } from "../text/go-quote.ts";
import { validateImmutableField, validateNonnegativeField } from "./immutable.ts";
import { validateAnnotations, validateLabels } from "./label-fields.ts";
import { isQualifiedName } from "./labels.ts";
import { type NameValidator, validateNamespaceName } from "./names.ts";

// Rules and texts: apimachinery/pkg/api/validation/objectmeta.go.

const orphanFinalizer = "orphan";
const foregroundFinalizer = "foregroundDeletion";

export interface ObjectMetaRules {
  readonly namespaced: boolean;
  readonly nameFn: NameValidator;
}

/** Rules of a new object's metadata, after a generated name has been filled in. */
export function validateObjectMeta(meta: ObjectMeta, rules: ObjectMetaRules, place: Path): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (meta.generateName) {
    for (const message of rules.nameFn(meta.generateName, true)) {
      errors.push(invalid(place.child("generateName"), meta.generateName, message));
    }
  }
  if (!meta.name) errors.push(required(place.child("name"), "name or generateName is required"));
  else
    for (const message of rules.nameFn(meta.name, false)) errors.push(invalid(place.child("name"), meta.name, message));
  namespaceErrors(meta.namespace ?? "", rules.namespaced, place.child("namespace"), errors);
  errors.push(...validateNonnegativeField(meta.generation ?? 0, place.child("generation")));
  errors.push(...validateLabels(meta.labels, place.child("labels")));
  errors.push(...validateAnnotations(meta.annotations, place.child("annotations")));
  errors.push(...validateOwnerReferences(meta.ownerReferences, place.child("ownerReferences")));
  errors.push(...validateFinalizers(meta.finalizers, place.child("finalizers")));
  errors.push(...validateManagedFields(meta.managedFields, place.child("managedFields")));
  return errors;
}

function namespaceErrors(namespace: string, namespaced: boolean, place: Path, errors: FieldError[]): void {
  if (!namespaced) {
    if (namespace !== "") errors.push(forbidden(place, "not allowed on this type"));
  } else if (namespace === "") errors.push(required(place));
  else for (const message of validateNamespaceName(namespace, false)) errors.push(invalid(place, namespace, message));
}

/** Rules of the change from `old` to `meta`; both are whole metadata. */
export function validateObjectMetaUpdate(meta: ObjectMeta, old: ObjectMeta, place: Path): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (old.deletionTimestamp !== undefined) {
    errors.push(...validateNoNewFinalizers(meta.finalizers ?? [], old.finalizers ?? [], place.child("finalizers")));
  }
  if (!meta.resourceVersion)
    errors.push(invalid(place.child("resourceVersion"), "", "must be specified for an update"));
  if ((meta.generation ?? 0) < (old.generation ?? 0)) {
    errors.push(invalid(place.child("generation"), meta.generation ?? 0, "must not be decremented"));
  }
  for (const name of ["name", "namespace", "uid"] as const) {
    if ((meta[name] ?? "") !== (old[name] ?? "")) {
      errors.push(...validateImmutableField(meta[name] ?? "", old[name] ?? "", place.child(name)));
    }
  }
  for (const name of ["creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"] as const) {
    if (meta[name] !== old[name]) errors.push(...validateImmutableField(meta[name], old[name], place.child(name)));
  }
  errors.push(...validateLabels(meta.labels, place.child("labels")));
  errors.push(...validateAnnotations(meta.annotations, place.child("annotations")));
  errors.push(...validateOwnerReferences(meta.ownerReferences, place.child("ownerReferences")));
  errors.push(...validateManagedFields(meta.managedFields, place.child("managedFields")));
  return errors;
}

/** The version of an `apiVersion`; empty where there is none (schema.ParseGroupVersion). */
function versionOf(apiVersion: string): string {
  const parts = apiVersion.split("/");
  if (apiVersion === "/" || parts.length > 2) return "";
  return parts.at(-1)!;
}

function ownerReferenceErrors(reference: OwnerReference, place: Path, errors: FieldError[]): void {
  const { apiVersion = "", kind = "", name = "", uid = "" } = reference;
  if (versionOf(apiVersion) === "")
    errors.push(invalid(place.child("apiVersion"), apiVersion, "version must not be empty"));
  if (kind === "") errors.push(invalid(place.child("kind"), kind, "must not be empty"));
  if (name === "") errors.push(invalid(place.child("name"), name, "must not be empty"));
  if (uid === "") errors.push(invalid(place.child("uid"), uid, "must not be empty"));
  if (kind === "Event" && (apiVersion === "v1" || apiVersion === "/v1")) {
    errors.push(invalid(place, ordered(reference), "/v1, Kind=Event is disallowed from being an owner"));
  }
}

/** The reference with its fields as upstream's struct orders them, for messages. */
function ordered(reference: OwnerReference): object {
  const { apiVersion = "", kind = "", name = "", uid = "", controller, blockOwnerDeletion } = reference;
  return { apiVersion, kind, name, uid, controller, blockOwnerDeletion };
}

/** Each names an owner; at most one of them is the controller. */
function validateOwnerReferences(
  references: readonly OwnerReference[] | undefined,
  place: Path,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  let first = "";
  for (const reference of references ?? []) {
    ownerReferenceErrors(reference, place, errors);
    if (!reference.controller) continue;
    const current = `${reference.kind}/${reference.name}`;
    if (first === "") first = current;
    else {
      const detail = `Only one reference can have Controller set to true. Found "true" in references for ${first} and ${current}`;
      errors.push(invalid(place, references!.map(ordered), detail));
    }
  }
  return errors;
}

export function validateFinalizerName(name: string, place: Path): readonly FieldError[] {
  return isQualifiedName(name).map((message) => invalid(place, name, message));
}

function validateFinalizers(finalizers: readonly string[] | undefined, place: Path): readonly FieldError[] {
  if (finalizers === undefined || finalizers.length === 0) return [];
  const errors = finalizers.flatMap((finalizer) => validateFinalizerName(finalizer, place));
  if (finalizers.includes(orphanFinalizer) && finalizers.includes(foregroundFinalizer)) {
    errors.push(
      invalid(place, finalizers, `finalizer ${orphanFinalizer} and ${foregroundFinalizer} cannot be both set`),
    );
  }
  return errors;
}

/** Once deletion has begun, finalizers only go. */
function validateNoNewFinalizers(
  finalizers: readonly string[],
  old: readonly string[],
  place: Path,
): readonly FieldError[] {
  const extra = [...new Set(finalizers.filter((finalizer) => !old.includes(finalizer)))].sort(compareText);
  if (extra.length === 0) return [];
  const found = `[]string{${extra.map(goQuote).join(", ")}}`;
  const detail = `no new finalizers can be added if the object is being deleted, found new finalizers ${found}`;
  return [forbidden(place, detail)];
}
