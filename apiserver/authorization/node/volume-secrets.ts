import type { PersistentVolume } from "../../../api/generated/types/core-v1.ts";

interface SecretName {
  readonly namespace: string;
  readonly name: string;
}

/** Secrets that a kubelet needs to mount a volume (pkg/api/v1/persistentvolume VisitPVSecretNames, those visible to kubelets). */
export function volumeSecretsOf({ spec }: PersistentVolume): readonly SecretName[] {
  const home = spec.claimRef?.namespace ?? "";
  const { azureFile, csi } = spec;
  if (azureFile) return named([{ name: azureFile.secretName, namespace: azureFile.secretNamespace || home }]);
  if (csi) return named([csi.nodePublishSecretRef, csi.nodeStageSecretRef, csi.nodeExpandSecretRef]);
  const withHome = spec.cephfs ?? spec.flexVolume ?? spec.rbd ?? spec.scaleIO ?? spec.iscsi;
  if (withHome?.secretRef)
    return named([{ name: withHome.secretRef.name, namespace: withHome.secretRef.namespace || home }]);
  return named([(spec.cinder ?? spec.storageos)?.secretRef]);
}

function named(
  refs: readonly ({ readonly name?: string | undefined; readonly namespace?: string | undefined } | undefined)[],
): readonly SecretName[] {
  return refs.flatMap((ref) => (ref?.name ? [{ name: ref.name, namespace: ref.namespace ?? "" }] : []));
}
