import { ApiError } from "../../apimachinery/errors/api-error.ts";
import { invalid } from "../../apimachinery/field/errors.ts";
import { path } from "../../apimachinery/field/path.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../apimachinery/json/json.ts";
import { countKeys, stringifyJson } from "../../apimachinery/json/strict-json.ts";
import { goFormat } from "../../apimachinery/patch/go-value.ts";
import { applyJsonPatch, decodeJsonPatch } from "../../apimachinery/patch/json-patch.ts";
import { applyMergePatch } from "../../apimachinery/patch/merge-patch.ts";
import { applyStrategicMergePatch } from "../../apimachinery/patch/strategic-merge-patch.ts";
import type { ApiObject, Draft } from "../../apimachinery/resource/object.ts";
import { thaw } from "../../apimachinery/resource/thaw.ts";
import { type Decoded, DecodeError } from "../../apimachinery/schema/decode.ts";
import { compareText, goQuote } from "../../apimachinery/text/go-quote.ts";
import {
  decodeAs,
  type Kind,
  type SentObject,
  sentManagedFields,
  whyNot,
  withDefaults,
} from "../body/decode-object.ts";
import { type ParsedBody, parseBody, withoutText } from "../body/parse.ts";
import { byKeys } from "../body/strict-problems.ts";
import { auditRecordOf } from "../filters/audit.ts";
import { patchOptionsOf, type WriteOptions } from "../registry/options.ts";
import { ownFieldsOf } from "../registry/own-fields.ts";
import type { ResourceStore } from "../registry/resource-store.ts";
import type { WriteContext } from "../registry/write-context.ts";
import type { ApiRequest } from "../request.ts";
import type { ApiResponse } from "../response.ts";
import { unsupportedByRouter } from "./acceptable.ts";
import { applyObject } from "./apply.ts";
import { namespaceOf, type Scope, writeContextOf, writerOf } from "./scope.ts";
import { checkName } from "./write.ts";

export type PatchType = "json" | "merge" | "strategic" | "apply";

const patchTypes: ReadonlyMap<string, PatchType> = new Map<string, PatchType>(
  Object.entries({
    "application/json-patch+json": "json",
    "application/merge-patch+json": "merge",
    "application/strategic-merge-patch+json": "strategic",
    "application/apply-patch+yaml": "apply",
  } as const),
);

/** Merge keys are Go's struct tags: what is known at run time alone has none, nor do its scales take such patches. */
export function refuseStrategic({ definition }: ResourceStore, type: PatchType): void {
  if (type !== "strategic" || definition.decode === undefined) return;
  throw ApiError.unsupportedMediaType([...patchTypes.keys()].filter((name) => patchTypes.get(name) !== type));
}

/** PATCH, of all four kinds. The patch is applied anew to each state that a concurrent writer leaves. */
export async function patchObject(scope: Scope, store: ResourceStore, request: ApiRequest): Promise<ApiResponse> {
  const type = patchTypeOf(request, store);
  refuseStrategic(store, type);
  const options = patchOptionsOf(request.query, type === "apply");
  const patch = await readPatch(scope, request);
  auditRecordOf(request)?.requestObject(patch.value);
  if (type === "apply") {
    return applyObject(scope, store, request, options, patch);
  }
  let managedFields: SentObject["managedFields"];
  const change = (old: ApiObject | undefined): Draft<ApiObject> => {
    const sent = patched(store.definition, request, type, patch, options, old!);
    const { draft } = sent;
    managedFields = sent.managedFields;
    checkName(draft, request);
    return draft;
  };
  const writer = writerOf(request, options);
  const context: WriteContext & { createIfMissing: boolean } = {
    ...writeContextOf(scope, request, options, "UpdateOptions"),
    ownFields: (...write) => ownFieldsOf(store.definition, writer, managedFields, scope.registry)(...write),
    createIfMissing: false,
  };
  const { served } = await store.update(namespaceOf(store, request), request.info.name, change, context);
  return { type: "object", status: 200, definition: store.definition, served };
}

export function patchTypeOf(request: ApiRequest, { definition }: ResourceStore): PatchType {
  const mediaType = (request.header("content-type") ?? "").split(";", 1)[0]!.trim();
  const type = patchTypes.get(mediaType);
  if (type === undefined) {
    if (definition.decode === undefined) throw unsupportedByRouter();
    throw ApiError.unsupportedMediaType([...patchTypes.keys()].filter((name) => patchTypes.get(name) !== "strategic"));
  }
  return type;
}

export async function readPatch(scope: Scope, request: ApiRequest): Promise<ParsedBody> {
  if (request.bodyObject !== undefined) {
    return withoutText(thaw(request.bodyObject) as JsonValue);
  }
  const body = await request.readBody(scope.maxBodyBytes);
  const apply = (request.header("content-type") ?? "").startsWith("application/apply-patch+yaml");
  try {
    return parseBody(body, apply ? "application/yaml" : "application/json");
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw ApiError.badRequest(`error decoding ${apply ? "YAML" : "patch"}: ${error.message}`);
    }
    throw error;
  }
}

/** The patch applied to `old`, decoded and with its defaults. */
export function patched(
  definition: Kind,
  request: ApiRequest,
  type: Exclude<PatchType, "apply">,
  patch: ParsedBody,
  options: WriteOptions,
  old: ApiObject,
): SentObject {
  const { value, strictErrors } = patchedValue(definition, type, patch, old);
  const text = (): string => (type === "strategic" ? goFormat(patch.value) : stringifyJson(value));
  const refuse = (problem: string): ApiError =>
    ApiError.invalid({ group: "", kind: "" }, "", [invalid(path("patch"), text(), problem)]);
  if (!isJsonObject(value)) {
    throw refuse(
      `json: cannot unmarshal ${Array.isArray(value) ? "array" : typeof value} into Go value of type map[string]interface {}`,
    );
  }
  settleKind(definition, type, old, value, refuse);
  const managedFields = sentManagedFields(value);
  let decoded: Decoded;
  try {
    decoded = decodeAs(definition, value);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw refuse(error instanceof Error ? error.message : String(error));
    throw refuse(type === "strategic" ? error.whenRestored : error.message);
  }
  if (options.fieldValidation !== "Ignore") {
    const problems = [...strictErrors, ...unknownInOrder(definition, type, decoded.unknownFields)];
    if (problems.length > 0 && options.fieldValidation === "Strict") {
      throw refuse(`strict decoding error: ${problems.join(", ")}`);
    }
    for (const problem of problems) {
      request.warnings.add(problem);
    }
  }
  return { draft: withDefaults(definition, decoded.object as Draft<ApiObject>), managedFields };
}

/** Go writes what a patch has made from maps, and sorts what it finds while it turns a strategic one's maps into the object. */
function unknownInOrder(kind: Kind, type: PatchType, unknown: readonly string[]): readonly string[] {
  if (kind.decode !== undefined) return unknown;
  return type === "strategic" ? unknown.toSorted(compareText) : byKeys(unknown);
}

function patchedValue(
  definition: Kind,
  type: Exclude<PatchType, "apply">,
  patch: ParsedBody,
  old: ApiObject,
): { readonly value: JsonValue; readonly strictErrors: readonly string[] } {
  const document = old as unknown as JsonObject;
  if (type === "json") {
    const { operations, unknownFields } = decodeJsonPatch(patch.value);
    const strictErrors = patch
      .problems(countKeys(patch.value), unknownFields)
      .map((problem) => `json patch ${problem}`);
    return { value: thaw(applyJsonPatch(document, operations)) as JsonValue, strictErrors };
  }
  const duplicates = patch.duplicates(countKeys(patch.value));
  if (type === "merge") {
    return { value: thaw(applyMergePatch(document, patch.value)) as JsonValue, strictErrors: duplicates };
  }
  const value = applyStrategicMergePatch(definition.schema, document, patch.value);
  return { value: thaw(value) as JsonValue, strictErrors: duplicates };
}

/**
 * A patch may not turn an object into one of another kind. A strategic one has no say in it, and what it says is forgotten; so is
 * another version that upstream could read.
 */
function settleKind(
  definition: Kind,
  type: PatchType,
  old: ApiObject,
  value: JsonObject,
  refuse: (problem: string) => ApiError,
): void {
  const { kind = null, apiVersion = null } = value;
  if (kind === old.kind && apiVersion === old.apiVersion) return;
  const given = { kind: String(kind ?? old.kind), apiVersion: String(apiVersion ?? old.apiVersion) };
  if (definition.decode !== undefined) refuseOtherKind(definition, old, given);
  else if (type !== "strategic") {
    const why = whyNot(definition, given.kind, given.apiVersion);
    if (why !== undefined) throw refuse(why);
  }
  value["kind"] = old.kind;
  value["apiVersion"] = old.apiVersion;
}

function refuseOtherKind(
  definition: Kind,
  old: ApiObject,
  { kind, apiVersion }: Record<"kind" | "apiVersion", string>,
): void {
  if (kind === old.kind && apiVersion === old.apiVersion) return;
  const given = goQuote(apiVersion.slice(apiVersion.indexOf("/") + 1));
  const why = `no kind ${goQuote(kind)} is registered for version ${goQuote(apiVersion)} in scheme "pkg/api/legacyscheme/scheme.go:30"`;
  throw ApiError.badRequest(`${kind} in version ${given} cannot be handled as a ${definition.kind}: ${why}`);
}
