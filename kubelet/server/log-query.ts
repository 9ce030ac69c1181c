import { parseTime } from "../../apimachinery/time/time.ts";
import type { LogOptions } from "../logs/log-filter.ts";
import { HttpError } from "./answer.ts";

/** What a query asks of a container's log, as the API server passes v1.PodLogOptions on. */
export interface LogQuery extends LogOptions {
  readonly previous: boolean;
}

const streams = new Set(["All", "Stdout", "Stderr"]);

/** Refuses with the kubelet's own texts: those that people read are the API server's, which has checked before. */
export function logQuery(query: URLSearchParams, now: number): LogQuery {
  const undecodable = new HttpError(400, '{"message": "Unable to decode query."}');
  const invalid = new HttpError(422, '{"message": "Invalid request."}');
  const number = (name: string, least: number): number | undefined => {
    const text = query.get(name);
    if (text === null || text === "") return undefined;
    if (!/^[+-]?\d+$/.test(text)) throw undecodable;
    if (Number(text) < least) throw invalid;
    return Number(text);
  };
  const tail = query.get("tail") ?? "";
  if (tail !== "") {
    if (tail === "all") query.delete("tailLines");
    else query.set("tailLines", tail);
  }
  const sinceSeconds = number("sinceSeconds", 1);
  const sinceTime = query.get("sinceTime") || undefined;
  if (sinceSeconds !== undefined && sinceTime !== undefined) throw invalid;
  const stream = query.get("stream") || "All";
  const tailLines = number("tailLines", 0);
  if (!streams.has(stream) || (stream !== "All" && tailLines !== undefined)) throw invalid;
  return {
    previous: flag(query, "previous"),
    follow: flag(query, "follow"),
    timestamps: flag(query, "timestamps"),
    tailLines,
    limitBytes: number("limitBytes", 1),
    sinceMs: sinceTime === undefined ? sinceOf(sinceSeconds, now) : timeOf(sinceTime, undecodable),
    stream: stream as "All",
  };
}

function sinceOf(seconds: number | undefined, now: number): number | undefined {
  return seconds === undefined ? undefined : now - seconds * 1_000;
}

function timeOf(text: string, failure: HttpError): number {
  try {
    return parseTime(text);
  } catch {
    throw failure;
  }
}

/** As Go's converter of query parameters reads it: there, and neither 0 nor false. */
function flag(query: URLSearchParams, name: string): boolean {
  const text = query.get(name)?.toLowerCase();
  return text !== undefined && text !== "0" && text !== "false";
}
