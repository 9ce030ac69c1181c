import { isInvalid, isNotFound } from "../../apimachinery/errors/api-error.ts";
import { apiVersionOf } from "../../apimachinery/resource/define.ts";
import type { ApiObject, OwnerReference } from "../../apimachinery/resource/object.ts";
import type { ResourceIdentity } from "../../client/mod.ts";
import type { Action } from "./action.ts";

export interface ClaimOptions<T extends ApiObject> {
  readonly owner: ApiObject;
  readonly ownerResource: ResourceIdentity;
  /** Of the candidates. */
  readonly resource: ResourceIdentity;
  /** All that the owner controls, and orphans of its namespace. */
  readonly candidates: Iterable<T>;
  /** Whether the owner's selector chooses the candidate. */
  readonly matches: (candidate: T) => boolean;
  /** Orphans for which this is false are left alone although they match (a pod that has ended). Default: all may be adopted. */
  readonly adoptable?: (candidate: T) => boolean;
}

export interface Claims<T> {
  /** What the owner controls and wants. */
  readonly claimed: readonly T[];
  /** Adoptions and releases that are due; an adopted object is claimed in the next reconcile. */
  readonly actions: readonly Action[];
}

/**
 * Who belongs to an owner: keeps what it controls and its selector still chooses, releases what the selector does not choose
 * any more, adopts orphans that it chooses. An owner that is being deleted neither adopts nor releases. Pure
 * (pkg/controller/controller_ref_manager.go, ClaimObject).
 */
export function claim<T extends ApiObject>(options: ClaimOptions<T>): Claims<T> {
  const { owner, candidates, matches, adoptable = () => true } = options;
  const dying = owner.metadata.deletionTimestamp !== undefined;
  const claimed: T[] = [];
  const actions: Action[] = [];
  for (const candidate of candidates) {
    const controller = candidate.metadata.ownerReferences?.find((reference) => reference.controller);
    if (controller !== undefined) {
      if (controller.uid !== owner.metadata.uid) continue;
      if (matches(candidate)) claimed.push(candidate);
      else if (!dying) actions.push(release(options, candidate));
    } else if (
      !dying &&
      candidate.metadata.deletionTimestamp === undefined &&
      matches(candidate) &&
      adoptable(candidate)
    ) {
      actions.push(adopt(options, candidate));
    }
  }
  return { claimed, actions };
}

/** The reference that makes `owner` the controller of an object (metav1.NewControllerRef). */
export function controllerReference(owner: ApiObject, resource: ResourceIdentity): OwnerReference {
  return {
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    name: owner.metadata.name ?? "",
    uid: owner.metadata.uid ?? "",
    controller: true,
    blockOwnerDeletion: true,
  };
}

function adopt<T extends ApiObject>({ owner, ownerResource, resource }: ClaimOptions<T>, { metadata }: T): Action {
  const { name = "", namespace, uid } = metadata;
  const body = { metadata: { ownerReferences: [controllerReference(owner, ownerResource)], uid } };
  return {
    type: "adopt",
    resource,
    namespace,
    name,
    owner: { resource: ownerResource, object: owner },
    patch: { type: "strategic", body },
  };
}

function release<T extends ApiObject>({ owner, resource }: ClaimOptions<T>, { metadata }: T): Action {
  const { name = "", namespace, uid } = metadata;
  const body = { metadata: { ownerReferences: [{ $patch: "delete", uid: owner.metadata.uid }], uid } };
  // Invalid: the uid is another one's, or there is no such reference any more.
  const tolerates = (error: unknown): boolean => isNotFound(error) || isInvalid(error);
  return { type: "patch", resource, namespace, name, patch: { type: "strategic", body }, tolerates };
}
