import type { CustomResourceDefinition } from "../../../api/apiextensions/v1/customresourcedefinition.ts";
import type { Descriptions } from "../../../api/descriptions.ts";
import type { CustomResourceDefinitionVersion } from "../../../api/generated/types/apiextensions-v1.ts";
import type { JsonObject, JsonValue } from "../../../apimachinery/json/json.ts";
import type { ResourceDefinition } from "../../../apimachinery/resource/resource.ts";
import type { Props } from "../../../apimachinery/structural/props.ts";
import { meta } from "../../openapi/operations.ts";
import { type OpenApiVersion, reference } from "../../openapi/schemas.ts";
import type { ServedDefinition } from "../custom-resources.ts";
import { shapeOf } from "../definition.ts";

// Rules: apiextensions-apiserver/pkg/controller/openapi/{builder,v2}.

type Kind = Pick<ResourceDefinition, "group" | "version" | "kind">;

/** `com.example.stable.v1.CronTab`. */
export function schemaName({ group, version, kind }: Kind): string {
  return `${group.split(".").reverse().join(".")}.${version}.${kind}`;
}

const preserved = "x-kubernetes-preserve-unknown-fields";
const conventions = "https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md";

/** What every object has is described as it is of any built-in one. */
const model = "io.k8s.api.apps.v1.Deployment";

type Describe = (field: "apiVersion" | "kind" | "metadata", list?: boolean) => { readonly description?: string };

/** Upstream's words, whatever the file of sentences has. */
const metadataSentences = {
  object: `Standard object's metadata. More info: ${conventions}#metadata`,
  list: `Standard list metadata. More info: ${conventions}#types-kinds`,
};

function describer(descriptions: Descriptions | undefined): Describe {
  return (field, list = false) => {
    if (field === "metadata") return { description: metadataSentences[list ? "list" : "object"] };
    const description = descriptions?.definitions[list ? `${model}List` : model]?.fields[field];
    return description === undefined ? {} : { description };
  };
}

export interface CustomSchemaOptions {
  readonly version: OpenApiVersion;
  readonly descriptions: Descriptions | undefined;
  /** Of this document alone, such as `apis/example.com/v1`. */
  readonly document?: string;
}

/** The schemas of kinds and their lists by name. */
export function customSchemas(served: readonly ServedDefinition[], options: CustomSchemaOptions): JsonObject {
  const { version, document } = options;
  const describe = describer(options.descriptions);
  const schemas: JsonObject = {};
  for (const { crd, definitions } of served) {
    for (const definition of definitions) {
      if (document !== undefined && document !== `apis/${definition.group}/${definition.version}`) continue;
      const name = schemaName(definition);
      schemas[name] = kindSchema(crd, definition, version, describe);
      schemas[`${name}List`] = listSchema(crd, definition, version, describe);
    }
  }
  return schemas;
}

function kindSchema(
  crd: CustomResourceDefinition,
  definition: ResourceDefinition,
  version: OpenApiVersion,
  describe: Describe,
): JsonObject {
  const declared = crd.spec.versions.find(({ name }) => name === definition.version)!;
  const { props, preserveUnknownFields } = shapeOf(crd, declared);
  const isOpen = declared.schema?.openAPIV3Schema === undefined || preserveUnknownFields || props[preserved] === true;
  const extensions = extensionsOf(declared, groupVersionKind(definition, definition.kind));
  // Clients of v2 take the fields that are listed for all there may be: of what is not pruned, none is.
  if (isOpen && version === "v2") return { type: "object", ...extensions };
  const embedded = objectFields(version, describe);
  const base = published(props, { version, embedded });
  const own = base["properties"] as JsonObject | undefined;
  return {
    ...base,
    properties: { ...own, ...embedded },
    ...extensions,
  };
}

/** Of a kind and of its list: which it is, and by what else than name and namespace it is found. */
function extensionsOf({ selectableFields = [] }: CustomResourceDefinitionVersion, gvk: JsonObject): JsonObject {
  const fields = selectableFields.map(({ jsonPath }) => ({ fieldPath: jsonPath.replace(/^\./, "") }));
  return {
    "x-kubernetes-group-version-kind": [gvk],
    ...(fields.length === 0 ? {} : { "x-kubernetes-selectable-fields": fields }),
  };
}

/** What is an object of its own has these fields, described or not. */
function objectFields(version: OpenApiVersion, describe: Describe): JsonObject {
  return {
    apiVersion: { type: "string", ...describe("apiVersion") },
    kind: { type: "string", ...describe("kind") },
    metadata: metadataReference("ObjectMeta", describe("metadata"), version),
  };
}

function groupVersionKind({ group, version }: Kind, kind: string): JsonObject {
  return { group, kind, version };
}

function metadataReference(type: string, description: ReturnType<Describe>, version: OpenApiVersion): JsonObject {
  const target = reference(version, `${meta}.${type}`);
  return version === "v3" ? { ...description, allOf: [target] } : { ...description, ...target };
}

function listSchema(
  crd: CustomResourceDefinition,
  definition: ResourceDefinition,
  version: OpenApiVersion,
  describe: Describe,
): JsonObject {
  const { kind, listKind, plural } = definition;
  const declared = crd.spec.versions.find(({ name }) => name === definition.version)!;
  const items: JsonObject = {
    type: "array",
    description: `List of ${plural}. More info: ${conventions}`,
    items: reference(version, `=${schemaName(definition)}`),
  };
  return {
    description: `${listKind || `${kind}List`} is a list of ${kind}`,
    type: "object",
    required: ["items"],
    properties: {
      apiVersion: { type: "string", ...describe("apiVersion", true) },
      items,
      kind: { type: "string", ...describe("kind", true) },
      metadata: metadataReference("ListMeta", describe("metadata", true), version),
    },
    ...extensionsOf(declared, groupVersionKind(definition, listKind)),
  };
}

/** Keywords that OpenAPI v2 does not know. */
const unknownToV2: ReadonlySet<string> = new Set(["allOf", "anyOf", "oneOf", "not", "nullable", "default"]);

interface Context {
  readonly version: OpenApiVersion;
  readonly embedded: JsonObject;
}

/** A schema as it is published: v3 as it was given, v2 without what clients of v2 would stumble over. */
function published(props: Props, context: Context): JsonObject {
  const { version, embedded } = context;
  const result: JsonObject = {};
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || (version === "v2" && unknownToV2.has(name))) continue;
    result[name] = publishedPart(name, value, context);
  }
  if (version === "v2") looseForV2(props, result);
  // To v2 an open object with some fields would be a closed one.
  const closed = version === "v3" || props[preserved] !== true;
  if (props["x-kubernetes-embedded-resource"] === true && closed) {
    result["properties"] = { ...(result["properties"] as JsonObject | undefined), ...embedded };
    result["required"] = [...new Set([...(props.required ?? []), "kind", "apiVersion"])];
  }
  return result;
}

function publishedPart(name: string, value: unknown, context: Context): JsonValue {
  switch (name) {
    case "properties":
      return Object.fromEntries(
        Object.entries(value as Readonly<Record<string, Props>>).map(([key, one]) => [key, published(one, context)]),
      );
    case "items":
    case "not":
      return published(value as Props, context);
    case "additionalProperties":
      return typeof value === "boolean" ? value : published(value as Props, context);
    case "allOf":
    case "anyOf":
    case "oneOf":
      return (value as readonly Props[]).map((one) => published(one, context));
    default:
      return value as JsonValue;
  }
}

/** Where a value may be null, or of two types, or hold what is not described, v2 says nothing of it. */
function looseForV2(props: Props, result: JsonObject): void {
  if (props[preserved] === true && props.type !== "array") {
    for (const name of ["items", "properties", "additionalProperties", "type"]) {
      if (name !== "type" || props.type !== "object") delete result[name];
    }
  }
  if (props.nullable === true) {
    for (const name of ["type", "items", "properties", "additionalProperties"]) delete result[name];
  }
  if (props["x-kubernetes-int-or-string"] === true) delete result["type"];
}
