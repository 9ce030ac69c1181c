import { semanticEqual } from "../../../../apimachinery/json/equal.ts";
import type { Props } from "../../../../apimachinery/structural/props.ts";
import type * as types from "../../../generated/types/apiextensions-v1.ts";
import { goSchema } from "./go-schema.ts";

export interface VersionPart {
  readonly schema?: types.CustomResourceValidation | undefined;
  readonly subresources?: types.CustomResourceSubresources | undefined;
  readonly columns: readonly types.CustomResourceColumnDefinition[];
  readonly selectableFields: readonly types.SelectableField[];
}

export interface InternalVersion extends VersionPart {
  readonly name: string;
  readonly served: boolean;
  readonly storage: boolean;
  readonly deprecated: boolean;
  readonly deprecationWarning: string | undefined;
}

/**
 * A specification as upstream validates it: what all versions agree on stands once at the top, and error messages name it
 * there (`spec.validation.openAPIV3Schema…`; pkg/apis/apiextensions/v1/conversion.go).
 */
export interface InternalSpec extends VersionPart {
  readonly version: string;
  readonly versions: readonly InternalVersion[];
}

export function internalSpec(spec: types.CustomResourceDefinitionSpec): InternalSpec {
  const versions = spec.versions ?? [];
  const [first] = versions;
  if (first === undefined) return { version: "", versions: [], columns: [], selectableFields: [] };
  const agree = (read: (version: types.CustomResourceDefinitionVersion) => unknown): boolean =>
    versions.every((version) => semanticEqual(read(version), read(first)));
  const schemaAgrees = agree((version) => version.schema);
  const subresourcesAgree = agree((version) => version.subresources);
  const columnsAgree = agree((version) => version.additionalPrinterColumns);
  const fieldsAgree = agree((version) => version.selectableFields);
  return {
    version: first.name,
    schema: schemaAgrees ? first.schema : undefined,
    subresources: subresourcesAgree ? first.subresources : undefined,
    columns: columnsAgree ? (first.additionalPrinterColumns ?? []) : [],
    selectableFields: fieldsAgree ? (first.selectableFields ?? []) : [],
    versions: versions.map((version) => ({
      name: version.name ?? "",
      served: version.served ?? false,
      storage: version.storage ?? false,
      deprecated: version.deprecated ?? false,
      deprecationWarning: version.deprecationWarning,
      schema: schemaAgrees ? undefined : version.schema,
      subresources: subresourcesAgree ? undefined : version.subresources,
      columns: columnsAgree ? [] : (version.additionalPrinterColumns ?? []),
      selectableFields: fieldsAgree ? [] : (version.selectableFields ?? []),
    })),
  };
}

/** Every schema of the specification, each once. */
export function schemasOf({ schema, versions }: InternalSpec): readonly Props[] {
  return [schema, ...versions.map((version) => version.schema)].flatMap((one) =>
    one?.openAPIV3Schema === undefined ? [] : [one.openAPIV3Schema as Props],
  );
}

/** The versions as upstream's message shows them; null where there is none. */
export function shownVersions(versions: readonly InternalVersion[]): readonly object[] | null {
  if (versions.length === 0) return null;
  return versions.map((version) => ({
    Name: version.name,
    Served: version.served,
    Storage: version.storage,
    Deprecated: version.deprecated,
    DeprecationWarning: version.deprecationWarning ?? null,
    Schema: shownSchema(version.schema),
    Subresources: shownSubresources(version.subresources),
    AdditionalPrinterColumns: version.columns.length === 0 ? null : version.columns.map(shownColumn),
    SelectableFields:
      version.selectableFields.length === 0
        ? null
        : version.selectableFields.map(({ jsonPath }) => ({ JSONPath: jsonPath ?? "" })),
  }));
}

function shownSchema(schema: types.CustomResourceValidation | undefined): object | null {
  if (schema === undefined) return null;
  return { OpenAPIV3Schema: schema.openAPIV3Schema === undefined ? null : goSchema(schema.openAPIV3Schema as Props) };
}

function shownSubresources(subresources: types.CustomResourceSubresources | undefined): object | null {
  if (subresources === undefined) return null;
  const { status, scale } = subresources;
  return {
    Status: status === undefined ? null : {},
    Scale:
      scale === undefined
        ? null
        : {
            SpecReplicasPath: scale.specReplicasPath ?? "",
            StatusReplicasPath: scale.statusReplicasPath ?? "",
            LabelSelectorPath: scale.labelSelectorPath ?? null,
          },
  };
}

function shownColumn(column: types.CustomResourceColumnDefinition): object {
  const { name = "", type = "", format = "", description = "", priority = 0, jsonPath = "" } = column;
  return { Name: name, Type: type, Format: format, Description: description, Priority: priority, JSONPath: jsonPath };
}
