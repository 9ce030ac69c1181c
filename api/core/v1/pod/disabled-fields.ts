import type { Draft } from "../../../../apimachinery/resource/object.ts";
import type { PodSpec, PodTemplateSpec, VolumeProjection } from "../../../generated/types/core-v1.ts";
import { containersOf } from "./containers.ts";

const disabledSources = ["clusterTrustBundle", "podCertificate"] as const;

function sources(spec: PodSpec | undefined): readonly VolumeProjection[] {
  return spec?.volumes?.flatMap(({ projected }) => projected?.sources ?? []) ?? [];
}

/**
 * Drops what v1.36's feature gates leave off unless they are told otherwise, except where the old object has it: trust
 * bundles and pod certificates in projected volumes, scheduling groups, stop signals (pkg/api/pod dropDisabledFields).
 */
export function dropDisabledFields(spec: Draft<PodSpec> | undefined, old: PodSpec | undefined): void {
  if (spec === undefined) return;
  for (const kind of disabledSources) {
    if (sources(old).some((source) => source[kind] !== undefined)) continue;
    for (const source of sources(spec as PodSpec)) delete (source as Draft<VolumeProjection>)[kind];
  }
  if (old?.schedulingGroup === undefined) delete spec.schedulingGroup;
  if (containersOf(old).some(({ container }) => container.lifecycle?.stopSignal !== undefined)) return;
  for (const { container } of containersOf(spec as PodSpec)) {
    const draft = container as Draft<typeof container>;
    if (draft.lifecycle?.stopSignal === undefined) continue;
    delete draft.lifecycle.stopSignal;
    if (Object.keys(draft.lifecycle).length === 0) delete draft.lifecycle;
  }
}

export function dropDisabledTemplateFields(
  template: Draft<PodTemplateSpec> | undefined,
  old: PodTemplateSpec | undefined,
): void {
  dropDisabledFields(template?.spec, old?.spec);
}
