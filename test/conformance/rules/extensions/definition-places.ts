import type { Change, Json } from "../rule.ts";

/** Where the schema of a definition's only version is told: what all versions agree on stands at the top. */
export const top = "spec.validation.openAPIV3Schema";
/** Where the schema of property a is told. */
export const a = `${top}.properties[a]`;

const schema = "spec.versions[0].schema.openAPIV3Schema";

/** The schema of property a is this one. */
export const ofA = (props: Json): Change => ({ [`${schema}.properties.a`]: props });
/** The whole schema has these beside what it has. */
export const ofTop = (props: { readonly [key: string]: Json }): Change =>
  Object.fromEntries(Object.entries(props).map(([name, value]) => [`${schema}.${name}`, value]));

/** A schema as Go's JSON has the internal type. */
export const shownSchema = (said: { readonly [key: string]: Json }): { readonly [key: string]: Json } => ({
  ID: "",
  Schema: "",
  Ref: null,
  Description: "",
  Type: "",
  Nullable: false,
  Format: "",
  Title: "",
  Default: null,
  Maximum: null,
  ExclusiveMaximum: false,
  Minimum: null,
  ExclusiveMinimum: false,
  MaxLength: null,
  MinLength: null,
  Pattern: "",
  MaxItems: null,
  MinItems: null,
  UniqueItems: false,
  MultipleOf: null,
  Enum: null,
  MaxProperties: null,
  MinProperties: null,
  Required: null,
  Items: null,
  AllOf: null,
  OneOf: null,
  AnyOf: null,
  Not: null,
  Properties: null,
  AdditionalProperties: null,
  PatternProperties: null,
  Dependencies: null,
  AdditionalItems: null,
  Definitions: null,
  ExternalDocs: null,
  Example: null,
  XPreserveUnknownFields: null,
  XEmbeddedResource: false,
  XIntOrString: false,
  XListMapKeys: null,
  XListType: null,
  XMapType: null,
  XValidations: null,
  ...said,
});
