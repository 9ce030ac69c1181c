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

/** The schemas of a definition's versions by `apiVersion`, and what they make of what is stored; one for all versions. */
export class StoredShapes {
  readonly shapes: ReadonlyMap<string, Shape>;
  readonly storageVersion: string;
  /** Objects as today's schema of their own version has them; those that are so already lead to themselves. */
  readonly #done = new WeakMap<ApiObject, ApiObject>();

  constructor(shapes: ReadonlyMap<string, Shape>, storageVersion: string) {
    this.shapes = shapes;
    this.storageVersion = storageVersion;
  }

  /** A stored object pruned and with the defaults of the version that it is stored in, frozen (schemaCoercingDecoder). */
  refined(stored: ApiObject): ApiObject {
    let done = this.#done.get(stored);
    if (done === undefined) {
      const shape = this.shapes.get(stored.apiVersion);
      done = shape === undefined ? stored : deepFreeze(fitted(stored, shape, true));
      this.#done.set(stored, done);
      this.#done.set(done, done);
    }
    return done;
  }

  /** What is about to be stored was decoded by its own schema: it needs no second look. */
  keep(object: ApiObject): void {
    const props = this.shapes.get(object.apiVersion)?.props;
    // A status by default is added when the object is read: the one that was written has none.
    if (props !== undefined && propertyOf(props, "status")?.default === undefined) this.#done.set(object, object);
  }
}

/**
 * The way between the store and a version. Objects may lie in the store in any version that was once the storage version. Each
 * gets the defaults of that version and no other's, is converted, and loses what the asked version's schema has not; so it is on
 * the way back (customresource_handler.go, crdConversionRESTOptionsGetter).
 */
export function storedForm(apiVersion: string, stored: StoredShapes, conversion: Conversion): StoredAs {
  const { storageVersion, shapes } = stored;
  const shown = new WeakMap<ApiObject, ApiObject>();
  const fitting = (object: ApiObject, version: string): ApiObject => {
    const shape = shapes.get(version);
    return shape === undefined ? object : fitted(object, shape, false);
  };
  const show = (refined: ApiObject, converted: ApiObject): ApiObject => {
    const done = deepFreeze(fitting(converted, apiVersion));
    shown.set(refined, done);
    return done;
  };
  const fromStored = (object: ApiObject): ApiObject => {
    const refined = stored.refined(object);
    if (refined.apiVersion === apiVersion) return refined;
    const done = shown.get(refined);
    if (done !== undefined) return done;
    if (conversion.type === "none") return show(refined, { ...refined, apiVersion });
    throw new Error(`an object of ${apiVersion} is shown before it was converted`);
  };
  const toStored = (object: ApiObject): ApiObject => {
    if (object.apiVersion !== storageVersion) return fitting({ ...object, apiVersion: storageVersion }, storageVersion);
    stored.keep(object);
    return object;
  };
  const base = { definition: () => undefined as never, fromStored, toStored };
  if (conversion.type === "none") return base;
  return {
    ...base,
    awaited: {
      async before(objects) {
        const refined = objects.map((object) => stored.refined(object));
        const foreign = refined.filter((object) => object.apiVersion !== apiVersion && !shown.has(object));
        if (foreign.length === 0) return;
        const converted = await conversion.convert(foreign, apiVersion);
        foreign.forEach((object, i) => {
          show(object, thaw(converted[i]!) as ApiObject);
        });
      },
      async toStored(object) {
        if (object.apiVersion === storageVersion) return toStored(object);
        const [converted] = await conversion.convert([object], storageVersion);
        return fitting(converted!, storageVersion);
      },
    },
  };
}

/** The object as a schema has it: itself, where there is nothing to change; else another, which is nobody's yet. */
function fitted(object: ApiObject, { props, preserveUnknownFields }: Shape, withDefaults: boolean): ApiObject {
  const { apiVersion, kind, metadata, ...rest } = object as ApiObject & { readonly [name: string]: unknown };
  const draft = thaw(rest) as JsonObject;
  let changed = false;
  if (!preserveUnknownFields) {
    changed = prune(draft, props, true).length > 0;
    changed = dropNulls(draft, props) || changed;
  }
  if (withDefaults) changed = applyStructuralDefaults(draft, props) || changed;
  if (!changed || !isJsonObject(draft)) return object;
  return { apiVersion, kind, metadata, ...draft } as ApiObject;
}
