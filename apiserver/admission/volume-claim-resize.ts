import { compareQuantities } from "../../api/core/v1/pod/resource-list.ts";
import { betaStorageClassAnnotation } from "../../api/core/v1/volume-access.ts";
import type { PersistentVolumeClaim } from "../../api/generated/types/core-v1.ts";
import type { StorageClass } from "../../api/generated/types/storage-v1.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import type { ObjectReader } from "../registry/access.ts";
import type { AdmissionPlugin } from "./plugin.ts";
import { concerns, newObject, refused } from "./refusal.ts";

/** A claim grows only once it is bound, and where its storage class allows it (plugin/pkg/admission/storage/persistentvolume/resize). */
export function volumeClaimResize(reader: ObjectReader, classes: ResourceDefinition<StorageClass>): AdmissionPlugin {
  return {
    name: "PersistentVolumeClaimResize",
    handles: (attributes) => attributes.operation === "UPDATE" && concerns(attributes, "", "persistentvolumeclaims"),
    validate(attributes) {
      const [claim, old] = [
        newObject<PersistentVolumeClaim>(attributes),
        attributes.oldObject as PersistentVolumeClaim,
      ];
      if (compareQuantities(sizeOf(claim), sizeOf(old)) <= 0) return;
      if (old.status?.phase !== "Bound")
        throw refused(attributes, "Only bound persistent volume claims can be expanded");
      const name = classOf(claim);
      const found = name === "" || name !== classOf(old) ? undefined : reader.get(classes, "", name);
      if (found?.allowVolumeExpansion === true) return;
      throw refused(
        attributes,
        "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize",
      );
    },
  };
}

function sizeOf({ spec }: PersistentVolumeClaim): string {
  return spec.resources?.requests?.["storage"] ?? "0";
}

function classOf({ metadata, spec }: PersistentVolumeClaim): string {
  return metadata.annotations?.[betaStorageClassAnnotation] ?? spec.storageClassName ?? "";
}
