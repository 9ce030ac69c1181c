import type { ObjectMeta } from "../../../../../apimachinery/resource/object.ts";
import { labelSelectorHasInvalidLabelValue } from "../../../../../apimachinery/validation/label-fields.ts";
import type { PodAffinityTerm, PodSpec } from "../../../../generated/types/core-v1.ts";
import { containersOf } from "../containers.ts";
import { deletionCost } from "./annotations.ts";

/**
 * Which rules are relaxed: what an old object already breaks it may keep breaking, and a template may lack what a pod
 * must have (pkg/api/pod/util.go GetValidationOptionsFromPodSpecAndMeta, at the feature gates of v1.36).
 */
export interface PodValidationOptions {
  readonly resourceIsPod: boolean;
  readonly allowInvalidDeletionCost: boolean;
  readonly allowTolerationComparison: boolean;
  readonly allowOnlyRecursiveSELinuxChangePolicy: boolean;
  readonly allowRestartContainerOfInitContainers: boolean;
  readonly allowInvalidLabelValueInSelector: boolean;
  readonly allowUserNamespacesHostNetwork: boolean;
  readonly allowUserNamespacesWithVolumeDevices: boolean;
}

const strictOfTemplate: PodValidationOptions = {
  resourceIsPod: false,
  allowInvalidDeletionCost: false,
  allowTolerationComparison: false,
  allowOnlyRecursiveSELinuxChangePolicy: true,
  allowRestartContainerOfInitContainers: false,
  allowInvalidLabelValueInSelector: false,
  allowUserNamespacesHostNetwork: false,
  allowUserNamespacesWithVolumeDevices: false,
};
const strictOfPod: PodValidationOptions = { ...strictOfTemplate, resourceIsPod: true };

/** The old object's metadata and pod spec, where there is one. */
interface OldPod {
  readonly metadata?: Pick<ObjectMeta, "annotations">;
  readonly spec?: PodSpec;
}

export function podOptions(old?: OldPod): PodValidationOptions {
  return old === undefined ? strictOfPod : { ...relaxedBy(old), resourceIsPod: true };
}

export function templateOptions(old?: OldPod): PodValidationOptions {
  return old === undefined ? strictOfTemplate : relaxedBy(old);
}

function relaxedBy(old: OldPod): PodValidationOptions {
  const spec = old.spec;
  return {
    ...strictOfTemplate,
    allowInvalidDeletionCost: deletionCost(old.metadata?.annotations) === undefined,
    allowTolerationComparison: spec?.tolerations?.some((t) => t.operator === "Lt" || t.operator === "Gt") ?? false,
    allowOnlyRecursiveSELinuxChangePolicy: spec?.securityContext?.seLinuxChangePolicy === undefined,
    allowRestartContainerOfInitContainers:
      spec?.initContainers?.some(
        (c) => c.restartPolicy !== "Always" && c.resizePolicy?.some((p) => p.restartPolicy === "RestartContainer"),
      ) ?? false,
    allowInvalidLabelValueInSelector: affinityTerms(spec).some(
      ({ labelSelector, namespaceSelector }) =>
        labelSelectorHasInvalidLabelValue(labelSelector) || labelSelectorHasInvalidLabelValue(namespaceSelector),
    ),
    allowUserNamespacesHostNetwork: spec?.hostUsers === false && spec.hostNetwork === true,
    allowUserNamespacesWithVolumeDevices:
      spec?.hostUsers === false &&
      containersOf(spec).some(({ container }) => (container.volumeDevices?.length ?? 0) > 0),
  };
}

function affinityTerms(spec: PodSpec | undefined): readonly PodAffinityTerm[] {
  return [spec?.affinity?.podAffinity, spec?.affinity?.podAntiAffinity].flatMap((affinity) => [
    ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm }) => podAffinityTerm),
  ]);
}
