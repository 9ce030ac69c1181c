import type { ScopedResourceSelectorRequirement } from "../../../api/generated/types/core-v1.ts";
import type { FieldError } from "../../../apimachinery/field/error.ts";
import { required } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";

export type ScopeSelectorRequirement = ScopedResourceSelectorRequirement;

/** What may only be used where a quota covers it. */
export interface LimitedResource {
  readonly apiGroup?: string;
  /** Plural. */
  readonly resource: string;
  /** Usage whose name contains one of these: `.storageclass.storage.k8s.io/requests.storage`. */
  readonly matchContains?: readonly string[];
  /** Objects that fit one of these. */
  readonly matchScopes?: readonly ScopeSelectorRequirement[];
}

/** `apiserver.config.k8s.io/v1 ResourceQuotaConfiguration`. */
export interface ResourceQuotaConfiguration {
  readonly limitedResources?: readonly LimitedResource[];
}

/** Every mistake of a configuration (resourcequota/validation ValidateConfiguration). */
export function configurationErrors({ limitedResources = [] }: ResourceQuotaConfiguration): FieldError[] {
  return limitedResources.flatMap(({ resource }, i) =>
    resource ? [] : [required(path("limitedResources").index(i).child("resource"))],
  );
}
