import { RE2JS } from "re2js";
import type { FieldError } from "../field/error.ts";
import { forbidden, formatFieldError, invalid, required } from "../field/errors.ts";
import type { Path } from "../field/path.ts";
import { equalJson } from "../json/equal.ts";
import { compareText } from "../text/go-quote.ts";
import { completenessErrors } from "./completeness.ts";
import { itemsOf, type Props, positionalItemsOf, propertyOf, valuesOf } from "./props.ts";

// Rules: apiextensions-apiserver/pkg/apiserver/schema/{convert,validation}.go.

/** Why the schema cannot be read as a structural one at all; undefined where it can. */
export function unsupported(props: Props): string | undefined {
  for (const [name, said] of [
    ["id", props.id],
    ["schema", props.$schema],
    ["$ref", props.$ref],
  ] as const) {
    if (said !== undefined && said !== "") return `OpenAPIV3Schema '${name}' is not supported`;
  }
  const filled = (value: object | undefined): boolean => value !== undefined && Object.keys(value).length > 0;
  if (filled(props.patternProperties)) return "OpenAPIV3Schema 'patternProperties' is not supported";
  if (filled(props.dependencies)) return "OpenAPIV3Schema 'dependencies' is not supported";
  if (props.additionalItems !== undefined) return "OpenAPIV3Schema 'additionalItems' is not supported";
  if (filled(props.definitions)) return "OpenAPIV3Schema 'definitions' is not supported";
  if (props["x-kubernetes-preserve-unknown-fields"] === false) {
    return "internal error: 'x-kubernetes-preserve-unknown-fields' must be true or undefined";
  }
  if (positionalItemsOf(props).length > 0) return "OpenAPIV3Schema 'items' must be a schema, but is an array";
  return unsupportedWithin(props);
}

function unsupportedWithin(props: Props): string | undefined {
  const inner = [
    props.not,
    ...(props.allOf ?? []),
    ...(props.anyOf ?? []),
    ...(props.oneOf ?? []),
    itemsOf(props),
    ...Object.values(props.properties ?? {}),
    valuesOf(props),
  ];
  for (const one of inner) {
    const problem = one === undefined ? undefined : unsupported(one);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** What keeps a schema from being structural, sorted by its text. Call where `unsupported` has nothing to say. */
export function structuralErrors(props: Props, place: Path): readonly FieldError[] {
  const errors: FieldError[] = [];
  invariants(props, "root", place, errors);
  completenessErrors(props, place, errors);
  return errors
    .map((error) => ({ error, text: formatFieldError(error) }))
    .sort((a, b) => compareText(a.text, b.text))
    .map(({ error }) => error);
}

type Level = "root" | "item" | "field";

const emptyTypeMessage: Readonly<Record<Level, string>> = {
  root: "must not be empty at the root",
  item: "must not be empty for specified array items",
  field: "must not be empty for specified object fields",
};

function invariants(props: Props, level: Level, place: Path, errors: FieldError[]): void {
  const items = itemsOf(props);
  if (props.type === "array" && items === undefined) errors.push(required(place.child("items"), "must be specified"));
  if (items !== undefined) invariants(items, "item", place.child("items"), errors);
  for (const [name, property] of Object.entries(props.properties ?? {})) {
    invariants(property, "field", place.child("properties").key(name), errors);
  }
  if (props.additionalProperties !== undefined) {
    const at = place.child("additionalProperties");
    if (level === "root") errors.push(forbidden(at, "must not be used at the root"));
    const values = valuesOf(props);
    if (values !== undefined) invariants(values, "field", at, errors);
  }
  extensionErrors(props, place, errors);
  valueErrors(
    props,
    { anyOf: isIntOrStringPair(props.anyOf), allOf: isIntOrStringPair(props.allOf?.[0]?.anyOf) },
    place,
    errors,
  );
  typeErrors(props, level, place, errors);
  resourceErrors(props, level, place, errors);
}

function extensionErrors(props: Props, place: Path, errors: FieldError[]): void {
  if (props["x-kubernetes-int-or-string"] !== true) return;
  for (const name of ["x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource"] as const) {
    if (props[name] === true) {
      errors.push(invalid(place.child(name), true, "must be false if x-kubernetes-int-or-string is true"));
    }
  }
}

function typeErrors(props: Props, level: Level, place: Path, errors: FieldError[]): void {
  const { type = "" } = props;
  const at = place.child("type");
  if (props["x-kubernetes-embedded-resource"] === true && type !== "object") {
    const detail = "must be object if x-kubernetes-embedded-resource is true";
    errors.push(type === "" ? required(at, detail) : invalid(at, type, detail));
  } else if (
    type === "" &&
    props["x-kubernetes-int-or-string"] !== true &&
    props["x-kubernetes-preserve-unknown-fields"] !== true
  ) {
    errors.push(required(at, emptyTypeMessage[level]));
  }
  if (level === "root" && type !== "" && type !== "object")
    errors.push(invalid(at, type, "must be object at the root"));
}

function resourceErrors(props: Props, level: Level, place: Path, errors: FieldError[]): void {
  const embedded = props["x-kubernetes-embedded-resource"] === true;
  if (embedded && props.additionalProperties !== undefined) {
    const at = place.child("additionalProperties");
    errors.push(forbidden(at, "must not be used if x-kubernetes-embedded-resource is set"));
  }
  const isResource = level === "root" || embedded;
  const properties = place.child("properties");
  for (const name of ["kind", "apiVersion"]) {
    const property = propertyOf(props, name);
    if (isResource && property !== undefined && property.type !== "string") {
      errors.push(invalid(properties.key(name).child("type"), property.type ?? "", "must be string"));
    }
  }
  const metadata = propertyOf(props, "metadata");
  if (metadata !== undefined) metadataErrors(metadata, isResource, level, properties.key("metadata"), errors);
  const hasProperties = Object.keys(props.properties ?? {}).length > 0;
  if (embedded && props["x-kubernetes-preserve-unknown-fields"] !== true && !hasProperties) {
    const detail =
      "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields";
    errors.push(required(properties, detail));
  }
}

function metadataErrors(metadata: Props, isResource: boolean, level: Level, place: Path, errors: FieldError[]): void {
  if (isResource && metadata.type !== "object") {
    errors.push(invalid(place.child("type"), metadata.type ?? "", "must be object"));
  }
  if (level !== "root") return;
  const { type: _type, default: _default, properties = {}, ...rest } = metadata;
  const onlyNames = Object.keys(properties).every((name) => name === "name" || name === "generateName");
  if (!onlyNames || Object.keys(rest).length > 0) {
    const detail = "must not specify anything other than name and generateName, but metadata is implicitly specified";
    errors.push(forbidden(place, detail));
  }
}

const intOrStringPair = [{ type: "integer" }, { type: "string" }];

/** The one use of `type` within anyOf that is structural: it says again what x-kubernetes-int-or-string means. */
function isIntOrStringPair(anyOf: readonly Props[] | undefined): boolean {
  return anyOf?.length === 2 && equalJson(anyOf, intOrStringPair);
}

/** Which part of a schema says no more than that the value is an integer or a string. */
interface IntOrString {
  readonly anyOf: boolean;
  readonly allOf: boolean;
}

const neither: IntOrString = { anyOf: false, allOf: false };

function valueErrors(props: Props, skip: IntOrString, place: Path, errors: FieldError[]): void {
  const all = (name: "anyOf" | "oneOf"): void => {
    props[name]?.forEach((one, i) => {
      nestedErrors(one, neither, place.child(name).index(i), errors);
    });
  };
  if (!skip.anyOf) all("anyOf");
  props.allOf?.forEach((one, i) => {
    nestedErrors(one, { anyOf: skip.allOf && i === 0, allOf: false }, place.child("allOf").index(i), errors);
  });
  all("oneOf");
  if (props.not !== undefined) nestedErrors(props.not, neither, place.child("not"), errors);
  if (props.pattern) {
    try {
      RE2JS.compile(props.pattern);
    } catch (error) {
      const detail = `must be a valid regular expression, but isn't: ${(error as Error).message}`;
      errors.push(invalid(place.child("pattern"), props.pattern, detail));
    }
  }
}

const forbiddenWithin: readonly (readonly [keyof Props, string])[] = [
  ["default", "must be undefined to be structural"],
  ["title", "must be empty to be structural"],
  ["description", "must be empty to be structural"],
  ["nullable", "must be false to be structural"],
  ["x-kubernetes-preserve-unknown-fields", "must be false to be structural"],
  ["x-kubernetes-embedded-resource", "must be false to be structural"],
  ["x-kubernetes-int-or-string", "must be false to be structural"],
  ["x-kubernetes-list-map-keys", "must be empty to be structural"],
  ["x-kubernetes-list-type", "must be undefined to be structural"],
  ["x-kubernetes-map-type", "must be undefined to be structural"],
  ["x-kubernetes-validations", "must be empty to be structural"],
];

/** Within allOf, anyOf, oneOf and not, values are only restricted: structure is said outside. */
function nestedErrors(props: Props, skip: IntOrString, place: Path, errors: FieldError[]): void {
  valueErrors(props, skip, place, errors);
  const items = itemsOf(props);
  if (items !== undefined) nestedErrors(items, neither, place.child("items"), errors);
  for (const [name, property] of Object.entries(props.properties ?? {})) {
    nestedErrors(property, neither, place.child("properties").key(name), errors);
  }
  if (props.type) errors.push(forbidden(place.child("type"), "must be empty to be structural"));
  if (props.additionalProperties !== undefined && props.additionalProperties !== false) {
    errors.push(forbidden(place.child("additionalProperties"), "must be undefined to be structural"));
  }
  for (const [name, detail] of forbiddenWithin) {
    const said = props[name];
    const empty = said === undefined || said === null || said === false || said === "";
    if (!empty && !(Array.isArray(said) && said.length === 0)) errors.push(forbidden(place.child(name), detail));
  }
  if (propertyOf(props, "metadata") !== undefined) {
    errors.push(forbidden(place.child("properties").key("metadata"), "must not be specified in a nested context"));
  }
}

/** A schema that the server may prune, default and validate by. */
export function isStructural(props: Props, place: Path): boolean {
  return unsupported(props) === undefined && structuralErrors(props, place).length === 0;
}
