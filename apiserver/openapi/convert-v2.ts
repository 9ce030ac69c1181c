import { isJsonObject, type JsonObject, type JsonValue } from "../../apimachinery/json/json.ts";
import { definitionPrefix, parameterPrefix } from "./merge-v2.ts";

// An OpenAPI v2 document as v3, for servers that know v2 alone: kube-openapi pkg/openapiconv ConvertV2ToV3. What cannot be said
// in v3 is left out. References to parameters are resolved, which upstream leaves pointing nowhere.

const methods = ["get", "put", "post", "delete", "options", "head", "patch"] as const;
const schemaPrefix = "#/components/schemas/";

/** The whole document. */
export function convertedToV3(v2: JsonObject): JsonObject {
  const { info, externalDocs, paths, definitions, securityDefinitions } = v2;
  const parameters = objectOf(v2["parameters"]);
  return {
    openapi: "3.0.0",
    ...(info !== undefined && { info }),
    ...(isJsonObject(paths) && { paths: mapped(paths, (item) => pathItem(objectOf(item), parameters)) }),
    components: {
      ...(isJsonObject(definitions) && { schemas: mapped(definitions, schemaV3) }),
      ...(isJsonObject(securityDefinitions) && { securitySchemes: mapped(securityDefinitions, securityScheme) }),
    },
    ...(externalDocs !== undefined && { externalDocs }),
  };
}

function objectOf(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

function listOf(value: JsonValue | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? value.map(objectOf) : [];
}

function mapped(object: JsonObject, change: (value: JsonValue) => JsonValue): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));
}

/** Some fields of an object, those that are there, and all extensions. */
function picked(object: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => names.includes(key) || key.startsWith("x-")));
}

/** v3 reads nothing beside a reference, so that what stands there gets the reference into an `allOf`. */
function schemaV3(value: JsonValue): JsonValue {
  if (!isJsonObject(value)) return value;
  const schema = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, schemaPart(key, inner)]));
  if (typeof schema["$ref"] !== "string" || Object.keys(schema).length === 1) return schema;
  const { $ref, ...beside } = schema;
  return { ...beside, allOf: [{ $ref }] };
}

function schemaPart(key: string, value: JsonValue): JsonValue {
  switch (key) {
    case "$ref":
      return typeof value === "string" ? value.replace(definitionPrefix, schemaPrefix) : value;
    case "properties":
    case "patternProperties":
      return isJsonObject(value) ? mapped(value, schemaV3) : value;
    case "items":
    case "allOf":
    case "anyOf":
    case "oneOf":
      return Array.isArray(value) ? value.map(schemaV3) : schemaV3(value);
    case "additionalProperties":
    case "additionalItems":
    case "not":
      return schemaV3(value);
    default:
      return value;
  }
}

function pathItem(item: JsonObject, shared: JsonObject): JsonObject {
  const parameters = resolved(item["parameters"], shared).map(parameterV3);
  return {
    ...picked(item, ["$ref"]),
    ...Object.fromEntries(
      methods.flatMap((method) => {
        const operation = item[method];
        return isJsonObject(operation) ? [[method, operationV3(operation, shared)]] : [];
      }),
    ),
    ...(parameters.length > 0 && { parameters }),
  };
}

function resolved(parameters: JsonValue | undefined, shared: JsonObject): readonly JsonObject[] {
  return listOf(parameters).map((one) => {
    const { $ref } = one;
    const known = typeof $ref === "string" ? shared[$ref.slice(parameterPrefix.length)] : undefined;
    return isJsonObject(known) ? known : one;
  });
}

function operationV3(operation: JsonObject, shared: JsonObject): JsonObject {
  const { consumes, produces, responses } = operation;
  const all = resolved(operation["parameters"], shared);
  const body = all.find(isBody)?.["schema"];
  const parameters = all.filter((one) => !isBody(one)).map(parameterV3);
  return {
    ...picked(operation, ["tags", "summary", "description", "externalDocs", "operationId", "deprecated"]),
    ...(parameters.length > 0 && { parameters }),
    ...(body !== undefined && { requestBody: contentOf(consumes, body) }),
    responses: mapped(objectOf(responses), (response) => responseV3(objectOf(response), produces)),
  };
}

function isBody({ name, schema }: JsonObject): boolean {
  return name === "body" && schema !== undefined;
}

function contentOf(types: JsonValue | undefined, schema: JsonValue): JsonObject {
  if (!Array.isArray(types)) return {};
  return { content: Object.fromEntries(types.map((type) => [String(type), { schema: schemaV3(schema) }])) };
}

function responseV3(response: JsonObject, produces: JsonValue | undefined): JsonObject {
  const { schema } = response;
  return { ...picked(response, ["description"]), ...(schema !== undefined && contentOf(produces, schema)) };
}

function parameterV3(parameter: JsonObject): JsonObject {
  const { schema = picked(parameter, ["type", "format", "uniqueItems"]) } = parameter;
  return {
    ...picked(parameter, ["name", "in", "description", "required", "allowEmptyValue"]),
    schema: schemaV3(withoutExtensions(schema)),
  };
}

/** Those of a parameter stay with it. */
function withoutExtensions(schema: JsonValue): JsonValue {
  if (!isJsonObject(schema)) return schema;
  return Object.fromEntries(Object.entries(schema).filter(([key]) => !key.startsWith("x-")));
}

function securityScheme(value: JsonValue): JsonValue {
  const scheme = objectOf(value);
  const { flow, authorizationUrl = "", tokenUrl = "", scopes = {} } = scheme;
  return {
    ...picked(scheme, ["type", "description", "name", "in"]),
    ...(typeof flow === "string" && flow !== "" && { flows: { [flow]: { authorizationUrl, tokenUrl, scopes } } }),
  };
}
