import type { PersistentVolume } from "../../api/core/v1/persistent-volume.ts";
import type { PersistentVolumeClaim } from "../../api/core/v1/persistent-volume-claim.ts";
import type { Pod } from "../../api/core/v1/pod.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import type { Action } from "../runner/action.ts";

// pkg/controller/volume/{pvcprotection,pvprotection,vacprotection}.

export interface Observed {
  readonly resource: ResourceDefinition;
  readonly object: ApiObject;
  readonly finalizer: string;
  readonly isUsed: boolean;
}

/** What is not deleted bears the finalizer; what is loses it once nobody uses it. */
export function plan({ resource, object, finalizer, isUsed }: Observed): readonly Action[] {
  const { finalizers = [], deletionTimestamp } = object.metadata;
  const isHeld = finalizers.includes(finalizer);
  const isDying = deletionTimestamp !== undefined;
  if (isDying ? !isHeld || isUsed : isHeld) return [];
  const next = isDying ? finalizers.filter((one) => one !== finalizer) : [...finalizers, finalizer];
  const changed = { ...object, metadata: { ...object.metadata, finalizers: next } };
  return [{ type: "update", resource, object: changed as ApiObject & { readonly [field: string]: unknown } }];
}

/** True where the plan depends on whether the object is used. */
export function isCandidate({ metadata }: ApiObject, finalizer: string): boolean {
  return metadata.deletionTimestamp !== undefined && metadata.finalizers?.includes(finalizer) === true;
}

/** `namespace/name` of each claim that a pod's volumes are. */
export function claimsOf({ metadata, spec }: Pod): readonly string[] {
  const { name = "", namespace = "" } = metadata;
  return (spec.volumes ?? []).flatMap((volume) => {
    if (volume.persistentVolumeClaim !== undefined) return [`${namespace}/${volume.persistentVolumeClaim.claimName}`];
    return volume.ephemeral === undefined ? [] : [`${namespace}/${name}-${volume.name}`];
  });
}

/** A pod uses a claim from when it has a node; one that was made for it only until it has been shut down. */
export function usesClaim(pod: Pod, claim: PersistentVolumeClaim): boolean {
  if (!pod.spec.nodeName) return false;
  const { name = "" } = claim.metadata;
  return (pod.spec.volumes ?? []).some((volume) => {
    if (volume.persistentVolumeClaim !== undefined) return volume.persistentVolumeClaim.claimName === name;
    const isOwn = volume.ephemeral !== undefined && `${pod.metadata.name}-${volume.name}` === name;
    return isOwn && !isShutDown(pod) && isMadeFor(pod, claim);
  });
}

/** A pod that is being deleted and has no time left. */
export function isShutDown({ metadata }: Pod): boolean {
  return metadata.deletionTimestamp !== undefined && metadata.deletionGracePeriodSeconds === 0;
}

function isMadeFor(pod: Pod, { metadata }: PersistentVolumeClaim): boolean {
  return metadata.ownerReferences?.some(({ controller, uid }) => controller && uid === pod.metadata.uid) === true;
}

/** The classes that a claim has, had or is to get. */
export function classesOfClaim({ spec, status }: PersistentVolumeClaim): readonly string[] {
  const names = [
    spec.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ];
  return [...new Set(names.filter((name) => name !== undefined && name !== "") as string[])];
}

export function classesOfVolume({ spec }: PersistentVolume): readonly string[] {
  return spec.volumeAttributesClassName ? [spec.volumeAttributesClassName] : [];
}
