import { isConditionTrue } from "../../api/apiextensions/v1/custom-resource-definition/conditions.ts";
import type { CustomResourceDefinition } from "../../api/apiextensions/v1/customresourcedefinition.ts";
import type { CustomResourceDefinitionVersion } from "../../api/generated/types/apiextensions-v1.ts";
import { isJsonObject, type JsonObject } from "../../apimachinery/json/json.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import type { FieldSelectors, ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import type { Props } from "../../apimachinery/structural/props.ts";
import { pruneDefaults } from "../../apimachinery/structural/prune-defaults.ts";
import { resourceSchema } from "../../apimachinery/structural/to-schema.ts";
import { nameIsDNSSubdomain } from "../../apimachinery/validation/names.ts";
import { customColumns } from "./columns.ts";
import { decodeCustom, metadataSchema, type Shape } from "./decode.ts";
import { customRules, type RuleTimes } from "./rules.ts";
import { customScale } from "./scale.ts";
import { type Conversion, StoredShapes, storedForm } from "./stored-form.ts";
import { finalizerWarnings, validateCustom } from "./validation.ts";
import { compareVersions } from "./version-order.ts";
import { versionsOf } from "./versions.ts";

/** Upstream's order, as discovery shows it. */
const verbs = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"] as const;

export interface Serving {
  readonly conversion: Conversion;
  readonly ruleTimes: RuleTimes;
  /** Asked at each creation: the definition may be about to go. */
  isTerminating(): boolean;
}

/** What a custom resource is in each version that is served: a resource like any built-in one. */
export function customDefinitions(crd: CustomResourceDefinition, serving: Serving): readonly ResourceDefinition[] {
  const { group, versions } = crd.spec;
  const nameOf = (version: CustomResourceDefinitionVersion): string => `${group}/${version.name}`;
  const shapes = new Map(versions.map((version) => [nameOf(version), shapeOf(crd, version)]));
  const stored = new StoredShapes(shapes, nameOf(versions.find(({ storage }) => storage)!));
  return versions
    .filter(({ served }) => served)
    .map((version) => customDefinition(crd, version, { ...serving, stored, shape: shapes.get(nameOf(version))! }));
}

const anything: Props = { type: "object", "x-kubernetes-preserve-unknown-fields": true };

/** The schema of a version; without one everything is allowed. */
export function shapeOf({ spec }: CustomResourceDefinition, version: CustomResourceDefinitionVersion): Shape {
  const props = pruneDefaults((version.schema?.openAPIV3Schema ?? anything) as Props, metadataSchema);
  return { props, preserveUnknownFields: spec.preserveUnknownFields === true };
}

export function isServed(crd: CustomResourceDefinition): boolean {
  return isConditionTrue(crd, "NamesAccepted") || isConditionTrue(crd, "Established");
}

interface Stored {
  readonly stored: StoredShapes;
  readonly shape: Shape;
}

function customDefinition(
  crd: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
  { conversion, isTerminating, ruleTimes, stored, shape }: Serving & Stored,
): ResourceDefinition {
  const { spec, status } = crd;
  const {
    kind,
    listKind = `${kind}List`,
    plural,
    singular = "",
    shortNames = [],
    categories = [],
  } = status.acceptedNames;
  const apiVersion = `${spec.group}/${version.name}`;
  const scale = version.subresources?.scale;
  const statusEnabled = version.subresources?.status !== undefined;
  const rules = {
    kind: spec.names.kind,
    apiVersion,
    props: shape.props,
    scale,
    ruleErrors: customRules(shape.props, ruleTimes),
  };
  const schema = resourceSchema(shape.props, metadataSchema);
  return {
    group: spec.group,
    version: version.name,
    kind: spec.names.kind,
    listKind,
    plural: plural || spec.names.plural,
    singular,
    shortNames,
    categories,
    scope: spec.scope === "Namespaced" ? "Namespaced" : "Cluster",
    verbs,
    schema,
    subresources: {
      ...(statusEnabled ? { status: true as const } : {}),
      ...(scale === undefined ? {} : { scale: customScale(crd, scale) }),
    },
    keeps: { status: [["metadata"]] },
    storagePath: `${spec.group}/${spec.names.plural}`,
    storedAs: storedForm(apiVersion, stored, conversion),
    versions: versionsOf(crd, apiVersion, conversion, (other) =>
      other === apiVersion ? schema : resourceSchema(stored.shapes.get(other)!.props, metadataSchema),
    ),
    decode: (value: JsonObject) => decodeCustom(value, shape),
    closedToCreation: () =>
      isTerminating() ? "create not allowed while custom resource definition is terminating" : undefined,
    generation: true,
    validateName: nameIsDNSSubdomain,
    unconditionalUpdate: false,
    ...(version.deprecated === true
      ? { deprecationWarning: version.deprecationWarning ?? usualWarning(crd, version.name) }
      : {}),
    columns: customColumns(version.additionalPrinterColumns),
    fieldSelectors: fieldSelectors(version),
    validate: (object, old, context) => validateCustom(rules, object, old, context),
    warnings: (object, old) => finalizerWarnings(object, old),
  };
}

/** Names the newest version that is not deprecated itself, where there is one (defaultDeprecationWarning). */
function usualWarning({ spec: { group, names, versions } }: CustomResourceDefinition, deprecated: string): string {
  const [newer] = versions
    .filter((one) => one.served && one.deprecated !== true && compareVersions(deprecated, one.name) < 0)
    .sort((a, b) => compareVersions(b.name, a.name));
  const text = `${group}/${deprecated} ${names.kind} is deprecated`;
  return newer === undefined ? text : `${text}; use ${group}/${newer.name} ${names.kind}`;
}

function fieldSelectors({ selectableFields = [] }: CustomResourceDefinitionVersion): FieldSelectors<ApiObject> {
  const selectors: Record<string, (object: ApiObject) => string> = {
    "metadata.name": (object) => object.metadata.name ?? "",
  };
  for (const { jsonPath: text } of selectableFields) {
    const name = text.replace(/^\./, "");
    const steps = name.split(".");
    selectors[name] = (object) => {
      const value = steps.reduce<unknown>((inner, step) => (isJsonObject(inner) ? inner[step] : undefined), object);
      return value === undefined || value === null ? "" : String(value);
    };
  }
  return selectors;
}
