import { definition } from "../../api/generated/definitions.ts";
import { formatFieldError } from "../../apimachinery/field/errors.ts";
import { rootPath } from "../../apimachinery/field/path.ts";
import type { JsonObject } from "../../apimachinery/json/json.ts";
import { countKeys } from "../../apimachinery/json/strict-json.ts";
import { type Decoded, DecodeError, decodeObject } from "../../apimachinery/schema/decode.ts";
import { applyStructuralDefaults, dropNulls } from "../../apimachinery/structural/defaults.ts";
import { coerceEmbedded, unknownFieldText } from "../../apimachinery/structural/object-meta.ts";
import type { Props } from "../../apimachinery/structural/props.ts";
import { prune } from "../../apimachinery/structural/prune.ts";

/** What a schema makes of an object, and how much of it is left alone. */
export interface Shape {
  readonly props: Props;
  /** spec.preserveUnknownFields of old definitions: nothing is pruned. */
  readonly preserveUnknownFields: boolean;
}

/** ObjectMeta's structure: the same for every kind. */
export const metadataSchema = definition("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");

/**
 * Reads a custom resource: metadata by its own structure, the rest pruned, nulls dropped that may not be, defaults set
 * (apiextensions-apiserver/pkg/apiserver/customresource_handler.go schemaCoercingDecoder). Takes `value` over.
 */
export function decodeCustom(value: JsonObject, { props, preserveUnknownFields }: Shape): Decoded {
  const keyCount = countKeys(value);
  const unknownFields: string[] = [];
  const metadata = decodeObject(metadataSchema, value["metadata"] ?? {});
  for (const text of metadata.unknownFields) unknownFields.push(text.replace('field "', 'field "metadata.'));
  const { kind, apiVersion, metadata: _, ...rest } = value;
  if (!preserveUnknownFields) {
    unknownFields.push(...prune(rest, props, true).map(unknownFieldText));
    dropNulls(rest, props);
  }
  const embedded: string[] = [];
  const problem = coerceEmbedded(rest, props, metadataSchema, rootPath, embedded);
  if (problem !== undefined) throw new DecodeError(formatFieldError(problem));
  unknownFields.push(...embedded.map(unknownFieldText));
  applyStructuralDefaults(rest, props);
  const object: JsonObject = { apiVersion: apiVersion!, kind: kind!, metadata: metadata.object, ...rest };
  return { object, unknownFields, keyCount };
}
