import type { AdmissionAttributes, AdmissionPlugin } from "./plugin.ts";

/** Finalizers by plural: volumes and claims stay until nobody uses them any more. */
const finalizers: ReadonlyMap<string, { readonly group: string; readonly finalizer: string }> = new Map([
  ["persistentvolumes", { group: "", finalizer: "kubernetes.io/pv-protection" }],
  ["persistentvolumeclaims", { group: "", finalizer: "kubernetes.io/pvc-protection" }],
  ["volumeattributesclasses", { group: "storage.k8s.io", finalizer: "kubernetes.io/vac-protection" }],
]);

function finalizerOf({ group, plural }: AdmissionAttributes["definition"]): string | undefined {
  const found = finalizers.get(plural);
  return found?.group === group ? found.finalizer : undefined;
}

/** Sets the finalizer that the protection controllers lift (plugin/pkg/admission/storage/storageobjectinuseprotection). */
export const storageObjectInUseProtection: AdmissionPlugin = {
  name: "StorageObjectInUseProtection",
  handles: ({ operation, subresource, definition }) =>
    operation === "CREATE" && subresource === "" && finalizerOf(definition) !== undefined,
  admit({ object, definition }) {
    const finalizer = finalizerOf(definition)!;
    const present = object!.metadata.finalizers ?? [];
    if (!present.includes(finalizer)) object!.metadata.finalizers = [...present, finalizer];
  },
};
