import { forbidden, invalid, type Json, type Rule, refused, required } from "../rule.ts";
import { a, ofA, ofTop, top } from "./definition-places.ts";

const text = { type: "string" };
const preserves = { "x-kubernetes-preserve-unknown-fields": true };
const embedded = { "x-kubernetes-embedded-resource": true };
const intOrString = { "x-kubernetes-int-or-string": true };
const pair = [{ type: "integer" }, { type: "string" }];

/** What says how values are built, and stands outside of anyOf and its like. */
const structural: readonly (readonly [string, Json, string])[] = [
  ["type", "string", "must be empty to be structural"],
  ["additionalProperties", { maxLength: 1 }, "must be undefined to be structural"],
  ["default", "b", "must be undefined to be structural"],
  ["title", "b", "must be empty to be structural"],
  ["description", "b", "must be empty to be structural"],
  ["nullable", true, "must be false to be structural"],
  ["x-kubernetes-preserve-unknown-fields", true, "must be false to be structural"],
  ["x-kubernetes-embedded-resource", true, "must be false to be structural"],
  ["x-kubernetes-int-or-string", true, "must be false to be structural"],
];

export const structure: readonly Rule[] = [
  {
    says: "the root is an object without further properties",
    accepts: ofTop({ properties: { b: text } }),
    refuses: [
      refused(ofTop({ type: "" }), required(`${top}.type`, "must not be empty at the root")),
      refused(ofTop({ type: "string" }), invalid(`${top}.type`, "string", "must be object at the root")),
      refused(
        ofTop({ properties: {}, additionalProperties: text }),
        forbidden(`${top}.additionalProperties`, "must not be used at the root"),
      ),
    ],
  },
  {
    says: "every field and item has a type, unless anything may be there",
    accepts: [ofA(preserves), ofA(intOrString)],
    refuses: [
      refused(ofA({}), required(`${a}.type`, "must not be empty for specified object fields")),
      refused(
        ofA({ type: "object", additionalProperties: {} }),
        required(`${a}.additionalProperties.type`, "must not be empty for specified object fields"),
      ),
      refused(
        ofA({ type: "array", items: {} }),
        required(`${a}.items.type`, "must not be empty for specified array items"),
      ),
      refused(ofA({ type: "array" }), required(`${a}.items`, "must be specified")),
    ],
  },
  {
    says: "what is an integer or a string is nothing else",
    accepts: [
      ofA({ ...intOrString, anyOf: pair }),
      ofA({ ...intOrString, allOf: [{ anyOf: pair }, { maxLength: 1 }] }),
    ],
    refuses: [
      refused(
        ofA({ ...intOrString, ...preserves }),
        invalid(
          `${a}.x-kubernetes-preserve-unknown-fields`,
          true,
          "must be false if x-kubernetes-int-or-string is true",
        ),
      ),
      refused(
        ofA({ ...intOrString, ...embedded, type: "object", properties: { kind: text } }),
        invalid(`${a}.x-kubernetes-embedded-resource`, true, "must be false if x-kubernetes-int-or-string is true"),
      ),
    ],
  },
  {
    says: "a resource within is an object that has something",
    accepts: ofA({
      type: "object",
      ...embedded,
      properties: { kind: text, apiVersion: text, metadata: { type: "object" } },
    }),
    refuses: [
      refused(
        ofA({ ...embedded, ...preserves }),
        required(`${a}.type`, "must be object if x-kubernetes-embedded-resource is true"),
      ),
      refused(
        ofA({ ...text, ...embedded, ...preserves }),
        invalid(`${a}.type`, "string", "must be object if x-kubernetes-embedded-resource is true"),
      ),
      refused(
        ofA({ type: "object", ...embedded, ...preserves, additionalProperties: text }),
        forbidden(`${a}.additionalProperties`, "must not be used if x-kubernetes-embedded-resource is set"),
      ),
      refused(
        ofA({ type: "object", ...embedded }),
        required(
          `${a}.properties`,
          "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields",
        ),
      ),
    ],
  },
  {
    says: "what every object has is of its type",
    accepts: ofTop({ properties: { kind: text, apiVersion: text, metadata: { type: "object" } } }),
    refuses: [
      ...["kind", "apiVersion"].map((name) =>
        refused(
          ofTop({ properties: { [name]: { type: "integer" } } }),
          invalid(`${top}.properties[${name}].type`, "integer", "must be string"),
        ),
      ),
      refused(
        ofTop({ properties: { metadata: text } }),
        invalid(`${top}.properties[metadata].type`, "string", "must be object"),
      ),
    ],
  },
  {
    says: "of metadata, only names are restricted",
    accepts: ofTop({
      properties: { metadata: { type: "object", properties: { name: { ...text, maxLength: 9 }, generateName: text } } },
    }),
    refuses: [
      ofTop({ properties: { metadata: { type: "object", properties: { labels: { type: "object" } } } } }),
      ofTop({ properties: { metadata: { type: "object", maxProperties: 1 } } }),
    ].map((change) =>
      refused(
        change,
        forbidden(
          `${top}.properties[metadata]`,
          "must not specify anything other than name and generateName, but metadata is implicitly specified",
        ),
      ),
    ),
  },
  {
    says: "anyOf and its like restrict values, and say nothing of how they are built",
    accepts: ofA({
      ...text,
      anyOf: [{ maxLength: 1 }],
      oneOf: [{ minLength: 1 }],
      allOf: [{ enum: ["b"] }],
      not: { pattern: "c" },
    }),
    refuses: [
      ...["anyOf", "allOf", "oneOf"].flatMap((junctor) =>
        structural.map(([keyword, value, detail]) =>
          refused(
            ofA({ ...text, [junctor]: [{ [keyword]: value }] }),
            forbidden(`${a}.${junctor}[0].${keyword}`, detail),
          ),
        ),
      ),
      refused(ofA({ ...text, not: { type: "integer" } }), forbidden(`${a}.not.type`, "must be empty to be structural")),
      refused(
        ofA({ type: "array", items: text, not: { items: { type: "string" } } }),
        forbidden(`${a}.not.items.type`, "must be empty to be structural"),
      ),
      refused(
        ofA({ type: "object", properties: { b: text }, not: { properties: { b: { title: "c" } } } }),
        forbidden(`${a}.not.properties[b].title`, "must be empty to be structural"),
      ),
    ],
  },
  {
    says: "types of lists, of maps and rules stand outside of anyOf and its like",
    accepts: ofA({ ...text, anyOf: [{ maxLength: 1 }] }),
    refuses: [
      refused(
        ofA({ type: "array", items: text, anyOf: [{ "x-kubernetes-list-type": "set" }] }),
        forbidden(`${a}.anyOf[0].x-kubernetes-list-type`, "must be undefined to be structural"),
        required(`${a}.anyOf[0].type`, "must be array if x-kubernetes-list-type is specified"),
      ),
      refused(
        ofA({ type: "array", items: text, anyOf: [{ "x-kubernetes-list-map-keys": ["b"] }] }),
        forbidden(`${a}.anyOf[0].x-kubernetes-list-map-keys`, "must be empty to be structural"),
        required(`${a}.anyOf[0].x-kubernetes-list-type`, "must be map if x-kubernetes-list-map-keys is non-empty"),
      ),
      refused(
        ofA({ type: "object", anyOf: [{ "x-kubernetes-map-type": "atomic" }] }),
        forbidden(`${a}.anyOf[0].x-kubernetes-map-type`, "must be undefined to be structural"),
        required(`${a}.anyOf[0].type`, "must be object if x-kubernetes-map-type is specified"),
      ),
      refused(
        ofA({ ...text, anyOf: [{ "x-kubernetes-validations": [{ rule: "true" }] }] }),
        forbidden(`${a}.anyOf[0].x-kubernetes-validations`, "must be empty to be structural"),
      ),
    ],
  },
  {
    says: "what anyOf and its like restrict at the root is specified outside of them",
    accepts: [
      ofTop({ properties: { b: text }, anyOf: [{ properties: { b: { maxLength: 1 } } }] }),
      ofA({ type: "object", anyOf: [{ properties: { b: { maxLength: 1 } } }] }),
    ],
    refuses: [
      refused(
        ofTop({ anyOf: [{ properties: { b: { maxLength: 1 } } }] }),
        required(`${top}.properties[b]`, `because it is defined in ${top}.anyOf[0].properties[b]`),
      ),
      refused(
        ofTop({ anyOf: [{ not: { properties: { b: { maxLength: 1 } } } }] }),
        required(`${top}.properties[b]`, `because it is defined in ${top}.anyOf[0].not.properties[b]`),
      ),
      refused(
        ofTop({ properties: { b: text }, not: { properties: { b: { items: { maxLength: 1 } } } } }),
        required(`${top}.properties[b].items`, `because it is defined in ${top}.not.properties[b].items`),
      ),
      refused(
        ofA({ type: "object", properties: { metadata: { type: "object" } }, not: { properties: { metadata: {} } } }),
        forbidden(`${a}.not.properties[metadata]`, "must not be specified in a nested context"),
      ),
    ],
  },
  {
    says: "a pattern is a regular expression",
    accepts: ofA({ ...text, pattern: "^(b|c)*$" }),
    refuses: [
      ["", { pattern: "(" }],
      [".anyOf[0]", { anyOf: [{ pattern: "(" }] }],
      [".not.not", { not: { not: { pattern: "(" } } }],
    ].map(([where, props]) =>
      refused(
        ofA({ ...text, ...(props as object) }),
        invalid(
          `${a}${where}.pattern`,
          "(",
          "must be a valid regular expression, but isn't: error parsing regexp: missing closing ): `(`",
        ),
      ),
    ),
  },
];
