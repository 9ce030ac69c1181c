import { PersistentVolume } from "../../api/core/v1/persistent-volume.ts";
import { PersistentVolumeClaim } from "../../api/core/v1/persistent-volume-claim.ts";
import type { Pod } from "../../api/core/v1/pod.ts";
import { isNotFound } from "../../apimachinery/errors/api-error.ts";
import type { Client } from "../../client/client.ts";

/** A claim's volume, as far as it lies on this node. */
export interface LocalSource {
  readonly path: string;
  readonly hostPathType: string;
  /** Local volumes are handed to the pod's group, host paths are left as they are. */
  readonly ownable: boolean;
  readonly readOnly: boolean;
}

export interface ClaimReference {
  readonly claimName: string;
  readonly readOnly: boolean;
  /** Made for this very pod (a generic ephemeral volume). */
  readonly ephemeral: boolean;
}

/**
 * What a claim is bound to. Throws upstream's words where it is not, and for what does not lie on the node's own disk
 * (pkg/kubelet/volumemanager/populator).
 */
export async function resolveClaim(
  client: Client,
  pod: Pod,
  { claimName, readOnly, ephemeral }: ClaimReference,
  signal: AbortSignal,
): Promise<LocalSource> {
  const { namespace = "", name = "", uid } = pod.metadata;
  const processing = `error processing PVC ${namespace}/${claimName}`;
  const claim = await client
    .resource(PersistentVolumeClaim, namespace)
    .get(claimName, { signal })
    .catch((cause: unknown) => {
      if (!isNotFound(cause)) throw cause;
      throw new Error(
        `${processing}: failed to fetch PVC from API server: persistentvolumeclaim "${claimName}" not found`,
        { cause },
      );
    });
  if (ephemeral && !claim.metadata.ownerReferences?.some((owner) => owner.controller === true && owner.uid === uid))
    throw new Error(`PVC ${namespace}/${claimName} was not created for pod ${namespace}/${name} (pod is not owner)`);
  if (claim.metadata.deletionTimestamp !== undefined) throw new Error(`${processing}: PVC is being deleted`);
  if (claim.status?.phase !== "Bound" || !claim.spec.volumeName) throw new Error(`${processing}: PVC is not bound`);
  const volume = await client.resource(PersistentVolume).get(claim.spec.volumeName, { signal });
  if (volume.spec.claimRef?.uid !== claim.metadata.uid)
    throw new Error(`${processing}: PV ${claim.spec.volumeName} spec.claimRef.UID does not match PVC UID`);
  const { hostPath, local } = volume.spec;
  if (hostPath !== undefined)
    return { path: hostPath.path, hostPathType: hostPath.type ?? "", ownable: false, readOnly };
  if (local !== undefined) return { path: local.path, hostPathType: "Directory", ownable: true, readOnly };
  throw new Error(`PersistentVolume "${volume.metadata.name}" is of a kind that this node has no volume plugin for`);
}
