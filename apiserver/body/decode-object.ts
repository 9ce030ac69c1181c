import { ApiError } from "../../apimachinery/errors/api-error.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../apimachinery/json/json.ts";
import { apiVersionOf } from "../../apimachinery/resource/define.ts";
import type { ApiObject, Draft, ManagedFieldsEntry } from "../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import { type Decoded, DecodeError, decodeObject } from "../../apimachinery/schema/decode.ts";
import { applyDefaults } from "../../apimachinery/schema/defaults.ts";
import { goMapJson } from "../../apimachinery/text/go-json.ts";
import { goQuote } from "../../apimachinery/text/go-quote.ts";
import type { FieldValidation } from "../registry/options.ts";
import { isJson, type ParsedBody, parseBody } from "./parse.ts";
import { internalPackage, isRegistered } from "./registered-kinds.ts";
import { warningsOf } from "./strict-problems.ts";

/** The part of a resource that decoding needs: which kind, and its structure. */
export type Kind = Pick<ResourceDefinition, "group" | "version" | "kind" | "schema"> &
  Pick<Partial<ResourceDefinition>, "setDefaults" | "decode"> & {
    /** Group versions in which it may be sent beside its own, all of one structure. */
    readonly alsoAs?: readonly string[];
  };

/** A decoded object, and what its sender said of its managed fields. */
export interface SentObject {
  readonly draft: Draft<ApiObject>;
  /** `metadata.managedFields` as they were sent, emptiness included: it means something. */
  readonly managedFields: readonly ManagedFieldsEntry[] | undefined;
}

export interface DecodeOptions {
  readonly contentType: string | undefined;
  readonly fieldValidation: FieldValidation;
  /** The kind is one that every group has (DeleteOptions): its apiVersion says nothing. */
  readonly anyVersion?: boolean;
  warn(text: string): void;
}

/**
 * A request body as an object of the expected kind, defaults set. Every refusal is a BadRequest as upstream words it:
 * text that is no JSON, another kind or version, wrong types, and under Strict unknown and duplicate fields.
 */
export function decodeBody(kind: Kind, body: Buffer, options: DecodeOptions): SentObject {
  let parsed: ParsedBody;
  try {
    parsed = parseBody(body, options.contentType);
  } catch (error) {
    if (!(error instanceof SyntaxError)) {
      throw error;
    }
    const what = isJson(options.contentType)
      ? `couldn't get version/kind; json parse error: ${error.message}`
      : error.message;
    throw unrecognized(kind, what, body);
  }
  return decodeParsed(kind, parsed, body, options);
}

/** The same once the text has been read; `body` is what messages show of it. */
export function decodeParsed(kind: Kind, parsed: ParsedBody, body: Buffer, options: DecodeOptions): SentObject {
  // Go's decoder leaves an object as it was where it reads null.
  const value = parsed.value === null ? {} : parsed.value;
  if (!isJsonObject(value)) {
    const what = `json: cannot unmarshal ${typeWord(value)} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`;
    throw unrecognized(kind, `couldn't get version/kind; json parse error: ${what}`, body);
  }
  if (kind.decode !== undefined && unsaid(value["kind"])) {
    // What is known at run time alone has to say what it is.
    const { contentType } = options;
    const shown = isJson(contentType) && body.length > 0 ? body.toString("utf8").trim() : goMapJson(value);
    throw ApiError.badRequest(handledAs(kind, `Object 'Kind' is missing in '${shown}'`));
  }
  const missing = ["kind", "apiVersion"].filter((name) => !Object.hasOwn(value, name)).length;
  const object = withKind(kind, value, body, options.anyVersion ?? false);
  const managedFields = sentManagedFields(object);
  // What withKind adds is decoded, but was not in the text.
  const written: ParsedBody = {
    value: object,
    duplicates: (walked) => parsed.duplicates(walked - missing),
    problems: (walked, unknown) => parsed.problems(walked - missing, unknown),
  };
  return { draft: decodeValue(kind, object, options, written), managedFields };
}

/** Read before decoding drops what is empty. */
export function sentManagedFields(object: JsonObject): readonly ManagedFieldsEntry[] | undefined {
  const metadata = object["metadata"];
  const entries = isJsonObject(metadata) ? metadata["managedFields"] : undefined;
  return Array.isArray(entries) ? (entries.slice() as unknown as ManagedFieldsEntry[]) : undefined;
}

/** The same from a value that is parsed already. `parsed` finds duplicates; without it there are none. */
export function decodeValue(
  kind: Kind,
  value: JsonObject,
  options: Pick<DecodeOptions, "fieldValidation" | "warn">,
  parsed?: ParsedBody,
): Draft<ApiObject> {
  let decoded: Decoded;
  try {
    decoded = decodeAs(kind, value);
  } catch (error) {
    throw ApiError.badRequest(handledAs(kind, error instanceof Error ? error.message : String(error)));
  }
  if (options.fieldValidation !== "Ignore") {
    const problems = problemsOf(kind, decoded, parsed);
    if (problems.length > 0 && options.fieldValidation === "Strict") {
      throw ApiError.badRequest(handledAs(kind, `strict decoding error: ${problems.join(", ")}`));
    }
    for (const problem of problems) {
      for (const warning of warningsOf(problem)) options.warn(warning);
    }
  }
  return withDefaults(kind, decoded.object as Draft<ApiObject>);
}

/** Of what is known at run time alone, the text is read first, and its fields are looked at then. */
function problemsOf(kind: Kind, decoded: Decoded, parsed: ParsedBody | undefined): readonly string[] {
  const { keyCount, unknownFields } = decoded;
  if (parsed === undefined) return unknownFields;
  if (kind.decode !== undefined) return [...parsed.duplicates(keyCount), ...unknownFields];
  return parsed.problems(keyCount, unknownFields);
}

/** A value as the kind's own decoder or its structure reads it. Throws DecodeError. */
export function decodeAs(kind: Kind, value: JsonObject): Decoded {
  return kind.decode === undefined ? decodeObject(kind.schema, value) : kind.decode(value);
}

/**
 * Sets, in place, the defaults that decoding has not set already. A kind that reads parts of its own there, as definitions of
 * custom resources do their schemas, may find one that is none: BadRequest.
 */
export function withDefaults(kind: Kind, object: Draft<ApiObject>): Draft<ApiObject> {
  if (kind.decode === undefined) applyDefaults(kind.schema, object);
  try {
    kind.setDefaults?.(object);
  } catch (error) {
    if (error instanceof DecodeError) throw ApiError.badRequest(handledAs(kind, error.message));
    throw error;
  }
  return object;
}

function handledAs(kind: Kind, problem: string): string {
  return `${kind.kind} in version ${goQuote(kind.version)} cannot be handled as a ${kind.kind}: ${problem}`;
}

/** Go's decoder leaves text empty where it reads null. */
const unsaid = (value: JsonValue | undefined): value is "" | null | undefined =>
  value === undefined || value === null || value === "";

/** Fills in what the URL already says, and refuses what contradicts it. */
function withKind(expected: Kind, value: JsonObject, body: Buffer, anyVersion: boolean): JsonObject {
  const version = apiVersionOf(expected);
  const kind = unsaid(value["kind"]) ? expected.kind : value["kind"];
  const apiVersion = unsaid(value["apiVersion"]) ? version : value["apiVersion"];
  if (typeof kind !== "string" || typeof apiVersion !== "string") {
    const field = typeof kind !== "string" ? "kind" : "apiVersion";
    const what = `json: cannot unmarshal ${typeWord(value[field]!)} into Go struct field .${field} of type string`;
    throw unrecognized(expected, `couldn't get version/kind; json parse error: ${what}`, body);
  }
  // What is known at run time alone is read as any kind, and validated as its own.
  if (expected.decode === undefined && (kind !== expected.kind || apiVersion !== version)) {
    const why = whyNot(expected, kind, apiVersion, anyVersion);
    const shown = goQuote(apiVersion.slice(apiVersion.indexOf("/") + 1));
    if (why !== undefined) {
      throw ApiError.badRequest(`${kind} in version ${shown} cannot be handled as a ${expected.kind}: ${why}`);
    }
  }
  const isAccepted = apiVersion === version || expected.alsoAs?.includes(apiVersion);
  if (!isAccepted && !anyVersion) {
    throw ApiError.badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${version})`,
    );
  }
  value["kind"] = kind;
  value["apiVersion"] = isAccepted ? version : apiVersion;
  return value;
}

/** Why a kind is none that can become the expected one; undefined where it can, be it of another version. */
export function whyNot(
  expected: Pick<Kind, "group" | "kind">,
  kind: string,
  apiVersion: string,
  anyVersion = false,
): string | undefined {
  if (anyVersion && kind === expected.kind) return undefined;
  if (!isRegistered(apiVersion, kind)) {
    return `no kind ${goQuote(kind)} is registered for version ${goQuote(apiVersion)} in scheme "pkg/api/legacyscheme/scheme.go:30"`;
  }
  if (kind === expected.kind) return undefined;
  const [from, to] = [apiVersion.slice(apiVersion.indexOf("/") + 1), internalPackage(expected.group)];
  return `converting (${from}.${kind}) to (${to}.${expected.kind}): unknown conversion`;
}

function unrecognized(kind: Kind, problem: string, body: Buffer): ApiError {
  return ApiError.badRequest(
    `the object provided is unrecognized (must be of type ${kind.kind}): ${problem} (${summary(body)})`,
  );
}

const summaryMax = 30;

/** The beginning of a body: as text where it may be JSON, else in hexadecimal (handlers/rest.go summarizeData). */
function summary(body: Buffer): string {
  if (body.length === 0) {
    return "<empty>";
  }
  const head = body.subarray(0, summaryMax).toString(body[0] === 0x7b ? "utf8" : "hex");
  return body.length > summaryMax ? `${head} ...` : head;
}

function typeWord(value: JsonValue): string {
  if (Array.isArray(value)) {
    return "array";
  }
  return value === null ? "null" : typeof value === "boolean" ? "bool" : typeof value;
}
