import { ApiError } from "../apimachinery/errors/api-error.ts";
import type { Status } from "../apimachinery/errors/status.ts";
import { readJson } from "../apimachinery/json/read-json.ts";
import type { ApiObject } from "../apimachinery/resource/object.ts";
import type { Transport, TransportRequest, TransportResponse, WatchEvent } from "../apimachinery/resource/transport.ts";
import type { Clock } from "../base/clock.ts";
import { ServerConnection } from "./http/connect.ts";
import type { Connection, RawResponse } from "./http/connection.ts";
import { createCredentials } from "./http/credentials.ts";
import { failureOf } from "./http/failure.ts";
import { readLines, readText } from "./http/lines.ts";
import type { ServerAccess } from "./http/server-access.ts";
import { parseWarnings } from "./http/warnings.ts";

export interface HttpTransportOptions {
  readonly clock: Clock;
  /** Default `k8ts`. */
  readonly userAgent?: string;
  /** Longest answer that is read. Default 512 MiB. */
  readonly maxAnswerBytes?: number;
  /** Longest event of a watch. Default 32 MiB. */
  readonly maxEventBytes?: number;
}

export interface HttpTransport extends Transport {
  /** The answer as it comes, whatever its type: logs that are followed, proxies. Failures are ApiErrors here too. */
  open(request: TransportRequest): Promise<RawResponse>;
}

/** How often a request is sent anew because the server asked for it with Retry-After (client-go rest.Request). */
const maxRetries = 10;

/**
 * A transport over HTTP/2 or 1.1. Requests that the server puts off by 429 or 5xx with `Retry-After` are sent anew after that
 * time, up to ten times; reads are sent anew once where a kept connection turns out to be dead.
 */
export function createHttpTransport(access: ServerAccess, options: HttpTransportOptions): HttpTransport {
  const { clock, userAgent = "k8ts", maxAnswerBytes = 512 << 20, maxEventBytes = 32 << 20 } = options;
  const connection: Connection = new ServerConnection(access, clock);
  const credentials = createCredentials(access, clock);
  const prefix = new URL(access.server).pathname.replace(/\/$/, "");

  const send = async (request: TransportRequest): Promise<RawResponse> => {
    const { method, path, query, body, contentType = "application/json", signal } = request;
    return connection.open({
      method,
      path: query === undefined || query.size === 0 ? prefix + path : `${prefix}${path}?${query}`,
      headers: {
        ...(await credentials()),
        accept: "application/json, */*",
        "user-agent": userAgent,
        ...(body === undefined ? {} : { "content-type": contentType }),
      },
      body: body === undefined ? undefined : Buffer.from(JSON.stringify(body)),
      signal,
    });
  };

  const sendOnceMoreIfBroken = async (request: TransportRequest): Promise<RawResponse> => {
    try {
      return await send(request);
    } catch (error) {
      if (request.method !== "GET" || request.signal?.aborted || !isBrokenConnection(error)) throw error;
      return send(request);
    }
  };

  const open = async (request: TransportRequest): Promise<RawResponse> => {
    for (let retries = 0; ; retries++) {
      const response = await sendOnceMoreIfBroken(request);
      if (response.status < 400) return response;
      const text = await readText(response.body, maxAnswerBytes);
      const retryAfterSeconds = Number(response.headers["retry-after"] ?? 0) || 0;
      const code = response.status;
      const putOff = (code === 429 || code >= 500) && response.headers["retry-after"] !== undefined;
      if (!putOff || retries >= maxRetries) throw failureOf({ code, method: request.method, text, retryAfterSeconds });
      await clock.sleep(retryAfterSeconds * 1000, request.signal);
    }
  };

  const request = async (request: TransportRequest): Promise<TransportResponse> => {
    const { status, headers, body } = await open(request);
    try {
      const text = await readText(body, maxAnswerBytes);
      return { status, object: decode(text, headers["content-type"]), warnings: parseWarnings(headers["warning"]) };
    } catch (error) {
      request.signal?.throwIfAborted();
      throw error;
    }
  };

  async function* watch(request: TransportRequest): AsyncGenerator<WatchEvent, void, undefined> {
    if (request.signal?.aborted) return;
    try {
      const { body } = await open(request);
      for await (const line of readLines(body, maxEventBytes)) {
        const event = readJson(line) as WireEvent;
        if (event.type === "ERROR") throw ApiError.fromStatus(event.object);
        yield event;
      }
    } catch (error) {
      if (!request.signal?.aborted) throw error;
    }
  }

  return { open, request, watch, close: () => connection.close() };
}

type WireEvent = WatchEvent<ApiObject> | { readonly type: "ERROR"; readonly object: Status };

/** JSON as what it is, anything else (logs, `/healthz`) as text. */
function decode(text: string, contentType: string | readonly string[] | undefined): unknown {
  return String(contentType ?? "").startsWith("application/json") ? readJson(text) : text;
}

/** The server closed the connection just as it was used again: nobody has seen an answer. */
function isBrokenConnection(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  return (
    code === "ECONNRESET" ||
    code === "EPIPE" ||
    code === "ERR_HTTP2_STREAM_ERROR" ||
    code === "ERR_HTTP2_SESSION_ERROR" ||
    code === "ERR_HTTP2_GOAWAY_SESSION"
  );
}
