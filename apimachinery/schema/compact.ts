import type { JsonValue } from "../json/json.ts";

/**
 * The committed form of a set of definitions: small enough to ship, and without loss, so that OpenAPI can be written from
 * it again. `build.ts` turns it into Schema values.
 *
 * A type is written as Go writes it: `string`, `bool`, `int32`, `int64`, `float64`, `[]uint8` (base64 text), `[]T`,
 * `map[string]T`, or the name of a definition without its leading `io.k8s.`.
 */
export type CompactType = string;

export interface CompactField {
  readonly type: CompactType;
  /** The published default. */
  readonly default?: JsonValue;
  /** A default that upstream's code sets and OpenAPI does not show. */
  readonly coded?: JsonValue;
  /** The empty value is written when the object is encoded. */
  readonly keep?: 1;
  readonly list?: "atomic" | "set" | "map";
  readonly keys?: readonly string[];
  readonly map?: "granular" | "atomic";
  readonly mergeKey?: string;
  /** Comma-separated, as `x-kubernetes-patch-strategy` has it. */
  readonly strategy?: string;
  /** Go's name of the type where it is not what `type` says. */
  readonly go?: string;
  /** Go's embedded structs between the struct and the field, joined by dots. */
  readonly embedded?: string;
}

export interface CompactDefinition {
  /** A field that has nothing to say but its type is that type alone. */
  readonly fields?: Readonly<Record<string, CompactType | CompactField>>;
  readonly required?: readonly string[];
  readonly map?: "granular" | "atomic";
  /** `group/version/Kind`; the core group is empty. */
  readonly kinds?: readonly string[];
  readonly unions?: readonly JsonValue[];
  /** OpenAPI's type and format of a definition without fields; both absent for any JSON. */
  readonly type?: string;
  readonly format?: string;
}

export type CompactDefinitions = Readonly<Record<string, CompactDefinition>>;
