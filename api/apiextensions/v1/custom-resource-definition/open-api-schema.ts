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
import {
  compiledRuleErrors,
  innerScope,
  type RuleScope,
  rootScope,
  totalCostErrors,
} from "../../../../apimachinery/structural/rules/rule-errors.ts";
import { ruleValidator } from "../../../../apimachinery/structural/rules/validator.ts";
import { structuralErrors, unsupported } from "../../../../apimachinery/structural/structure.ts";
import { definition } from "../../../generated/definitions.ts";
import type { CustomResourceValidation } from "../../../generated/types/apiextensions-v1.ts";
import { goSchema } from "./go-schema.ts";
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
  let scope: RuleScope | undefined;
  if (options.requireStructuralSchema && unreadable === undefined) {
    const broken = structuralErrors(props, at);
    const found = broken.length > 0 ? broken : brokenDefaults(props, at, options);
    errors.push(...found);
    if (found.length === 0) scope = rootScope(props);
  }
  const found: Found = { errors: [], ruleErrors: [] };
  walk(props, at, { insideMeta: false }, true, scope, options, found);
  errors.push(...found.errors, ...found.ruleErrors);
  if (errors.length === 0 && unreadable !== undefined) errors.push(invalid(at, "", unreadable));
  if (scope !== undefined) errors.push(...totalCostErrors(scope.total, at));
  return errors;
}

function brokenDefaults(props: Props, place: Path, { requirePrunedDefaults }: SchemaOptions): readonly FieldError[] {
  const metadata = definition("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
  return defaultErrors(props, place, {
    metadata,
    requirePruned: requirePrunedDefaults,
    // A default may be what is there before and after, or come to be.
    ruleErrors: (value, schema, isRoot, at) => {
      const validator = ruleValidator(schema, isRoot);
      const unchanged = validator?.(value, value, { place: String(at) }) ?? [];
      return unchanged.length > 0 ? unchanged : (validator?.(value, undefined, { place: String(at) }) ?? []);
    },
  });
}

const allowedAtRoot =
  "Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength MinLength Pattern MaxItems MinItems UniqueItems MultipleOf Required Items Properties ExternalDocs Example XPreserveUnknownFields XValidations".split(
    " ",
  );

const isZero = (value: unknown): boolean => value === null || value === "" || value === false;

/** With a status of its own, the root must be an object whose rules can be split in two. The first that is not so is told. */
function* rootErrors(props: Props, place: Path): Generator<FieldError> {
  const shown = goSchema(props);
  for (const [name, value] of Object.entries(shown)) {
    if (isZero(value) || (name === "Type" && value === "object")) continue;
    if (name === "Type") {
      const detail =
        'only "object" is allowed as the type at the root of the schema if the status subresource is enabled';
      yield invalid(place.child("openAPIV3Schema.type"), value, detail);
      return;
    }
    if (allowedAtRoot.includes(name)) continue;
    const detail = `only [${allowedAtRoot.join(" ")}] fields are allowed at the root of the schema if the status subresource is enabled`;
    yield invalid(place.child("openAPIV3Schema"), shown, detail);
    return;
  }
}

/** Rules are compiled only where the schema around them is sound, and reported behind everything else. */
interface Found {
  readonly errors: FieldError[];
  readonly ruleErrors: FieldError[];
}

type Options = SchemaOptions & { readonly suppressCost: boolean };

/** Fields of others, once there are any, need not be the same field before and after a change. */
const mapTypes: ReadonlySet<string> = new Set(["atomic", "granular"]);

function walk(
  props: Props,
  place: Path,
  around: Surroundings,
  isRoot: boolean,
  scope: RuleScope | undefined,
  options: Options,
  found: Found,
): void {
  const before = found.errors.length;
  found.errors.push(...standardErrors(props, place, around, options));
  const values = valuesOf(props);
  if (values !== undefined) {
    const inner = around.insideMeta
      ? { ...around, noDefaults: "inside additionalProperties applying to object metadata" }
      : around;
    const each = innerScope(scope, values);
    walk(values, place.child("additionalProperties"), inner, false, each, options, found);
  }
  const outer = mapTypes.has(props["x-kubernetes-map-type"] ?? "granular")
    ? around
    : { ...around, uncorrelatable: around.uncorrelatable ?? place };
  for (const [name, property] of Object.entries(props.properties ?? {})) {
    const inner = aroundProperty(props, name, outer, isRoot);
    const within = innerScope(scope, property);
    walk(property, place.child("properties").key(name), inner, false, within, options, found);
  }
  for (const [inner, at] of restricting(props, place)) walk(inner, at, around, false, undefined, options, found);
  walkItems(props, place, around, scope, options, found);
  found.errors.push(...extensionErrors(props, place, options));
  found.errors.push(...ruleErrors(props, place));
  if (scope === undefined || found.errors.length > before) return;
  const { uncorrelatable } = around;
  found.ruleErrors.push(...compiledRuleErrors(scope, place, { suppressCost: options.suppressCost, uncorrelatable }));
}

function walkItems(
  props: Props,
  place: Path,
  around: Surroundings,
  scope: RuleScope | undefined,
  options: Options,
  found: Found,
): void {
  const correlatable = props["x-kubernetes-list-type"] === "map";
  const inner = correlatable ? around : { ...around, uncorrelatable: around.uncorrelatable ?? place };
  const items = itemsOf(props);
  if (items !== undefined) {
    walk(items, place.child("items"), inner, false, innerScope(scope, items), options, found);
  }
  for (const [i, one] of positionalItemsOf(props).entries()) {
    walk(one, place.child("items").index(i), inner, false, undefined, options, found);
  }
}

function aroundProperty(props: Props, name: string, around: Surroundings, isRoot: boolean): Surroundings {
  if (!metaFields.has(name) || !(isRoot || props["x-kubernetes-embedded-resource"] === true)) return around;
  return { ...around, insideMeta: true, ...(isRoot ? { noDefaults: `in top-level ${name}` } : {}) };
}

function* restricting(props: Props, place: Path): Generator<readonly [Props, Path]> {
  if (props.not !== undefined) yield [props.not, place.child("not")];
  for (const name of ["allOf", "oneOf", "anyOf"] as const) {
    for (const [i, one] of (props[name] ?? []).entries()) yield [one, place.child(name).index(i)];
  }
  for (const [name, one] of Object.entries(props.definitions ?? {})) yield [one, place.child("definitions").key(name)];
  for (const [name, one] of Object.entries(props.dependencies ?? {})) {
    if (one !== null && !Array.isArray(one)) yield [one as Props, place.child("dependencies").key(name)];
  }
}
