import type { FieldError } from "../../../apimachinery/field/error.ts";
import { forbidden, invalid } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import { semanticEqual } from "../../../apimachinery/json/equal.ts";
import type { Draft } from "../../../apimachinery/resource/object.ts";
import { validateImmutableField } from "../../../apimachinery/validation/immutable.ts";
import type * as types from "../../generated/types/core-v1.ts";
import { internalValue } from "../../internal-values.ts";
import { jsonDiff } from "../../json-diff.ts";
import { claimStatusErrors } from "./persistent-volume-claim-status.ts";
import { validateClaimSpec } from "./pod/validation/claim-spec.ts";
import { copyFields } from "./pod/validation/update.ts";
import { amountOf, betaStorageClassAnnotation } from "./volume-access.ts";

// Rules: pkg/apis/core/validation ValidatePersistentVolumeClaim, ValidatePersistentVolumeClaimUpdate.

type Claim = types.PersistentVolumeClaim;
type Spec = types.PersistentVolumeClaimSpec;

const specPath = path("spec");
const storagePath = specPath.child("resources", "requests", "storage");
const attributesPath = specPath.child("volumeAttributesClassName");

export function claimErrors(claim: Claim, old: Claim | undefined, subresource: string): readonly FieldError[] {
  if (subresource === "status") return claimStatusErrors(claim);
  const errors: FieldError[] = [];
  validateClaimSpec({ errors }, claim.spec, specPath, old?.spec);
  if (old !== undefined) addChangeErrors(errors, claim, old);
  return errors;
}

function addChangeErrors(errors: FieldError[], claim: Claim, old: Claim): void {
  const annotation = claim.metadata.annotations?.[betaStorageClassAnnotation];
  const oldAnnotation = old.metadata.annotations?.[betaStorageClassAnnotation];
  const movedToField = movesClassFromAnnotation(claim, old);
  if (!movedToField && annotation !== oldAnnotation) {
    const place = path("metadata", "annotations", betaStorageClassAnnotation);
    errors.push(invalid(place, annotation ?? "", "field is immutable"));
  }
  const comparable = comparableSpec(claim, old, movedToField);
  if (!semanticEqual(comparable.now, comparable.before)) {
    const rule =
      "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
    const shown = (one: object) => internalValue("PersistentVolumeClaimSpec", one);
    const difference = jsonDiff(shown(comparable.before), shown(comparable.now));
    errors.push(forbidden(specPath, `${rule}\n${difference}`));
  }
  addShrinkErrors(errors, claim, old);
  errors.push(...validateImmutableField(claim.spec.volumeMode, old.spec.volumeMode, path("volumeMode")));
  const attributes = claim.spec.volumeAttributesClassName;
  const current = old.status.currentVolumeAttributesClassName;
  if (current === undefined || attributes === old.spec.volumeAttributesClassName || attributes) return;
  const what = attributes === undefined ? "nil" : "empty string";
  const detail = `update to ${what} is forbidden when status.currentVolumeAttributesClassName is not nil`;
  errors.push(forbidden(attributesPath, detail));
}

/** A class that stood in an annotation may move to its field. */
function movesClassFromAnnotation(claim: Claim, old: Claim): boolean {
  const before = old.metadata.annotations?.[betaStorageClassAnnotation];
  const now = claim.metadata.annotations?.[betaStorageClassAnnotation];
  return (
    before !== undefined &&
    old.spec.storageClassName === undefined &&
    claim.spec.storageClassName === before &&
    (now === undefined || now === before)
  );
}

/** Both specs with the same in what may change: the volume once, the class where there was none, size and attributes when bound. */
function comparableSpec(claim: Claim, old: Claim, movedToField: boolean): { now: object; before: object } {
  const now = { ...claim.spec } as Draft<Spec>;
  const before = { ...old.spec } as Draft<Spec>;
  if (!before.volumeName) copyFields(before, now, ["volumeName"]);
  const annotation = old.metadata.annotations?.[betaStorageClassAnnotation];
  const named = now.storageClassName !== undefined && before.storageClassName === undefined;
  if (movedToField || (named && (annotation === undefined || annotation === now.storageClassName))) {
    delete now.storageClassName;
  }
  if (claim.status.phase === "Bound") {
    copyFields(now, before, ["volumeAttributesClassName"]);
    const storage = before.resources?.requests?.["storage"];
    if (now.resources?.requests !== undefined && storage !== undefined) {
      now.resources = { ...now.resources, requests: { ...now.resources.requests, storage } };
    }
  }
  return { now, before };
}

function addShrinkErrors(errors: FieldError[], claim: Claim, old: Claim): void {
  const now = amountOf(claim.spec.resources?.requests?.["storage"]);
  const before = amountOf(old.spec.resources?.requests?.["storage"]);
  if (now === undefined || before === undefined || now.compare(before) >= 0) return;
  const capacity = amountOf(old.status.capacity?.["storage"]);
  // A claim whose expansion failed may ask for less again, but not for less than it has.
  if (now.compare(capacity ?? amountOf("0")!) <= 0) {
    errors.push(forbidden(storagePath, "field can not be less than status.capacity"));
  }
}
