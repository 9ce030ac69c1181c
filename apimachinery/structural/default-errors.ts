import type { FieldError } from "../field/error.ts";
import { formatFieldError, formatFieldErrors, invalid } from "../field/errors.ts";
import { type Path, rootPath } from "../field/path.ts";
import { equalJson } from "../json/equal.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../json/json.ts";
import { thaw } from "../resource/thaw.ts";
import type { ObjectSchema } from "../schema/schema.ts";
import { coerceEmbedded, embeddedErrors } from "./object-meta.ts";
import { asResource, itemsOf, metaFields, type Props } from "./props.ts";
import { prune } from "./prune.ts";
import { schemaErrors } from "./validate.ts";

// Rules: apiextensions-apiserver/pkg/apiserver/schema/defaulting/validation.go.

export interface DefaultRules {
  /** ObjectMeta's structure. */
  readonly metadata: ObjectSchema;
  /** A default may not have fields that its own schema does not specify. */
  readonly requirePruned: boolean;
  /** What x-kubernetes-validations say of a default. */
  readonly ruleErrors?: (value: JsonValue, props: Props, isRoot: boolean, place: Path) => readonly FieldError[];
}

/** A default within metadata is judged as part of the object around it. */
type Surround = (value: JsonValue) => JsonObject;

/** Defaults that their own schemas do not allow. */
export function defaultErrors(props: Props, place: Path, rules: DefaultRules): readonly FieldError[] {
  const errors: FieldError[] = [];
  const root = asResource(props);
  walk(root, root, place, asObject, false, rules, errors);
  return errors;
}

const typeMeta = { apiVersion: "validation/v1", kind: "Validation" };

const asObject: Surround = (value) => ({ ...typeMeta, ...(isJsonObject(value) ? value : {}) });

function walk(
  props: Props,
  root: Props,
  place: Path,
  surround: Surround,
  insideMeta: boolean,
  rules: DefaultRules,
  errors: FieldError[],
): void {
  const embedded = props["x-kubernetes-embedded-resource"] === true;
  const around = embedded ? asObject : surround;
  const owner = embedded ? props : root;
  const within = insideMeta && !embedded;
  if (props.default !== undefined && props.default !== null) {
    const at = place.child("default");
    errors.push(
      ...(within ? metaErrors(props, owner, at, around, rules) : valueErrors(props, at, owner === props, rules)),
    );
  }
  const items = itemsOf(props);
  if (items !== undefined) {
    walk(items, owner, place.child("items"), (value) => around([value]), within, rules, errors);
  }
  for (const [name, property] of Object.entries(props.properties ?? {})) {
    const meta = within || (embedded && metaFields.has(name));
    const inner: Surround = (value) => around({ [name]: value });
    walk(property, owner, place.child("properties").key(name), inner, meta, rules, errors);
  }
}

function metaErrors(
  props: Props,
  root: Props,
  place: Path,
  surround: Surround,
  rules: DefaultRules,
): readonly FieldError[] {
  const value = props.default as JsonValue;
  const object = surround(thaw(value) as JsonValue);
  const unusable = coerceEmbedded(object, asResource(root), rules.metadata, rootPath, []);
  if (unusable !== undefined) {
    return [invalid(place, value, `must result in valid metadata: ${formatFieldError(unusable)}`)];
  }
  const broken = embeddedErrors(object, asResource(root), rules.metadata, rootPath);
  if (broken.length > 0) return [invalid(place, value, `must result in valid metadata: ${formatFieldErrors(broken)}`)];
  return checked(props, place, false, rules);
}

function valueErrors(props: Props, place: Path, isRoot: boolean, rules: DefaultRules): readonly FieldError[] {
  const value = props.default as JsonValue;
  const errors: FieldError[] = [];
  if (rules.requirePruned) {
    const pruned = thaw(value) as JsonValue;
    prune(pruned, props, props["x-kubernetes-embedded-resource"] === true);
    if (!equalJson(pruned, value)) errors.push(invalid(place, value, "must not have unknown fields"));
  }
  const copy = thaw(value) as JsonValue;
  const unusable = coerceEmbedded(copy, props, rules.metadata, place, []);
  if (unusable !== undefined) return [...errors, unusable];
  const broken = embeddedErrors(copy, props, rules.metadata, place);
  return [...errors, ...(broken.length > 0 ? broken : checked(props, place, isRoot, rules))];
}

function checked(props: Props, place: Path, isRoot: boolean, rules: DefaultRules): readonly FieldError[] {
  const value = props.default as JsonValue;
  const errors = schemaErrors(value, props, String(place));
  return errors.length > 0 ? errors : (rules.ruleErrors?.(value, props, isRoot, place) ?? []);
}
