import { path } from "../../../../apimachinery/field/path.ts";
import { semanticEqual } from "../../../../apimachinery/json/equal.ts";
import { defaultErrors } from "../../../../apimachinery/structural/default-errors.ts";
import { type Props, someSchema } from "../../../../apimachinery/structural/props.ts";
import { isStructural } from "../../../../apimachinery/structural/structure.ts";
import { validateCaBundle } from "../../../../apimachinery/validation/webhook-client-config.ts";
import { definition } from "../../../generated/definitions.ts";
import type { CustomResourceDefinition } from "../../../generated/types/apiextensions-v1.ts";
import { isConditionTrue } from "./conditions.ts";
import { recognizesReviewVersion } from "./conversion.ts";
import type { SchemaOptions } from "./schema-options.ts";
import { itemKeyErrors, setItemErrors } from "./schema-rules.ts";
import { maxSelectableFields } from "./selectable-fields.ts";

const strict: SchemaOptions = {
  requireOpenAPISchema: true,
  requireValidPropertyType: true,
  requireStructuralSchema: true,
  requirePrunedDefaults: true,
  requireAtomicSetType: true,
  requireMapListKeysMapSetValidation: true,
  requireImmutableNames: false,
  requireRecognizedConversionReviewVersion: true,
  allowInvalidCABundle: true,
  unchangedSchemas: new Set(),
  tooManySelectableFields: new Set(),
};

const types: ReadonlySet<string> = new Set(["array", "boolean", "integer", "number", "object", "string"]);

/** All rules for a new definition; of a changed one, those that its former self kept. */
export function optionsFor(object: CustomResourceDefinition, old: CustomResourceDefinition | undefined): SchemaOptions {
  if (old === undefined) return strict;
  const schemas = (old.spec.versions ?? []).flatMap(({ schema }) => (schema?.openAPIV3Schema ?? []) as Props | []);
  const none = (test: (props: Props) => boolean): boolean => !schemas.some((schema) => someSchema(schema, test));
  const at = path("schema");
  return {
    requireOpenAPISchema: (old.spec.versions ?? []).every(({ schema }) => schema?.openAPIV3Schema !== undefined),
    requireValidPropertyType: none(({ type }) => Boolean(type) && !types.has(type!)),
    requireStructuralSchema: schemas.every((schema) => isStructural(schema, at)),
    requirePrunedDefaults: !schemas.some(hasUnprunedDefaults),
    requireAtomicSetType: none((props) => setItemErrors(props, at).next().done !== true),
    requireMapListKeysMapSetValidation: none((props) => itemKeyErrors(props, at).next().done !== true),
    requireImmutableNames: isConditionTrue(old, "Established"),
    requireRecognizedConversionReviewVersion: recognizesReviewVersion(
      old.spec.conversion?.webhook?.conversionReviewVersions,
    ),
    allowInvalidCABundle: allowsInvalidCABundle(old),
    unchangedSchemas: sameIn(object, old, (version) => version?.schema),
    tooManySelectableFields: new Set(
      [...sameIn(object, old, (version) => version?.selectableFields)].filter(
        (name) => (versionOf(old, name)?.selectableFields?.length ?? 0) > maxSelectableFields,
      ),
    ),
  };
}

function hasUnprunedDefaults(schema: Props): boolean {
  if (!someSchema(schema, (props) => props.default !== undefined)) return false;
  const metadata = definition("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
  return defaultErrors(schema, path("schema"), { metadata, requirePruned: true }).some(
    ({ detail }) => detail === "must not have unknown fields",
  );
}

function allowsInvalidCABundle(old: CustomResourceDefinition): boolean {
  if (!isConditionTrue(old, "Established")) return true;
  const caBundle = old.spec.conversion?.webhook?.clientConfig?.caBundle;
  return caBundle !== undefined && caBundle !== "" && validateCaBundle(caBundle, path("caBundle")).length > 0;
}

type Version = CustomResourceDefinition["spec"]["versions"][number];

function versionOf({ spec }: CustomResourceDefinition, name: string): Version | undefined {
  return spec.versions?.find((version) => version.name === name);
}

function sameIn(
  object: CustomResourceDefinition,
  old: CustomResourceDefinition,
  read: (version: Version | undefined) => unknown,
): ReadonlySet<string> {
  const names = (object.spec.versions ?? []).map(({ name }) => name);
  return new Set(
    names.filter((name) => {
      const before = versionOf(old, name);
      return before !== undefined && semanticEqual(read(versionOf(object, name)), read(before));
    }),
  );
}
