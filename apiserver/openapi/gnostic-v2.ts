import { isJsonObject, type JsonObject, type JsonValue } from "../../apimachinery/json/json.ts";
import {
  any,
  bool,
  choice,
  double,
  int64,
  isReference,
  list,
  message,
  named,
  type Shape,
  string,
  wrapped,
} from "./gnostic.ts";

// Field numbers: google/gnostic, openapiv2/OpenAPIv2.proto; what Kubernetes' documents never hold is left out.

const schema: Shape = { type: "message", fields: () => schemaFields, extensions: 31 };

const additionalProperties = choice(() => [
  { number: 1, shape: schema, matches: isJsonObject },
  { number: 2, shape: bool, matches: () => true },
]);

const schemaFields = {
  $ref: [1, string],
  format: [2, string],
  title: [3, string],
  description: [4, string],
  default: [5, any],
  multipleOf: [6, double],
  maximum: [7, double],
  exclusiveMaximum: [8, bool],
  minimum: [9, double],
  exclusiveMinimum: [10, bool],
  maxLength: [11, int64],
  minLength: [12, int64],
  pattern: [13, string],
  maxItems: [14, int64],
  minItems: [15, int64],
  uniqueItems: [16, bool],
  maxProperties: [17, int64],
  minProperties: [18, int64],
  required: [19, list(string)],
  enum: [20, list(any)],
  additionalProperties: [21, additionalProperties],
  type: [22, wrapped(string)],
  items: [23, wrapped(schema)],
  allOf: [24, list(schema)],
  properties: [25, named(schema)],
} as const;

const stands = (place: string) => (value: JsonValue) => (value as JsonObject)["in"] === place;

const bodyParameter = message(() => ({
  description: [1, string],
  name: [2, string],
  in: [3, string],
  required: [4, bool],
  schema: [5, schema],
}));

const queryParameter = message(() => ({
  required: [1, bool],
  in: [2, string],
  description: [3, string],
  name: [4, string],
  type: [6, string],
  format: [7, string],
  uniqueItems: [20, bool],
}));

const pathParameter = message(() => ({
  required: [1, bool],
  in: [2, string],
  description: [3, string],
  name: [4, string],
  type: [5, string],
  format: [6, string],
  uniqueItems: [19, bool],
}));

const nonBodyParameter = choice(() => [
  { number: 3, shape: queryParameter, matches: stands("query") },
  { number: 4, shape: pathParameter, matches: stands("path") },
]);

const parameter = choice(() => [
  { number: 1, shape: bodyParameter, matches: stands("body") },
  { number: 2, shape: nonBodyParameter, matches: () => true },
]);

const parametersItem = choice(() => [
  { number: 2, shape: message(() => ({ $ref: [1, string], description: [2, string] })), matches: isReference },
  { number: 1, shape: parameter, matches: () => true },
]);

const response = message(() => ({ description: [1, string], schema: [2, wrapped(schema)] }));

const operation = message(
  () => ({
    tags: [1, list(string)],
    description: [3, string],
    operationId: [5, string],
    produces: [6, list(string)],
    consumes: [7, list(string)],
    parameters: [8, list(parametersItem)],
    responses: [9, named(wrapped(response))],
    schemes: [10, list(string)],
    deprecated: [11, bool],
  }),
  13,
);

const pathItem = message(() => ({
  get: [2, operation],
  put: [3, operation],
  post: [4, operation],
  delete: [5, operation],
  options: [6, operation],
  head: [7, operation],
  patch: [8, operation],
  parameters: [9, list(parametersItem)],
}));

const apiKey = message(() => ({ type: [1, string], name: [2, string], in: [3, string], description: [4, string] }));

/** openapi.v2.Document. */
export const documentV2Shape: Shape = message(() => ({
  swagger: [1, string],
  info: [2, message(() => ({ title: [1, string], version: [2, string], description: [3, string] }))],
  paths: [8, named(pathItem, 2)],
  definitions: [9, named(schema)],
  parameters: [10, named(parameter)],
  security: [12, list(named(wrapped(list(string))))],
  securityDefinitions: [13, named(wrapped(apiKey, 2))],
}));
