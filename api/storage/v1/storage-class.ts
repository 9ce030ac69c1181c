import type { FieldError } from "../../../apimachinery/field/error.ts";
import { notSupported, required } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import type { ObjectMeta } from "../../../apimachinery/resource/object.ts";
import { validateImmutableField } from "../../../apimachinery/validation/immutable.ts";
import { ageColumn, nameColumn, textColumn } from "../../columns.ts";
import { defineBuiltIn } from "../../define-built-in.ts";
import type * as types from "../../generated/types/storage-v1.ts";
import { goMap } from "../../go-values.ts";
import { addTopologyErrors } from "./topologies.ts";
import { addParameterErrors, addProvisionerErrors } from "./validation.ts";

export type StorageClass = types.StorageClass;

const defaultAnnotations = [
  "storageclass.kubernetes.io/is-default-class",
  "storageclass.beta.kubernetes.io/is-default-class",
];
const reclaimPolicies = ["Delete", "Retain"];
const bindingModes = ["Immediate", "WaitForFirstConsumer"];
const immutable = ["parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"] as const;

/** How volumes are made (pkg/apis/storage/validation ValidateStorageClass, ValidateStorageClassUpdate). */
export const StorageClass = defineBuiltIn<StorageClass>("storage.k8s.io/v1/storageclasses", {
  returnDeletedObject: true,
  columns: [
    { ...nameColumn, cell: ({ metadata }) => `${metadata.name ?? ""}${isDefault(metadata) ? " (default)" : ""}` },
    textColumn("Provisioner", ({ provisioner }) => provisioner),
    textColumn("ReclaimPolicy", ({ reclaimPolicy }) => reclaimPolicy ?? "Delete"),
    textColumn("VolumeBindingMode", ({ volumeBindingMode }) => volumeBindingMode ?? "Immediate"),
    { name: "AllowVolumeExpansion", type: "string", cell: ({ allowVolumeExpansion }) => allowVolumeExpansion ?? false },
    ageColumn,
  ],
  validate(storageClass, old) {
    const errors: FieldError[] = [];
    const { provisioner, parameters, reclaimPolicy, volumeBindingMode: mode } = storageClass;
    addProvisionerErrors(errors, provisioner ?? "", path("provisioner"));
    addParameterErrors(errors, parameters, { place: path("parameters"), mayBeEmpty: true });
    if (reclaimPolicy && !reclaimPolicies.includes(reclaimPolicy)) {
      errors.push(notSupported(path("reclaimPolicy"), reclaimPolicy, reclaimPolicies));
    }
    if (mode === undefined) errors.push(required(path("volumeBindingMode")));
    else if (!bindingModes.includes(mode)) errors.push(notSupported(path("volumeBindingMode"), mode, bindingModes));
    addTopologyErrors(errors, storageClass.allowedTopologies ?? [], path("allowedTopologies"));
    for (const field of old === undefined ? [] : immutable) {
      errors.push(...validateImmutableField(shown(storageClass[field]), shown(old![field]), path(field)));
    }
    return errors;
  },
});

function shown(value: string | Readonly<Record<string, string>> | undefined): unknown {
  return typeof value === "object" ? goMap(value) : value;
}

function isDefault({ annotations }: ObjectMeta): boolean {
  return defaultAnnotations.some((key) => annotations?.[key] === "true");
}
