import type { FieldError } from "../../../apimachinery/field/error.ts";
import { forbidden, notSupported, required } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import { semanticEqual } from "../../../apimachinery/json/equal.ts";
import { formatTime } from "../../../apimachinery/time/time.ts";
import { validateImmutableField } from "../../../apimachinery/validation/immutable.ts";
import { nameIsDNSSubdomain } from "../../../apimachinery/validation/names.ts";
import { ageColumn, nameColumn, textColumn, wideColumn } from "../../columns.ts";
import { defineBuiltIn } from "../../define-built-in.ts";
import { changing } from "../../draft.ts";
import type * as types from "../../generated/types/core-v1.ts";
import { jsonDiff } from "../../json-diff.ts";
import { addMessages } from "../../validation.ts";
import {
  accessModesText,
  addAccessModeErrors,
  addPositiveErrors,
  betaStorageClassAnnotation,
  volumeModes,
} from "./volume-access.ts";

// Rules: pkg/apis/core/validation ValidatePersistentVolume; of a source it is checked that there is one, not its fields.

export type PersistentVolume = types.PersistentVolume;

const specPath = path("spec");
const capacityPath = specPath.child("capacity");
const reclaimPolicies = ["Delete", "Recycle", "Retain"];

/** Fields of the spec that are not of a source. */
const common: readonly string[] = [
  "accessModes",
  "capacity",
  "claimRef",
  "mountOptions",
  "nodeAffinity",
  "persistentVolumeReclaimPolicy",
  "storageClassName",
  "volumeAttributesClassName",
  "volumeMode",
];

export const PersistentVolume = defineBuiltIn<PersistentVolume>("/v1/persistentvolumes", {
  returnDeletedObject: true,
  columns: [
    nameColumn,
    textColumn("Capacity", ({ spec }) => spec.capacity?.["storage"] ?? "0"),
    textColumn("Access Modes", ({ spec }) => accessModesText(spec.accessModes)),
    textColumn("Reclaim Policy", ({ spec }) => spec.persistentVolumeReclaimPolicy ?? ""),
    textColumn("Status", ({ metadata, status }) => (metadata.deletionTimestamp ? "Terminating" : (status.phase ?? ""))),
    textColumn("Claim", ({ spec: { claimRef } }) =>
      claimRef ? `${claimRef.namespace ?? ""}/${claimRef.name ?? ""}` : "",
    ),
    textColumn(
      "StorageClass",
      ({ metadata, spec }) => metadata.annotations?.[betaStorageClassAnnotation] ?? spec.storageClassName ?? "",
    ),
    textColumn("VolumeAttributesClass", ({ spec }) => spec.volumeAttributesClassName ?? "<unset>"),
    textColumn("Reason", ({ status }) => status.reason ?? ""),
    ageColumn,
    wideColumn("VolumeMode", ({ spec }) => spec.volumeMode ?? "<unset>"),
  ],
  setDefaults: changing(({ spec }) => {
    spec.persistentVolumeReclaimPolicy ??= "Retain";
    spec.volumeMode ??= "Filesystem";
  }),
  prepareForCreate: changing((volume, { now }) => {
    volume.status = { phase: "Pending", lastPhaseTransitionTime: formatTime(now) };
  }),
  prepareForUpdate: changing((volume, old, { subresource, now }) => {
    if (subresource !== "status" || volume.status.phase === old.status.phase) return;
    if (volume.status.lastPhaseTransitionTime === old.status.lastPhaseTransitionTime) {
      volume.status.lastPhaseTransitionTime = formatTime(now);
    }
  }),
  validate({ spec }, old, { subresource }) {
    const errors: FieldError[] = [];
    if (subresource === "status") return errors;
    addSpecErrors(errors, spec);
    if (old !== undefined) addChangeErrors(errors, spec, old.spec);
    return errors;
  },
});

type Spec = types.PersistentVolumeSpec;

function addSpecErrors(errors: FieldError[], spec: Spec): void {
  const { accessModes = [], capacity = {}, persistentVolumeReclaimPolicy: policy, volumeMode } = spec;
  if (accessModes.length === 0) errors.push(required(specPath.child("accessModes")));
  addAccessModeErrors(errors, accessModes, specPath.child("accessModes"));
  const amounts = Object.entries(capacity);
  if (amounts.length === 0) errors.push(required(capacityPath));
  if (capacity["storage"] === undefined || amounts.length > 1) {
    errors.push(notSupported(capacityPath, amounts.length === 0 ? null : capacity, ["storage"]));
  }
  for (const [name, amount] of amounts) addPositiveErrors(errors, amount, capacityPath.key(name));
  if (policy && !reclaimPolicies.includes(policy)) {
    errors.push(notSupported(specPath.child("persistentVolumeReclaimPolicy"), policy, reclaimPolicies));
  }
  const [, ...others] = sourcesOf(spec);
  for (const source of others)
    errors.push(forbidden(specPath.child(source), "may not specify more than 1 volume type"));
  if (sourcesOf(spec).length === 0) errors.push(required(specPath, "must specify a volume type"));
  if (spec.storageClassName) {
    const messages = nameIsDNSSubdomain(spec.storageClassName, false);
    addMessages(errors, messages, specPath.child("storageClassName"), spec.storageClassName);
  }
  if (volumeMode !== undefined && !volumeModes.includes(volumeMode)) {
    errors.push(notSupported(specPath.child("volumeMode"), volumeMode, volumeModes));
  }
}

function sourcesOf(spec: Spec): readonly string[] {
  return Object.keys(spec).filter((field) => !common.includes(field) && spec[field as keyof Spec] !== undefined);
}

function sourceOf(spec: Spec): object {
  return Object.fromEntries(Object.entries(spec).filter(([field]) => !common.includes(field)));
}

function addChangeErrors(errors: FieldError[], spec: Spec, old: Spec): void {
  const [now, before] = [sourceOf(withAllowedSecret(spec, old)), sourceOf(old)];
  if (!semanticEqual(now, before)) {
    const detail = `spec.persistentvolumesource is immutable after creation\n${jsonDiff(before, now)}`;
    errors.push(forbidden(specPath.child("persistentvolumesource"), detail));
  }
  errors.push(...validateImmutableField(spec.volumeMode, old.volumeMode, path("volumeMode")));
  if (old.volumeAttributesClassName !== undefined && spec.volumeAttributesClassName === undefined) {
    const detail = "update from non-nil value to nil is forbidden";
    errors.push(forbidden(specPath.child("volumeAttributesClassName"), detail));
  }
}

/** The secret for expansion may be named later, once. */
function withAllowedSecret(spec: Spec, old: Spec): Spec {
  if (old.csi === undefined || spec.csi === undefined || old.csi.controllerExpandSecretRef !== undefined) return spec;
  const { controllerExpandSecretRef: _, ...csi } = spec.csi;
  return { ...spec, csi };
}
