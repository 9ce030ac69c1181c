import type { Container, EphemeralContainer, Pod, PodSpec, Volume } from "../../../generated/types/core-v1.ts";

type AnyContainer = Pick<Container | EphemeralContainer, "env" | "envFrom">;

/** Init containers, containers and ephemeral containers. */
function* containersOf(spec: PodSpec): Generator<AnyContainer> {
  yield* spec.initContainers ?? [];
  yield* spec.containers ?? [];
  yield* spec.ephemeralContainers ?? [];
}

/** Names of all secrets a pod itself refers to, in its namespace; may repeat (pkg/api/v1/pod VisitPodSecretNames). */
export function* secretNamesOf({ spec }: Pod): Generator<string> {
  for (const { name } of spec.imagePullSecrets ?? []) if (name) yield name;
  for (const { env = [], envFrom = [] } of containersOf(spec)) {
    for (const { secretRef } of envFrom) if (secretRef?.name) yield secretRef.name;
    for (const { valueFrom } of env) if (valueFrom?.secretKeyRef?.name) yield valueFrom.secretKeyRef.name;
  }
  for (const volume of spec.volumes ?? []) for (const name of volumeSecrets(volume)) if (name) yield name;
}

function volumeSecrets(volume: Volume): readonly (string | undefined)[] {
  if (volume.secret) return [volume.secret.secretName];
  if (volume.projected) return (volume.projected.sources ?? []).map((source) => source.secret?.name);
  if (volume.csi) return [volume.csi.nodePublishSecretRef?.name];
  if (volume.azureFile) return [volume.azureFile.secretName];
  const withRef =
    volume.cephfs ??
    volume.cinder ??
    volume.flexVolume ??
    volume.rbd ??
    volume.scaleIO ??
    volume.iscsi ??
    volume.storageos;
  return [withRef?.secretRef?.name];
}

/** Names of all config maps a pod itself refers to; may repeat. */
export function* configMapNamesOf({ spec }: Pod): Generator<string> {
  for (const { env = [], envFrom = [] } of containersOf(spec)) {
    for (const { configMapRef } of envFrom) if (configMapRef?.name) yield configMapRef.name;
    for (const { valueFrom } of env) if (valueFrom?.configMapKeyRef?.name) yield valueFrom.configMapKeyRef.name;
  }
  for (const { configMap, projected } of spec.volumes ?? []) {
    if (configMap?.name) yield configMap.name;
    for (const source of projected?.sources ?? []) if (source.configMap?.name) yield source.configMap.name;
  }
}

/** Names of the persistent volume claims a pod uses, those of its ephemeral volumes among them. */
export function* claimNamesOf(pod: Pod): Generator<string> {
  for (const { name, persistentVolumeClaim, ephemeral } of pod.spec.volumes ?? []) {
    if (persistentVolumeClaim) yield persistentVolumeClaim.claimName;
    else if (ephemeral) yield `${pod.metadata.name}-${name}`;
  }
}

/** Names of the resource claims a pod uses, as far as they are known yet. */
export function* resourceClaimNamesOf({ spec, status }: Pod): Generator<string> {
  for (const claim of spec.resourceClaims ?? []) {
    if (claim.resourceClaimName) yield claim.resourceClaimName;
    else {
      const made = status?.resourceClaimStatuses?.find((one) => one.name === claim.name)?.resourceClaimName;
      if (made) yield made;
    }
  }
  const extended = status?.extendedResourceClaimStatus?.resourceClaimName;
  if (extended) yield extended;
}

/** The first kind of API object that a pod refers to, in the words of its refusal; undefined where it needs none (pkg/api/pod HasAPIObjectReference). */
export function apiObjectReference(pod: Pod): string | undefined {
  const { spec } = pod;
  if (spec.serviceAccountName) return "serviceaccounts";
  if (!secretNamesOf(pod).next().done) return "secrets";
  if (!configMapNamesOf(pod).next().done) return "configmaps";
  if ((spec.resourceClaims ?? []).length > 0) return "resourceclaims";
  for (const volume of spec.volumes ?? []) {
    const reference = volumeReference(volume);
    if (reference !== undefined) return reference;
  }
  return undefined;
}

function volumeReference(volume: Volume): string | undefined {
  if (volume.configMap) return "configmaps (via configmap volumes)";
  if (volume.secret) return "secrets (via secret volumes)";
  if (volume.csi) return "csidrivers (via CSI volumes)";
  if (volume.glusterfs) return "endpoints (via glusterFS volumes)";
  if (volume.persistentVolumeClaim) return "persistentvolumeclaims";
  if (volume.ephemeral) return "persistentvolumeclaims (via ephemeral volumes)";
  if (volume.azureFile) return "secrets (via azureFile volumes)";
  for (const source of volume.projected?.sources ?? []) {
    if (source.configMap) return "configmaps (via projected volumes)";
    if (source.secret) return "secrets (via projected volumes)";
    if (source.serviceAccountToken) return "serviceaccounts (via projected volumes)";
    if (source.clusterTrustBundle) return "clustertrustbundles";
    if (source.podCertificate) return "podcertificates";
  }
  return undefined;
}
