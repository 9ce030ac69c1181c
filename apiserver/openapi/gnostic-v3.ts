import { isJsonObject } from "../../apimachinery/json/json.ts";
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

// Field numbers: google/gnostic, openapiv3/OpenAPIv3.proto; what Kubernetes' documents never hold is left out.

const reference = message(() => ({ $ref: [1, string], summary: [2, string], description: [3, string] }));

/** `XOrReference`: the thing itself in field 1, a reference in field 2. */
const orReference = (shape: Shape): Shape =>
  choice(() => [
    { number: 2, shape: reference, matches: isReference },
    { number: 1, shape, matches: () => true },
  ]);

const schemaOrReference = orReference({ type: "message", fields: () => schemaFields, extensions: 36 });

const additionalProperties = choice(() => [
  { number: 1, shape: schemaOrReference, matches: isJsonObject },
  { number: 2, shape: bool, matches: () => true },
]);

/** DefaultType knows scalars alone. */
const defaultType = choice(() => [
  { number: 1, shape: double, matches: (value) => typeof value === "number" },
  { number: 2, shape: bool, matches: (value) => typeof value === "boolean" },
  { number: 3, shape: string, matches: (value) => typeof value === "string" },
]);

const schemaFields = {
  nullable: [1, bool],
  title: [9, string],
  multipleOf: [10, double],
  maximum: [11, double],
  exclusiveMaximum: [12, bool],
  minimum: [13, double],
  exclusiveMinimum: [14, bool],
  maxLength: [15, int64],
  minLength: [16, int64],
  pattern: [17, string],
  maxItems: [18, int64],
  minItems: [19, int64],
  uniqueItems: [20, bool],
  maxProperties: [21, int64],
  minProperties: [22, int64],
  required: [23, list(string)],
  enum: [24, list(any)],
  type: [25, string],
  allOf: [26, list(schemaOrReference)],
  oneOf: [27, list(schemaOrReference)],
  anyOf: [28, list(schemaOrReference)],
  items: [30, wrapped(schemaOrReference)],
  properties: [31, named(schemaOrReference)],
  additionalProperties: [32, additionalProperties],
  default: [33, defaultType],
  description: [34, string],
  format: [35, string],
} as const;

const content = named(message(() => ({ schema: [1, schemaOrReference] })));

const parameter = message(() => ({
  name: [1, string],
  in: [2, string],
  description: [3, string],
  required: [4, bool],
  schema: [10, schemaOrReference],
}));

const requestBody = message(() => ({ description: [1, string], content: [2, content], required: [3, bool] }));
const response = message(() => ({ description: [1, string], content: [3, content] }));

const operation = message(
  () => ({
    tags: [1, list(string)],
    description: [3, string],
    operationId: [5, string],
    parameters: [6, list(orReference(parameter))],
    requestBody: [7, orReference(requestBody)],
    responses: [8, named(orReference(response), 2)],
    deprecated: [10, bool],
  }),
  13,
);

const pathItem = message(() => ({
  get: [4, operation],
  put: [5, operation],
  post: [6, operation],
  delete: [7, operation],
  options: [8, operation],
  head: [9, operation],
  patch: [10, operation],
  parameters: [13, list(orReference(parameter))],
}));

const securityScheme = message(() => ({
  type: [1, string],
  description: [2, string],
  name: [3, string],
  in: [4, string],
}));

/** openapi.v3.Document. */
export const documentV3Shape: Shape = message(() => ({
  openapi: [1, string],
  info: [2, message(() => ({ title: [1, string], description: [2, string], version: [6, string] }))],
  paths: [4, named(pathItem)],
  components: [
    5,
    message(() => ({
      schemas: [1, named(schemaOrReference)],
      securitySchemes: [7, named(orReference(securityScheme))],
    })),
  ],
  security: [6, list(named(wrapped(list(string))))],
}));
