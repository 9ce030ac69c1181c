import type { Draft } from "../../../apimachinery/resource/object.ts";
import { ageColumn, nameColumn, textColumn, wideColumn } from "../../columns.ts";
import { defineBuiltIn } from "../../define-built-in.ts";
import { changing } from "../../draft.ts";
import type * as types from "../../generated/types/core-v1.ts";
import { claimErrors } from "./persistent-volume-claim-validation.ts";
import { roundList, roundRequirements } from "./pod/resource-list.ts";
import { accessModesText, betaStorageClassAnnotation } from "./volume-access.ts";

// Rules: pkg/registry/core/persistentvolumeclaim/strategy.go, pkg/api/persistentvolumeclaim/util.go.

export type PersistentVolumeClaim = types.PersistentVolumeClaim;

type Spec = types.PersistentVolumeClaimSpec;

export const PersistentVolumeClaim = defineBuiltIn<PersistentVolumeClaim>("/v1/persistentvolumeclaims", {
  returnDeletedObject: true,
  columns: [
    nameColumn,
    textColumn("Status", ({ metadata, status }) => (metadata.deletionTimestamp ? "Terminating" : (status.phase ?? ""))),
    textColumn("Volume", ({ spec }) => spec.volumeName ?? ""),
    textColumn("Capacity", ({ spec, status }) => (spec.volumeName ? (status.capacity?.["storage"] ?? "0") : "")),
    textColumn("Access Modes", ({ spec, status }) => (spec.volumeName ? accessModesText(status.accessModes) : "")),
    textColumn(
      "StorageClass",
      ({ metadata, spec }) => metadata.annotations?.[betaStorageClassAnnotation] ?? spec.storageClassName ?? "",
    ),
    textColumn("VolumeAttributesClass", ({ spec }) => spec.volumeAttributesClassName ?? "<unset>"),
    ageColumn,
    wideColumn("VolumeMode", ({ spec }) => spec.volumeMode ?? "<unset>"),
  ],
  setDefaults: changing(({ spec, status }) => {
    roundRequirements(spec?.resources);
    roundList(status?.capacity);
    roundList(status?.allocatedResources);
  }),
  prepareForCreate: changing((claim) => {
    claim.status = { phase: "Pending" };
    prepareDataSources(claim.spec, undefined);
  }),
  prepareForUpdate: changing((claim, old, { subresource }) => {
    if (subresource === "") prepareDataSources(claim.spec, old.spec);
  }),
  validate: (claim, old, { subresource }) => claimErrors(claim, old, subresource),
});

/** Where the first content comes from has two fields, one older than the other: each fills the other in (KEP-1495). */
function prepareDataSources(spec: Draft<Spec>, old: Spec | undefined): void {
  // Feature gate CrossNamespaceVolumeDataSource is off: a source in another namespace stays only where there was one.
  if (spec.dataSourceRef?.namespace && old?.dataSourceRef === undefined) delete spec.dataSourceRef;
  const known = old?.dataSource !== undefined || old?.dataSourceRef !== undefined;
  if (!known && spec.dataSource !== undefined && spec.dataSourceRef === undefined && !isKnown(spec.dataSource)) {
    delete spec.dataSource;
  }
  if (spec.dataSourceRef?.namespace) return;
  if (spec.dataSource !== undefined && spec.dataSourceRef === undefined) spec.dataSourceRef = { ...spec.dataSource };
  else if (spec.dataSource === undefined && spec.dataSourceRef !== undefined) {
    const { namespace: _, ...local } = spec.dataSourceRef;
    spec.dataSource = local;
  }
}

/** The older field takes claims and snapshots and overlooks anything else. */
function isKnown({ apiGroup, kind }: types.TypedLocalObjectReference): boolean {
  const group = apiGroup ?? "";
  if (kind === "PersistentVolumeClaim") return group === "";
  return kind === "VolumeSnapshot" && group === "snapshot.storage.k8s.io";
}
