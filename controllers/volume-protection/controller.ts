import { PersistentVolume } from "../../api/core/v1/persistent-volume.ts";
import { PersistentVolumeClaim } from "../../api/core/v1/persistent-volume-claim.ts";
import { Pod } from "../../api/core/v1/pod.ts";
import { VolumeAttributesClass } from "../../api/storage/v1/volume-attributes-class.ts";
import { type Client, objectKey } from "../../client/mod.ts";
import type { CacheIndex } from "../runner/cache.ts";
import { defineController } from "../runner/controller.ts";
import { claimsOf, classesOfClaim, classesOfVolume, isCandidate, isShutDown, plan, usesClaim } from "./plan.ts";

const claimIndex: CacheIndex<Pod> = { name: "claims", of: claimsOf };
const claimClassIndex: CacheIndex<PersistentVolumeClaim> = { name: "classes", of: classesOfClaim };
const volumeClassIndex: CacheIndex<PersistentVolume> = { name: "classes", of: classesOfVolume };

const claimFinalizer = "kubernetes.io/pvc-protection";

/** A claim that is deleted goes once no pod on a node uses it. */
export const claimProtection = defineController({
  name: "persistentvolumeclaim-protection-controller",
  serviceAccount: "pvc-protection-controller",
  queue: "pvcprotection",
  primary: PersistentVolumeClaim,
  also: [
    {
      resource: Pod,
      keys: (pod) => claimsOf(pod as Pod),
      matters: (pod, old) => isShutDown(pod as Pod) !== isShutDown(old as Pod),
    },
  ],
  workers: 5,
  observe(object, cache, _, { client, signal }) {
    const observed = { resource: PersistentVolumeClaim, object, finalizer: claimFinalizer, isUsed: true };
    if (!isCandidate(object, claimFinalizer)) return observed;
    if (cache.byIndex(Pod, claimIndex, objectKey(object)).some((pod) => usesClaim(pod, object))) return observed;
    return isUsedNow(client, object, signal).then((isUsed) => ({ ...observed, isUsed }));
  },
  plan,
});

/** By the server's own word: a cache may not know of a pod yet that was bound just now. */
async function isUsedNow(client: Client, claim: PersistentVolumeClaim, signal: AbortSignal): Promise<boolean> {
  const { items } = await client.resource(Pod, claim.metadata.namespace ?? "").list({ signal });
  return items.some((pod) => usesClaim(pod, claim));
}

/** A volume that is deleted goes once it is bound no more. */
export const volumeProtection = defineController({
  name: "persistentvolume-protection-controller",
  serviceAccount: "pv-protection-controller",
  queue: "pvprotection",
  primary: PersistentVolume,
  workers: 1,
  observe: (object) => ({
    resource: PersistentVolume,
    object,
    finalizer: "kubernetes.io/pv-protection",
    isUsed: object.status?.phase === "Bound",
  }),
  plan,
});

/** A class of attributes that is deleted goes once no volume and no claim names it. */
export const attributesClassProtection = defineController({
  name: "volumeattributesclass-protection-controller",
  serviceAccount: "volumeattributesclass-protection-controller",
  queue: "vacprotection",
  primary: VolumeAttributesClass,
  also: [
    { resource: PersistentVolumeClaim, keys: (claim) => classesOfClaim(claim as PersistentVolumeClaim) },
    { resource: PersistentVolume, keys: (volume) => classesOfVolume(volume as PersistentVolume) },
  ],
  workers: 1,
  observe(object, cache) {
    const name = object.metadata.name ?? "";
    return {
      resource: VolumeAttributesClass,
      object,
      finalizer: "kubernetes.io/vac-protection",
      isUsed:
        cache.byIndex(PersistentVolume, volumeClassIndex, name).length > 0 ||
        cache.byIndex(PersistentVolumeClaim, claimClassIndex, name).length > 0,
    };
  },
  plan,
});
