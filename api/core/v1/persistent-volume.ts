import { formatTime } from "../../../apimachinery/time/time.ts";
import { ageColumn, nameColumn, textColumn, wideColumn } from "../../columns.ts";
import { defineBuiltIn } from "../../define-built-in.ts";
import { changing } from "../../draft.ts";
import type * as types from "../../generated/types/core-v1.ts";
import { volumeErrors } from "./persistent-volume-validation.ts";
import { roundList } from "./pod/resource-list.ts";
import { accessModesText, betaStorageClassAnnotation } from "./volume-access.ts";

// Rules: pkg/registry/core/persistentvolume/strategy.go, pkg/apis/core/validation ValidatePersistentVolume.

export type PersistentVolume = types.PersistentVolume;

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
    roundList(spec.capacity);
  }),
  prepareForCreate: changing((volume, { now }) => {
    volume.status = { phase: "Pending", lastPhaseTransitionTime: formatTime(now) };
  }),
  prepareForUpdate: changing((volume, old, { subresource, now }) => {
    if (subresource !== "status") return;
    const { lastPhaseTransitionTime: time } = old.status;
    const untold = volume.status.lastPhaseTransitionTime === undefined;
    if (volume.status.phase !== old.status.phase) {
      if (untold || volume.status.lastPhaseTransitionTime === time) {
        volume.status.lastPhaseTransitionTime = formatTime(now);
      }
    } else if (untold && time !== undefined) volume.status.lastPhaseTransitionTime = time;
  }),
  validate: (volume, old, { subresource }) => (subresource === "status" ? [] : volumeErrors(volume, old)),
});
