import { goQuote } from "../text/go-quote.ts";
import type { Status, StatusReason } from "./status.ts";

const byCode: Readonly<Record<number, readonly [StatusReason, string]>> = {
  400: ["BadRequest", "the server rejected our request for an unknown reason"],
  401: ["Unauthorized", "the server has asked for the client to provide credentials"],
  404: ["NotFound", "the server could not find the requested resource"],
  405: ["MethodNotAllowed", "the server does not allow this method on the requested resource"],
  409: ["Conflict", "the server reported a conflict"],
  422: ["Invalid", "the server rejected our request due to an error in our request"],
  429: ["TooManyRequests", "the server has received too many requests and has asked us to try again later"],
  503: ["ServiceUnavailable", "the server is currently unable to handle the request"],
  504: [
    "Timeout",
    "the server was unable to return a response in the time allotted, but may still be processing the request",
  ],
};

/** An answer that failed and brought no Status of its own. */
export interface GenericResponse {
  readonly code: number;
  readonly method: string;
  /** What the body says; `unknown` where it is no text. */
  readonly message: string;
  readonly retryAfterSeconds: number;
}

/** What a client is told of it (apimachinery/pkg/api/errors NewGenericServerResponse). */
export function genericServerResponse({ code, method, message: said, retryAfterSeconds }: GenericResponse): Status {
  const [reason, message] = meaningOf(code, method, said);
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    reason,
    details: {
      causes: [{ reason: "UnexpectedServerResponse", message: said }],
      ...(retryAfterSeconds > 0 ? { retryAfterSeconds } : {}),
    },
    code,
  };
}

function meaningOf(code: number, method: string, said: string): readonly [StatusReason, string] {
  if (code === 409 && method === "POST") return ["AlreadyExists", "the server reported a conflict"];
  if (code === 403) return ["Forbidden", said];
  if (code === 415) return ["UnsupportedMediaType", said];
  if (code === 406) {
    const silent = said === "" || said === "unknown";
    const message = "the server was unable to respond with a content type that the client supports";
    return ["NotAcceptable", silent ? message : said];
  }
  const known = byCode[code];
  if (known !== undefined) return known;
  return code >= 500
    ? ["InternalError", `an error on the server (${goQuote(said)}) has prevented the request from succeeding`]
    : ["Unknown", `the server responded with the status code ${code} but did not return more information`];
}
