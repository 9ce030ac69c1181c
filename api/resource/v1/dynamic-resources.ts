import type { Draft } from "../../../apimachinery/resource/object.ts";
import { longName } from "../../../apimachinery/validation/names.ts";
import { ageColumn, nameColumn, textColumn } from "../../columns.ts";
import { defineBuiltIn } from "../../define-built-in.ts";
import { changing } from "../../draft.ts";
import type * as types from "../../generated/types/resource-v1.ts";
import { claimErrors, classErrors, sliceErrors, templateErrors } from "./validation/objects.ts";
import { withoutDeallocated } from "./validation/status.ts";

// Dynamic resource allocation: pkg/apis/resource/v1/defaults.go, pkg/apis/resource/validation, pkg/registry/resource.

export type DeviceClass = types.DeviceClass;
export type ResourceClaim = types.ResourceClaim;
export type ResourceClaimTemplate = types.ResourceClaimTemplate;
export type ResourceSlice = types.ResourceSlice;

function setClaimDefaults(spec: Draft<types.ResourceClaimSpec> | undefined): void {
  for (const { exactly, firstAvailable } of spec?.devices?.requests ?? []) {
    for (const request of [...(exactly ? [exactly] : []), ...(firstAvailable ?? [])]) {
      if (request.allocationMode === "ExactCount") request.count ??= 1;
    }
  }
}

export const DeviceClass = defineBuiltIn<DeviceClass>("resource.k8s.io/v1/deviceclasses", {
  returnDeletedObject: true,
  generation: true,
  columns: [nameColumn, ageColumn],
  validateName: longName,
  validate: classErrors,
});

export const ResourceClaim = defineBuiltIn<ResourceClaim>("resource.k8s.io/v1/resourceclaims", {
  returnDeletedObject: true,
  columns: [nameColumn, textColumn("State", claimState), ageColumn],
  keeps: { status: [["metadata"]] },
  setDefaults: changing(({ spec }) => setClaimDefaults(spec)),
  prepareForUpdate: changing((claim, old, { subresource }) => {
    if (subresource !== "status" || claim.status?.devices === undefined) return;
    const devices = withoutDeallocated(claim as unknown as ResourceClaim, old as unknown as ResourceClaim);
    if (devices.length === 0) delete claim.status.devices;
    else claim.status.devices = devices as NonNullable<typeof claim.status.devices>;
  }),
  validate: (claim, old, { subresource }) => claimErrors(claim, old, subresource),
});

export const ResourceClaimTemplate = defineBuiltIn<ResourceClaimTemplate>("resource.k8s.io/v1/resourceclaimtemplates", {
  returnDeletedObject: true,
  columns: [nameColumn, ageColumn],
  setDefaults: changing(({ spec }) => setClaimDefaults(spec?.spec)),
  validate: templateErrors,
});

export const ResourceSlice = defineBuiltIn<ResourceSlice>("resource.k8s.io/v1/resourceslices", {
  returnDeletedObject: true,
  generation: true,
  columns: [
    nameColumn,
    textColumn("Node", ({ spec }) => spec.nodeName ?? ""),
    textColumn("Driver", ({ spec }) => spec.driver),
    textColumn("Pool", ({ spec }) => spec.pool?.name ?? ""),
    ageColumn,
  ],
  prepareForCreate: changing(({ spec }) => dropUnavailable(spec)),
  prepareForUpdate: changing(({ spec }) => dropUnavailable(spec)),
  validate: sliceErrors,
  fieldSelectors: { "spec.nodeName": ({ spec }) => spec.nodeName ?? "", "spec.driver": ({ spec }) => spec.driver },
});

function claimState({ metadata, status }: ResourceClaim): string {
  const deleted = metadata.deletionTimestamp !== undefined;
  const states = deleted ? ["deleted"] : [];
  if (status?.allocation !== undefined) {
    states.push("allocated");
    if (status.reservedFor?.length) states.push("reserved");
  } else if (!deleted) states.push("pending");
  return states.join(",");
}

/** Fields of feature gates that are off: DRAListTypeAttributes, DRANodeAllocatableResources. */
function dropUnavailable(spec: Draft<types.ResourceSliceSpec> | undefined): void {
  for (const device of spec?.devices ?? []) {
    delete device.nodeAllocatableResourceMappings;
    for (const attribute of Object.values(device.attributes ?? {})) {
      delete attribute.bools;
      delete attribute.ints;
      delete attribute.strings;
      delete attribute.versions;
    }
  }
}
