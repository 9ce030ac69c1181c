import { ApiError } from "../../apimachinery/errors/api-error.ts";
import { genericServerResponse } from "../../apimachinery/errors/generic-response.ts";
import type { Status } from "../../apimachinery/errors/status.ts";
import { isJsonObject } from "../../apimachinery/json/json.ts";
import { parseJson } from "../../apimachinery/json/strict-json.ts";
import type { WebhookAnswer } from "./webhook-client.ts";

/** How much of a text that is no Status is shown (client-go rest, maxUnstructuredResponseTextBytes). */
const shownBytes = 2048;

/** What an answer beyond 2xx means: its own Status, else what its code says (client-go rest Request.transformResponse). */
export function failedAnswer({ code, contentType, body }: WebhookAnswer, retryAfterSeconds: number): ApiError {
  const status = statusIn(body);
  if (status !== undefined) return ApiError.fromStatus(status);
  const isText = contentType === "" || contentType.trimStart().startsWith("text/");
  const message = isText ? body.subarray(0, shownBytes).toString("utf8").trim() : "unknown";
  return ApiError.fromStatus(genericServerResponse({ code, method: "POST", message, retryAfterSeconds }));
}

function statusIn(body: Buffer): Status | undefined {
  if (body[0] !== 0x7b) return undefined;
  try {
    const { value } = parseJson(body);
    const found = value as unknown as Partial<Status>;
    return isJsonObject(value) && found.kind === "Status" && found.status !== "Success"
      ? ({ ...found, metadata: found.metadata ?? {} } as Status)
      : undefined;
  } catch {
    return undefined; // Not JSON after all, so not a Status.
  }
}
