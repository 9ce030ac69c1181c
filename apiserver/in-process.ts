import { ApiError } from "../apimachinery/errors/api-error.ts";
import { genericServerResponse } from "../apimachinery/errors/generic-response.ts";
import type { Status } from "../apimachinery/errors/status.ts";
import { readJson } from "../apimachinery/json/read-json.ts";
import { apiVersionOf } from "../apimachinery/resource/define.ts";
import type { ApiObject, UserInfo } from "../apimachinery/resource/object.ts";
import type { Transport, TransportRequest, TransportResponse, WatchEvent } from "../apimachinery/resource/transport.ts";
import type { Handler } from "./chain.ts";
import type { ApiRequest } from "./request.ts";
import { requestInfoOf } from "./request-info.ts";
import type { ApiResponse, ListResponse, ServedEvent, StreamResponse, WatchResponse } from "./response.ts";

/** Events that a watcher in this process may let pile up before its watch is ended; it can list again. */
const maxPendingEvents = 10_000;
const noBody = Buffer.alloc(0);

/** A client's way into a server of the same process: the same handler chain, no encoding, the cache's own frozen objects. */
export function inProcessTransport(handler: Handler, user: UserInfo, userAgent: string): Transport {
  const stopped = new AbortController();
  const call = async (request: TransportRequest): Promise<{ response: ApiResponse; warnings: Set<string> }> => {
    const signal = request.signal === undefined ? stopped.signal : AbortSignal.any([request.signal, stopped.signal]);
    signal.throwIfAborted();
    const apiRequest = requestOf(request, user, userAgent, signal);
    const response = await handler(apiRequest);
    if (response.type === "raw" && (response.status === 404 || response.status === 406)) {
      const message = String(response.body).trim() || "unknown";
      const answer = { code: response.status, method: request.method, message };
      throw ApiError.fromStatus(genericServerResponse({ ...answer, retryAfterSeconds: 0 }));
    }
    if (response.type === "raw" && response.status === 429) {
      throw ApiError.tooManyRequests(String(response.body).trim(), Number(response.headers?.["retry-after"] ?? 0));
    }
    if (response.type === "raw" && response.status === 500 && apiRequest.info.isResourceRequest) {
      throw ApiError.internal(new Error(String(response.body).trim()));
    }
    return { response, warnings: apiRequest.warnings };
  };
  return {
    async request(request): Promise<TransportResponse> {
      const { response, warnings } = await call(request);
      const object = response.type === "stream" ? await streamedOf(response) : bodyOf(response);
      return { status: statusOf(response), object, warnings: [...warnings] };
    },
    async *watch(request): AsyncGenerator<WatchEvent> {
      if (request.signal?.aborted) {
        return;
      }
      try {
        const { response } = await call(request);
        if (response.type === "stream") {
          yield* streamedEvents(response);
          return;
        }
        if (response.type !== "watch") {
          throw new Error(`${request.path} answered a watch with a ${response.type}`);
        }
        const signals = [stopped.signal, ...(request.signal === undefined ? [] : [request.signal])];
        yield* eventsOf(response, AbortSignal.any(signals));
      } catch (error) {
        if (!request.signal?.aborted) {
          throw error;
        }
      }
    },
    async close(): Promise<void> {
      stopped.abort(new Error("the transport is closed"));
    },
  };
}

function requestOf(request: TransportRequest, user: UserInfo, userAgent: string, signal: AbortSignal): ApiRequest {
  const query = request.query ?? new URLSearchParams();
  const headers: Readonly<Record<string, string | undefined>> = {
    "user-agent": userAgent,
    "content-type": request.contentType ?? (request.body === undefined ? undefined : "application/json"),
  };
  return {
    method: request.method,
    path: request.path,
    query,
    header: (name) => headers[name],
    headerPairs: () =>
      Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])),
    readBody: async () => noBody,
    bodyObject: request.body,
    signal,
    remoteAddress: "",
    trustedUser: user,
    info: requestInfoOf(request.method, request.path, query),
    user,
    warnings: new Set(),
    auditAnnotations: new Map(),
  };
}

function statusOf(response: ApiResponse): number {
  return "status" in response ? response.status : 200;
}

/** What another server answered, as this server's own answers are: a refusal is thrown, JSON is an object. */
async function streamedOf(response: StreamResponse): Promise<unknown> {
  const text = await textOf(response);
  if (!String(response.headers["content-type"] ?? "").startsWith("application/json")) {
    if (response.status >= 400) throw ApiError.from(new Error(text.trim()));
    return text;
  }
  const value = readJson(text);
  if (response.status >= 400) throw ApiError.fromStatus(value as Status);
  return value;
}

/** A watch that another server answers, a line of JSON each event. */
async function* streamedEvents(response: StreamResponse): AsyncGenerator<WatchEvent> {
  if (response.status !== 200) {
    await streamedOf(response);
    return;
  }
  let rest = "";
  const decoder = new TextDecoder();
  for await (const piece of response.body) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      if (line === "") continue;
      const event = readJson(line) as WatchEvent | { readonly type: "ERROR"; readonly object: Status };
      if (event.type === "ERROR") throw ApiError.fromStatus(event.object as Status);
      yield event as WatchEvent;
    }
  }
}

/** A stream as the text it is, once it has ended. */
async function textOf({ body }: StreamResponse): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of body) {
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

function bodyOf(response: Exclude<ApiResponse, StreamResponse>): unknown {
  switch (response.type) {
    case "object":
      return response.served.object;
    case "list":
      return listObject(response);
    case "value":
      return response.value;
    case "raw":
      return rawValue(response.contentType, response.body);
    case "watch":
      throw new Error("a watch was opened with request: use watch");
    case "upgrade":
      throw new Error("a connection within the process cannot change its protocol");
  }
}

function listObject({ definition, items, resourceVersion, continueToken, remainingItemCount }: ListResponse): object {
  return {
    kind: definition.listKind,
    apiVersion: apiVersionOf(definition),
    metadata: {
      ...(resourceVersion === "" ? {} : { resourceVersion }),
      ...(continueToken === undefined ? {} : { continue: continueToken }),
      ...(remainingItemCount === undefined ? {} : { remainingItemCount }),
    },
    items: items.map((item): ApiObject => item.object),
  };
}

function rawValue(contentType: string, body: string | Uint8Array): unknown {
  const text = typeof body === "string" ? body : Buffer.from(body).toString("utf8");
  return contentType.startsWith("application/json") ? readJson(text) : text;
}

async function* eventsOf(response: WatchResponse, signal: AbortSignal): AsyncGenerator<WatchEvent> {
  let pending: ServedEvent[] = [];
  let started = false;
  let wake: (() => void) | undefined;
  let ended: { readonly status: Status | undefined } | undefined;
  const stop = response.start({
    send(event) {
      // The state at the beginning is as long as it is; only what comes later is bounded.
      if (started && pending.length >= maxPendingEvents) {
        ended = { status: ApiError.expired("the watcher is too slow: its events piled up").status };
        wake?.();
        return false;
      }
      pending.push(event);
      wake?.();
      return true;
    },
    end(status) {
      ended = { status };
      wake?.();
    },
  });
  started = true;
  const abort = (): void => wake?.();
  signal.addEventListener("abort", abort, { once: true });
  try {
    for (;;) {
      const batch = pending;
      pending = [];
      for (const event of batch) {
        if (signal.aborted) {
          return;
        }
        yield eventOf(response, event);
      }
      if (pending.length > 0) {
        continue;
      }
      if (signal.aborted) {
        return;
      }
      if (ended !== undefined) {
        if (ended.status !== undefined) {
          throw ApiError.fromStatus(ended.status);
        }
        return;
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      wake = undefined;
    }
  } finally {
    signal.removeEventListener("abort", abort);
    stop();
  }
}

function eventOf({ definition }: WatchResponse, event: ServedEvent): WatchEvent {
  if (event.type !== "BOOKMARK") {
    return { type: event.type, object: event.served.object };
  }
  const metadata = {
    resourceVersion: event.resourceVersion,
    ...(event.initialEventsEnd ? { annotations: { "k8s.io/initial-events-end": "true" } } : {}),
  };
  const object = { kind: definition.kind, apiVersion: apiVersionOf(definition), metadata };
  return { type: "BOOKMARK", object };
}
