import type { ConvertLater } from "../../apimachinery/apply/conversion.ts";
import { withManagedFields } from "../../apimachinery/apply/managers.ts";
import { formatTypeErrors, typeErrors } from "../../apimachinery/apply/validate.ts";
import type { JsonObject } from "../../apimachinery/json/json.ts";
import { apiVersionOf } from "../../apimachinery/resource/define.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import type { InVersion, ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import type { ObjectSchema } from "../../apimachinery/schema/schema.ts";
import type { Registry } from "./registry.ts";

/**
 * How an object is shown in the versions of those who manage its fields (managedfields/internal/versionconverter.go): undefined
 * for versions that are not served.
 */
export function inOtherVersions(registry: Pick<Registry, "stores">, definition: ResourceDefinition): ConvertLater {
  const { versions } = definition;
  if (versions !== undefined) {
    return (object, apiVersion) => {
      const made = versions.convert(withManagedFields(object, undefined), apiVersion);
      const fitting = (one: JsonObject): InVersion => inSchema(one, versions.schema(apiVersion));
      return made instanceof Promise ? made.then(fitting) : fitting(made);
    };
  }
  const served = (apiVersion: unknown): ResourceDefinition | undefined =>
    apiVersion === apiVersionOf(definition)
      ? definition
      : registry.stores.find(
          ({ definition: one }) => one.storagePath === definition.storagePath && apiVersionOf(one) === apiVersion,
        )?.definition;
  return (object, apiVersion) => {
    const [from, to] = [served(object["apiVersion"]) ?? definition, served(apiVersion)];
    return to === undefined ? undefined : byStore(object, from, to);
  };
}

/** What fits no schema has no managers there (managedfields/internal/typeconverter.go). */
function inSchema(object: JsonObject, schema: ObjectSchema): InVersion {
  const errors = typeErrors(schema, object);
  if (errors.length > 0) throw new Error(formatTypeErrors(errors));
  return { object, schema };
}

/** By way of the version that is stored; built-in ones need nobody's help for that. */
function byStore(object: JsonObject, from: ResourceDefinition, to: ResourceDefinition): InVersion {
  const { schema } = to;
  // Of an object that is being created there is nothing yet.
  if (from === to || object["metadata"] === undefined) return { object, schema };
  const value = object as unknown as ApiObject;
  const stored = from.storedAs === undefined ? value : from.storedAs.toStored(value);
  const shown = to.storedAs === undefined ? stored : to.storedAs.fromStored(stored);
  return { object: shown as unknown as JsonObject, schema };
}
