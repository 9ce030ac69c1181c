import {
  claimNamesOf,
  configMapNamesOf,
  resourceClaimNamesOf,
  secretNamesOf,
} from "../../../api/core/v1/pod/references.ts";
import type { PersistentVolume, Pod } from "../../../api/generated/types/core-v1.ts";
import type { ResourceSlice } from "../../../api/generated/types/resource-v1.ts";
import type { VolumeAttachment } from "../../../api/generated/types/storage-v1.ts";
import type { ApiObject } from "../../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../../apimachinery/resource/resource.ts";
import type { ObjectChange, ObjectReader } from "../../registry/access.ts";
import { volumeSecretsOf } from "./volume-secrets.ts";

export interface NodeGraphDefinitions {
  readonly pods: ResourceDefinition<Pod>;
  readonly persistentVolumes: ResourceDefinition<PersistentVolume>;
  readonly volumeAttachments: ResourceDefinition<VolumeAttachment>;
  readonly resourceSlices?: ResourceDefinition<ResourceSlice>;
}

export type VertexKind =
  | "secret"
  | "configmap"
  | "pvc"
  | "pv"
  | "resourceclaim"
  | "serviceaccount"
  | "pod"
  | "va"
  | "slice";

const mirrorAnnotation = "kubernetes.io/config.mirror";

/**
 * Which nodes have to do with which objects (plugin/pkg/auth/authorizer/node graph), kept current by the watch cache.
 *
 * Held as counts: `secret/red/s` → node `n1` → how many pods there refer to it. Asking is two map look-ups; volumes, whose
 * nodes are those of their claim's pods, take two more. Memory grows with the references of bound pods.
 */
export class NodeGraph {
  readonly #nodesOf = new Map<string, Map<string, number>>();
  /** What each pod contributed, to be taken back as it changes or goes. */
  readonly #pods = new Map<string, { readonly node: string; readonly keys: readonly string[] }>();
  readonly #attached = new Map<string, string>();
  /** Volume → the key of its claim; secret → the volumes that name it. */
  readonly #claimOfVolume = new Map<string, { readonly claim: string; readonly secrets: readonly string[] }>();
  readonly #volumesOfSecret = new Map<string, Set<string>>();
  readonly #stops: (() => void)[] = [];

  constructor(reader: ObjectReader, definitions: NodeGraphDefinitions) {
    const follow = <T extends ApiObject>(
      definition: ResourceDefinition<T>,
      take: (change: ObjectChange<T>) => void,
    ) => {
      this.#stops.push(reader.onChange(definition, take));
      for (const object of reader.list(definition)) take({ type: "ADDED", object, previous: undefined });
    };
    follow(definitions.pods, (change) => this.#takePod(change));
    follow(definitions.persistentVolumes, ({ type, object }) => this.#takeVolume(object, type !== "DELETED"));
    const attach = (kind: VertexKind, name: string, node: string | undefined, exists: boolean) => {
      if (exists && node) this.#attached.set(`${kind}/${name}`, node);
      else this.#attached.delete(`${kind}/${name}`);
    };
    follow(definitions.volumeAttachments, ({ type, object }) =>
      attach("va", object.metadata.name!, object.spec.nodeName, type !== "DELETED"),
    );
    if (definitions.resourceSlices !== undefined) {
      follow(definitions.resourceSlices, ({ type, object }) =>
        attach("slice", object.metadata.name!, object.spec.nodeName, type !== "DELETED"),
      );
    }
  }

  close(): void {
    for (const stop of this.#stops.splice(0)) stop();
  }

  /** Whether some chain of references leads from the object to the node. */
  reaches(kind: VertexKind, namespace: string, name: string, node: string): boolean {
    if (kind === "va" || kind === "slice") return this.#attached.get(`${kind}/${name}`) === node;
    if (kind === "pv") return this.#volumeReaches(name, node);
    const key = `${kind}/${namespace}/${name}`;
    if (this.#nodesOf.get(key)?.has(node)) return true;
    if (kind !== "secret") return false;
    for (const volume of this.#volumesOfSecret.get(key) ?? []) if (this.#volumeReaches(volume, node)) return true;
    return false;
  }

  #volumeReaches(volume: string, node: string): boolean {
    const claim = this.#claimOfVolume.get(volume)?.claim;
    return claim !== undefined && this.#nodesOf.get(claim)?.has(node) === true;
  }

  #takePod({ type, object: pod, previous }: ObjectChange<Pod>): void {
    const node = pod.spec.nodeName ?? "";
    if (type !== "DELETED" && previous !== undefined && sameReferences(pod, previous)) return;
    const key = `pod/${pod.metadata.namespace}/${pod.metadata.name}`;
    this.#forgetPod(key);
    if (type === "DELETED" || node === "") return;
    const keys = [...new Set([key, ...referencesOf(pod)])];
    for (const one of keys) {
      const nodes = this.#nodesOf.get(one) ?? new Map<string, number>();
      this.#nodesOf.set(one, nodes.set(node, (nodes.get(node) ?? 0) + 1));
    }
    this.#pods.set(key, { node, keys });
  }

  #forgetPod(key: string): void {
    const known = this.#pods.get(key);
    if (known === undefined) return;
    this.#pods.delete(key);
    for (const one of known.keys) {
      const nodes = this.#nodesOf.get(one)!;
      const left = nodes.get(known.node)! - 1;
      if (left > 0) nodes.set(known.node, left);
      else nodes.delete(known.node);
      if (nodes.size === 0) this.#nodesOf.delete(one);
    }
  }

  #takeVolume(volume: PersistentVolume, exists: boolean): void {
    const name = volume.metadata.name!;
    for (const secret of this.#claimOfVolume.get(name)?.secrets ?? []) {
      const volumes = this.#volumesOfSecret.get(secret);
      volumes?.delete(name);
      if (volumes?.size === 0) this.#volumesOfSecret.delete(secret);
    }
    this.#claimOfVolume.delete(name);
    const { claimRef } = volume.spec;
    if (!exists || claimRef === undefined) return;
    const secrets = volumeSecretsOf(volume).map((secret) => `secret/${secret.namespace}/${secret.name}`);
    this.#claimOfVolume.set(name, { claim: `pvc/${claimRef.namespace ?? ""}/${claimRef.name ?? ""}`, secrets });
    for (const secret of secrets)
      this.#volumesOfSecret.set(secret, (this.#volumesOfSecret.get(secret) ?? new Set()).add(name));
  }
}

/** A node must not gain anything by a pod it makes itself: mirror pods refer to nothing. */
function* referencesOf(pod: Pod): Generator<string> {
  if (pod.metadata.annotations?.[mirrorAnnotation] !== undefined) return;
  const { namespace } = pod.metadata;
  if (pod.spec.serviceAccountName) yield `serviceaccount/${namespace}/${pod.spec.serviceAccountName}`;
  for (const name of secretNamesOf(pod)) yield `secret/${namespace}/${name}`;
  for (const name of configMapNamesOf(pod)) yield `configmap/${namespace}/${name}`;
  for (const name of claimNamesOf(pod)) yield `pvc/${namespace}/${name}`;
  for (const name of resourceClaimNamesOf(pod)) yield `resourceclaim/${namespace}/${name}`;
}

/** Nearly all changes are of status: a bound pod's references change only with its ephemeral containers and claims. */
function sameReferences(pod: Pod, previous: Pod): boolean {
  return (
    pod.spec.nodeName === previous.spec.nodeName &&
    pod.metadata.uid === previous.metadata.uid &&
    pod.spec.ephemeralContainers?.length === previous.spec.ephemeralContainers?.length &&
    [...resourceClaimNamesOf(pod)].join() === [...resourceClaimNamesOf(previous)].join()
  );
}
