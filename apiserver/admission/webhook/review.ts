import { ApiError } from "../../../apimachinery/errors/api-error.ts";
import type { Status } from "../../../apimachinery/errors/status.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../../apimachinery/json/json.ts";
import { parseJson } from "../../../apimachinery/json/strict-json.ts";
import { goQuote } from "../../../apimachinery/text/go-quote.ts";
import type { WebhookAnswer } from "../../webhook-client/webhook-client.ts";
import type { AdmissionRequest } from "../dynamic/admission-request.ts";
import type { VersionedObjects } from "../dynamic/versioned.ts";

/** What a webhook says, checked (admission/plugin/webhook/request VerifyAdmissionResponse). */
export interface ReviewAnswer {
  readonly allowed: boolean;
  readonly result: Partial<Status> | undefined;
  /** Empty where it has none. */
  readonly patch: Buffer;
  readonly patchType: string;
  readonly auditAnnotations: Readonly<Record<string, string>>;
  readonly warnings: readonly string[];
}

const known: ReadonlySet<string> = new Set(["v1", "v1beta1"]);

/** The version that a webhook is asked in: its first that the server knows. */
export function reviewVersion(versions: readonly string[]): string | undefined {
  return versions.find((version) => known.has(version));
}

/** admission.k8s.io AdmissionReview as it is sent; both versions have the same form. */
export function admissionReview(
  version: string,
  uid: string,
  request: AdmissionRequest,
  { object, oldObject }: VersionedObjects,
): object {
  const { userInfo, dryRun, options, ...head } = request;
  return {
    kind: "AdmissionReview",
    apiVersion: `admission.k8s.io/${version}`,
    request: { uid, ...head, userInfo, object: object ?? null, oldObject: oldObject ?? null, dryRun, options },
  };
}

/** Throws Error in upstream's words where it is no answer; an ApiError where it is a Status that tells of a failure. */
export function readReview(answer: WebhookAnswer): JsonObject {
  if (answer.body.length === 0) {
    throw new Error(`0-length response with status code: ${answer.code} and content type: ${answer.contentType}`);
  }
  const value = parsed(answer.body);
  if (!isJsonObject(value)) {
    throw new Error(
      `couldn't get version/kind; json parse error: json: cannot unmarshal ${goType(value)} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`,
    );
  }
  if (value["kind"] === "Status" && value["apiVersion"] === "v1" && value["status"] !== "Success") {
    throw ApiError.fromStatus({ metadata: {}, ...value } as unknown as Status);
  }
  return value;
}

function parsed(body: Buffer): JsonValue {
  try {
    return parseJson(body).value;
  } catch (error) {
    throw new Error(`couldn't get version/kind; json parse error: ${(error as Error).message}`, { cause: error });
  }
}

/** Throws Error where the answer is to something else, or says what it may not. */
export function verifyReview(
  review: JsonObject,
  wanted: { readonly version: string; readonly uid: string; readonly mutating: boolean },
): ReviewAnswer {
  const response = objectAt(review, "response", "AdmissionReview");
  if (response === undefined) throw new Error("webhook response was absent");
  const answer = answerOf(response);
  const { version, mutating } = wanted;
  if (version !== "v1") {
    // Neither uid nor version were looked at then, and there was one type of patch.
    return mutating ? { ...answer, patchType: "JSONPatch" } : { ...answer, patch: Buffer.alloc(0), patchType: "" };
  }
  const uid = textAt(response, "uid") ?? "";
  if (uid !== wanted.uid) throw new Error(`expected response.uid=${goQuote(wanted.uid)}, got ${goQuote(uid)}`);
  const { kind = "", apiVersion = "" } = review as { kind?: string; apiVersion?: string };
  if (kind !== "AdmissionReview" || apiVersion !== "admission.k8s.io/v1") {
    const wantedKind = "admission.k8s.io/v1, Kind=AdmissionReview";
    throw new Error(`expected webhook response of ${wantedKind}, got ${kindText(apiVersion, kind)}`);
  }
  checkPatch(response, answer, mutating);
  return answer;
}

function checkPatch(response: JsonObject, { patch, patchType }: ReviewAnswer, mutating: boolean): void {
  const typed = response["patchType"] !== undefined && response["patchType"] !== null;
  if (!mutating) {
    if (patch.length > 0) throw new Error("validating webhook may not return response.patch");
    if (typed) throw new Error("validating webhook may not return response.patchType");
    return;
  }
  if (patch.length > 0 && !typed) throw new Error("webhook returned response.patch but not response.patchType");
  if (patch.length === 0 && typed) throw new Error("webhook returned response.patchType but not response.patch");
  if (typed && patchType === "") throw new Error('webhook returned invalid response.patchType of ""');
}

function answerOf(response: JsonObject): ReviewAnswer {
  const allowed = response["allowed"] ?? false;
  if (typeof allowed !== "boolean") throw wrongType(allowed, "allowed", "bool");
  return {
    allowed,
    result: objectAt(response, "status", "AdmissionResponse.response") as Partial<Status> | undefined,
    patch: bytesAt(response, "patch"),
    patchType: textAt(response, "patchType") ?? "",
    auditAnnotations: textsByName(response),
    warnings: warningsOf(response),
  };
}

function kindText(apiVersion: string, kind: string): string {
  const [version = "", group = ""] = apiVersion.split("/").reverse();
  return `${group}/${version}, Kind=${kind}`;
}

function objectAt(from: JsonObject, name: string, type: string): JsonObject | undefined {
  const value = from[name];
  if (value === undefined || value === null) return undefined;
  if (isJsonObject(value)) return value;
  const field = `${type}.${name}`;
  const goName = name === "status" ? "v1.Status" : "v1.AdmissionResponse";
  throw new Error(`json: cannot unmarshal ${goType(value)} into Go struct field ${field} of type ${goName}`);
}

function textAt(response: JsonObject, name: string): string | undefined {
  const value = response[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") throw wrongType(value, name, "string");
  return value;
}

function bytesAt(response: JsonObject, name: string): Buffer {
  const text = textAt(response, name) ?? "";
  const bad = /[^A-Za-z0-9+/\r\n]/.exec(text.replace(/={0,2}\s*$/, ""));
  if (bad !== null) throw new Error(`illegal base64 data at input byte ${bad.index}`);
  return Buffer.from(text, "base64");
}

function textsByName(response: JsonObject): Record<string, string> {
  const value = response["auditAnnotations"] ?? {};
  if (!isJsonObject(value)) throw wrongType(value, "auditAnnotations", "map[string]string");
  for (const one of Object.values(value))
    if (typeof one !== "string") throw wrongType(one, "auditAnnotations", "string");
  return value as Record<string, string>;
}

function warningsOf(response: JsonObject): readonly string[] {
  const value = response["warnings"] ?? [];
  if (!Array.isArray(value)) throw wrongType(value, "warnings", "[]string");
  for (const one of value) if (typeof one !== "string") throw wrongType(one, "warnings", "string");
  return value as string[];
}

function wrongType(value: JsonValue, name: string, type: string): Error {
  return new Error(
    `json: cannot unmarshal ${goType(value)} into Go struct field AdmissionResponse.response.${name} of type ${type}`,
  );
}

function goType(value: JsonValue): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value === "boolean" ? "bool" : typeof value;
}
