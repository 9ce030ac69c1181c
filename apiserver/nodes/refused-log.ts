import { ApiError } from "../../apimachinery/errors/api-error.ts";
import type { StatusReason } from "../../apimachinery/errors/status.ts";
import { goQuote } from "../../apimachinery/text/go-quote.ts";

const known: Readonly<Record<number, readonly [reason: StatusReason, message: string]>> = {
  401: ["Unauthorized", "the server has asked for the client to provide credentials"],
  404: ["NotFound", "the server could not find the requested resource"],
  422: ["Invalid", "the server rejected our request due to an error in our request"],
  429: ["TooManyRequests", "the server has received too many requests and has asked us to try again later"],
  503: ["ServiceUnavailable", "the server is currently unable to handle the request"],
  504: [
    "Timeout",
    "the server was unable to return a response in the time allotted, but may still be processing the request",
  ],
};

/** What a client is told where the kubelet refuses a log (apiserver/pkg/registry/generic/rest GenericHttpResponseChecker). */
export function refusedLog(code: number, body: string, podName: string): ApiError {
  if (code === 500) return ApiError.internal(new Error(body));
  if (code === 400) return ApiError.badRequest(body);
  const [reason, message] = known[code] ?? other(code, body);
  return ApiError.fromStatus({
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: `${message} ( pods/log ${podName})`,
    reason,
    details: { name: podName, kind: "pods/log" },
    code,
  });
}

function other(code: number, body: string): readonly [StatusReason, string] {
  if (code === 403) return ["Forbidden", body];
  return code >= 500
    ? ["InternalError", `an error on the server (${goQuote(body)}) has prevented the request from succeeding`]
    : ["Unknown", `the server responded with the status code ${code} but did not return more information`];
}
