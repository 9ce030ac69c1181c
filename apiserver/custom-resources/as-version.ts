import type { CustomResourceDefinition } from "../../api/apiextensions/v1/customresourcedefinition.ts";
import { formatTypeErrors, typeErrors } from "../../apimachinery/apply/validate.ts";
import type { JsonObject } from "../../apimachinery/json/json.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import type { InVersion, ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import type { ObjectSchema } from "../../apimachinery/schema/schema.ts";
import { goQuote } from "../../apimachinery/text/go-quote.ts";
import type { Conversion } from "./stored-form.ts";

type AsVersion = NonNullable<ResourceDefinition["asVersion"]>;

/**
 * A custom resource in any version that its definition lists, served or not, by way of `apiVersion`, the one of the request. It
 * is neither pruned nor given defaults on the way: what fits no schema has no managers there (apiextensions-apiserver
 * pkg/apiserver/conversion/converter.go, managedfields/internal/typeconverter.go).
 */
export function asVersionOf(
  { spec: { group, versions } }: CustomResourceDefinition,
  apiVersion: string,
  conversion: Conversion,
  schemaOf: (version: string) => ObjectSchema,
): AsVersion {
  const listed = new Set(versions.map(({ name }) => `${group}/${name}`));
  const schemas = new Map<string, ObjectSchema>();
  const fitting = (object: JsonObject, to: string): InVersion => {
    const schema = schemas.get(to) ?? schemaOf(to.slice(group.length + 1));
    schemas.set(to, schema);
    const errors = typeErrors(schema, object);
    if (errors.length > 0) throw new Error(formatTypeErrors(errors));
    return { object, schema };
  };
  const convert = async (object: JsonObject, to: string): Promise<JsonObject> => {
    if (conversion.type === "none" || object["apiVersion"] === to) return { ...object, apiVersion: to };
    try {
      const [made] = await conversion.convert([object as unknown as ApiObject], to);
      return made as unknown as JsonObject;
    } catch (error) {
      // Upstream's own words: what wraps them elsewhere is not said here.
      throw error instanceof Error && error.cause instanceof Error ? error.cause : error;
    }
  };
  return (object, to) => {
    check(object, to, group, listed);
    const local = conversion.type === "none" || object["metadata"] === undefined || object["apiVersion"] === to;
    if (local) return fitting({ ...object, apiVersion: to }, to);
    return convert(object, apiVersion)
      .then((own) => convert(own, to))
      .then((made) => fitting(made, to));
  };
}

function check(object: JsonObject, to: string, group: string, listed: ReadonlySet<string>): void {
  if (listed.has(to)) return;
  const groupOf = to.includes("/") ? to.slice(0, to.indexOf("/")) : "";
  if (groupOf === group) throw new Error(`request to convert CR to an invalid group/version: ${to}`);
  const from = `${String(object["apiVersion"])}, Kind=${String(object["kind"])}`;
  throw new Error(`${from} is unstructured and is not suitable for converting to ${goQuote(to)}`);
}
