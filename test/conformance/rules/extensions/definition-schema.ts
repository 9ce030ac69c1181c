import {
  forbidden,
  invalid,
  type Json,
  notSupported,
  type Rule,
  refused,
  required,
  tooLong,
  typeInvalid,
} from "../rule.ts";
import { a, ofA, ofTop, shownSchema, top } from "./definition-places.ts";

const text = { type: "string" };
const types = ["array", "boolean", "integer", "number", "object", "string"];
const preserves = { "x-kubernetes-preserve-unknown-fields": true };
const embedded = { "x-kubernetes-embedded-resource": true };
const allowed =
  "only [Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength MinLength Pattern MaxItems MinItems UniqueItems MultipleOf Required Items Properties ExternalDocs Example XPreserveUnknownFields XValidations] fields are allowed at the root of the schema if the status subresource is enabled";
const quadratic = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic";
const second = { name: "v2", served: true, storage: false, schema: { openAPIV3Schema: { type: "object" } } };
const status = { "spec.versions[0].subresources": { status: {} } };

/** Keywords of OpenAPI that no schema of a custom resource has. */
const unsupported: readonly (readonly [string, Json])[] = [
  ["id", { ...text, id: "b" }],
  ["$ref", { ...text, $ref: "#/b" }],
  ["additionalItems", { type: "array", items: text, additionalItems: false }],
  ["patternProperties", { type: "object", patternProperties: { b: text } }],
  ["definitions", { type: "object", definitions: { b: text } }],
  ["dependencies", { type: "object", dependencies: { b: { description: "c" } } }],
  ["dependencies", { type: "object", dependencies: { b: ["c"] } }],
];

export const schemas: readonly Rule[] = [
  {
    says: "a type is one of JSON's",
    accepts: [
      ...["boolean", "integer", "number", "object", "string"].map((type) => ofA({ type })),
      ofA({ type: "array", items: text }),
    ],
    refuses: [
      refused(ofA({ type: "text" }), notSupported(`${a}.type`, "text", types)),
      refused(
        { ...ofA({ type: "text" }), "spec.versions[1]": second },
        notSupported("spec.versions[0].schema.openAPIV3Schema.properties[a].type", "text", types),
      ),
      refused(
        ofA({ type: "null" }),
        notSupported(`${a}.type`, "null", types),
        forbidden(`${a}.type`, "type cannot be set to null, use nullable as an alternative"),
      ),
    ],
  },
  {
    says: "a schema refers to no other, and is of one kind for all",
    accepts: ofA({ ...text, title: "b", description: "c", externalDocs: { url: "https://d" }, example: "e" }),
    refuses: [
      ...unsupported.map(([keyword, props]) =>
        refused(ofA(props), forbidden(`${a}.${keyword}`, `${keyword} is not supported`)),
      ),
      refused(
        ofA({ type: "array", items: [text] }),
        forbidden(`${a}.items`, "items must be a schema object and not an array"),
      ),
      refused(
        ofA({ type: "array", items: [{ type: "array", uniqueItems: true }] }),
        forbidden(`${a}.items`, "items must be a schema object and not an array"),
        forbidden(`${a}.items[0].uniqueItems`, quadratic),
      ),
      refused(ofA({ ...text, $schema: "b" }), invalid(top, "", "OpenAPIV3Schema 'schema' is not supported")),
    ],
  },
  {
    says: "items are not asked to be unique",
    accepts: ofA({ type: "array", items: text, uniqueItems: false }),
    refuses: [
      ofA({ type: "array", items: text, uniqueItems: true }),
      ofA({ type: "array", items: text, not: { uniqueItems: true } }),
      ofA({ type: "array", items: text, anyOf: [{ uniqueItems: true }] }),
      ofA({ type: "array", items: { type: "array", items: text, uniqueItems: true } }),
      ofA({ type: "object", additionalProperties: { type: "array", items: text, uniqueItems: true } }),
    ].map((change, i) =>
      refused(
        change,
        forbidden(`${a}${["", ".not", ".anyOf[0]", ".items", ".additionalProperties"][i]}.uniqueItems`, quadratic),
      ),
    ),
  },
  {
    says: "an object has named properties, or any",
    accepts: [
      ofA({ type: "object", additionalProperties: text }),
      ofA({ type: "object", properties: { b: text }, additionalProperties: true }),
    ],
    refuses: [text, false].map((additionalProperties) =>
      refused(
        ofA({ type: "object", properties: { b: text }, additionalProperties }),
        forbidden(`${a}.additionalProperties`, "additionalProperties and properties are mutual exclusive"),
      ),
    ),
  },
  {
    says: "unknown fields are kept, or nothing is said of them",
    accepts: ofA({ type: "object", ...preserves }),
    refuses: refused(
      ofA({ type: "object", "x-kubernetes-preserve-unknown-fields": false }),
      invalid(`${a}.x-kubernetes-preserve-unknown-fields`, false, "must be true or undefined"),
    ),
  },
  {
    says: "an object is never null",
    accepts: ofA({ ...text, nullable: true }),
    refuses: refused(ofTop({ nullable: true }), forbidden(`${top}.nullable`, "nullable cannot be true at the root")),
  },
  {
    says: "with a status of its own, the root can be split in two",
    accepts: { ...status, ...ofTop({ description: "a", required: ["spec"] }) },
    refuses: [
      refused(
        { ...status, ...ofTop({ properties: null, maxProperties: 9, enum: [{ b: 1, a: [true] }] }) },
        invalid(top, shownSchema({ Type: "object", Enum: [{ a: [true], b: 1 }], MaxProperties: 9 }), allowed),
      ),
      refused(
        { ...status, ...ofTop({ properties: null, allOf: [], required: [] }) },
        invalid(top, shownSchema({ Type: "object", AllOf: [], Required: [] }), allowed),
      ),
      refused(
        { ...status, ...ofTop({ type: "string" }) },
        invalid(
          `${top}.type`,
          "string",
          'only "object" is allowed as the type at the root of the schema if the status subresource is enabled',
        ),
        invalid(`${top}.type`, "string", "must be object at the root"),
      ),
    ],
  },
  {
    says: "a resource is not within the metadata of another",
    accepts: ofA({ type: "object", ...embedded, ...preserves }),
    refuses: refused(
      ofA({ type: "object", ...embedded, properties: { metadata: { type: "object", ...embedded, ...preserves } } }),
      forbidden(`${a}.properties[metadata].x-kubernetes-embedded-resource`, "must not be used inside of resource meta"),
    ),
  },
];

const labels = (value: Json): Json => ({
  type: "object",
  ...embedded,
  properties: { metadata: { type: "object", properties: { labels: { type: "object", additionalProperties: value } } } },
});

const resource = { type: "object", ...embedded, ...preserves };
const pod = { apiVersion: "v1", kind: "Pod" };
const unreadable = "json: cannot unmarshal number into Go value of type v1.ObjectMeta";

const resources: readonly Rule[] = [
  {
    says: "a default that is a resource is one",
    accepts: ofA({ ...resource, default: { ...pod, metadata: { name: "b" } } }),
    refuses: [
      refused(ofA({ ...resource, default: { kind: "Pod" } }), required(`${a}.default.apiVersion`)),
      refused(
        ofA({ ...resource, default: { ...pod, apiVersion: 1 } }),
        invalid(`${a}.default.apiVersion`, 1, "must be a string"),
      ),
      refused(ofA({ ...resource, default: { ...pod, metadata: 1 } }), invalid(`${a}.default.metadata`, 1, unreadable)),
      refused(
        ofA({ type: "object", properties: { b: resource }, default: { b: { ...pod, kind: 1 } } }),
        invalid(`${a}.default.b.kind`, 1, "must be a string"),
      ),
    ],
  },
  {
    says: "a default within metadata leaves metadata that can be read",
    accepts: ofA(named({ ...text, default: "b" })),
    refuses: [
      refused(
        ofA(named({ type: "integer", default: 1 })),
        invalid(
          `${a}.properties[metadata].properties[name].default`,
          1,
          'must result in valid metadata: metadata: Invalid value: {"name":1}: json: cannot unmarshal number into Go struct field ObjectMeta.name of type string',
        ),
      ),
      refused(
        ofA(named({ ...text, maxLength: 1, default: "bc" })),
        tooLong(`${a}.properties[metadata].properties[name].default`, "may not be more than 1 byte"),
      ),
    ],
  },
];

function named(name: Json): Json {
  return { type: "object", ...embedded, properties: { metadata: { type: "object", properties: { name } } } };
}

export const defaults: readonly Rule[] = [
  ...resources,
  {
    says: "a default keeps its own schema",
    accepts: [
      ofA({ ...text, default: "b", maxLength: 1 }),
      ofA({ type: "object", properties: { b: text }, default: { b: "c" } }),
    ],
    refuses: [
      refused(
        ofA({ ...text, default: 1 }),
        typeInvalid(`${a}.default`, "integer", ' in body must be of type string: "integer"'),
      ),
      refused(
        ofA({ type: "array", items: { ...text, default: 1 } }),
        typeInvalid(`${a}.items.default`, "integer", ' in body must be of type string: "integer"'),
      ),
      refused(
        ofA({ type: "object", properties: { b: text }, default: { c: "d" } }),
        invalid(`${a}.default`, { c: "d" }, "must not have unknown fields"),
      ),
      refused(
        ofA({ ...text, default: "b", "x-kubernetes-validations": [{ rule: "self == 'c'" }] }),
        invalid(`${a}.default`, "b", "failed rule: self == 'c'"),
      ),
    ],
  },
  {
    says: "metadata has no defaults at the top, and good ones below",
    accepts: ofA({
      type: "object",
      ...embedded,
      properties: { metadata: { type: "object", properties: { name: { ...text, default: "b" } } } },
    }),
    refuses: [
      refused(
        ofTop({ properties: { metadata: { type: "object", properties: { name: { ...text, default: "b" } } } } }),
        forbidden(`${top}.properties[metadata].properties[name].default`, "must not be set in top-level metadata"),
      ),
      refused(
        ofA(labels({ ...text, default: "b" })),
        forbidden(
          `${a}.properties[metadata].properties[labels].additionalProperties.default`,
          "must not be set inside additionalProperties applying to object metadata",
        ),
      ),
      refused(
        ofA({
          type: "object",
          ...embedded,
          properties: { metadata: { type: "object", properties: { name: { ...text, default: ".." } } } },
        }),
        invalid(
          `${a}.properties[metadata].properties[name].default`,
          "..",
          `must result in valid metadata: metadata.name: Invalid value: "..": may not be '..'`,
        ),
      ),
    ],
  },
];
