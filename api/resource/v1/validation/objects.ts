import type { FieldError } from "../../../../apimachinery/field/error.ts";
import { invalid } from "../../../../apimachinery/field/errors.ts";
import { path } from "../../../../apimachinery/field/path.ts";
import { semanticEqual } from "../../../../apimachinery/json/equal.ts";
import { immutableMessage } from "../../../../apimachinery/validation/immutable.ts";
import { isExtendedResource } from "../../../core/v1/pod/resource-names.ts";
import { templateMetadataErrors } from "../../../core/v1/template-metadata.ts";
import type {
  DeviceClass,
  ResourceClaim,
  ResourceClaimTemplate,
  ResourceSlice,
} from "../../../generated/types/resource-v1.ts";
import { internalValue } from "../../../internal-values.ts";
import { addClaimErrors, addConfigurationErrors, maxConfigurations } from "./claim.ts";
import { addListErrors, type Errors } from "./common.ts";
import { addSelectorListErrors } from "./selector.ts";
import { addSliceErrors } from "./slice.ts";
import { addStatusErrors } from "./status.ts";

// Rules of whole objects: pkg/apis/resource/validation.

const specPath = path("spec");

export function claimErrors(claim: ResourceClaim, old: ResourceClaim | undefined, subresource: string): FieldError[] {
  const errors: Errors = [];
  if (old === undefined) addClaimErrors(errors, claim.spec?.devices, specPath.child("devices"));
  else if (subresource === "status") addStatusErrors(errors, claim, old, path("status"));
  else if (!semanticEqual(claim.spec, old.spec))
    errors.push(invalid(specPath, internalValue("ResourceClaimSpec", claim.spec), immutableMessage));
  return errors;
}

export function templateErrors(template: ResourceClaimTemplate, old: ResourceClaimTemplate | undefined): FieldError[] {
  const { metadata = {}, spec } = template.spec ?? {};
  if (old !== undefined) {
    return semanticEqual(template.spec, old.spec)
      ? []
      : [invalid(specPath, internalValue("ResourceClaimTemplateSpec", template.spec), immutableMessage)];
  }
  const errors: Errors = [...templateMetadataErrors(metadata, specPath.child("metadata"))];
  addClaimErrors(errors, spec?.devices, specPath.child("spec", "devices"));
  return errors;
}

export function classErrors({ spec }: DeviceClass, old: DeviceClass | undefined): FieldError[] {
  const errors: Errors = [];
  const { selectors, config, extendedResourceName: extended } = spec ?? {};
  addSelectorListErrors(errors, selectors, specPath.child("selectors"));
  const unchanged = old !== undefined && semanticEqual(config ?? [], old.spec?.config ?? []);
  addListErrors(errors, config, specPath.child("config"), {
    max: maxConfigurations,
    each: (found, { opaque }, at) => addConfigurationErrors(found, opaque, at, unchanged),
  });
  if (extended !== undefined && !isExtendedResource(extended)) {
    errors.push(invalid(specPath.child("extendedResourceName"), extended, "must be a valid extended resource name"));
  }
  return errors;
}

export function sliceErrors({ spec }: ResourceSlice, old: ResourceSlice | undefined): FieldError[] {
  const errors: Errors = [];
  addSliceErrors(errors, spec ?? {}, old?.spec, specPath);
  return errors;
}
