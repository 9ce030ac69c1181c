import type { FieldError } from "../../../../apimachinery/field/error.ts";
import { forbidden, invalid, jsonText, notSupported, required } from "../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../apimachinery/field/path.ts";
import { FieldPathError, findField } from "../../../../apimachinery/structural/field-path.ts";
import {
  itemsOf,
  type Props,
  positionalItemsOf,
  propertyOf,
  type ValidationRule,
} from "../../../../apimachinery/structural/props.ts";
import { unsupported } from "../../../../apimachinery/structural/structure.ts";
import { goItems } from "./go-schema.ts";
import type { SchemaOptions } from "./schema-options.ts";

// Rules of one schema (pkg/apis/apiextensions/validation, ValidateCustomResourceDefinitionOpenAPISchema), without those of
// the schemas within it.

const types = ["array", "boolean", "integer", "number", "object", "string"];

/** Where in the whole a schema stands, as far as its rules depend on it. */
export interface Surroundings {
  /** Why no default may be given here. */
  readonly noDefaults?: string;
  readonly insideMeta: boolean;
  /** The nearest schema whose values cannot be told apart across an update. */
  readonly uncorrelatable?: Path;
}

/** What OpenAPI knows and custom resources may not use. */
export function* standardErrors(
  props: Props,
  place: Path,
  around: Surroundings,
  options: SchemaOptions,
): Generator<FieldError> {
  const { type = "" } = props;
  if (options.requireValidPropertyType && type !== "" && !types.includes(type)) {
    yield notSupported(place.child("type"), type, types);
  }
  if (props.default !== undefined && around.noDefaults !== undefined) {
    yield forbidden(place.child("default"), `must not be set ${around.noDefaults}`.trimEnd());
  }
  if (props.id) yield forbidden(place.child("id"), "id is not supported");
  for (const name of ["additionalItems", "patternProperties", "definitions", "dependencies", "$ref"] as const) {
    const said = props[name];
    const empty = typeof said === "object" && name !== "additionalItems" && Object.keys(said).length === 0;
    if (said !== undefined && !empty) yield forbidden(place.child(name), `${name} is not supported`);
  }
  if (type === "null")
    yield forbidden(place.child("type"), "type cannot be set to null, use nullable as an alternative");
  if (positionalItemsOf(props).length > 0) {
    yield forbidden(place.child("items"), "items must be a schema object and not an array");
  }
  if (around.insideMeta && props["x-kubernetes-embedded-resource"] === true) {
    yield forbidden(place.child("x-kubernetes-embedded-resource"), "must not be used inside of resource meta");
  }
  if (props.uniqueItems === true) {
    const detail = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic";
    yield forbidden(place.child("uniqueItems"), detail);
  }
  const hasProperties = Object.keys(props.properties ?? {}).length > 0;
  if (hasProperties && props.additionalProperties !== undefined && props.additionalProperties !== true) {
    const detail = "additionalProperties and properties are mutual exclusive";
    yield forbidden(place.child("additionalProperties"), detail);
  }
}

/** Types of lists and maps, and preserving. */
export function* extensionErrors(props: Props, place: Path, options: SchemaOptions): Generator<FieldError> {
  if (props["x-kubernetes-preserve-unknown-fields"] === false) {
    yield invalid(place.child("x-kubernetes-preserve-unknown-fields"), false, "must be true or undefined");
  }
  const mapType = props["x-kubernetes-map-type"];
  if (mapType !== undefined) {
    yield* wantedType(props, "object", "x-kubernetes-map-type", place);
    if (mapType !== "atomic" && mapType !== "granular") {
      yield notSupported(place.child("x-kubernetes-map-type"), mapType, ["atomic", "granular"]);
    }
  }
  const listType = props["x-kubernetes-list-type"];
  const at = place.child("x-kubernetes-list-type");
  if (listType !== undefined && props.type !== "array")
    yield* wantedType(props, "array", "x-kubernetes-list-type", place);
  else if (options.requireAtomicSetType) yield* setItemErrors(props, place);
  if (listType !== undefined && !["atomic", "set", "map"].includes(listType)) {
    yield notSupported(at, listType, ["atomic", "set", "map"]);
  }
  if ((props["x-kubernetes-list-map-keys"]?.length ?? 0) > 0 && listType !== "map") {
    const detail = "must be map if x-kubernetes-list-map-keys is non-empty";
    yield listType === undefined ? required(at, detail) : invalid(at, listType, detail);
  }
  if (listType === "map") yield* keyErrors(props, place);
  if (options.requireMapListKeysMapSetValidation) yield* itemKeyErrors(props, place);
}

function* wantedType(props: Props, wanted: string, because: string, place: Path): Generator<FieldError> {
  if (props.type === wanted) return;
  const detail = `must be ${wanted} if ${because} is specified`;
  yield props.type ? invalid(place.child("type"), props.type, detail) : required(place.child("type"), detail);
}

/** The first way in which the items of a set are no wholes. */
export function* setItemErrors(props: Props, place: Path): Generator<FieldError> {
  const items = itemsOf(props);
  if (props["x-kubernetes-list-type"] !== "set" || items === undefined) return;
  const detail = "must be atomic as item of a list with x-kubernetes-list-type=set";
  const listType = items["x-kubernetes-list-type"];
  if (items.type === "array" && listType !== undefined && listType !== "atomic") {
    yield invalid(place.child("items").child("x-kubernetes-list-type"), listType, detail);
  }
  if (items.type === "object" && items["x-kubernetes-map-type"] !== "atomic") {
    yield invalid(place.child("items").child("x-kubernetes-map-type"), listType ?? null, detail);
  }
}

function* keyErrors(props: Props, place: Path): Generator<FieldError> {
  const keys = props["x-kubernetes-list-map-keys"] ?? [];
  const at = place.child("x-kubernetes-list-map-keys");
  const items = itemsOf(props);
  if (keys.length === 0) yield required(at, "must not be empty if x-kubernetes-list-type is map");
  if (props.items === undefined) {
    yield required(place.child("items"), "must have a schema if x-kubernetes-list-type is map");
  } else if (items === undefined) {
    const detail = "must only have a single schema if x-kubernetes-list-type is map";
    yield invalid(place.child("items"), goItems(props.items), detail);
  } else if (items.type !== "object") {
    const detail = "must be object if parent array's x-kubernetes-list-type is map";
    yield invalid(place.child("items").child("type"), items.type ?? "", detail);
  } else {
    for (const [i, key] of keys.entries()) {
      const property = propertyOf(items, key);
      if (property === undefined) yield invalid(at, keys, "entries must all be names of item properties");
      else if (property.type === "array" || property.type === "object") {
        const type = place.child("items").child("properties").key(key).child("type");
        yield invalid(type, items.type, "must be a scalar type if parent array's x-kubernetes-list-type is map");
      }
      if (keys.indexOf(key) < i) yield invalid(at, keys, "must not contain duplicate entries");
    }
  }
}

/** Keys that could be absent or null would identify nothing. */
export function* itemKeyErrors(props: Props, place: Path): Generator<FieldError> {
  const listType = props["x-kubernetes-list-type"];
  const items = itemsOf(props);
  if (items === undefined || (listType !== "set" && listType !== "map")) return;
  const at = place.child("items");
  if (items.nullable === true) {
    yield forbidden(at.child("nullable"), `cannot be nullable when x-kubernetes-list-type is ${listType}`);
  }
  if (listType !== "map") return;
  for (const key of props["x-kubernetes-list-map-keys"] ?? []) {
    const property = propertyOf(items, key);
    if (property === undefined) continue;
    const place = at.child("properties").key(key);
    const because = "this property is in x-kubernetes-list-map-keys, so it";
    if (items.required?.includes(key) !== true && property.default === undefined) {
      yield required(place.child("default"), `${because} must have a default or be a required property`);
    }
    if (property.nullable === true) yield forbidden(place.child("nullable"), `${because} cannot be nullable`);
  }
}

const reasons = ["FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"];
const hasLineBreaks = (text: string): boolean => /[\n\r]/.test(text);

/** What can be said of x-kubernetes-validations before they are compiled. */
export function* ruleErrors(props: Props, place: Path): Generator<FieldError> {
  for (const [i, rule] of (props["x-kubernetes-validations"] ?? []).entries()) {
    yield* oneRuleErrors(rule, props, place.child("x-kubernetes-validations").index(i));
  }
}

function* oneRuleErrors(rule: ValidationRule, props: Props, place: Path): Generator<FieldError> {
  const { message = "", messageExpression = "", reason, fieldPath = "" } = rule;
  const text = (rule.rule ?? "").trim();
  if (text === "") yield required(place.child("rule"), "rule is not specified");
  else if (message !== "" && message.trim() === "") {
    yield invalid(place.child("message"), message, "must be non-empty if specified");
  } else if (hasLineBreaks(message.trim())) {
    yield invalid(place.child("message"), message, "must not contain line breaks");
  } else if (hasLineBreaks(text) && message.trim() === "") {
    yield required(place.child("message"), "message must be specified if rule contains line breaks");
  }
  if (messageExpression !== "" && messageExpression.trim() === "") {
    yield required(place.child("messageExpression"), "messageExpression must be non-empty if specified");
  }
  if (reason !== undefined && !reasons.includes(reason))
    yield notSupported(place.child("reason"), jsonText(reason), reasons);
  if (fieldPath === "") return;
  const at = place.child("fieldPath");
  if (fieldPath.trim() === "") yield invalid(at, fieldPath, "must be non-empty if specified");
  if (hasLineBreaks(fieldPath)) yield invalid(at, fieldPath, "must not contain line breaks");
  if (!leadsSomewhere(fieldPath, props)) yield invalid(at, fieldPath, "must be a valid path");
}

function leadsSomewhere(text: string, props: Props): boolean {
  if (unsupported(props) !== undefined) return true;
  try {
    findField(text, props);
    return true;
  } catch (error) {
    if (error instanceof FieldPathError) return false;
    throw error;
  }
}
