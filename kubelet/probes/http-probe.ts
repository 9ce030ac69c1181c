import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from "node:http";
import { request as httpsRequest } from "node:https";
import type { HTTPGetAction, HTTPHeader } from "../../api/generated/types/core-v1.ts";
import { goQuote } from "../../apimachinery/text/go-quote.ts";
import { onAbort } from "../../base/cancellation.ts";
import {
  dialError,
  failure,
  hostPort,
  maxOutputBytes,
  type ProbeOutcome,
  success,
  unknown,
  warning,
} from "./probe-outcome.ts";

export interface HttpProbe {
  readonly url: string;
  readonly headers: readonly HTTPHeader[];
  /** Aborts when time is up. */
  readonly signal: AbortSignal;
}

const userAgent = "kube-probe/1.36";
const maxRedirects = 10;
const timedOut = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)";

/** Where a probe goes (pkg/probe/http formatURL). */
export function probeUrl({ scheme, host, path }: Partial<HTTPGetAction>, podIP: string, port: number): string {
  const target = path === undefined || path === "" || path.startsWith("/") ? (path ?? "") : `/${path}`;
  return `${(scheme || "http").toLowerCase()}://${hostPort(host || podIP, port)}${target}`;
}

/**
 * Any status from 200 to 399 is a success. Redirects are followed on the same host; one to another host is a warning and
 * is not followed. Certificates are not verified (pkg/probe/http).
 */
export async function probeHttp({ url, headers, signal }: HttpProbe): Promise<ProbeOutcome> {
  const sent = headersOf(headers);
  let at = new URL(url);
  let shown = url;
  for (let followed = 0; ; followed++) {
    let response: Response;
    try {
      response = await get(at, sent, signal);
    } catch (error) {
      return failure(`Get ${goQuote(shown)}: ${wordsOf(error, at, signal)}`);
    }
    const { status, body, location, truncated } = response;
    if (truncated !== undefined) return unknown(truncated);
    const next = status >= 300 && status < 400 && location !== undefined ? URL.parse(location, at.href) : null;
    if (next === null || ![301, 302, 303, 307, 308].includes(status) || next.hostname !== at.hostname) {
      if (status >= 300 && status < 400) return warning(`Probe terminated redirects, Response body: ${body}`);
      return status >= 200 && status < 300 ? success(body) : failure(`HTTP probe failed with statuscode: ${status}`);
    }
    shown = location!;
    if (followed + 1 >= maxRedirects) return failure(`Get ${goQuote(shown)}: stopped after 10 redirects`);
    at = next;
  }
}

/** Headers with the probe's own where none are given; an empty Accept sends none. */
function headersOf(headers: readonly HTTPHeader[]): OutgoingHttpHeaders {
  const sent: Record<string, string[]> = {};
  for (const { name, value } of headers) {
    const key = name.toLowerCase();
    sent[key] = [...(sent[key] ?? []), value];
  }
  sent["user-agent"] ??= [userAgent];
  if (sent["accept"] === undefined) sent["accept"] = ["*/*"];
  else if (sent["accept"][0] === "") delete sent["accept"];
  if (sent["host"]?.[0] === "") delete sent["host"];
  // Node takes several values of some headers only; one of each it takes.
  return Object.fromEntries(
    Object.entries(sent).map(([name, values]) => [name, values.length === 1 ? values[0] : values]),
  );
}

interface Response {
  readonly status: number;
  readonly location: string | undefined;
  readonly body: string;
  /** Why the body did not come to its end. */
  readonly truncated?: string;
}

class DialFailed extends Error {}

function get(url: URL, headers: OutgoingHttpHeaders, signal: AbortSignal): Promise<Response> {
  return new Promise((resolve, reject) => {
    const isTls = url.protocol === "https:";
    const options = {
      method: "GET",
      headers,
      agent: false as const,
      rejectUnauthorized: false,
    };
    const request = isTls ? httpsRequest(url, options) : httpRequest(url, options);
    let isConnected = false;
    const limit = onAbort(signal, (reason) => request.destroy(reason instanceof Error ? reason : new Error("aborted")));
    request.once("socket", (socket) => {
      socket.once("connect", () => {
        isConnected = true;
      });
    });
    request.once("error", (cause) => {
      limit[Symbol.dispose]();
      reject(isConnected ? cause : new DialFailed("no connection", { cause }));
    });
    request.once("response", (response) => {
      read(response, signal).then(
        (answer) => {
          limit[Symbol.dispose]();
          request.destroy();
          resolve(answer);
        },
        (error: unknown) => reject(error as Error),
      );
    });
    request.end();
  });
}

/** As much of the body as is kept; what follows is left unread. */
async function read(response: IncomingMessage, signal: AbortSignal): Promise<Response> {
  const { statusCode: status = 0, headers } = response;
  const chunks: Buffer[] = [];
  let size = 0;
  const answer = (): Response => {
    const body = Buffer.concat(chunks).subarray(0, maxOutputBytes).toString();
    return { status, location: headers.location, body };
  };
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= maxOutputBytes) break;
    }
  } catch {
    const why = signal.aborted
      ? "context deadline exceeded (Client.Timeout or context cancellation while reading body)"
      : "unexpected EOF";
    return { ...answer(), truncated: why };
  }
  return answer();
}

/** As Go's client words it. */
function wordsOf(error: unknown, url: URL, signal: AbortSignal): string {
  if (signal.aborted) return timedOut;
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = Number(url.port) || (url.protocol === "https:" ? 443 : 80);
  if (error instanceof DialFailed) return dialError(error.cause, host, port);
  const { code = "", message } = error as Error & { readonly code?: string };
  if (code === "ECONNRESET" && message === "socket hang up") return "EOF";
  if (code === "ECONNRESET") return "read: connection reset by peer";
  if (code === "EPIPE") return "write: broken pipe";
  if (code.startsWith("HPE_")) return `net/http: HTTP/1.x transport connection broken: malformed HTTP response`;
  if (code.startsWith("ERR_SSL_")) return "http: server gave HTTP response to HTTPS client";
  return message;
}
