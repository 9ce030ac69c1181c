import { ApiError, optimisticLockMessage } from "../../apimachinery/errors/api-error.ts";
import type { FieldError } from "../../apimachinery/field/error.ts";
import { invalid } from "../../apimachinery/field/errors.ts";
import { path } from "../../apimachinery/field/path.ts";
import type { ApiObject, Draft, ObjectMeta } from "../../apimachinery/resource/object.ts";
import type { RequestContext, ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import { validateObjectMeta, validateObjectMetaUpdate } from "../../apimachinery/validation/object-meta.ts";

/** Optimistic concurrency: a stated resourceVersion must be the current one. */
export function checkVersion(definition: ResourceDefinition, draft: Draft<ApiObject>, old: ApiObject): void {
  const name = old.metadata.name ?? "";
  const { resourceVersion } = draft.metadata;
  if (resourceVersion === undefined || resourceVersion === "" || resourceVersion === "0") {
    if (!definition.unconditionalUpdate) {
      const kind = { group: definition.group, kind: definition.plural };
      const error = invalid(path("metadata").child("resourceVersion"), 0, "must be specified for an update");
      throw ApiError.invalid(kind, name, [error]);
    }
    // Who says nothing means the current one; validation asks for it.
    (draft.metadata as Draft<ObjectMeta>).resourceVersion = old.metadata.resourceVersion!;
    return;
  }
  if (resourceVersion !== old.metadata.resourceVersion) {
    throw ApiError.conflict({ group: definition.group, resource: definition.plural }, name, optimisticLockMessage);
  }
}

/** All rules of the object, and of the change from `old`: throws Invalid with every broken one. Then warns. */
export function checkValid(
  definition: ResourceDefinition,
  draft: Draft<ApiObject>,
  old: ApiObject | undefined,
  request: RequestContext,
  warn: (text: string) => void,
): void {
  const place = path("metadata");
  const namespaced = definition.scope === "Namespaced";
  const errors: FieldError[] = [
    ...validateObjectMeta(draft.metadata, { namespaced, nameFn: definition.validateName }, place),
  ];
  if (old !== undefined) {
    errors.push(...validateObjectMetaUpdate(draft.metadata, old.metadata, place));
  }
  if (definition.validate !== undefined) {
    errors.push(...definition.validate(draft, old, request));
  }
  if (errors.length > 0) {
    throw ApiError.invalid(definition, draft.metadata.name ?? "", errors);
  }
  for (const text of definition.warnings?.(draft, old) ?? []) {
    warn(text);
  }
}
