import { Pod } from "../../api/core/v1/pod.ts";
import type { PodTemplateSpec } from "../../api/generated/types/core-v1.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import { nameIsDNSSubdomain } from "../../apimachinery/validation/names.ts";
import type { ResourceIdentity } from "../../client/mod.ts";
import type { Action, AnyInput } from "../runner/action.ts";
import { controllerReference } from "../runner/claim.ts";

// Pods that an owner makes and removes, with upstream's events: controller.RealPodControl.

/** A pod as the template says, controlled by `owner`, without a name (GetPodFromTemplate). */
export function podFromTemplate(
  template: PodTemplateSpec,
  owner: ApiObject,
  ownerResource: ResourceIdentity,
): AnyInput {
  const { labels, annotations, finalizers } = template.metadata;
  const { name = "", namespace } = owner.metadata;
  const prefix = `${name}-`;
  return {
    metadata: {
      generateName: nameIsDNSSubdomain(prefix, true).length === 0 ? prefix : name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      ...(finalizers === undefined ? {} : { finalizers }),
      ownerReferences: [controllerReference(owner, ownerResource)],
    },
    spec: template.spec,
  };
}

export function createPod(object: AnyInput): Action {
  return {
    type: "create",
    resource: Pod,
    object,
    onDone: ({ metadata }) => ({
      type: "Normal",
      reason: "SuccessfulCreate",
      message: `Created pod: ${metadata.name}`,
    }),
    onFailed: ({ message }) => ({ type: "Warning", reason: "FailedCreate", message: `Error creating: ${message}` }),
  };
}

export function deletePod({ metadata }: Pod): Action {
  const { name = "", namespace, uid = "" } = metadata;
  return {
    type: "delete",
    resource: Pod,
    namespace,
    name,
    uid,
    onDone: () => ({ type: "Normal", reason: "SuccessfulDelete", message: `Deleted pod: ${name}` }),
    onFailed: ({ message }) => ({ type: "Warning", reason: "FailedDelete", message: `Error deleting: ${message}` }),
  };
}
