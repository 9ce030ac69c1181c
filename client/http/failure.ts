import { ApiError } from "../../apimachinery/errors/api-error.ts";
import { genericServerResponse } from "../../apimachinery/errors/generic-response.ts";
import type { Status } from "../../apimachinery/errors/status.ts";

export interface FailedAnswer {
  readonly code: number;
  readonly method: string;
  readonly text: string;
  readonly retryAfterSeconds: number;
}

/** What a failed answer means: its own Status, or, where a proxy or a handler sent something else, what its code says. */
export function failureOf(answer: FailedAnswer): ApiError {
  const status = parseStatus(answer.text);
  if (status !== undefined) return ApiError.fromStatus(status);
  const { code, method, text, retryAfterSeconds } = answer;
  const message = text.trim().slice(0, 2048) || "unknown";
  return ApiError.fromStatus(genericServerResponse({ code, method, message, retryAfterSeconds }));
}

function parseStatus(text: string): Status | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    const value = JSON.parse(text) as Partial<Status> | null;
    return value?.kind === "Status" && value.status === "Failure" ? (value as Status) : undefined;
  } catch {
    return undefined; // Not JSON after all, so not a Status.
  }
}
