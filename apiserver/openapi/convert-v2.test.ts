import assert from "node:assert/strict";
import { test } from "node:test";
import { convertedToV3 } from "./convert-v2.ts";

const info = { title: "Kubernetes", version: "unversioned" };

test("a document without anything is one", () => {
  assert.equal(
    JSON.stringify(convertedToV3({ swagger: "2.0", info })),
    JSON.stringify({ openapi: "3.0.0", info, components: {} }),
  );
});

test("definitions become schemas; what stands beside a reference is kept", () => {
  const v2 = {
    swagger: "2.0",
    info,
    definitions: {
      Thing: {
        type: "object",
        properties: {
          alone: { $ref: "#/definitions/Part" },
          told: { $ref: "#/definitions/Part", description: "a part", default: { $ref: "#/definitions/Part" } },
          many: { type: "array", items: { $ref: "#/definitions/Part" } },
          map: { additionalProperties: { $ref: "#/definitions/Part", "x-a": 1 } },
          open: { additionalProperties: true },
        },
      },
      Part: { type: "string" },
    },
    securityDefinitions: { token: { type: "apiKey", in: "header", name: "authorization", description: "a token" } },
  };
  const ref = { $ref: "#/components/schemas/Part" };
  assert.deepEqual(convertedToV3(v2)["components"], {
    schemas: {
      Thing: {
        type: "object",
        properties: {
          alone: ref,
          told: { description: "a part", default: { $ref: "#/definitions/Part" }, allOf: [ref] },
          many: { type: "array", items: ref },
          map: { additionalProperties: { "x-a": 1, allOf: [ref] } },
          open: { additionalProperties: true },
        },
      },
      Part: { type: "string" },
    },
    securitySchemes: { token: { type: "apiKey", in: "header", name: "authorization", description: "a token" } },
  });
});

test("an operation's body and answers are of the types that it takes and gives", () => {
  const post = {
    operationId: "create",
    tags: ["a"],
    consumes: ["*/*"],
    produces: ["application/json", "application/yaml"],
    parameters: [
      { name: "body", in: "body", required: true, schema: { $ref: "#/definitions/Thing" } },
      { $ref: "#/parameters/limit-1" },
    ],
    responses: {
      200: { description: "OK", schema: { $ref: "#/definitions/Thing" } },
      401: { description: "Unauthorized" },
    },
    "x-kubernetes-action": "post",
  };
  const path = { name: "name", in: "path", required: true, type: "string", uniqueItems: true, "x-a": 1 };
  const v2 = {
    paths: { "/things": { post, parameters: [path] } },
    parameters: { "limit-1": { name: "limit", in: "query", type: "integer", description: "how many" } },
  };
  const schema = { $ref: "#/components/schemas/Thing" };
  assert.deepEqual(convertedToV3(v2)["paths"], {
    "/things": {
      post: {
        operationId: "create",
        tags: ["a"],
        "x-kubernetes-action": "post",
        parameters: [{ name: "limit", in: "query", description: "how many", schema: { type: "integer" } }],
        requestBody: { content: { "*/*": { schema } } },
        responses: {
          200: { description: "OK", content: { "application/json": { schema }, "application/yaml": { schema } } },
          401: { description: "Unauthorized" },
        },
      },
      parameters: [
        { name: "name", in: "path", required: true, "x-a": 1, schema: { type: "string", uniqueItems: true } },
      ],
    },
  });
});

test("whatever a server sends is no failure", () => {
  for (const value of [null, 1, "a", [], [1, null], { a: null }, { $ref: 1 }]) {
    for (const key of ["info", "paths", "definitions", "parameters", "securityDefinitions"])
      convertedToV3({ [key]: value });
    convertedToV3({ paths: { "/": value } });
    for (const key of ["get", "parameters"]) convertedToV3({ paths: { "/": { [key]: value } } });
    for (const key of ["parameters", "responses", "consumes"])
      convertedToV3({ paths: { "/": { get: { [key]: value } } } });
    for (const key of ["properties", "items", "allOf", "$ref"]) convertedToV3({ definitions: { a: { [key]: value } } });
  }
});
