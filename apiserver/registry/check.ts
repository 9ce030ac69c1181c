import { asksKnownFinalizers, metadataRechecks } from "../../api/metadata-rechecks.ts";
import { ApiError, optimisticLockMessage } from "../../apimachinery/errors/api-error.ts";
import type { FieldError } from "../../apimachinery/field/error.ts";
import { invalid } from "../../apimachinery/field/errors.ts";
import { path } from "../../apimachinery/field/path.ts";
import type { ApiObject, Draft, ObjectMeta } from "../../apimachinery/resource/object.ts";
import type { RequestContext, ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import { shownByType } from "../../apimachinery/schema/shown-text.ts";
import { validateKnownFinalizer } from "../../apimachinery/validation/finalizers.ts";
import { pathSegmentName } from "../../apimachinery/validation/names.ts";
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
  const errors = old === undefined ? newErrors(definition, draft) : changeErrors(definition, draft, old, request);
  if (definition.validate !== undefined) {
    errors.push(...definition.validate(draft, old, request));
  }
  if (errors.length > 0) {
    // What is known at run time alone may say that it is of another kind.
    const { kind } = definition.decode === undefined ? definition : draft;
    const shown = definition.decode === undefined ? errors.map((one) => shownByType(definition.schema, one)) : errors;
    throw ApiError.invalid({ group: definition.group, kind }, draft.metadata.name ?? "", shown);
  }
  for (const text of definition.warnings?.(draft, old) ?? []) {
    warn(text);
  }
}

const place = path("metadata");

function newErrors(definition: ResourceDefinition, { metadata }: Draft<ApiObject>): FieldError[] {
  const rules = { namespaced: definition.scope === "Namespaced", nameFn: definition.validateName };
  return [...validateObjectMeta(metadata, rules, place), ...finalizerErrors(definition, metadata)];
}

function finalizerErrors(definition: ResourceDefinition, { finalizers }: Draft<ObjectMeta>): FieldError[] {
  if (!finalizers || !asksKnownFinalizers(definition)) return [];
  return finalizers.flatMap((name, i) => validateKnownFinalizer(name, place.child("finalizers").index(i)));
}

/** Rules of all objects first, which leave the form of names to the kind; then, of some, once more what the kind asks. */
function changeErrors(
  definition: ResourceDefinition,
  draft: Draft<ApiObject>,
  old: ApiObject,
  { subresource }: RequestContext,
): FieldError[] {
  const namespaced = definition.scope === "Namespaced";
  const object = validateObjectMeta(draft.metadata, { namespaced, nameFn: pathSegmentName }, place);
  const change = validateObjectMetaUpdate(draft.metadata, old.metadata, place);
  const finalizers = finalizerErrors(definition, draft.metadata);
  const errors = [...object, ...change];
  for (const recheck of metadataRechecks(definition, subresource)) {
    if (recheck === "change") errors.push(...change, ...finalizers);
    // The name has been judged when it was new.
    else if (object.length + finalizers.length > 0 || draft.metadata.generateName)
      errors.push(...newErrors(definition, draft));
  }
  return errors;
}
