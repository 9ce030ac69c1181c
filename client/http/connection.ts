import type { Readable } from "node:stream";
import type { ConnectionOptions } from "node:tls";
import type { ServerAccess } from "./server-access.ts";

export interface RawRequest {
  readonly method: string;
  /** With its query, and with the server's own path in front. */
  readonly path: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body?: Uint8Array | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface RawResponse {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** To be read to its end or destroyed. Breaks with an error where the connection does or the request's signal aborts. */
  readonly body: Readable;
}

/** One or more connections to one server. */
export interface Connection {
  /** Resolves with the head of the answer. Rejects with the signal's reason, or with what went wrong with the connection. */
  open(request: RawRequest): Promise<RawResponse>;
  close(): Promise<void>;
}

/** The connection failed in a way that makes it certain that the server has not acted on the request. */
export class NotProcessedError extends Error {
  override readonly name = "NotProcessedError";
}

export function tlsOptions(access: ServerAccess): ConnectionOptions {
  return {
    ...(access.ca === undefined ? {} : { ca: access.ca }),
    ...(access.certificate === undefined ? {} : { cert: access.certificate }),
    ...(access.key === undefined ? {} : { key: access.key }),
    ...(access.serverName === undefined ? {} : { servername: access.serverName }),
    ...(access.insecureSkipVerify ? { rejectUnauthorized: false } : {}),
  };
}
