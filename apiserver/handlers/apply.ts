import { applyPatch } from "../../apimachinery/apply/apply.ts";
import { type Convert, decided } from "../../apimachinery/apply/conversion.ts";
import { ApiError } from "../../apimachinery/errors/api-error.ts";
import { isJsonObject, type JsonObject } from "../../apimachinery/json/json.ts";
import { countKeys } from "../../apimachinery/json/strict-json.ts";
import { apiVersionOf } from "../../apimachinery/resource/define.ts";
import type { ApiObject, Draft } from "../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import { thaw } from "../../apimachinery/resource/thaw.ts";
import { decodeAs, withDefaults } from "../body/decode-object.ts";
import type { ParsedBody } from "../body/parse.ts";
import { warningsOf } from "../body/strict-problems.ts";
import type { WriteOptions } from "../registry/options.ts";
import { inOtherVersions } from "../registry/other-versions.ts";
import { resetFieldsOf, setManagedFields } from "../registry/own-fields.ts";
import type { ResourceStore } from "../registry/resource-store.ts";
import type { WriteContext } from "../registry/write-context.ts";
import type { ApiRequest } from "../request.ts";
import type { ApiResponse } from "../response.ts";
import { mayCreate, namespaceOf, type Scope, writeContextOf } from "./scope.ts";
import { checkName, checkUid } from "./write.ts";

/** Server-side apply: creates what is not there (KEP-555). */
export async function applyObject(
  scope: Scope,
  store: ResourceStore,
  request: ApiRequest,
  options: WriteOptions,
  patch: ParsedBody,
): Promise<ApiResponse> {
  const configuration = configurationOf(request, patch, options);
  const convert = inOtherVersions(scope.registry, store.definition);
  const change = async (old: ApiObject | undefined): Promise<Draft<ApiObject>> => {
    const draft = await decided(convert, (now) =>
      applied(scope, store.definition, request, options, { configuration, old, convert: now }),
    );
    checkName(draft, request);
    if (old === undefined) checkUid(draft, old, store, request);
    return draft;
  };
  const context: WriteContext & { createIfMissing: boolean } = {
    ...writeContextOf(scope, request, options, "UpdateOptions"),
    ...mayCreate(scope, request),
    createIfMissing: request.info.subresource === "",
  };
  const { served, created } = await store.update(namespaceOf(store, request), request.info.name, change, context);
  return { type: "object", status: created ? 201 : 200, definition: store.definition, served };
}

/** The configuration as it was sent; what it says of its kind is checked by the apply itself. */
export function configurationOf(request: ApiRequest, patch: ParsedBody, options: WriteOptions): JsonObject {
  const { value } = patch;
  if (!isJsonObject(value)) {
    throw ApiError.badRequest("error decoding YAML: the applied configuration is not an object");
  }
  const duplicates = options.fieldValidation === "Ignore" ? [] : patch.duplicates(countKeys(value));
  if (duplicates.length > 0 && options.fieldValidation === "Strict") {
    throw ApiError.badRequest(`error strict decoding YAML: ${duplicates.join(", ")}`);
  }
  for (const duplicate of duplicates) {
    for (const warning of warningsOf(duplicate)) request.warnings.add(warning);
  }
  return value;
}

interface Application {
  readonly configuration: JsonObject;
  readonly old: ApiObject | undefined;
  /** Absent where there is one version. */
  readonly convert?: Convert;
}

/** What an apply makes of the object, with its managers, decoded and with its defaults. `definition` is of the kind that is applied. */
export function applied(
  scope: Pick<Scope, "clock">,
  definition: ResourceDefinition,
  request: ApiRequest,
  options: WriteOptions,
  { configuration, old, convert }: Application,
): Draft<ApiObject> {
  const { subresource } = request.info;
  const result = applyPatch({
    schema: definition.schema,
    live: old as unknown as JsonObject | undefined,
    kind: definition.kind,
    applied: configuration,
    manager: options.fieldManager,
    force: options.force,
    apiVersion: apiVersionOf(definition),
    subresource,
    now: scope.clock.now(),
    resetFields: resetFieldsOf(definition, subresource),
    ...(convert === undefined ? {} : { convert }),
  });
  const decoded = decodeAs(definition, thaw(result.object) as JsonObject).object;
  const draft = withDefaults(definition, decoded as unknown as Draft<ApiObject>);
  setManagedFields(draft, result.managedFields);
  return draft;
}
