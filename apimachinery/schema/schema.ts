import type { JsonValue } from "../json/json.ts";

/**
 * The structure of API data, as one immutable value. Decoding, defaulting, unknown-field checks, merge keys, server-side
 * apply, OpenAPI and protobuf are folds over it; a custom resource's schema, parsed at run time, is the same value.
 *
 * References between definitions are resolved when first read (`Field.schema`, `items`, `values` may be getters), so a
 * definition may contain itself (JSONSchemaProps does) and an unused one costs nothing.
 */
export type Schema = ObjectSchema | MapSchema | ListSchema | ScalarSchema | AnySchema;

/** What every schema may carry: rules of a single value, mostly from custom resources. */
interface Common {
  /** Full definition name, such as `io.k8s.api.core.v1.PodSpec`; absent for an inline schema. */
  readonly definition?: string;
  /** JSON null is a value of its own and not the absence of one (custom resources only). */
  readonly nullable?: boolean;
  readonly constraints?: Constraints;
}

/** A struct: a closed set of named fields. */
export interface ObjectSchema extends Common {
  readonly type: "object";
  readonly fields: ReadonlyMap<string, Field>;
  /** `atomic`: server-side apply owns the whole, not its fields. Default `granular`. */
  readonly mapType?: "granular" | "atomic";
  /** Keeps fields it does not know (x-kubernetes-preserve-unknown-fields). */
  readonly preserveUnknown?: boolean;
  /** Holds a whole API object with apiVersion, kind and metadata. */
  readonly embeddedResource?: boolean;
}

/** One named field of an object. */
export interface Field {
  readonly name: string;
  readonly schema: Schema;
  readonly required: boolean;
  /** Value that stands where the field is absent (static defaults; the rest is a resource's `setDefaults`). */
  readonly default?: JsonValue;
  /** The default comes from upstream's defaulting code: applied like any other, but OpenAPI does not show it. */
  readonly defaultUnpublished?: true;
  /**
   * What happens to an empty value ("", 0, false, [], {}) when the object is encoded, which is what upstream's Go type
   * decides: `keep` (pointer, or no omitempty), `omit` (omitempty on a plain value).
   */
  readonly empty: "keep" | "omit";
  /** Strategic merge: how a patch of this field meets what is there. `replace` where absent. */
  readonly patchStrategies?: readonly ("merge" | "replace" | "retainKeys")[];
  /** Strategic merge: the key of a list of objects merged by key. */
  readonly patchMergeKey?: string;
  /** Upstream's name of the value's type (`v1.RestartPolicy`), where structure does not say it: decode errors spell it. */
  readonly typeName?: string;
  /** Upstream's embedded structs on the way to the field, joined by dots: decode errors spell them before the field's name. */
  readonly embeddedIn?: string;
}

/** Free keys, values of one schema. */
export interface MapSchema extends Common {
  readonly type: "map";
  readonly values: Schema;
  readonly mapType?: "granular" | "atomic";
}

export interface ListSchema extends Common {
  readonly type: "list";
  readonly items: Schema;
  /** As server-side apply sees the list. Default `atomic`. */
  readonly listType: "atomic" | "set" | "map";
  /** Fields that identify an item of a `map` list. Empty otherwise. */
  readonly mapKeys: readonly string[];
}

export type ScalarFormat =
  | "int32"
  | "int64"
  | "double"
  | "byte" // base64 text
  | "date-time" // metav1.Time: RFC 3339, whole seconds, UTC
  | "micro-time" // metav1.MicroTime: RFC 3339 with six decimals, UTC
  | "duration" // metav1.Duration: Go's time.Duration text
  | "quantity" // resource.Quantity: string or number on the wire, canonical string inside
  | "int-or-string"
  | (string & {}); // formats of custom resources: checked by their validator

export interface ScalarSchema extends Common {
  readonly type: "string" | "integer" | "number" | "boolean" | "int-or-string";
  readonly format?: ScalarFormat;
}

/** Any JSON: RawExtension, FieldsV1, apiextensions JSON, x-kubernetes-preserve-unknown-fields without a type. */
export interface AnySchema extends Common {
  readonly type: "any";
  /** It must be an object (RawExtension, FieldsV1). */
  readonly object?: boolean;
}

/** Value rules beyond structure; all from OpenAPI v3 as CustomResourceDefinitions allow it. */
export interface Constraints {
  readonly enum?: readonly JsonValue[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: boolean;
  readonly exclusiveMaximum?: boolean;
  readonly multipleOf?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly minProperties?: number;
  readonly maxProperties?: number;
}
