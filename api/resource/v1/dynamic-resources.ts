import { path } from "../../../apimachinery/field/path.ts";
import type { Draft } from "../../../apimachinery/resource/object.ts";
import { validateImmutableField } from "../../../apimachinery/validation/immutable.ts";
import { ageColumn, nameColumn, textColumn } from "../../columns.ts";
import { defineBuiltIn } from "../../define-built-in.ts";
import { changing } from "../../draft.ts";
import type * as types from "../../generated/types/resource-v1.ts";

// Dynamic resource allocation: structure, defaults, immutability and columns (pkg/apis/resource/v1/defaults.go,
// pkg/registry/resource). Requests, selectors and devices are not checked further.

export type DeviceClass = types.DeviceClass;
export type ResourceClaim = types.ResourceClaim;
export type ResourceClaimTemplate = types.ResourceClaimTemplate;
export type ResourceSlice = types.ResourceSlice;

const specPath = path("spec");

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
});

export const ResourceClaim = defineBuiltIn<ResourceClaim>("resource.k8s.io/v1/resourceclaims", {
  returnDeletedObject: true,
  columns: [nameColumn, textColumn("State", claimState), ageColumn],
  setDefaults: changing(({ spec }) => setClaimDefaults(spec)),
  validate: (claim, old, { subresource }) =>
    old === undefined || subresource !== "" ? [] : validateImmutableField(claim.spec, old.spec, specPath),
});

export const ResourceClaimTemplate = defineBuiltIn<ResourceClaimTemplate>("resource.k8s.io/v1/resourceclaimtemplates", {
  returnDeletedObject: true,
  columns: [nameColumn, ageColumn],
  setDefaults: changing(({ spec }) => setClaimDefaults(spec?.spec)),
  validate: (template, old) => (old === undefined ? [] : validateImmutableField(template.spec, old.spec, specPath)),
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
