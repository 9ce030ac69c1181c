import type { FieldError } from "../../../apimachinery/field/error.ts";
import { forbidden, invalid, notSupported, required } from "../../../apimachinery/field/errors.ts";
import { type Path, path } from "../../../apimachinery/field/path.ts";
import { semanticEqual } from "../../../apimachinery/json/equal.ts";
import { isDNS1123Subdomain } from "../../../apimachinery/validation/dns.ts";
import { validateImmutableField } from "../../../apimachinery/validation/immutable.ts";
import {
  labelSelectorHasInvalidLabelValue,
  validateLabelSelector,
} from "../../../apimachinery/validation/label-fields.ts";
import { nameIsDNSSubdomain } from "../../../apimachinery/validation/names.ts";
import type * as types from "../../generated/types/core-v1.ts";
import { jsonDiff } from "../../json-diff.ts";
import { addMessages } from "../../validation.ts";
import {
  addAccessModeErrors,
  addPositiveErrors,
  amountOf,
  betaStorageClassAnnotation,
  volumeModes,
} from "./volume-access.ts";

// Rules: pkg/apis/core/validation ValidatePersistentVolumeClaim, ValidatePersistentVolumeClaimUpdate.

type Claim = types.PersistentVolumeClaim;
type Spec = types.PersistentVolumeClaimSpec;

const specPath = path("spec");
const storagePath = specPath.child("resources", "requests", "storage");
const attributesPath = specPath.child("volumeAttributesClassName");

export function claimErrors(claim: Claim, old: Claim | undefined, subresource: string): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (subresource === "status") {
    if (!claim.spec.accessModes?.length) errors.push(required(path("Spec", "accessModes")));
    return errors;
  }
  addSpecErrors(errors, claim.spec, old?.spec);
  if (old !== undefined) addChangeErrors(errors, claim, old);
  return errors;
}

function addSpecErrors(errors: FieldError[], spec: Spec, old: Spec | undefined): void {
  const modes = spec.accessModes ?? [];
  const modesPath = specPath.child("accessModes");
  if (modes.length === 0) errors.push(required(modesPath, "at least 1 access mode is required"));
  const allowInvalidLabelValue = labelSelectorHasInvalidLabelValue(old?.selector);
  errors.push(...validateLabelSelector(spec.selector, specPath.child("selector"), { allowInvalidLabelValue }));
  addAccessModeErrors(errors, modes, modesPath);
  const storage = spec.resources?.requests?.["storage"];
  const requestPath = specPath.child("resources").key("storage");
  if (storage === undefined) errors.push(required(requestPath));
  else addPositiveErrors(errors, storage, requestPath);
  for (const field of ["storageClassName", "volumeAttributesClassName"] as const) {
    const name = spec[field];
    if (name) addMessages(errors, nameIsDNSSubdomain(name, false), specPath.child(field), name);
  }
  if (spec.volumeMode !== undefined && !volumeModes.includes(spec.volumeMode)) {
    errors.push(notSupported(specPath.child("volumeMode"), spec.volumeMode, volumeModes));
  }
  if (spec.dataSource) addSourceErrors(errors, spec.dataSource, specPath.child("dataSource"));
  if (spec.dataSourceRef) addSourceErrors(errors, spec.dataSourceRef, specPath.child("dataSourceRef"));
  addSourceMatchErrors(errors, spec);
}

function addSourceErrors(errors: FieldError[], source: types.TypedLocalObjectReference, place: Path): void {
  const { apiGroup = "", kind = "", name = "" } = source;
  if (name === "") errors.push(required(place.child("name")));
  if (kind === "") errors.push(required(place.child("kind")));
  if (apiGroup === "" && kind !== "PersistentVolumeClaim") {
    errors.push(invalid(place, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup"));
  }
  if (apiGroup !== "") addMessages(errors, isDNS1123Subdomain(apiGroup), place.child("apiGroup"), apiGroup);
}

function addSourceMatchErrors(errors: FieldError[], { dataSource, dataSourceRef }: Spec): void {
  if (dataSource === undefined || dataSourceRef === undefined) return;
  // Upstream hands its path over as the value: an object without public fields.
  const wrong = (detail: string): unknown => errors.push(invalid(specPath, {}, detail));
  if (dataSourceRef.namespace) wrong("may not be specified when dataSourceRef.namespace is specified");
  else if (
    dataSource.apiGroup !== dataSourceRef.apiGroup ||
    dataSource.kind !== dataSourceRef.kind ||
    dataSource.name !== dataSourceRef.name
  ) {
    wrong("must match dataSourceRef");
  }
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
    errors.push(forbidden(specPath, `${rule}\n${jsonDiff(comparable.before, comparable.now)}`));
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

/** Both specs without what may change: the volume once, the class where there was none, size and attributes when bound. */
function comparableSpec(claim: Claim, old: Claim, movedToField: boolean): { now: object; before: object } {
  const bound = claim.status.phase === "Bound";
  const oldAnnotation = old.metadata.annotations?.[betaStorageClassAnnotation];
  const className = claim.spec.storageClassName;
  const named = className !== undefined && old.spec.storageClassName === undefined;
  const classMayBeNamed = movedToField || (named && (oldAnnotation === undefined || oldAnnotation === className));
  const strip = (spec: Spec): object => {
    const { volumeName, storageClassName, volumeAttributesClassName, resources, ...rest } = spec;
    const { storage: _, ...requests } = resources?.requests ?? {};
    return {
      ...rest,
      ...(old.spec.volumeName ? { volumeName } : {}),
      ...(classMayBeNamed ? {} : { storageClassName }),
      ...(bound ? {} : { volumeAttributesClassName }),
      resources: bound && resources?.requests ? { ...resources, requests } : resources,
    };
  };
  return { now: strip(claim.spec), before: strip(old.spec) };
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
