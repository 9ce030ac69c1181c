import * as http from "node:http";
import * as http2 from "node:http2";
import * as https from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { ApiError } from "../../apimachinery/errors/api-error.ts";
import type { Transport, TransportRequest } from "../../apimachinery/resource/transport.ts";
import { createAuthority, type Issued } from "./certificates.ts";

export type Protocol = "http" | "https" | "h2";

type Request = http.IncomingMessage;
/** HTTP/2's compatible one is used as HTTP/1.1's. */
type Response = http.ServerResponse;

export interface ServeOptions {
  readonly protocol: Protocol;
  /** Answers in the API's stead where it returns true. */
  readonly intercept?: (request: Request, response: Response) => boolean;
  readonly settings?: http2.Settings;
}

export interface Served {
  readonly url: string;
  readonly ca: string;
  readonly client: Issued;
  readonly sessions: Set<http2.ServerHttp2Session>;
  readonly sockets: Set<Socket>;
  readonly seen: {
    readonly headers: http.IncomingHttpHeaders;
    readonly peer: string | undefined;
    readonly version: string;
  }[];
  stop(): Promise<void>;
}

/** Puts a transport behind a real socket on 127.0.0.1, as an API server would be. */
export async function serve(transport: Transport, { protocol, intercept, settings }: ServeOptions): Promise<Served> {
  const authority = await createAuthority();
  const { certificate: cert, key } = await authority.issue("CN=server", "server");
  const client = await authority.issue("CN=someone", "client");
  const seen: Served["seen"] = [];
  const handle = (request: Request, response: Response): void => {
    const socket = request.socket as Socket & { getPeerCertificate?: () => { subject?: { CN?: string } } };
    seen.push({
      headers: request.headers,
      peer: socket.getPeerCertificate?.().subject?.CN,
      version: request.httpVersion,
    });
    if (intercept?.(request, response)) return;
    answer(transport, request, response).catch((error: Error) => response.destroy(error));
  };
  const tls = { cert, key, ca: authority.ca, requestCert: true, rejectUnauthorized: false };
  const server =
    protocol === "http"
      ? http.createServer(handle)
      : protocol === "https"
        ? https.createServer({ ...tls, ALPNProtocols: ["http/1.1"] }, handle)
        : http2.createSecureServer(
            { ...tls, allowHTTP1: true, ...(settings === undefined ? {} : { settings }) },
            handle as unknown as (request: http2.Http2ServerRequest, response: http2.Http2ServerResponse) => void,
          );
  const sessions = new Set<http2.ServerHttp2Session>();
  const sockets = new Set<Socket>();
  server.on("session", (session: http2.ServerHttp2Session) => {
    sessions.add(session);
    session.on("close", () => sessions.delete(session));
  });
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${protocol === "http" ? "http" : "https"}://127.0.0.1:${port}`,
    ca: authority.ca,
    client,
    sessions,
    sockets,
    seen,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const session of sessions) session.destroy();
        for (const socket of sockets) socket.destroy();
      }),
  };
}

async function answer(transport: Transport, request: Request, response: Response): Promise<void> {
  const url = new URL(request.url ?? "/", "http://any");
  const controller = new AbortController();
  response.on("close", () => controller.abort());
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const translated: TransportRequest = {
    method: request.method as TransportRequest["method"],
    path: url.pathname,
    query: url.searchParams,
    contentType: request.headers["content-type"] ?? "application/json",
    signal: controller.signal,
    ...(chunks.length === 0 ? {} : { body: JSON.parse(Buffer.concat(chunks).toString()) as unknown }),
  };
  const open = (): void => {
    if (response.headersSent) return;
    response.writeHead(200, { "content-type": "application/json" });
    response.flushHeaders?.();
  };
  try {
    if (url.searchParams.get("watch") !== "true") {
      const { status, object } = await transport.request(translated);
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(object));
      return;
    }
    // The head goes out once the watch stands, before its first event.
    const opened = setImmediate(() => setImmediate(open));
    try {
      for await (const event of transport.watch(translated)) {
        open();
        response.write(`${JSON.stringify(event)}\n`);
      }
      open();
    } finally {
      clearImmediate(opened);
    }
    response.end();
  } catch (error) {
    const status = ApiError.from(error).status;
    if (response.headersSent) response.end(`${JSON.stringify({ type: "ERROR", object: status })}\n`);
    else {
      response.writeHead(status.code ?? 500, { "content-type": "application/json" });
      response.end(JSON.stringify(status));
    }
  }
}
