import { invalid, notSupported, required } from "../../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../../apimachinery/field/path.ts";
import {
  labelSelectorHasInvalidLabelValue,
  validateLabelSelector,
} from "../../../../../apimachinery/validation/label-fields.ts";
import { nameIsDNSSubdomain, validateNamespaceName } from "../../../../../apimachinery/validation/names.ts";
import type {
  PersistentVolumeClaimSpec,
  PersistentVolumeClaimTemplate,
  TypedObjectReference,
} from "../../../../generated/types/core-v1.ts";
import { templateMetadataErrors } from "../../template-metadata.ts";
import { addAccessModeErrors, addPositiveErrors, volumeModes } from "../../volume-access.ts";
import { type Check, checkMessages, checkRequired, checkSubdomain } from "./check.ts";

type Errors = Pick<Check, "errors">;

/** The claim an ephemeral volume makes: only labels and annotations of its metadata are the user's. */
export function validateClaimTemplate(check: Check, template: PersistentVolumeClaimTemplate, place: Path): void {
  check.errors.push(...templateMetadataErrors(template.metadata ?? {}, place.child("metadata")));
  validateClaimSpec(check, template.spec ?? {}, place.child("spec"));
}

/**
 * pkg/apis/core/validation ValidatePersistentVolumeClaimSpec. A claim may keep what is wrong with the `old` one's selector
 * and groups of sources.
 */
export function validateClaimSpec(
  check: Errors,
  spec: Partial<PersistentVolumeClaimSpec>,
  place: Path,
  old?: Partial<PersistentVolumeClaimSpec>,
): void {
  const modes = spec.accessModes ?? [];
  const modesPlace = place.child("accessModes");
  if (modes.length === 0) check.errors.push(required(modesPlace, "at least 1 access mode is required"));
  if (spec.selector !== undefined) {
    const allowInvalidLabelValue = labelSelectorHasInvalidLabelValue(old?.selector);
    check.errors.push(...validateLabelSelector(spec.selector, place.child("selector"), { allowInvalidLabelValue }));
  }
  addAccessModeErrors(check.errors, modes, modesPlace);
  const storage = spec.resources?.requests?.["storage"];
  const storagePlace = place.child("resources").key("storage");
  if (storage === undefined) check.errors.push(required(storagePlace));
  else addPositiveErrors(check.errors, storage, storagePlace);
  checkName(check, place.child("storageClassName"), spec.storageClassName);
  if (spec.volumeMode !== undefined && !volumeModes.includes(spec.volumeMode)) {
    check.errors.push(notSupported(place.child("volumeMode"), spec.volumeMode, volumeModes));
  }
  validateSources(check, spec, place, old);
  checkName(check, place.child("volumeAttributesClassName"), spec.volumeAttributesClassName);
}

function checkName(check: Errors, place: Path, name: string | undefined): void {
  if (name !== undefined && name !== "") checkMessages(check, place, name, nameIsDNSSubdomain(name, false));
}

function validateSources(
  check: Errors,
  spec: Partial<PersistentVolumeClaimSpec>,
  place: Path,
  old: Partial<PersistentVolumeClaimSpec> | undefined,
): void {
  const { dataSource, dataSourceRef } = spec;
  const anyGroup = old?.dataSource?.apiGroup !== undefined || old?.dataSourceRef?.apiGroup !== undefined;
  if (dataSource !== undefined) validateSource(check, dataSource, place.child("dataSource"), anyGroup);
  if (dataSourceRef !== undefined) {
    validateSource(check, dataSourceRef, place.child("dataSourceRef"), anyGroup);
    const { namespace = "" } = dataSourceRef;
    const at = place.child("dataSourceRef").child("namespace");
    if (namespace !== "") checkMessages(check, at, namespace, validateNamespaceName(namespace, false));
  }
  if (dataSource === undefined || dataSourceRef === undefined) return;
  // Upstream hands its path over as the value: an object without public fields.
  const wrong = (detail: string): unknown => check.errors.push(invalid(place, {}, detail));
  if (dataSourceRef.namespace) wrong("may not be specified when dataSourceRef.namespace is specified");
  else if (
    dataSource.apiGroup !== dataSourceRef.apiGroup ||
    dataSource.kind !== dataSourceRef.kind ||
    dataSource.name !== dataSourceRef.name
  ) {
    wrong("must match dataSourceRef");
  }
}

function validateSource(check: Errors, source: TypedObjectReference, place: Path, anyGroup: boolean): void {
  const { apiGroup = "", kind = "" } = source;
  checkRequired(check, place.child("name"), source.name);
  checkRequired(check, place.child("kind"), kind);
  if (apiGroup === "" && kind !== "PersistentVolumeClaim") {
    const detail = "must be 'PersistentVolumeClaim' when referencing the default apiGroup";
    check.errors.push(invalid(place, kind, detail));
  }
  if (apiGroup !== "" && !anyGroup) checkSubdomain(check, place.child("apiGroup"), apiGroup);
}
