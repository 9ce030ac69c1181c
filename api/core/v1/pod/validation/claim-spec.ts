import { forbidden, invalid, notSupported, required } from "../../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../../apimachinery/field/path.ts";
import {
  validateAnnotations,
  validateLabelSelector,
  validateLabels,
} from "../../../../../apimachinery/validation/label-fields.ts";
import { nameIsDNSSubdomain, validateNamespaceName } from "../../../../../apimachinery/validation/names.ts";
import type {
  PersistentVolumeClaimSpec,
  PersistentVolumeClaimTemplate,
  TypedObjectReference,
} from "../../../../generated/types/core-v1.ts";
import { isPositive } from "../resource-list.ts";
import { type Check, checkMessages, checkRequired, checkSubdomain } from "./check.ts";

const accessModes = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
const volumeModes = ["Block", "Filesystem"];

/** The claim an ephemeral volume makes: only labels and annotations of its metadata are the user's. */
export function validateClaimTemplate(check: Check, template: PersistentVolumeClaimTemplate, place: Path): void {
  const metadata = template.metadata ?? {};
  const at = place.child("metadata");
  check.errors.push(...validateAnnotations(metadata.annotations, at.child("annotations")));
  check.errors.push(...validateLabels(metadata.labels, at.child("labels")));
  for (const field in metadata) {
    if (field === "annotations" || field === "labels" || isAbsent(metadata[field as keyof typeof metadata])) continue;
    check.errors.push(forbidden(at.child(field), "cannot be set"));
  }
  validateClaimSpec(check, template.spec ?? {}, place.child("spec"));
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || value === "" || value === 0;
}

/** pkg/apis/core/validation ValidatePersistentVolumeClaimSpec, of a new claim. */
export function validateClaimSpec(check: Check, spec: Partial<PersistentVolumeClaimSpec>, place: Path): void {
  validateAccessModes(check, spec.accessModes ?? [], place.child("accessModes"));
  if (spec.selector !== undefined) {
    check.errors.push(...validateLabelSelector(spec.selector, place.child("selector")));
  }
  const storage = spec.resources?.requests?.["storage"];
  const storagePlace = place.child("resources").key("storage");
  if (storage === undefined) check.errors.push(required(storagePlace));
  else if (!isPositive(storage)) check.errors.push(invalid(storagePlace, storage, "must be greater than zero"));
  checkName(check, place.child("storageClassName"), spec.storageClassName);
  if (spec.volumeMode !== undefined && !volumeModes.includes(spec.volumeMode)) {
    check.errors.push(notSupported(place.child("volumeMode"), spec.volumeMode, volumeModes));
  }
  validateSources(check, spec, place);
  checkName(check, place.child("volumeAttributesClassName"), spec.volumeAttributesClassName);
}

function checkName(check: Check, place: Path, name: string | undefined): void {
  if (name !== undefined && name !== "") checkMessages(check, place, name, nameIsDNSSubdomain(name, false));
}

function validateAccessModes(check: Check, modes: readonly string[], place: Path): void {
  if (modes.length === 0) check.errors.push(required(place, "at least 1 access mode is required"));
  for (const mode of modes) {
    if (!accessModes.includes(mode)) check.errors.push(notSupported(place, mode, accessModes));
  }
  const others = modes.some((mode) => mode !== "ReadWriteOncePod" && accessModes.includes(mode));
  if (others && modes.includes("ReadWriteOncePod")) {
    check.errors.push(forbidden(place, "may not use ReadWriteOncePod with other access modes"));
  }
}

function validateSources(check: Check, spec: Partial<PersistentVolumeClaimSpec>, place: Path): void {
  const { dataSource, dataSourceRef } = spec;
  if (dataSource !== undefined) validateSource(check, dataSource, place.child("dataSource"));
  if (dataSourceRef !== undefined) {
    validateSource(check, dataSourceRef, place.child("dataSourceRef"));
    const { namespace = "" } = dataSourceRef;
    const at = place.child("dataSourceRef").child("namespace");
    if (namespace !== "") checkMessages(check, at, namespace, validateNamespaceName(namespace, false));
  }
  if (dataSource === undefined || dataSourceRef === undefined) return;
  const at = String(place.child("dataSource"));
  if (dataSourceRef.namespace) {
    check.errors.push(invalid(place, at, "may not be specified when dataSourceRef.namespace is specified"));
  } else if (
    dataSource.apiGroup !== dataSourceRef.apiGroup ||
    dataSource.kind !== dataSourceRef.kind ||
    dataSource.name !== dataSourceRef.name
  ) {
    check.errors.push(invalid(place, at, "must match dataSourceRef"));
  }
}

function validateSource(check: Check, source: TypedObjectReference, place: Path): void {
  const { apiGroup = "", kind = "" } = source;
  checkRequired(check, place.child("name"), source.name);
  checkRequired(check, place.child("kind"), kind);
  if (apiGroup !== "") checkSubdomain(check, place.child("apiGroup"), apiGroup);
  else if (kind !== "PersistentVolumeClaim") {
    const detail = "must be 'PersistentVolumeClaim' when referencing the default apiGroup";
    check.errors.push(invalid(place, kind, detail));
  }
}
