import { ApiError } from "../../../apimachinery/errors/api-error.ts";
import { semanticEqual } from "../../../apimachinery/json/equal.ts";
import type { JsonObject, JsonValue } from "../../../apimachinery/json/json.ts";
import { parseJson } from "../../../apimachinery/json/strict-json.ts";
import { applyJsonPatch, decodeJsonPatch, type JsonPatchOperation } from "../../../apimachinery/patch/json-patch.ts";
import type { ResourceDefinition } from "../../../apimachinery/resource/resource.ts";
import { thaw } from "../../../apimachinery/resource/thaw.ts";
import { goQuote } from "../../../apimachinery/text/go-quote.ts";
import { type Convert, takeOver, type VersionedObjects } from "../dynamic/versioned.ts";
import type { AdmissionAttributes } from "../plugin.ts";
import { CallingWebhookError } from "./errors.ts";
import type { ReviewAnswer } from "./review.ts";

export interface Patched {
  readonly attributes: AdmissionAttributes;
  readonly as: ResourceDefinition;
  readonly objects: VersionedObjects;
  readonly convert: Convert;
}

export interface AppliedPatch {
  readonly changed: boolean;
  /** Absent where the webhook asked for no change. */
  readonly operations?: readonly JsonPatchOperation[];
}

/** Changes the write's object as a webhook asks. Throws CallingWebhookError or an internal ApiError where it cannot be. */
export async function applyPatch(webhook: string, answer: ReviewAnswer, patched: Patched): Promise<AppliedPatch> {
  if (answer.patch.length === 0) return { changed: false };
  const operations = decoded(webhook, answer.patch);
  if (operations.length === 0) return { changed: false };
  const { attributes, as, objects, convert } = patched;
  if (objects.object === undefined || attributes.object === undefined) {
    const text = `admission webhook ${goQuote(webhook)} attempted to modify the object, which is not supported for this operation`;
    throw ApiError.internal(new Error(text));
  }
  if (answer.patchType !== "JSONPatch") {
    throw new CallingWebhookError(webhook, `unsupported patch type ${goQuote(answer.patchType)}`, 400);
  }
  const before = thaw(objects.object) as unknown as JsonObject;
  const { apiVersion, kind } = objects.object;
  let after: JsonValue;
  try {
    after = applyJsonPatch(before, operations);
    if (typeof after !== "object" || after === null || Array.isArray(after)) {
      throw new Error("json: cannot unmarshal into Go value of type map[string]interface {}");
    }
    // What it is, a patch cannot change.
    const changed = { ...after, apiVersion, kind, metadata: after["metadata"] ?? {} };
    await takeOver(attributes, thaw(changed) as JsonValue, as, convert);
  } catch (error) {
    throw ApiError.internal(error instanceof ApiError && error.cause instanceof Error ? error.cause : error);
  }
  return { changed: !semanticEqual(before, after), operations };
}

function decoded(webhook: string, patch: Buffer): readonly JsonPatchOperation[] {
  try {
    return decodeJsonPatch(parseJson(patch).value).operations;
  } catch (error) {
    const text = (error as Error).message
      .replace(/^error decoding patch: /, "")
      .replace("[]handlers.jsonPatchOp", "jsonpatch.Patch")
      .replace("handlers.jsonPatchOp", "jsonpatch.Operation");
    const reason = `received undecodable patch in webhook response: ${text}`;
    throw new CallingWebhookError(webhook, reason, 503, { cause: error });
  }
}
