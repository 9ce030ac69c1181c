import type { Pod } from "../../api/core/v1/pod.ts";
import type { EnvFromSource, EnvVar } from "../../api/generated/types/core-v1.ts";

/** The names, in the pod's own namespace, of what a pod refers to. */
export interface References {
  readonly configMaps: ReadonlySet<string>;
  readonly secrets: ReadonlySet<string>;
}

/** Of environments, volumes and pull secrets (pkg/api/v1/pod VisitPodConfigmapNames, VisitPodSecretNames). */
export function referencesOf({ spec }: Pod): References {
  const configMaps = new Set<string>();
  const secrets = new Set<string>();
  for (const { name } of spec.imagePullSecrets ?? []) if (name) secrets.add(name);
  for (const container of [
    ...(spec.initContainers ?? []),
    ...spec.containers,
    ...(spec.ephemeralContainers ?? []),
  ] as readonly { readonly env?: readonly EnvVar[]; readonly envFrom?: readonly EnvFromSource[] }[]) {
    for (const { configMapRef, secretRef } of container.envFrom ?? []) {
      if (configMapRef?.name) configMaps.add(configMapRef.name);
      if (secretRef?.name) secrets.add(secretRef.name);
    }
    for (const { valueFrom } of container.env ?? []) {
      if (valueFrom?.configMapKeyRef?.name) configMaps.add(valueFrom.configMapKeyRef.name);
      if (valueFrom?.secretKeyRef?.name) secrets.add(valueFrom.secretKeyRef.name);
    }
  }
  for (const { configMap, secret, projected } of spec.volumes ?? []) {
    if (configMap?.name) configMaps.add(configMap.name);
    if (secret?.secretName) secrets.add(secret.secretName);
    for (const source of projected?.sources ?? []) {
      if (source.configMap?.name) configMaps.add(source.configMap.name);
      if (source.secret?.name) secrets.add(source.secret.name);
    }
  }
  return { configMaps, secrets };
}
