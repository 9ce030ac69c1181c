import type { FieldError } from "../../../apimachinery/field/error.ts";
import { defineResource } from "../../../apimachinery/resource/define.ts";
import type { RequestContext } from "../../../apimachinery/resource/resource.ts";
import { changing } from "../../draft.ts";
import { definition } from "../../generated/definitions.ts";
import type * as types from "../../generated/types/core-v1.ts";
import { podColumns } from "./pod/columns.ts";
import { setPodDefaults } from "./pod/defaults.ts";
import { deletionGraceSeconds } from "./pod/deletion.ts";
import { preparePodForCreate, preparePodForUpdate } from "./pod/prepare.ts";
import type { Check } from "./pod/validation/check.ts";
import { validateEphemeralContainersUpdate } from "./pod/validation/ephemeral-update.ts";
import { podOptions } from "./pod/validation/options.ts";
import { validatePodCreate } from "./pod/validation/pod.ts";
import { validatePodResize } from "./pod/validation/resize.ts";
import { validatePodStatusUpdate } from "./pod/validation/status.ts";
import { validatePodUpdate } from "./pod/validation/update.ts";
import { podWarnings } from "./pod/warnings.ts";

// Rules: pkg/registry/core/pod/strategy.go, pkg/apis/core/validation.

export type Pod = types.Pod;

/** Containers that run together on one node. */
export const Pod = defineResource<Pod>({
  group: "",
  version: "v1",
  kind: "Pod",
  plural: "pods",
  shortNames: ["po"],
  categories: ["all"],
  scope: "Namespaced",
  schema: () => definition("io.k8s.api.core.v1.Pod"),
  subresources: { status: true },
  generation: true,
  returnDeletedObject: true,
  columns: podColumns,
  fieldSelectors: {
    "spec.nodeName": ({ spec }) => spec.nodeName ?? "",
    // What v1 clients of old call it.
    "spec.host": ({ spec }) => spec.nodeName ?? "",
    "spec.restartPolicy": ({ spec }) => spec.restartPolicy ?? "",
    "spec.schedulerName": ({ spec }) => spec.schedulerName ?? "",
    "spec.serviceAccountName": ({ spec }) => spec.serviceAccountName ?? "",
    "spec.hostNetwork": ({ spec }) => String(spec.hostNetwork ?? false),
    "status.phase": ({ status }) => status.phase ?? "",
    "status.podIP": ({ status }) => status.podIPs?.[0]?.ip ?? "",
    // Accepted, and matches no address: upstream never fills it in.
    "status.podIPs": () => "",
    "status.nominatedNodeName": ({ status }) => status.nominatedNodeName ?? "",
  },
  // Old kubelets corrupted owner references.
  keeps: {
    status: [
      ["metadata", "deletionTimestamp"],
      ["metadata", "ownerReferences"],
    ],
  },
  gracefulDeletion: { seconds: deletionGraceSeconds },
  setDefaults: changing(setPodDefaults),
  prepareForCreate: changing(preparePodForCreate),
  prepareForUpdate: changing(preparePodForUpdate),
  validate,
  warnings: podWarnings,
});

function validate(pod: Pod, old: Pod | undefined, { subresource }: RequestContext): readonly FieldError[] {
  const check: Check = { errors: [], options: podOptions(old) };
  if (old === undefined) validatePodCreate(check, pod);
  else if (subresource === "status") validatePodStatusUpdate(check, pod, old);
  else if (subresource === "ephemeralcontainers") validateEphemeralContainersUpdate(check, pod, old);
  else if (subresource === "resize") validatePodResize(check, pod, old);
  else validatePodUpdate(check, pod, old);
  return check.errors;
}
