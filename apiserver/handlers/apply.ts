import { applyPatch } from "../../apimachinery/apply/apply.ts";
import { ApiError } from "../../apimachinery/errors/api-error.ts";
import { isJsonObject, type JsonObject } from "../../apimachinery/json/json.ts";
import { apiVersionOf } from "../../apimachinery/resource/define.ts";
import type { ApiObject, Draft } from "../../apimachinery/resource/object.ts";
import { thaw } from "../../apimachinery/resource/thaw.ts";
import { applyDefaults } from "../../apimachinery/schema/defaults.ts";
import { decodeObject } from "../../apimachinery/schema/decode.ts";
import type { ParsedBody } from "../body/parse.ts";
import type { WriteOptions } from "../registry/options.ts";
import { resetFieldsOf, setManagedFields } from "../registry/own-fields.ts";
import type { ResourceStore, WriteContext } from "../registry/resource-store.ts";
import type { ApiRequest } from "../request.ts";
import type { ApiResponse } from "../response.ts";
import { namespaceOf, type Scope, writeContextOf } from "./scope.ts";
import { checkName, dedupOwnerReferences } from "./write.ts";

/** Server-side apply: creates what is not there (KEP-555). */
export async function applyObject(
  scope: Scope,
  store: ResourceStore,
  request: ApiRequest,
  options: WriteOptions,
  patch: ParsedBody,
): Promise<ApiResponse> {
  const applied = appliedObject(store, request, patch, options);
  const change = (old: ApiObject | undefined): Draft<ApiObject> => {
    const draft = merged(scope, store, request, options, applied, old);
    checkName(draft, request);
    dedupOwnerReferences(draft, request);
    return draft;
  };
  const context: WriteContext & { createIfMissing: boolean } = {
    ...writeContextOf(scope, request, options, "UpdateOptions"),
    createIfMissing: request.info.subresource === "",
  };
  const { served, created } = await store.update(namespaceOf(store, request), request.info.name, change, context);
  return { type: "object", status: created ? 201 : 200, definition: store.definition, served };
}

/** The applied configuration, which must say what it is and nothing the kind does not know. */
function appliedObject(store: ResourceStore, request: ApiRequest, patch: ParsedBody, options: WriteOptions): JsonObject {
  const { definition } = store;
  const { value } = patch;
  if (!isJsonObject(value)) {
    throw ApiError.badRequest("error decoding YAML: the applied configuration is not an object");
  }
  const apiVersion = apiVersionOf(definition);
  if (value["apiVersion"] !== apiVersion || value["kind"] !== definition.kind) {
    throw ApiError.badRequest(
      `incorrect version specified in apply patch. Specified patch version: ${String(value["apiVersion"] ?? "")}, expected: ${apiVersion}`,
    );
  }
  if (isJsonObject(value["metadata"]) && value["metadata"]["managedFields"] !== undefined) {
    throw ApiError.badRequest("metadata.managedFields must be nil");
  }
  const duplicates = options.fieldValidation === "Ignore" ? [] : patch.duplicates(0);
  if (duplicates.length > 0 && options.fieldValidation === "Strict") {
    throw ApiError.badRequest(`error strict decoding YAML: ${duplicates.join(", ")}`);
  }
  for (const duplicate of duplicates) {
    request.warnings.add(duplicate);
  }
  return value;
}

function merged(
  scope: Scope,
  store: ResourceStore,
  request: ApiRequest,
  options: WriteOptions,
  applied: JsonObject,
  old: ApiObject | undefined,
): Draft<ApiObject> {
  const { definition } = store;
  const result = applyPatch({
    schema: definition.schema,
    live: old as unknown as JsonObject | undefined,
    applied: decoded(definition, thaw(applied) as JsonObject),
    manager: options.fieldManager,
    force: options.force,
    apiVersion: apiVersionOf(definition),
    subresource: request.info.subresource,
    now: scope.clock.now(),
    resetFields: resetFieldsOf(definition, request.info.subresource),
  });
  const draft = decodeObject(definition.schema, thaw(result.object) as JsonObject).object as unknown as Draft<ApiObject>;
  applyDefaults(definition.schema, draft);
  definition.setDefaults?.(draft);
  setManagedFields(draft, result.managedFields);
  return draft;
}

/** Types are checked as in any body; a field that the kind does not have fails the apply (typed conversion of the patch). */
function decoded(definition: ResourceStore["definition"], applied: JsonObject): JsonObject {
  let result: ReturnType<typeof decodeObject>;
  try {
    result = decodeObject(definition.schema, thaw(applied) as JsonObject);
  } catch (error) {
    throw ApiError.badRequest(
      `failed to create typed patch object (${String((applied["metadata"] as JsonObject | undefined)?.["namespace"] ?? "")}/${String((applied["metadata"] as JsonObject | undefined)?.["name"] ?? "")}; ${apiVersionOf(definition)}, Kind=${definition.kind}): ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  return result.object as unknown as JsonObject;
}
