import { forbidden, invalid, type Json, notSupported, type Rule, refused, required } from "../rule.ts";
import { a, ofA, shownSchema } from "./definition-places.ts";

const text = { type: "string" };
const preserves = { "x-kubernetes-preserve-unknown-fields": true };
const listType = `${a}.x-kubernetes-list-type`;
const mapKeys = `${a}.x-kubernetes-list-map-keys`;
const wholes = "must be atomic as item of a list with x-kubernetes-list-type=set";
const isKey = "this property is in x-kubernetes-list-map-keys, so it";

const setOf = (items: Json): Json => ({ type: "array", "x-kubernetes-list-type": "set", items });
const item = { type: "object", required: ["b"], properties: { b: text } };
const mapOf = (items: Json, keys: readonly string[] = ["b"]): Json => ({
  type: "array",
  "x-kubernetes-list-type": "map",
  "x-kubernetes-list-map-keys": keys,
  items,
});

export const lists: readonly Rule[] = [
  {
    says: "a map's type is of an object",
    accepts: ["atomic", "granular"].map((type) => ofA({ type: "object", "x-kubernetes-map-type": type })),
    refuses: [
      refused(
        ofA({ ...text, "x-kubernetes-map-type": "atomic" }),
        invalid(`${a}.type`, "string", "must be object if x-kubernetes-map-type is specified"),
      ),
      refused(
        ofA({ ...preserves, "x-kubernetes-map-type": "atomic" }),
        required(`${a}.type`, "must be object if x-kubernetes-map-type is specified"),
      ),
      refused(
        ofA({ type: "object", "x-kubernetes-map-type": "loose" }),
        notSupported(`${a}.x-kubernetes-map-type`, "loose", ["atomic", "granular"]),
      ),
    ],
  },
  {
    says: "a list's type is of an array",
    accepts: ["atomic", "set"].map((type) => ofA({ type: "array", items: text, "x-kubernetes-list-type": type })),
    refuses: [
      refused(
        ofA({ ...text, "x-kubernetes-list-type": "atomic" }),
        invalid(`${a}.type`, "string", "must be array if x-kubernetes-list-type is specified"),
      ),
      refused(
        ofA({ ...preserves, "x-kubernetes-list-type": "atomic" }),
        required(`${a}.type`, "must be array if x-kubernetes-list-type is specified"),
      ),
      refused(
        ofA({ type: "array", items: text, "x-kubernetes-list-type": "bag" }),
        notSupported(listType, "bag", ["atomic", "set", "map"]),
      ),
    ],
  },
  {
    says: "items of a set are wholes, and never null",
    accepts: [
      ofA(setOf({ type: "array", items: text, "x-kubernetes-list-type": "atomic" })),
      ofA(setOf({ type: "object", "x-kubernetes-map-type": "atomic" })),
    ],
    refuses: [
      refused(ofA(setOf(setOf(text))), invalid(`${a}.items.x-kubernetes-list-type`, "set", wholes)),
      refused(ofA(setOf({ type: "object" })), invalid(`${a}.items.x-kubernetes-map-type`, null, wholes)),
      refused(
        ofA(setOf({ ...text, nullable: true })),
        forbidden(`${a}.items.nullable`, "cannot be nullable when x-kubernetes-list-type is set"),
      ),
    ],
  },
  {
    says: "keys are of a list that is a map, and such a list has some",
    accepts: ofA(mapOf(item)),
    refuses: [
      refused(
        ofA({ type: "array", items: item, "x-kubernetes-list-map-keys": ["b"] }),
        required(listType, "must be map if x-kubernetes-list-map-keys is non-empty"),
      ),
      refused(
        ofA({ type: "array", items: text, "x-kubernetes-list-type": "set", "x-kubernetes-list-map-keys": ["b"] }),
        invalid(listType, "set", "must be map if x-kubernetes-list-map-keys is non-empty"),
      ),
      refused(ofA(mapOf(item, [])), required(mapKeys, "must not be empty if x-kubernetes-list-type is map")),
    ],
  },
  {
    says: "items of a list that is a map are objects",
    accepts: ofA(mapOf(item)),
    refuses: [
      refused(
        ofA({ type: "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["b"] }),
        required(`${a}.items`, "must be specified"),
        required(`${a}.items`, "must have a schema if x-kubernetes-list-type is map"),
      ),
      refused(
        ofA(mapOf([{ type: "object" }])),
        forbidden(`${a}.items`, "items must be a schema object and not an array"),
        invalid(
          `${a}.items`,
          { Schema: null, JSONSchemas: [shownSchema({ Type: "object" })] },
          "must only have a single schema if x-kubernetes-list-type is map",
        ),
      ),
      refused(
        ofA(mapOf(text)),
        invalid(`${a}.items.type`, "string", "must be object if parent array's x-kubernetes-list-type is map"),
      ),
      refused(
        ofA(mapOf({ ...item, nullable: true })),
        forbidden(`${a}.items.nullable`, "cannot be nullable when x-kubernetes-list-type is map"),
      ),
    ],
  },
  {
    says: "a key is a scalar property, once",
    accepts: ofA(mapOf({ type: "object", required: ["b", "c"], properties: { b: text, c: text } }, ["b", "c"])),
    refuses: [
      refused(ofA(mapOf(item, ["c"])), invalid(mapKeys, ["c"], "entries must all be names of item properties")),
      refused(
        ofA(mapOf({ type: "object", required: ["b"], properties: { b: { type: "array", items: text } } })),
        invalid(
          `${a}.items.properties[b].type`,
          "object",
          "must be a scalar type if parent array's x-kubernetes-list-type is map",
        ),
      ),
      refused(ofA(mapOf(item, ["b", "b"])), invalid(mapKeys, ["b", "b"], "must not contain duplicate entries")),
    ],
  },
  {
    says: "a key is there, and never null",
    accepts: ofA(mapOf({ type: "object", properties: { b: { ...text, default: "c" } } })),
    refuses: [
      refused(
        ofA(mapOf({ type: "object", properties: { b: text } })),
        required(`${a}.items.properties[b].default`, `${isKey} must have a default or be a required property`),
      ),
      refused(
        ofA(mapOf({ ...item, properties: { b: { ...text, nullable: true } } })),
        forbidden(`${a}.items.properties[b].nullable`, `${isKey} cannot be nullable`),
      ),
    ],
  },
];
