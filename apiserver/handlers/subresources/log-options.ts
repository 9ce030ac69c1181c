import { ApiError } from "../../../apimachinery/errors/api-error.ts";
import type { FieldError } from "../../../apimachinery/field/error.ts";
import { forbidden, invalid, notSupported } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import { goQuote } from "../../../apimachinery/text/go-quote.ts";
import { formatTime, parseTime } from "../../../apimachinery/time/time.ts";

/** v1.PodLogOptions of a query, checked. */
export interface LogOptions {
  readonly container: string;
  readonly insecureSkipTLSVerifyBackend: boolean;
  /** As the kubelet is sent them. */
  readonly params: URLSearchParams;
}

const streams = ["All", "Stderr", "Stdout"];

/** Throws BadRequest for what cannot be read, Invalid for what cannot be meant (ValidatePodLogOptions). */
export function logOptionsOf(query: URLSearchParams, podName: string): LogOptions {
  const [tailLines, limitBytes, sinceSeconds] = ["tailLines", "limitBytes", "sinceSeconds"].map((name) =>
    numberOf(query, name),
  );
  const sinceTime = query.get("sinceTime") || undefined;
  const since = sinceTime === undefined ? undefined : timeOf(sinceTime);
  const stream = query.get("stream") ?? "All";
  check(podName, { tailLines, limitBytes, sinceSeconds, sinceTime, stream });
  const params = new URLSearchParams();
  const add = (name: string, value: number | string | undefined): void => {
    if (value !== undefined) params.set(name, String(value));
  };
  for (const name of ["follow", "previous", "timestamps"]) {
    if (queryFlag(query, name)) params.set(name, "true");
  }
  add("sinceSeconds", sinceSeconds);
  add("sinceTime", since);
  add("tailLines", tailLines);
  add("limitBytes", limitBytes);
  add("stream", stream);
  return {
    container: query.get("container") ?? "",
    insecureSkipTLSVerifyBackend: queryFlag(query, "insecureSkipTLSVerifyBackend"),
    params,
  };
}

interface Given {
  readonly tailLines: number | undefined;
  readonly limitBytes: number | undefined;
  readonly sinceSeconds: number | undefined;
  readonly sinceTime: string | undefined;
  readonly stream: string;
}

function check(podName: string, { tailLines, limitBytes, sinceSeconds, sinceTime, stream }: Given): void {
  const errors: FieldError[] = [];
  if (tailLines !== undefined && tailLines < 0) {
    errors.push(invalid(path("tailLines"), tailLines, "must be greater than or equal to 0"));
  }
  if (limitBytes !== undefined && limitBytes < 1) {
    errors.push(invalid(path("limitBytes"), limitBytes, "must be greater than 0"));
  }
  if (sinceSeconds !== undefined && sinceTime !== undefined) {
    errors.push(forbidden(path(""), "at most one of `sinceTime` or `sinceSeconds` may be specified"));
  } else if (sinceSeconds !== undefined && sinceSeconds < 1) {
    errors.push(invalid(path("sinceSeconds"), sinceSeconds, "must be greater than 0"));
  }
  if (!streams.includes(stream)) errors.push(notSupported(path("stream"), stream, streams));
  if (stream !== "All" && tailLines !== undefined) {
    errors.push(forbidden(path(""), "`tailLines` and specific `stream` are mutually exclusive for now"));
  }
  if (errors.length > 0) throw ApiError.invalid({ group: "", kind: "PodLogOptions" }, podName, errors);
}

/** There, and neither 0 nor false (apimachinery/pkg/runtime Convert_Slice_string_To_bool). */
export function queryFlag(query: URLSearchParams, name: string): boolean {
  const text = query.get(name)?.toLowerCase();
  return text !== undefined && text !== "0" && text !== "false";
}

function numberOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (!/^[+-]?\d+$/.test(text)) {
    throw ApiError.badRequest(`strconv.ParseInt: parsing ${goQuote(text)}: invalid syntax`);
  }
  return Number(text);
}

function timeOf(text: string): string {
  try {
    return formatTime(parseTime(text));
  } catch (error) {
    throw ApiError.badRequest((error as Error).message);
  }
}
