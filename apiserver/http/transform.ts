import { ApiError } from "../../apimachinery/errors/api-error.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import { partialMetadata, partialMetadataList } from "../../apimachinery/table/partial-metadata.ts";
import { type IncludeObject, tableOf } from "../../apimachinery/table/table.ts";
import type { Output } from "../negotiate.ts";

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
    const { resourceVersion } = object.metadata;
    const metadata = resourceVersion === undefined ? {} : { resourceVersion };
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
  if (output.as !== "Table") {
    return partialMetadataList(objects, metadata, output.version);
  }
  const order = definition.tableOrder;
  const rows = order === undefined ? objects : objects.toSorted(order);
  return tableOf(definition.columns, rows, { now, includeObject, version: output.version, metadata });
}

/** A table event after the first repeats no columns. */
export function withoutColumns(table: object): object {
  return { ...table, columnDefinitions: null };
}

/** What is known at run time alone has no protobuf form (runtime/serializer/protobuf errNotMarshalable). */
export function refuseProtobuf({ decode }: Pick<ResourceDefinition, "decode">, output: Output, type: string): void {
  if (decode === undefined || output.as !== "object" || output.encoding !== "protobuf") {
    return;
  }
  const message = `object *unstructured.${type} does not implement the protobuf marshalling interface and cannot be encoded to a protobuf message`;
  const { status } = ApiError.notAcceptable([]);
  throw ApiError.fromStatus({ ...status, message });
}
