import { isJsonObject, type JsonValue } from "../../../../apimachinery/json/json.ts";
import { sentEmptyOf } from "../../../../apimachinery/schema/sent-empty.ts";
import type { Props } from "../../../../apimachinery/structural/props.ts";
import { shownRule } from "../../../../apimachinery/structural/rules/rule-errors.ts";
import { compareText } from "../../../../apimachinery/text/go-quote.ts";

// A refused schema as upstream's messages show it: the JSON of its internal Go structs, which has every field, by its Go name
// (pkg/apis/apiextensions/types_jsonschema.go).

/** By its Go names, in their order; what is not said is null, empty or false. */
export function goSchema(props: Props): Readonly<Record<string, unknown>> {
  return {
    ID: props.id ?? "",
    Schema: props.$schema ?? "",
    Ref: props.$ref ?? null,
    Description: props.description ?? "",
    Type: props.type ?? "",
    Nullable: props.nullable ?? false,
    Format: props.format ?? "",
    Title: props.title ?? "",
    Default: sorted(props.default),
    Maximum: props.maximum ?? null,
    ExclusiveMaximum: props.exclusiveMaximum ?? false,
    Minimum: props.minimum ?? null,
    ExclusiveMinimum: props.exclusiveMinimum ?? false,
    MaxLength: props.maxLength ?? null,
    MinLength: props.minLength ?? null,
    Pattern: props.pattern ?? "",
    MaxItems: props.maxItems ?? null,
    MinItems: props.minItems ?? null,
    UniqueItems: props.uniqueItems ?? false,
    MultipleOf: props.multipleOf ?? null,
    Enum: props.enum?.map(sorted) ?? empty(props, "enum"),
    MaxProperties: props.maxProperties ?? null,
    MinProperties: props.minProperties ?? null,
    Required: props.required ?? empty(props, "required"),
    Items: goItems(props.items),
    AllOf: props.allOf?.map(goSchema) ?? empty(props, "allOf"),
    OneOf: props.oneOf?.map(goSchema) ?? empty(props, "oneOf"),
    AnyOf: props.anyOf?.map(goSchema) ?? empty(props, "anyOf"),
    Not: props.not === undefined ? null : goSchema(props.not),
    Properties: goMap(props.properties, goSchema) ?? empty(props, "properties"),
    AdditionalProperties: goOrBool(props.additionalProperties),
    PatternProperties: goMap(props.patternProperties, goSchema) ?? empty(props, "patternProperties"),
    Dependencies: goMap(props.dependencies, goDependency) ?? empty(props, "dependencies"),
    AdditionalItems: goOrBool(props.additionalItems),
    Definitions: goMap(props.definitions, goSchema) ?? empty(props, "definitions"),
    ExternalDocs:
      props.externalDocs === undefined
        ? null
        : { Description: props.externalDocs.description ?? "", URL: props.externalDocs.url ?? "" },
    Example: sorted(props.example),
    XPreserveUnknownFields: props["x-kubernetes-preserve-unknown-fields"] ?? null,
    XEmbeddedResource: props["x-kubernetes-embedded-resource"] ?? false,
    XIntOrString: props["x-kubernetes-int-or-string"] ?? false,
    XListMapKeys: props["x-kubernetes-list-map-keys"] ?? empty(props, "x-kubernetes-list-map-keys"),
    XListType: props["x-kubernetes-list-type"] ?? null,
    XMapType: props["x-kubernetes-map-type"] ?? null,
    XValidations: props["x-kubernetes-validations"]?.map(shownRule) ?? empty(props, "x-kubernetes-validations"),
  };
}

/** A list or map without anything in it is null, unless it was sent. */
function empty(props: Props, field: keyof Props & string): unknown {
  return sentEmptyOf(props, field) ?? null;
}

export function goItems(items: Props["items"]): object | null {
  if (items === undefined) return null;
  if (!Array.isArray(items)) return { Schema: goSchema(items as Props), JSONSchemas: null };
  return { Schema: null, JSONSchemas: (items as readonly (Props | null)[]).map((one) => goSchema(one ?? {})) };
}

function goOrBool(said: Props | boolean | undefined): object | null {
  if (said === undefined) return null;
  return typeof said === "boolean" ? { Allows: said, Schema: null } : { Allows: true, Schema: goSchema(said) };
}

function goDependency(said: Props | readonly string[] | null): object {
  if (said === null) return { Schema: null, Property: null };
  return Array.isArray(said) ? { Schema: null, Property: said } : { Schema: goSchema(said as Props), Property: null };
}

function goMap<T>(map: Readonly<Record<string, T>> | undefined, one: (value: T) => object): object | null {
  if (map === undefined) return null;
  const names = Object.keys(map).sort(compareText);
  return Object.fromEntries(names.map((name) => [name, one(map[name]!)]));
}

/** Any value; what it has by name comes sorted. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isJsonObject(value as JsonValue | undefined)) return value ?? null;
  return Object.fromEntries(
    Object.entries(value as object)
      .sort(([a], [b]) => compareText(a, b))
      .map(([name, one]) => [name, sorted(one)]),
  );
}
