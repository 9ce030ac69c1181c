import { rootPath } from "../field/path.ts";
import { equalJson } from "../json/equal.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../json/json.ts";
import { thaw } from "../resource/thaw.ts";
import type { ObjectSchema } from "../schema/schema.ts";
import { coerceEmbedded } from "./object-meta.ts";
import { asResource, itemsOf, type Props, valuesOf } from "./props.ts";
import { prune } from "./prune.ts";

// Rules: apiextensions-apiserver/pkg/apiserver/schema/defaulting/prune.go.

type Step = string | number;

/**
 * The schema with its defaults pruned: of what they say of objects within objects, unknown fields of metadata are dropped.
 * The schema itself where there is nothing to drop. `metadata` is ObjectMeta's structure.
 */
export function pruneDefaults(props: Props, metadata: ObjectSchema): Props {
  const root = asResource(props);
  return within(props, []);

  function within(inner: Props, steps: readonly Step[]): Props {
    const changes: { -readonly [name in keyof Props]?: Props[name] } = {};
    if (inner.default !== undefined && inner.default !== null) {
      const pruned = prunedAt(inner.default as JsonValue, steps);
      if (!equalJson(pruned, inner.default as JsonValue)) changes.default = pruned;
    }
    const values = valuesOf(inner);
    if (values !== undefined) {
      const changed = within(values, [...steps, "*"]);
      if (changed !== values) changes.additionalProperties = changed;
    }
    const items = itemsOf(inner);
    if (items !== undefined) {
      const changed = within(items, [...steps, 0]);
      if (changed !== items) changes.items = changed;
    }
    const properties: Record<string, Props> = {};
    let any = false;
    for (const [name, property] of Object.entries(inner.properties ?? {})) {
      properties[name] = within(property, [...steps, name]);
      any ||= properties[name] !== property;
    }
    if (any) changes.properties = properties;
    return Object.keys(changes).length === 0 ? inner : { ...inner, ...changes };
  }

  /** A default is judged as part of the object around it; undefined where nothing is left. */
  function prunedAt(value: JsonValue, steps: readonly Step[]): JsonValue | undefined {
    const object = steps.reduceRight<JsonValue>(
      (part, step) => (typeof step === "number" ? [part] : { [step]: part }),
      thaw(value) as JsonValue,
    );
    // Whether they are metadata at all was asked when the definition was written.
    coerceEmbedded(object, root, metadata, rootPath, []);
    prune(object, root, true);
    return steps.reduce<JsonValue | undefined>(
      (part, step) => (Array.isArray(part) || isJsonObject(part) ? (part as JsonObject)[step] : undefined),
      object,
    );
  }
}
