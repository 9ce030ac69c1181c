import { Scale } from "../../../api/autoscaling/v1/scale.ts";
import { definition as schemaOf } from "../../../api/generated/definitions.ts";
import { builtInResources } from "../../../api/generated/resources.ts";
import type { Scale as ScaleObject } from "../../../api/generated/types/autoscaling-v1.ts";
import { decodeManagers } from "../../../apimachinery/apply/managers.ts";
import type { JsonObject, JsonValue } from "../../../apimachinery/json/json.ts";
import { apiVersionOf } from "../../../apimachinery/resource/define.ts";
import type { ApiObject, Draft, ManagedFieldsEntry } from "../../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../../apimachinery/resource/resource.ts";
import { thaw } from "../../../apimachinery/resource/thaw.ts";
import { decodeObject } from "../../../apimachinery/schema/decode.ts";
import { applyDefaults } from "../../../apimachinery/schema/defaults.ts";
import type { ObjectSchema } from "../../../apimachinery/schema/schema.ts";
import { scaleOf } from "../../handlers/subresources/scale-of.ts";
import type { AdmissionAttributes } from "../plugin.ts";
import { type GroupVersionKind, kindOf } from "./target.ts";

/** The objects of one write as a webhook or policy sees them, in the version it asks for. */
export interface VersionedObjects {
  readonly kind: GroupVersionKind;
  readonly object: ApiObject | undefined;
  readonly oldObject: ApiObject | undefined;
}

/** Converts between versions of a resource; what custom resources need webhooks for may take its time. */
export type Convert = (
  object: ApiObject,
  from: ResourceDefinition,
  to: ResourceDefinition,
) => ApiObject | Promise<ApiObject>;

/** By way of the version that is stored; custom resources by their definition's own, which drops and adds nothing. */
export const convertByStorage: Convert = (object, from, to) => {
  const { versions, storedAs } = from;
  if (versions !== undefined) {
    const made = versions.convert(object as unknown as JsonObject, apiVersionOf(to));
    return made as unknown as ReturnType<Convert>;
  }
  const stored = storedAs === undefined ? object : storedAs.toStored(object);
  return to.storedAs === undefined ? stored : to.storedAs.fromStored(stored);
};

const isScale = ({ definition, subresource }: AdmissionAttributes): boolean =>
  subresource === "scale" && definition.subresources.scale !== undefined;

/** The write's objects as they are, seen as `as` (the write's own definition, or an equivalent one). */
export function versionedObjects(
  attributes: AdmissionAttributes,
  as: ResourceDefinition,
  convert: Convert,
): VersionedObjects | Promise<VersionedObjects> {
  const { definition, object, oldObject, subresource } = attributes;
  const own = kindOf(attributes);
  if (isScale(attributes)) {
    const shown = (one: object | undefined): ApiObject | undefined =>
      one === undefined ? undefined : (scaleOf(definition, one as ApiObject) as unknown as ApiObject);
    return { kind: own, object: shown(object), oldObject: shown(oldObject) };
  }
  if (as === definition || (subresource !== "" && subresource !== "status")) {
    return { kind: own, object: object as ApiObject | undefined, oldObject };
  }
  const kind = { group: as.group, version: as.version, kind: as.kind };
  // A copy of the draft: what is converted may be frozen with all that is in it.
  const copy = object === undefined ? undefined : (thaw(object) as ApiObject);
  const converted = [copy, oldObject].map((one) => (one === undefined ? undefined : convert(one, definition, as)));
  if (!converted.some((one) => one instanceof Promise)) {
    const [now, before] = converted as (ApiObject | undefined)[];
    return { kind, object: now, oldObject: before };
  }
  return Promise.all(converted).then(([now, before]) => ({ kind, object: now, oldObject: before }));
}

/**
 * Takes over what a mutation made of the object: checked against its structure, with its defaults, in the write's own version.
 * The write's draft stays the same value. Throws DecodeError where it is no such object any more; where it is to be
 * `strict`, an Error in upstream's words for fields that a built-in kind does not have.
 */
export async function takeOver(
  attributes: AdmissionAttributes,
  changed: JsonValue,
  as: ResourceDefinition,
  convert: Convert,
  { strict = false }: { readonly strict?: boolean } = {},
): Promise<void> {
  const draft = attributes.object!;
  const { definition } = attributes;
  if (isScale(attributes)) {
    const scale = decoded(Scale.schema, changed, strict) as unknown as ScaleObject;
    definition.subresources.scale!.setSpecReplicas(draft, scale.spec?.replicas ?? 0);
    return;
  }
  const schema = structureFor(attributes, as);
  const result = structured(schema, as, changed, strict);
  if (schema === as.schema) as.setDefaults?.(result);
  const own = as === definition ? result : await convert(result as ApiObject, as, definition);
  const before = draft.metadata?.managedFields;
  replace(draft as unknown as Record<string, unknown>, thaw(own) as unknown as Record<string, unknown>);
  keepReadable(attributes, before);
}

/** Who owns what stays as it was where it can no longer be read (apimachinery/pkg/util/managedfields, fieldmanager/admission.go). */
function keepReadable(attributes: AdmissionAttributes, before: Draft<ApiObject>["metadata"]["managedFields"]): void {
  const metadata = attributes.object!.metadata;
  try {
    decodeManagers(metadata?.managedFields as readonly ManagedFieldsEntry[] | undefined);
  } catch (error) {
    if (before === undefined) delete metadata.managedFields;
    else metadata.managedFields = before;
    attributes.warn(
      `.metadata.managedFields was in an invalid state after admission; this could be caused by an outdated mutating admission controller; please fix your requests: ${(error as Error).message}`,
    );
  }
}

function structured(
  schema: ObjectSchema | undefined,
  as: ResourceDefinition,
  value: JsonValue,
  strict: boolean,
): Draft<ApiObject> {
  if (schema === undefined) return value as unknown as Draft<ApiObject>;
  if (schema !== as.schema || as.decode === undefined) return decoded(schema, value, strict);
  return as.decode(value as JsonObject).object as unknown as Draft<ApiObject>;
}

function decoded(schema: ObjectSchema, value: JsonValue, strict: boolean): Draft<ApiObject> {
  const { object, unknownFields } = decodeObject(schema, value);
  if (strict && unknownFields.length > 0) {
    throw new Error(`strict decoding error: ${unknownFields.join(", ")}`);
  }
  applyDefaults(schema, object);
  return object as unknown as Draft<ApiObject>;
}

/** The structure of what is written: of the resource, or of a subresource's own kind where one is known. */
export function structureFor(attributes: AdmissionAttributes, as: ResourceDefinition): ObjectSchema | undefined {
  const { group, version, kind } = kindOf(attributes);
  const { definition } = attributes;
  if (kind === definition.kind && group === definition.group && version === definition.version) return as.schema;
  return structureOf({ group, version, kind });
}

const structures = new Map<string, ObjectSchema | undefined>();

/** Kinds of subresources, by the group's place among the published names: `policy/v1 Eviction`. */
function structureOf({ group, version, kind }: GroupVersionKind): ObjectSchema | undefined {
  const key = `${group}/${version}/${kind}`;
  if (!structures.has(key)) {
    const sibling = builtInResources.find((one) => one.group === group && one.version === version);
    const name = sibling?.definition.replace(/[^.]+$/, kind);
    structures.set(key, name === undefined ? undefined : known(name));
  }
  return structures.get(key);
}

function known(name: string): ObjectSchema | undefined {
  try {
    return schemaOf(name);
  } catch {
    return undefined; // Options of a connection have no published structure.
  }
}

function replace(draft: Record<string, unknown>, value: Record<string, unknown>): void {
  for (const key of Object.keys(draft)) if (!Object.hasOwn(value, key)) delete draft[key];
  Object.assign(draft, value);
}
