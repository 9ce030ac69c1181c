import type { CustomResourceDefinition } from "../../api/apiextensions/v1/customresourcedefinition.ts";
import type { CustomResourceDefinitionVersion } from "../../api/generated/types/apiextensions-v1.ts";
import { isJsonObject, type JsonObject } from "../../apimachinery/json/json.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import { thaw } from "../../apimachinery/resource/thaw.ts";
import { deepFreeze } from "../../apimachinery/schema/freeze.ts";
import { applyStructuralDefaults, dropNulls } from "../../apimachinery/structural/defaults.ts";
import { propertyOf } from "../../apimachinery/structural/props.ts";
import { prune } from "../../apimachinery/structural/prune.ts";
import type { Shape } from "./decode.ts";

/** How objects change versions: by their apiVersion alone, or by a webhook. */
export type Conversion =
  | { readonly type: "none" }
  | {
      readonly type: "webhook";
      /** All objects in `apiVersion`, in the given order. Rejects with an ApiError. */
      convert(objects: readonly ApiObject[], apiVersion: string): Promise<readonly ApiObject[]>;
    };

type StoredAs = NonNullable<ResourceDefinition["storedAs"]>;

/**
 * The way between the store and a version. Objects may lie in the store in any version that was once the storage version;
 * each is shown in the asked one, pruned and with the defaults of today's schema (schemaCoercingConverter).
 */
export function storedForm(
  crd: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
  shape: Shape,
  conversion: Conversion,
): StoredAs {
  const apiVersion = `${crd.spec.group}/${version.name}`;
  const storageVersion = `${crd.spec.group}/${crd.spec.versions.find(({ storage }) => storage)!.name}`;
  // Objects that this version's own schema has been applied to already.
  const known = new WeakSet<ApiObject>();
  const refined = new WeakMap<ApiObject, ApiObject>();
  const refine = (object: ApiObject): ApiObject => {
    if (known.has(object)) return object;
    const done = refineObject(object, shape);
    known.add(done);
    return done;
  };
  const fromStored = (stored: ApiObject): ApiObject => {
    if (stored.apiVersion === apiVersion) return refine(stored);
    if (conversion.type === "none") return refine(deepFreeze({ ...stored, apiVersion }));
    const done = refined.get(stored);
    if (done === undefined) throw new Error(`an object of ${apiVersion} is shown before it was converted`);
    return done;
  };
  // A status by default is added when the object is read: the one that was written has none.
  const complete = propertyOf(shape.props, "status")?.default === undefined;
  const toStored = (object: ApiObject): ApiObject => {
    if (object.apiVersion === storageVersion) {
      if (complete) known.add(object);
      return object;
    }
    return { ...object, apiVersion: storageVersion };
  };
  const base = { definition: () => undefined as never, fromStored, toStored };
  if (conversion.type === "none") return base;
  return {
    ...base,
    awaited: {
      async before(stored) {
        const foreign = stored.filter((object) => object.apiVersion !== apiVersion && !refined.has(object));
        if (foreign.length === 0) return;
        const converted = await conversion.convert(foreign, apiVersion);
        foreign.forEach((object, i) => {
          refined.set(object, refine(deepFreeze(thaw(converted[i]!) as ApiObject)));
        });
      },
      async toStored(object) {
        if (object.apiVersion === storageVersion) return toStored(object);
        const [converted] = await conversion.convert([object], storageVersion);
        return converted!;
      },
    },
  };
}

/** The object as today's schema has it: itself, where there is nothing to change. */
function refineObject(object: ApiObject, { props, preserveUnknownFields }: Shape): ApiObject {
  const { apiVersion, kind, metadata, ...rest } = object as ApiObject & { readonly [name: string]: unknown };
  const draft = thaw(rest) as JsonObject;
  let changed = false;
  if (!preserveUnknownFields) {
    changed = prune(draft, props, true).length > 0;
    changed = dropNulls(draft, props) || changed;
  }
  changed = applyStructuralDefaults(draft, props) || changed;
  if (!changed || !isJsonObject(draft)) return object;
  return deepFreeze({ apiVersion, kind, metadata, ...draft } as ApiObject);
}
