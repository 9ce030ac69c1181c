import {
  type Change,
  duplicate,
  forbidden,
  invalid,
  type Json,
  type JsonObject,
  type Rule,
  refused,
  required,
  tooMany,
} from "../rule.ts";

const version = "spec.versions[0]";
const types = "must be one of boolean,date,integer,number,string";
const formats = "must be one of byte,date,date-time,double,float,int32,int64,password";
const notSimple = "must be a simple json path starting with .";

/** A version that is other than the first in nothing that is told here: what is told of the first stands there. */
const second: Change = {
  "spec.versions[1]": { name: "v2", served: true, storage: false, schema: { openAPIV3Schema: { type: "object" } } },
};

const column = { name: "A", type: "string", jsonPath: ".spec.a" };
const columned = (more: JsonObject): Change => ({ [`${version}.additionalPrinterColumns`]: [{ ...column, ...more }] });

export const columns: readonly Rule[] = [
  {
    says: "a column has a name, a type and a path",
    accepts: ["boolean", "date", "integer", "number", "string"].map((type) => columned({ type })),
    refuses: [
      refused(columned({ name: "" }), required("spec.additionalPrinterColumns[0].name")),
      refused(columned({ type: "" }), required("spec.additionalPrinterColumns[0].type", types)),
      refused(columned({ type: "text" }), invalid("spec.additionalPrinterColumns[0].type", "text", types)),
      refused(columned({ jsonPath: "" }), required("spec.additionalPrinterColumns[0].JSONPath")),
      refused(columned({ jsonPath: "a" }), invalid("spec.additionalPrinterColumns[0].JSONPath", "a", notSimple)),
      refused({ ...second, ...columned({ name: "" }) }, required("spec.versions[0].additionalPrinterColumns[0].name")),
    ],
  },
  {
    says: "a column's format is one of OpenAPI's",
    accepts: ["byte", "date", "date-time", "double", "float", "int32", "int64", "password"].map((format) =>
      columned({ format }),
    ),
    refuses: refused(columned({ format: "int8" }), invalid("spec.additionalPrinterColumns[0].format", "int8", formats)),
  },
];

const paths = { specReplicasPath: ".spec.replicas", statusReplicasPath: ".status.replicas" };
const scaled = (more: JsonObject): Change => ({ [`${version}.subresources`]: { scale: { ...paths, ...more } } });
const at = "spec.subresources.scale";

export const scale: readonly Rule[] = [
  ...(
    [
      ["specReplicasPath", ".spec.a", ".status.a", "under .spec"],
      ["statusReplicasPath", ".status.a", ".spec.a", "under .status"],
    ] as const
  ).map(([field, good, bad, where]) => ({
    says: `the path of ${field} is told, ${where}`,
    accepts: scaled({ [field]: good }),
    refuses: [
      refused(scaled({ [field]: "" }), required(`${at}.${field}`)),
      refused(scaled({ [field]: "a" }), invalid(`${at}.${field}`, "a", notSimple)),
      refused(scaled({ [field]: bad }), invalid(`${at}.${field}`, bad, `should be a json path ${where}`)),
    ],
  })),
  {
    says: "the path of a selector is under .spec or .status, if there is one",
    accepts: ["", ".spec.a", ".status.a"].map((path) => scaled({ labelSelectorPath: path })),
    refuses: [
      refused(scaled({ labelSelectorPath: "a" }), invalid(`${at}.labelSelectorPath`, "a", notSimple)),
      refused(
        scaled({ labelSelectorPath: ".metadata.a" }),
        invalid(`${at}.labelSelectorPath`, ".metadata.a", "should be a json path under either .spec or .status"),
      ),
      refused(
        { ...second, ...scaled({ specReplicasPath: "" }) },
        required("spec.versions[0].subresources.scale.specReplicasPath"),
      ),
    ],
  },
];

const text = { type: "string" };
const properties: { readonly [key: string]: Json } = {
  ...Object.fromEntries("abcdefghi".split("").map((name) => [name, text])),
  number: { type: "number" },
  map: { type: "object", additionalProperties: text },
  flag: { type: "boolean" },
  count: { type: "integer" },
  metadata: { type: "object", properties: { name: text } },
};
const fields = (...list: readonly string[]): Change => ({
  [`${version}.schema.openAPIV3Schema.properties`]: properties,
  [`${version}.selectableFields`]: list.map((jsonPath) => ({ jsonPath })),
});
const field = "spec.selectableFields[0].jsonPath";
const types3 =
  "must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.";

export const selectable: readonly Rule[] = [
  {
    says: "a field to select by is one of the schema",
    accepts: fields(".a", ".flag", ".count", ".map.b"),
    refuses: [
      refused(fields(""), required(field)),
      ...(
        [
          [".z", "does not refer to a valid field"],
          [".a.b", "does not refer to a valid field"],
          [".", "unexpected end of JSON path"],
          ["a", "expected [ or . but got: a"],
          [".map['b']", "array notation is not allowed"],
        ] as const
      ).map(([path, why]) => refused(fields(path), invalid(field, path, `is an invalid path: ${why}`))),
      refused(fields(".metadata.name"), invalid(field, ".metadata.name", "must not point to fields in metadata")),
      refused(fields(".number"), invalid(field, ".number", types3)),
    ],
  },
  {
    says: "there are up to eight fields to select by, each once",
    accepts: fields(..."abcdefgh".split("").map((name) => `.${name}`)),
    refuses: [
      refused(fields(".a", ".a"), duplicate("spec.selectableFields[1].jsonPath", ".a")),
      refused(
        fields(..."abcdefghi".split("").map((name) => `.${name}`)),
        tooMany("spec.selectableFields", 9, "must have at most 8 items"),
      ),
    ],
  },
  {
    says: "fields to select by need a schema that can be read",
    accepts: { ...second, ...fields(".a") },
    refuses: [
      refused(
        { ...second, ...fields(".z") },
        invalid(
          "spec.versions[0].selectableFields[0].jsonPath",
          ".z",
          "is an invalid path: does not refer to a valid field",
        ),
      ),
      refused(
        { ...fields(".a"), [`${version}.schema`]: undefined },
        required("spec.versions[0].schema.openAPIV3Schema"),
        invalid("spec.selectableFields", "", "may only be set when validations.schema is included"),
      ),
      refused(
        { ...second, ...fields(".a"), [`${version}.schema`]: undefined },
        required("spec.versions[0].schema.openAPIV3Schema"),
        invalid(
          "spec.versions[0].selectableFields",
          "",
          "may only be set when `version.schema.openAPIV3Schema` is not included",
        ),
      ),
    ],
  },
  // Upstream's server panics where such a field is named; what it has found by then is told.
  {
    says: "a schema that cannot be read is told beside the fields to select by",
    accepts: { [`${version}.schema.openAPIV3Schema.properties.a`]: text },
    refuses: refused(
      { ...fields(".a"), [`${version}.schema.openAPIV3Schema.id`]: "a" },
      forbidden("spec.validation.openAPIV3Schema.id", "id is not supported"),
      invalid("spec.schema.openAPIV3Schema", "", "OpenAPIV3Schema 'id' is not supported"),
    ),
  },
];
