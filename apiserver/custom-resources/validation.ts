import type { CustomResourceSubresourceScale } from "../../api/generated/types/apiextensions-v1.ts";
import type { FieldError } from "../../apimachinery/field/error.ts";
import { invalid } from "../../apimachinery/field/errors.ts";
import { rootPath } from "../../apimachinery/field/path.ts";
import type { JsonObject, JsonValue } from "../../apimachinery/json/json.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import type { RequestContext } from "../../apimachinery/resource/resource.ts";
import { Correlation } from "../../apimachinery/structural/correlation.ts";
import { listTypeErrors } from "../../apimachinery/structural/list-types.ts";
import { embeddedErrors } from "../../apimachinery/structural/object-meta.ts";
import { nowhere } from "../../apimachinery/structural/outcome.ts";
import { type Props, propertyOf } from "../../apimachinery/structural/props.ts";
import { schemaErrors } from "../../apimachinery/structural/validate.ts";
import { goQuote } from "../../apimachinery/text/go-quote.ts";
import { standardFinalizers } from "../../apimachinery/validation/finalizers.ts";
import { isQualifiedName } from "../../apimachinery/validation/labels.ts";
import { metadataSchema } from "./decode.ts";
import type { RuleErrors } from "./rules.ts";
import { scaleErrors } from "./scale.ts";

// Rules: apiextensions-apiserver/pkg/registry/customresource/{strategy,status_strategy,validator}.go.

export interface CustomRules {
  readonly kind: string;
  readonly apiVersion: string;
  readonly props: Props;
  readonly scale: CustomResourceSubresourceScale | undefined;
  /** What the schema's own rules say (x-kubernetes-validations); undefined where it has none. */
  readonly ruleErrors: RuleErrors | undefined;
}

/** Everything that can be wrong with a custom resource, but for its metadata. */
export function validateCustom(
  rules: CustomRules,
  object: ApiObject,
  old: ApiObject | undefined,
  { subresource, warn }: RequestContext,
): readonly FieldError[] {
  const { props } = rules;
  const value = object as unknown as JsonObject;
  const before = old as unknown as JsonObject | undefined;
  const mistaken = typeErrors(rules, object);
  const errors: FieldError[] = mistaken.length > 0 ? [...mistaken] : valueErrors(rules, value, before, subresource);
  if (subresource !== "status") errors.push(...embeddedErrors(value, props, metadataSchema, rootPath));
  if (before === undefined || listTypeErrors(before, props).length === 0) errors.push(...listTypeErrors(value, props));
  if (rules.ruleErrors === undefined) return errors;
  if (errors.some(({ type }) => blocking.has(type))) {
    const detail =
      "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation";
    return [...errors, invalid(nowhere, null, detail)];
  }
  return [...errors, ...rules.ruleErrors(value, before, warn)];
}

/** Rules are not asked about an object of which they cannot make sense. */
const blocking: ReadonlySet<string> = new Set([
  "FieldValueNotSupported",
  "FieldValueRequired",
  "FieldValueTooLong",
  "FieldValueTooMany",
  "FieldValueTypeInvalid",
]);

function typeErrors({ kind, apiVersion }: CustomRules, object: ApiObject): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (object.kind !== kind) errors.push(invalid("kind", object.kind, `must be ${kind}`));
  if (object.apiVersion !== apiVersion) errors.push(invalid("apiVersion", object.apiVersion, `must be ${apiVersion}`));
  return errors;
}

function valueErrors(
  { props, scale }: CustomRules,
  value: JsonObject,
  old: JsonObject | undefined,
  subresource: string,
): FieldError[] {
  const correlation = old === undefined ? undefined : new Correlation(value, old, props);
  const errors =
    subresource === "status"
      ? statusErrors(props, value["status"], correlation?.key("status"))
      : schemaErrors(value, props, "", correlation);
  const parts = { spec: subresource !== "status" };
  return [...errors, ...(scale === undefined ? [] : scaleErrors(value, scale, parts))];
}

function statusErrors(
  props: Props,
  status: JsonValue | undefined,
  correlation: Correlation | undefined,
): readonly FieldError[] {
  const schema = propertyOf(props, "status");
  return status === undefined || schema === undefined ? [] : schemaErrors(status, schema, "status", correlation);
}

/** New finalizers whose names others may use too. */
export function* finalizerWarnings(object: ApiObject, old: ApiObject | undefined): Generator<string> {
  const before = new Set(old?.metadata.finalizers ?? []);
  for (const name of [...(object.metadata.finalizers ?? [])].sort()) {
    if (before.has(name)) continue;
    const place = `metadata.finalizers: ${goQuote(name)}:`;
    for (const problem of isQualifiedName(name)) yield `${place} ${problem}`;
    if (name.includes("/") || standardFinalizers.has(name)) continue;
    const how = name.includes(".") ? "finalizer name including a path (/)" : "finalizer name";
    yield `${place} prefer a domain-qualified ${how} to avoid accidental conflicts with other finalizer writers`;
  }
}
