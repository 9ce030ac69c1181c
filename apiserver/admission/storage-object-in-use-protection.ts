import type { AdmissionPlugin } from "./plugin.ts";

/** Finalizers by resource: volumes and claims stay until nobody uses them any more. */
const finalizers: Readonly<Record<string, string>> = {
  "/persistentvolumes": "kubernetes.io/pv-protection",
  "/persistentvolumeclaims": "kubernetes.io/pvc-protection",
  "storage.k8s.io/volumeattributesclasses": "kubernetes.io/vac-protection",
};

/** Sets the finalizer that the protection controllers lift (plugin/pkg/admission/storage/storageobjectinuseprotection). */
export const storageObjectInUseProtection: AdmissionPlugin = {
  name: "StorageObjectInUseProtection",
  handles: ({ operation, subresource, definition }) =>
    operation === "CREATE" && subresource === "" && `${definition.group}/${definition.plural}` in finalizers,
  admit({ object, definition }) {
    const finalizer = finalizers[`${definition.group}/${definition.plural}`]!;
    const present = object!.metadata.finalizers ?? [];
    if (!present.includes(finalizer)) object!.metadata.finalizers = [...present, finalizer];
  },
};
