import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";

/** A refusal that a client of the kubelet reads: plain text. */
export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

/** A connection that asks for another protocol, no longer HTTP's. */
export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** What came behind the request. */
  readonly head: Buffer;
}

/** Answers a request to upgrade with plain text, and closes. */
export function refuseUpgrade(socket: Duplex, { status, message, headers }: HttpError): void {
  const fields = Object.entries({
    ...headers,
    "content-type": "text/plain; charset=utf-8",
    "content-length": String(Buffer.byteLength(message)),
    connection: "close",
  });
  const head = fields.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  if (!socket.destroyed) socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${head}\r\n${message}`);
}
