import type { Scale } from "../../../api/generated/types/autoscaling-v1.ts";
import type { ApiObject } from "../../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../../apimachinery/resource/resource.ts";

/** An object as its `scale` subresource shows it: an autoscaling/v1 Scale. */
export function scaleOf(definition: ResourceDefinition, object: ApiObject): Scale {
  const scale = definition.subresources.scale!;
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector = scale.selector(object);
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    // An object of the whole cluster has no namespace, not even an undefined one: patches are of what is there.
    metadata: { name, ...(namespace !== undefined && { namespace }), uid, resourceVersion, creationTimestamp },
    spec: { replicas: scale.specReplicas(object) },
    status: { replicas: scale.statusReplicas(object), ...(selector === "" ? {} : { selector }) },
  } as unknown as Scale;
}
