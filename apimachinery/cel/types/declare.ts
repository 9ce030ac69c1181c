import type { Field, ListSchema, MapSchema, ObjectSchema, ScalarSchema, Schema } from "../../schema/schema.ts";
import { escapedKeyword, escapeFieldName } from "./escape.ts";
import {
  boolType,
  bytesType,
  type CelType,
  doubleType,
  durationType,
  dynType,
  intType,
  listType,
  mapType,
  objectType,
  stringType,
  timestampType,
} from "./type.ts";

/** The largest request, in bytes: what bounds everything that a schema leaves unbounded. */
const maxRequestBytes = 3 * 1024 * 1024;
const maxTextLength = maxRequestBytes - 2;
const minSizes = { text: 2, duration: 3, date: 12, dateTime: 21, boolean: 4, number: 1 } as const;
const maxTimeText = 32;

export interface DeclareOptions {
  /** A whole API object: apiVersion, kind, metadata.name and metadata.generateName are there whatever the schema says. */
  readonly resourceRoot?: boolean;
  /** Name of the type; nested types are named after it. */
  readonly name?: string;
}

/**
 * The CEL type of values of a schema, with the sizes that cost estimates need. `undefined` where the schema does not
 * say what values are: expressions cannot reach those. Int-or-string is dyn.
 * Upstream: apiserver/pkg/cel/common/schemas.go, SchemaDeclType.
 */
export function declTypeOf(
  schema: Schema,
  { resourceRoot = false, name = "object" }: DeclareOptions = {},
): CelType | undefined {
  switch (schema.type) {
    case "object":
      return declareObject(schema, resourceRoot || schema.embeddedResource === true, name);
    case "map":
      return declareMap(schema, name);
    case "list":
      return declareList(schema, name);
    case "any":
      return undefined;
    default:
      return declareScalar(schema);
  }
}

/** An object type of fields given by hand: `request`, `namespaceObject`. Names are JSON's, none is escaped: `request.namespace`. */
export function declareFields(name: string, fields: Readonly<Record<string, CelType>>): CelType {
  const byName = new Map(Object.entries(fields).map(([json, type]) => [json, { json, type }]));
  return objectType(name, (field) => byName.get(field)?.type, { fields: byName, minSerializedSize: 2 });
}

function fieldsType(name: string, fields: Iterable<readonly [string, CelType]>, minSerializedSize: number): CelType {
  const byName = new Map<string, { json: string; type: CelType }>();
  for (const [json, type] of fields) {
    const escaped = escapeFieldName(json);
    if (escaped !== undefined) byName.set(escaped, { json, type });
  }
  const typeOf = (field: string): CelType | undefined =>
    (byName.get(field) ?? byName.get(escapedKeyword(field) ?? field))?.type;
  return objectType(name, typeOf, { fields: byName, minSerializedSize });
}

const text = stringType.declared({ maxElements: maxTextLength, minSerializedSize: minSizes.text });

function declareObject(schema: ObjectSchema, isResource: boolean, name: string): CelType {
  // A schema that says all of it itself may say more of metadata.
  const resourceRoot = isResource && !saysRoot(schema);
  const fields: [string, CelType][] = [];
  let minSerializedSize = 2;
  for (const [json, field] of schema.fields) {
    if (resourceRoot && rootFields.has(json)) continue;
    const type = declTypeOf(field.schema, { name: `${name}.${json}` });
    if (type === undefined) continue;
    fields.push([json, type]);
    if (isRequired(field)) minSerializedSize += Buffer.byteLength(json) + minSizeOf(type) + 4;
  }
  if (resourceRoot) {
    fields.push(["apiVersion", text], ["kind", text]);
    fields.push([
      "metadata",
      fieldsType(
        `${name}.metadata`,
        [
          ["name", text],
          ["generateName", text],
        ],
        2,
      ),
    ]);
  }
  return fieldsType(name, fields, minSerializedSize);
}

function saysRoot({ fields }: ObjectSchema): boolean {
  const isText = (field: Field | undefined): boolean => field?.schema.type === "string";
  const metadata = fields.get("metadata")?.schema;
  return (
    isText(fields.get("kind")) &&
    isText(fields.get("apiVersion")) &&
    metadata?.type === "object" &&
    isText(metadata.fields.get("name")) &&
    isText(metadata.fields.get("generateName"))
  );
}

const rootFields = new Set(["apiVersion", "kind", "metadata"]);

function isRequired({ required, default: value }: Field): boolean {
  return required && value === undefined;
}

function minSizeOf(type: CelType): number {
  return type.declaration?.minSerializedSize ?? 0;
}

function declareMap({ values, constraints }: MapSchema, name: string): CelType | undefined {
  const value = declTypeOf(values, { name: `${name}.@elem` });
  if (value === undefined) return undefined;
  const maxElements = constraints?.maxProperties ?? Math.floor((maxRequestBytes - 2) / (minSizeOf(value) + 6));
  return mapType(stringType, value).declared({ maxElements: Math.max(maxElements, 0), minSerializedSize: 2 });
}

function declareList({ items, listType: kind, mapKeys, constraints }: ListSchema, name: string): CelType | undefined {
  const item = declTypeOf(items, { name: `${name}.@idx` });
  if (item === undefined) return undefined;
  const maxElements = constraints?.maxItems ?? Math.floor((maxRequestBytes - 2) / (minSizeOf(item) + 1));
  return listType(item).declared({
    maxElements: Math.max(maxElements, 0),
    minSerializedSize: 2,
    listType: kind,
    mapKeys: mapKeys.map((key) => escapeFieldName(key) ?? key),
  });
}

/** Lengths count characters, requests bytes: a character takes up to four. */
function maxLengthOf({ constraints }: ScalarSchema): number | undefined {
  return constraints?.maxLength === undefined ? undefined : Math.max(constraints.maxLength, 0) * 4;
}

function declareScalar(schema: ScalarSchema): CelType {
  switch (schema.type) {
    case "int-or-string":
      return dynType.declared({ maxElements: maxLengthOf(schema) ?? maxTextLength, minSerializedSize: 1 });
    case "boolean":
      return boolType.declared({ minSerializedSize: minSizes.boolean });
    case "integer":
      return intType.declared({ minSerializedSize: minSizes.number });
    case "number":
      return doubleType.declared({ minSerializedSize: minSizes.number });
    case "string":
      return declareText(schema);
  }
}

function declareText(schema: ScalarSchema): CelType {
  switch (schema.format) {
    case "int-or-string":
      return dynType.declared({ maxElements: maxLengthOf(schema) ?? maxTextLength, minSerializedSize: 1 });
    case "byte": {
      const maxElements = schema.constraints?.maxLength ?? maxTextLength;
      return bytesType.declared({ maxElements: Math.max(maxElements, 0), minSerializedSize: minSizes.text });
    }
    case "duration":
      return durationType.declared({ maxElements: maxTimeText, minSerializedSize: minSizes.duration });
    case "date":
      return timestampType.declared({ maxElements: minSizes.date, minSerializedSize: minSizes.date });
    case "date-time":
    case "micro-time":
      return timestampType.declared({ maxElements: maxTimeText, minSerializedSize: minSizes.dateTime });
  }
  const values = schema.constraints?.enum?.filter((value) => typeof value === "string");
  const longest = values?.length ? Math.max(...values.map((value) => Buffer.byteLength(value))) : undefined;
  return stringType.declared({
    maxElements: maxLengthOf(schema) ?? longest ?? maxTextLength,
    minSerializedSize: minSizes.text,
  });
}
