import type { ApiObject } from "./object.ts";

/** One request of a client, before anything has been encoded. */
export interface TransportRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Percent-encoded path without query: `/api/v1/namespaces/default/pods`. */
  readonly path: string;
  readonly query?: URLSearchParams;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Of the body; default application/json. Patches say their kind here. */
  readonly contentType?: string;
  readonly signal?: AbortSignal;
}

export interface TransportResponse {
  readonly status: number;
  /** The decoded body; frozen at every depth where it came from this process. */
  readonly object: unknown;
  readonly warnings: readonly string[];
}

export type WatchEvent<T = ApiObject> =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: T }
  | {
      readonly type: "BOOKMARK";
      readonly object: {
        readonly metadata: {
          readonly resourceVersion: string;
          readonly annotations?: Readonly<Record<string, string>>;
        };
      };
    };

/**
 * How a client reaches a server: by HTTP or within the process. Same answers, same errors: a failure rejects with ApiError
 * whose Status is the server's; a connection that cannot be made or breaks rejects with another Error.
 */
export interface Transport {
  request(request: TransportRequest): Promise<TransportResponse>;
  /** Opens a watch. Iteration ends when the server ends it or `signal` aborts; an ERROR event throws its ApiError. */
  watch(request: TransportRequest): AsyncIterable<WatchEvent>;
  close(): Promise<void>;
}
