import { ApiError } from "../../apimachinery/errors/api-error.ts";
import type { Status, StatusReason } from "../../apimachinery/errors/status.ts";

const byCode: Readonly<Record<number, readonly [StatusReason, string]>> = {
  400: ["BadRequest", "the server rejected our request for an unknown reason"],
  401: ["Unauthorized", "the server has asked for the client to provide credentials"],
  404: ["NotFound", "the server could not find the requested resource"],
  405: ["MethodNotAllowed", "the server does not allow this method on the requested resource"],
  406: ["NotAcceptable", "the server was unable to respond with a content type that the client supports"],
  409: ["Conflict", "the server reported a conflict"],
  422: ["Invalid", "the server rejected our request due to an error in our request"],
  429: ["TooManyRequests", "the server has received too many requests and has asked us to try again later"],
  503: ["ServiceUnavailable", "the server is currently unable to handle the request"],
  504: [
    "Timeout",
    "the server was unable to return a response in the time allotted, but may still be processing the request",
  ],
};

export interface FailedAnswer {
  readonly code: number;
  readonly method: string;
  readonly text: string;
  readonly retryAfterSeconds: number;
}

/** What a failed answer means: its own Status, or, where a proxy or a handler sent something else, what its code says. */
export function failureOf(answer: FailedAnswer): ApiError {
  const status = parseStatus(answer.text);
  return ApiError.fromStatus(status ?? genericStatus(answer));
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

/** apimachinery/pkg/api/errors, NewGenericServerResponse. */
function genericStatus({ code, method, text, retryAfterSeconds }: FailedAnswer): Status {
  const serverMessage = text.trim().slice(0, 2048) || "unknown";
  let [reason, message] = byCode[code] ?? [
    "Unknown",
    `the server responded with the status code ${code} but did not return more information`,
  ];
  if (code === 409 && method === "POST") reason = "AlreadyExists";
  if (code === 403) [reason, message] = ["Forbidden", serverMessage];
  if (code === 415) [reason, message] = ["UnsupportedMediaType", serverMessage];
  if (code >= 500 && byCode[code] === undefined) {
    [reason, message] = [
      "InternalError",
      `an error on the server (${JSON.stringify(serverMessage)}) has prevented the request from succeeding`,
    ];
  }
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    reason: reason as StatusReason,
    details: {
      causes: [{ reason: "UnexpectedServerResponse", message: serverMessage }],
      ...(retryAfterSeconds > 0 ? { retryAfterSeconds } : {}),
    },
    code,
  };
}
