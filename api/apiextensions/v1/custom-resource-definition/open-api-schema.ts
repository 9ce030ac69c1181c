import type { FieldError } from "../../../../apimachinery/field/error.ts";
import { forbidden, invalid } from "../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../apimachinery/field/path.ts";
import { defaultErrors } from "../../../../apimachinery/structural/default-errors.ts";
import {
  itemsOf,
  metaFields,
  type Props,
  positionalItemsOf,
  valuesOf,
} from "../../../../apimachinery/structural/props.ts";
import { structuralErrors, unsupported } from "../../../../apimachinery/structural/structure.ts";
import { definition } from "../../../generated/definitions.ts";
import type { CustomResourceValidation } from "../../../generated/types/apiextensions-v1.ts";
import type { SchemaOptions } from "./schema-options.ts";
import { extensionErrors, ruleErrors, type Surroundings, standardErrors } from "./schema-rules.ts";

/** Everything that can be wrong with one schema of a definition (validateCustomResourceDefinitionValidation). */
export function validationErrors(
  validation: CustomResourceValidation | undefined,
  options: SchemaOptions & { readonly statusEnabled: boolean; readonly suppressCost: boolean },
  place: Path,
): readonly FieldError[] {
  const props = validation?.openAPIV3Schema as Props | undefined;
  if (props === undefined) return [];
  const errors: FieldError[] = [];
  if (options.statusEnabled) errors.push(...rootErrors(props, place));
  if (props.nullable === true) {
    errors.push(forbidden(place.child("openAPIV3Schema.nullable"), "nullable cannot be true at the root"));
  }
  const at = place.child("openAPIV3Schema");
  const unreadable = options.requireStructuralSchema ? unsupported(props) : undefined;
  let structural = false;
  if (options.requireStructuralSchema && unreadable === undefined) {
    const broken = structuralErrors(props, at);
    const found = broken.length > 0 ? broken : brokenDefaults(props, at, options);
    errors.push(...found);
    structural = found.length === 0;
  }
  const found: FieldError[] = [];
  walk(props, at, { insideMeta: false }, true, options, found);
  errors.push(...found);
  if (errors.length === 0 && unreadable !== undefined) errors.push(invalid(at, "", unreadable));
  void structural;
  return errors;
}

function brokenDefaults(props: Props, place: Path, { requirePrunedDefaults }: SchemaOptions): readonly FieldError[] {
  const metadata = definition("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
  return defaultErrors(props, place, { metadata, requirePruned: requirePrunedDefaults });
}

const allowedAtRoot =
  "Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength MinLength Pattern MaxItems MinItems UniqueItems MultipleOf Required Items Properties ExternalDocs Example XPreserveUnknownFields XValidations".split(
    " ",
  );

const goNames: Readonly<Record<string, string>> = {
  "x-kubernetes-preserve-unknown-fields": "XPreserveUnknownFields",
  "x-kubernetes-validations": "XValidations",
};

/** With a status of its own, the root must be an object whose rules can be split in two. */
function* rootErrors(props: Props, place: Path): Generator<FieldError> {
  const said = Object.keys(props).filter((name) => props[name as keyof Props] !== undefined);
  if (props.type !== "object" && props.type) {
    const detail =
      'only "object" is allowed as the type at the root of the schema if the status subresource is enabled';
    yield invalid(place.child("openAPIV3Schema.type"), props.type, detail);
    return;
  }
  const bad = said.find(
    (name) => !allowedAtRoot.includes(goNames[name] ?? name.charAt(0).toUpperCase() + name.slice(1)),
  );
  if (bad === undefined) return;
  const detail = `only [${allowedAtRoot.join(" ")}] fields are allowed at the root of the schema if the status subresource is enabled`;
  yield invalid(place.child("openAPIV3Schema"), props, detail);
}

function walk(
  props: Props,
  place: Path,
  around: Surroundings,
  isRoot: boolean,
  options: SchemaOptions,
  errors: FieldError[],
): void {
  errors.push(...standardErrors(props, place, around, options));
  const values = valuesOf(props);
  if (values !== undefined) {
    const inner = around.insideMeta
      ? { ...around, noDefaults: "inside additionalProperties applying to object metadata" }
      : around;
    walk(values, place.child("additionalProperties"), inner, false, options, errors);
  }
  for (const [name, property] of Object.entries(props.properties ?? {})) {
    const inner = aroundProperty(props, name, place, around, isRoot);
    walk(property, place.child("properties").key(name), inner, false, options, errors);
  }
  for (const [inner, at] of restricting(props, place)) walk(inner, at, around, false, options, errors);
  const correlatable = props["x-kubernetes-list-type"] === "map";
  const aroundItems = correlatable ? around : { ...around, uncorrelatable: around.uncorrelatable ?? place };
  const items = itemsOf(props);
  if (items !== undefined) walk(items, place.child("items"), aroundItems, false, options, errors);
  for (const [i, one] of positionalItemsOf(props).entries()) {
    walk(one, place.child("items").index(i), aroundItems, false, options, errors);
  }
  errors.push(...extensionErrors(props, place, options));
  errors.push(...ruleErrors(props, place));
}

function aroundProperty(props: Props, name: string, place: Path, around: Surroundings, isRoot: boolean): Surroundings {
  const atomic = props["x-kubernetes-map-type"] === "atomic";
  const told = atomic ? { ...around, uncorrelatable: around.uncorrelatable ?? place } : around;
  if (!metaFields.has(name) || !(isRoot || props["x-kubernetes-embedded-resource"] === true)) return told;
  return { ...told, insideMeta: true, ...(isRoot ? { noDefaults: `in top-level ${name}` } : {}) };
}

function* restricting(props: Props, place: Path): Generator<readonly [Props, Path]> {
  if (props.not !== undefined) yield [props.not, place.child("not")];
  for (const name of ["allOf", "oneOf", "anyOf"] as const) {
    for (const [i, one] of (props[name] ?? []).entries()) yield [one, place.child(name).index(i)];
  }
  for (const [name, one] of Object.entries(props.definitions ?? {})) yield [one, place.child("definitions").key(name)];
  for (const [name, one] of Object.entries(props.dependencies ?? {})) {
    if (!Array.isArray(one)) yield [one as Props, place.child("dependencies").key(name)];
  }
}
