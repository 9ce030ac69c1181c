import type { CompactDefinition, CompactDefinitions, CompactField, CompactType } from "./compact.ts";
import type { AnySchema, Field, ListSchema, MapSchema, ObjectSchema, ScalarSchema, Schema } from "./schema.ts";

const definitionPrefix = "io.k8s.";

const scalars: Readonly<Record<string, ScalarSchema>> = {
  string: { type: "string" },
  bool: { type: "boolean" },
  int32: { type: "integer", format: "int32" },
  int64: { type: "integer", format: "int64" },
  float64: { type: "number", format: "double" },
  "[]uint8": { type: "string", format: "byte" },
};

/** Definitions that are not structs: how their JSON looks is decided by upstream's own marshalers. */
const special: Readonly<Record<string, ScalarSchema | AnySchema>> = {
  "apimachinery.pkg.api.resource.Quantity": { type: "string", format: "quantity" },
  "apimachinery.pkg.apis.meta.v1.Time": { type: "string", format: "date-time" },
  "apimachinery.pkg.apis.meta.v1.MicroTime": { type: "string", format: "micro-time" },
  "apimachinery.pkg.apis.meta.v1.FieldsV1": { type: "any", object: true },
  "apimachinery.pkg.apis.meta.v1.Patch": { type: "any", object: true },
  "apimachinery.pkg.runtime.RawExtension": { type: "any", object: true },
  "apimachinery.pkg.util.intstr.IntOrString": { type: "int-or-string", format: "int-or-string" },
  "apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON": { type: "any" },
  "apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray": { type: "any" },
  "apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool": { type: "any" },
  "apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray": { type: "any" },
};

const noKeys: readonly string[] = [];

/** A struct whose fields are built when they are first read, so that definitions may refer to each other in circles. */
class DefinitionSchema implements ObjectSchema {
  readonly type = "object";
  readonly definition: string;
  readonly mapType?: "granular" | "atomic";
  readonly #compact: CompactDefinition;
  readonly #resolve: (name: string) => Schema;
  #fields: ReadonlyMap<string, Field> | undefined;

  constructor(name: string, compact: CompactDefinition, resolve: (name: string) => Schema) {
    this.definition = definitionPrefix + name;
    if (compact.map !== undefined) this.mapType = compact.map;
    this.#compact = compact;
    this.#resolve = resolve;
  }

  get fields(): ReadonlyMap<string, Field> {
    this.#fields ??= this.#build();
    return this.#fields;
  }

  #build(): ReadonlyMap<string, Field> {
    const fields = new Map<string, Field>();
    const required = new Set(this.#compact.required);
    for (const [name, raw] of Object.entries(this.#compact.fields ?? {})) {
      const compact: CompactField = typeof raw === "string" ? { type: raw } : raw;
      fields.set(name, buildField(name, compact, required.has(name), this.#resolve));
    }
    return fields;
  }
}

function buildField(name: string, compact: CompactField, required: boolean, resolve: (name: string) => Schema): Field {
  const isReference = !(compact.type in scalars) && !compact.type.startsWith("[]") && !compact.type.startsWith("map[");
  // Upstream's code replaces the zero of a plain value: nobody can have meant it, so it counts as absent.
  const zeroReplaced = compact.coded !== undefined && compact.default !== undefined && !compact.default;
  return {
    name,
    schema: buildType(compact.type, compact, resolve),
    required,
    empty: (compact.keep === 1 || isReference) && !zeroReplaced ? "keep" : "omit",
    ...(compact.coded !== undefined && { default: compact.coded, defaultUnpublished: true as const }),
    ...(compact.coded === undefined && compact.default !== undefined && { default: compact.default }),
    ...(compact.strategy !== undefined && {
      patchStrategies: compact.strategy.split(",") as ("merge" | "replace" | "retainKeys")[],
    }),
    ...(compact.mergeKey !== undefined && { patchMergeKey: compact.mergeKey }),
    ...(compact.go !== undefined && { typeName: compact.go }),
    ...(compact.embedded !== undefined && { embeddedIn: compact.embedded }),
  };
}

/** `field` is undefined for the items of a list or the values of a map: what a field says of its list holds for the outermost. */
function buildType(type: CompactType, field: CompactField | undefined, resolve: (name: string) => Schema): Schema {
  const scalar = scalars[type];
  if (scalar !== undefined) return scalar;
  if (type.startsWith("[]")) {
    const list: ListSchema = {
      type: "list",
      items: buildType(type.slice(2), undefined, resolve),
      listType: field?.list ?? "atomic",
      mapKeys: field?.keys ?? noKeys,
    };
    return list;
  }
  if (type.startsWith("map[string]")) {
    const values = buildType(type.slice("map[string]".length), undefined, resolve);
    const map: MapSchema = { type: "map", values, ...(field?.map !== undefined && { mapType: field.map }) };
    return map;
  }
  const referred = resolve(type);
  // A field may say of the struct it holds that it is atomic (a LabelSelector of a PersistentVolumeClaim's spec, say).
  if (field?.map === undefined || referred.type !== "object") return referred;
  const mapType = field.map;
  return {
    type: "object",
    ...(referred.definition !== undefined && { definition: referred.definition }),
    mapType,
    get fields() {
      return referred.fields;
    },
  };
}

/** Looks definitions up by name, with or without the leading `io.k8s.`. */
export interface SchemaTable {
  /** The structure of any definition. Throws where there is none of that name. */
  schema(name: string): Schema;
  /** The same for a struct. Throws for a definition that is none (Quantity, Time, …). */
  definition(name: string): ObjectSchema;
}

/** Schema values of a compact table; `load` is called once, when the first definition is asked for. */
export function schemaTable(load: () => CompactDefinitions): SchemaTable {
  let table: CompactDefinitions | undefined;
  const built = new Map<string, Schema>();
  const resolve = (short: string): Schema => {
    const known = built.get(short);
    if (known !== undefined) return known;
    table ??= load();
    const compact = table[short];
    if (compact === undefined) throw new Error(`no definition is named ${definitionPrefix}${short}`);
    const fixed = special[short];
    const schema =
      fixed === undefined
        ? new DefinitionSchema(short, compact, resolve)
        : { ...fixed, definition: definitionPrefix + short };
    built.set(short, schema);
    return schema;
  };
  const schema = (name: string): Schema =>
    resolve(name.startsWith(definitionPrefix) ? name.slice(definitionPrefix.length) : name);
  return {
    schema,
    definition(name) {
      const found = schema(name);
      if (found.type !== "object") throw new Error(`${name} is not a struct`);
      return found;
    },
  };
}
