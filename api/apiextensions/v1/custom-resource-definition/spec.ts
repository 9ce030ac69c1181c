import type { FieldError } from "../../../../apimachinery/field/error.ts";
import { invalid, jsonText, notSupported, required } from "../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../apimachinery/field/path.ts";
import { type Props, someSchema } from "../../../../apimachinery/structural/props.ts";
import { unsupported } from "../../../../apimachinery/structural/structure.ts";
import { isDNS1035Label, isDNS1123Subdomain } from "../../../../apimachinery/validation/dns.ts";
import type { CustomResourceDefinitionSpec } from "../../../generated/types/apiextensions-v1.ts";
import { conversionErrors } from "./conversion.ts";
import { type InternalSpec, type InternalVersion, internalSpec, schemasOf, shownVersions } from "./internal.ts";
import { nameErrors, requiredNames } from "./names.ts";
import { validationErrors } from "./open-api-schema.ts";
import type { SchemaOptions } from "./schema-options.ts";
import { selectableFieldErrors } from "./selectable-fields.ts";
import { columnErrors, deprecationProblems, subresourceErrors } from "./versions.ts";

const scopes = ["Cluster", "Namespaced"];
const schemaExtensions = [
  "x-kubernetes-embedded-resource",
  "x-kubernetes-preserve-unknown-fields",
  "x-kubernetes-int-or-string",
  "x-kubernetes-list-map-keys",
  "x-kubernetes-list-type",
  "x-kubernetes-validations",
] as const;

/** Everything that can be wrong with what a definition specifies, in upstream's order. */
export function* specErrors(
  spec: CustomResourceDefinitionSpec,
  given: SchemaOptions,
  place: Path,
): Generator<FieldError> {
  const internal = internalSpec(spec);
  yield* groupErrors(spec.group ?? "", place.child("group"));
  if (!spec.scope) yield required(place.child("scope"));
  else if (!scopes.includes(spec.scope)) yield notSupported(place.child("scope"), spec.scope, scopes);
  const preserves = spec.preserveUnknownFields === true;
  const schemas = schemasOf(internal);
  const has = (test: (props: Props) => boolean): boolean => schemas.some((schema) => someSchema(schema, test));
  const hasDefaults = has((props) => props.default !== undefined);
  const hasExtensions = has((props) => schemaExtensions.some((name) => props[name] !== undefined));
  const options = {
    ...given,
    requireStructuralSchema: given.requireStructuralSchema || !preserves || hasDefaults || hasExtensions,
  };
  yield* missingSchemaErrors(internal, options.requireOpenAPISchema, preserves, place);
  if (hasDefaults && preserves) {
    yield invalid(place.child("preserveUnknownFields"), true, "must be false in order to use defaults in the schema");
  }
  yield* versionsErrors(internal, options, place);
  yield* versionNameErrors(internal, place);
  yield* requiredNames(spec.names ?? {}, place.child("names"));
  yield* nameErrors(spec.names ?? {}, place.child("names"));
  yield* sharedErrors(internal, options, place);
  const strategy = spec.conversion?.strategy;
  if (strategy !== "None" && preserves) {
    const detail = "must be None if spec.preserveUnknownFields is true";
    yield invalid(place.child("conversion").child("strategy"), strategy ?? "", detail);
  }
  if (spec.conversion !== undefined) {
    const rules = {
      requireRecognizedVersion: options.requireRecognizedConversionReviewVersion,
      allowInvalidCABundle: options.allowInvalidCABundle,
    };
    yield* conversionErrors(spec.conversion, rules, place.child("conversion"));
  }
}

function* groupErrors(group: string, place: Path): Generator<FieldError> {
  if (group === "") {
    yield required(place);
    return;
  }
  const problems = isDNS1123Subdomain(group);
  if (problems.length > 0) yield invalid(place, group, problems.join(","));
  else if (!group.includes(".")) yield invalid(place, group, "should be a domain with at least one dot");
}

function* missingSchemaErrors(
  { schema, versions }: InternalSpec,
  requireSchema: boolean,
  preserves: boolean,
  place: Path,
): Generator<FieldError> {
  if (schema?.openAPIV3Schema !== undefined || (!requireSchema && preserves)) return;
  for (const [i, version] of versions.entries()) {
    if (version.schema?.openAPIV3Schema !== undefined) continue;
    const at = place.child("versions").index(i).child("schema", "openAPIV3Schema");
    if (requireSchema) yield required(at);
    else if (version.served) yield required(at, "because otherwise all fields are pruned");
  }
}

function* versionsErrors(spec: InternalSpec, options: SchemaOptions, place: Path): Generator<FieldError> {
  const perVersion = spec.versions.some(({ subresources }) => subresources !== undefined);
  for (const [i, version] of spec.versions.entries()) {
    const at = place.child("versions").index(i);
    const problems = isDNS1035Label(version.name);
    if (problems.length > 0) yield invalid(at.child("name"), version.name, problems.join(","));
    const subresources = perVersion ? version.subresources : spec.subresources;
    yield* versionErrors(version, { ...options, statusEnabled: subresources?.status !== undefined }, at);
  }
}

function* versionErrors(
  version: InternalVersion,
  options: SchemaOptions & { readonly statusEnabled: boolean },
  place: Path,
): Generator<FieldError> {
  for (const problem of deprecationProblems(version.deprecated, version.deprecationWarning)) {
    yield invalid(place.child("deprecationWarning"), jsonText(version.deprecationWarning ?? ""), problem);
  }
  const suppressCost = options.unchangedSchemas.has(version.name);
  yield* validationErrors(version.schema, { ...options, suppressCost }, place.child("schema"));
  yield* subresourceErrors(version.subresources, place.child("subresources"));
  for (const [i, column] of version.columns.entries()) {
    yield* columnErrors(column, place.child("additionalPrinterColumns").index(i));
  }
  if (version.selectableFields.length === 0) return;
  const props = version.schema?.openAPIV3Schema as Props | undefined;
  const at = place.child("selectableFields");
  if (props === undefined) {
    yield invalid(at, "", "may only be set when `version.schema.openAPIV3Schema` is not included");
    return;
  }
  yield* selectable(version.selectableFields, props, place, options.tooManySelectableFields.has(version.name));
}

function* selectable(
  fields: InternalSpec["selectableFields"],
  props: Props,
  place: Path,
  allowTooMany: boolean,
): Generator<FieldError> {
  const unreadable = unsupported(props);
  if (unreadable === undefined) {
    yield* selectableFieldErrors(fields, props, place.child("selectableFields"), allowTooMany);
  } else yield invalid(place.child("schema.openAPIV3Schema"), "", unreadable);
}

function* versionNameErrors({ versions, version: first }: InternalSpec, place: Path): Generator<FieldError> {
  const at = place.child("versions");
  const shown = shownVersions(versions);
  if (new Set(versions.map(({ name }) => name)).size < versions.length) {
    yield invalid(at, shown, "must contain unique version names");
  }
  if (versions.filter(({ storage }) => storage).length !== 1) {
    yield invalid(at, shown, "must have exactly one version marked as storage version");
  }
  const problems = first === "" ? [] : isDNS1035Label(first);
  if (problems.length > 0) yield invalid(place.child("version"), first, problems.join(","));
}

/** Of what all versions say alike. */
function* sharedErrors(spec: InternalSpec, options: SchemaOptions, place: Path): Generator<FieldError> {
  const statusEnabled = [spec, ...spec.versions].some(({ subresources }) => subresources?.status !== undefined);
  const suppressCost = options.unchangedSchemas.has(spec.version);
  yield* validationErrors(spec.schema, { ...options, statusEnabled, suppressCost }, place.child("validation"));
  yield* subresourceErrors(spec.subresources, place.child("subresources"));
  for (const [i, column] of spec.columns.entries()) {
    yield* columnErrors(column, place.child("additionalPrinterColumns").index(i));
  }
  if (spec.selectableFields.length === 0) return;
  const props = spec.schema?.openAPIV3Schema as Props | undefined;
  if (props === undefined) {
    yield invalid(place.child("selectableFields"), "", "may only be set when validations.schema is included");
    return;
  }
  yield* selectable(spec.selectableFields, props, place, options.tooManySelectableFields.has(""));
}
