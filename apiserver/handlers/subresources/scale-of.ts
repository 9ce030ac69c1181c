import type { Scale } from "../../../api/generated/types/autoscaling-v1.ts";
import { managersOfScale } from "../../../apimachinery/apply/scale-managers.ts";
import { failure } from "../../../apimachinery/patch/errors.ts";
import type { ApiObject } from "../../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../../apimachinery/resource/resource.ts";

/** An object as its `scale` subresource shows it: an autoscaling/v1 Scale. Throws an ApiError where counts are no numbers. */
export function scaleOf(definition: ResourceDefinition, object: ApiObject): Scale {
  const scale = definition.subresources.scale!;
  return shown(definition, object, scale.specReplicas(object) ?? 0);
}

/** What an object that says no count shows to who writes its scale (customresource/etcd.go, invalidSpecReplicas). */
export const noReplicas: number = -(2 ** 31);

/** The scale that a write begins with: its managers are those of the object's count. */
export function writtenScaleOf(definition: ResourceDefinition, object: ApiObject): Scale {
  const { specReplicas, replicasPaths } = definition.subresources.scale!;
  const scale = shown(definition, object, specReplicas(object) ?? noReplicas);
  try {
    const managedFields = managersOfScale(object.metadata.managedFields, replicasPaths);
    return managedFields === undefined ? scale : { ...scale, metadata: { ...scale.metadata, managedFields } };
  } catch (error) {
    throw failure((error as Error).message);
  }
}

function shown(definition: ResourceDefinition, object: ApiObject, replicas: number): Scale {
  const scale = definition.subresources.scale!;
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector = scale.selector(object);
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    // An object of the whole cluster has no namespace, not even an undefined one: patches are of what is there.
    metadata: { name, ...(namespace !== undefined && { namespace }), uid, resourceVersion, creationTimestamp },
    // As in Go a desired count of 0 is left out, and so owned by nobody.
    spec: replicas === 0 ? {} : { replicas },
    status: { replicas: scale.statusReplicas(object), ...(selector === "" ? {} : { selector }) },
  } as unknown as Scale;
}
