import type { CustomResourceDefinition } from "../../api/apiextensions/v1/customresourcedefinition.ts";
import type { JsonObject } from "../../apimachinery/json/json.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import type { ObjectSchema } from "../../apimachinery/schema/schema.ts";
import { goQuote } from "../../apimachinery/text/go-quote.ts";
import type { Conversion } from "./stored-form.ts";

type Versions = NonNullable<ResourceDefinition["versions"]>;

/**
 * A custom resource in any version that its definition lists, served or not, by way of `apiVersion`, the one of the request. It
 * is neither pruned nor given defaults on the way (apiextensions-apiserver/pkg/apiserver/conversion/converter.go).
 */
export function versionsOf(
  { spec: { group, versions } }: CustomResourceDefinition,
  apiVersion: string,
  conversion: Conversion,
  schemaOf: (apiVersion: string) => ObjectSchema,
): Versions {
  const listed = new Set(versions.map(({ name }) => `${group}/${name}`));
  const schemas = new Map<string, ObjectSchema>();
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
  return {
    convert(object, to) {
      check(object, to, group, listed);
      const local = conversion.type === "none" || object["metadata"] === undefined || object["apiVersion"] === to;
      if (local) return { ...object, apiVersion: to };
      return convert(object, apiVersion).then((own) => convert(own, to));
    },
    schema(of) {
      const schema = schemas.get(of) ?? schemaOf(of);
      schemas.set(of, schema);
      return schema;
    },
  };
}

function check(object: JsonObject, to: string, group: string, listed: ReadonlySet<string>): void {
  if (listed.has(to)) return;
  const groupOf = to.includes("/") ? to.slice(0, to.indexOf("/")) : "";
  if (groupOf === group) throw new Error(`request to convert CR to an invalid group/version: ${to}`);
  const from = `${String(object["apiVersion"])}, Kind=${String(object["kind"])}`;
  throw new Error(`${from} is unstructured and is not suitable for converting to ${goQuote(to)}`);
}
