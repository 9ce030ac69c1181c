import type { ApiObject } from "../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import { partialMetadata, partialMetadataList } from "../../apimachinery/table/partial-metadata.ts";
import { type IncludeObject, tableOf } from "../../apimachinery/table/table.ts";
import type { Output } from "./negotiate.ts";

/** What a table or partial answer is made with, beside the objects. */
export interface TransformContext {
  readonly output: Output;
  readonly includeObject: IncludeObject;
  /** Milliseconds since 1970, for ages. */
  readonly now: number;
}

/** One object as what the client asked for in its place. */
export function transformObject(definition: ResourceDefinition, object: ApiObject, context: TransformContext): object {
  const { output, includeObject, now } = context;
  if (output.as === "Table") {
    const metadata = { resourceVersion: object.metadata.resourceVersion ?? "" };
    return tableOf(definition.columns, [object], { now, includeObject, version: output.version, metadata });
  }
  return partialMetadata(object, output.version);
}

export function transformList(
  definition: ResourceDefinition,
  objects: readonly ApiObject[],
  metadata: object,
  context: TransformContext,
): object {
  const { output, includeObject, now } = context;
  return output.as === "Table"
    ? tableOf(definition.columns, objects, { now, includeObject, version: output.version, metadata })
    : partialMetadataList(objects, metadata, output.version);
}

/** A table event after the first repeats no columns. */
export function withoutColumns(table: object): object {
  return { ...table, columnDefinitions: null };
}
