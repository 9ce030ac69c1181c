import { apiVersionOf } from "../../apimachinery/resource/define.ts";
import type { ApiObject, OwnerReference } from "../../apimachinery/resource/object.ts";
import type { DiscoveredResource } from "./discovery.ts";

/** What the inventory keeps of an object: who it is, whom it belongs to, and what holds it back. */
export interface Entry {
  readonly resource: DiscoveredResource;
  /** Of what belongs to the cluster: "". */
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** The newest that was seen. */
  readonly resourceVersion: string;
  readonly owners: readonly OwnerReference[];
  readonly finalizers: readonly string[];
  /** When its grace period ends or ended (RFC 3339); undefined where it is not being deleted. */
  readonly deletionTimestamp: string | undefined;
}

const none: readonly never[] = [];

export function entryOf(resource: DiscoveredResource, { metadata }: ApiObject): Entry {
  return {
    resource,
    namespace: metadata.namespace ?? "",
    name: metadata.name ?? "",
    uid: metadata.uid ?? "",
    resourceVersion: metadata.resourceVersion ?? "",
    owners: metadata.ownerReferences ?? none,
    finalizers: metadata.finalizers ?? none,
    deletionTimestamp: metadata.deletionTimestamp,
  };
}

/** Whether something of interest differs: versions alone do not. */
export function differs(a: Entry, b: Entry): boolean {
  return (
    a.deletionTimestamp !== b.deletionTimestamp ||
    !sameTexts(a.finalizers, b.finalizers) ||
    !sameOwners(a.owners, b.owners)
  );
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((text, i) => text === b[i]));
}

export function sameOwners(a: readonly OwnerReference[], b: readonly OwnerReference[]): boolean {
  return a === b || (a.length === b.length && a.every((one, i) => sameOwner(one, b[i]!)));
}

function sameOwner(a: OwnerReference, b: OwnerReference): boolean {
  return (
    sameCoordinates(a, b) &&
    (a.blockOwnerDeletion ?? false) === (b.blockOwnerDeletion ?? false) &&
    (a.controller ?? false) === (b.controller ?? false)
  );
}

type Coordinates = Pick<OwnerReference, "apiVersion" | "kind" | "name" | "uid">;

export function sameCoordinates(a: Coordinates, b: Coordinates): boolean {
  return a.uid === b.uid && a.name === b.name && a.kind === b.kind && a.apiVersion === b.apiVersion;
}

/** How others refer to this object. */
export function coordinatesOf({ resource, name, uid }: Entry): Coordinates {
  return { apiVersion: apiVersionOf(resource), kind: resource.kind, name, uid };
}

/** Whether a reference of `dependent` describes `owner` as it is: right kind, right name, and a namespace it may be in. */
export function describes(reference: OwnerReference, dependent: Entry, owner: Entry): boolean {
  return (
    sameCoordinates(reference, coordinatesOf(owner)) &&
    (owner.namespace === "" || owner.namespace === dependent.namespace)
  );
}
