import { type IncomingMessage, ServerResponse } from "node:http";
import { createSecureServer, type Http2SecureServer, type ServerHttp2Session } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { DEFAULT_CIPHERS, type SecureContextOptions, type TLSSocket } from "node:tls";
import { ApiError } from "../../apimachinery/errors/api-error.ts";
import type { IncludeObject } from "../../apimachinery/table/table.ts";
import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import type { Handler } from "../chain.ts";
import { indented, negotiate, type Output } from "../negotiate.ts";
import { DeliveryPace } from "./delivery-pace.ts";
import { ClientGoneError, type Exchange, type Headers } from "./exchange.ts";
import { Http1Exchange } from "./exchange-h1.ts";
import { Http2Exchange } from "./exchange-h2.ts";
import { FrameMemory } from "./frame-memory.ts";
import { HttpRequest } from "./http-request.ts";
import { IdleSessions } from "./idle-sessions.ts";
import { PiecePool } from "./list-body.ts";
import { respond } from "./respond.ts";
import { StreamTurns } from "./stream-turns.ts";

export interface HttpServerOptions extends ServingCertificates {
  readonly handler: Handler;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface ServingCertificates {
  /** PEM. */
  readonly key: string;
  readonly cert: string;
  /** PEM of the authorities whose client certificates are asked for. */
  readonly clientCa: string;
}

/** Long enough that Go's clients (90 s) close idle connections first and never meet one that is closing. */
const keepAliveTimeoutMs = 120_000;
/** Connections whose other end has vanished are noticed by TCP (Go's listeners ask after 15 s too). */
const tcpKeepAliveMs = 15_000;
const headersTimeoutMs = 32_000;
const handshakeTimeoutMs = 10_000;
const maxConcurrentStreams = 1_000;
const initialWindowBytes = 1024 * 1024;
/** MiB of memory a session may hold before its peer is told to calm down; watches hold some each. */
const maxSessionMemory = 256;
/** Node's own limit, by which a connection ends without a reason: `StreamTurns` has one below it. */
const streamResetBurst = 100_000;
const streamResetRate = 10_000;
const maxHeaderBytes = 64 * 1024;
/** Whose connections may change their protocol. Elsewhere a request to upgrade is one like any other. */
const connectingPath = /^\/api\/v1\/.*\/(?:exec|attach|portforward|proxy)(?:[/?]|$)/;
/** What may be a watch; whether it is one, its handler says. */
const watchingPath = /^\/apis?\/.*(?:\/watch\/|[?&]watch(?:[=&]|$))/;

/** The HTTPS server: HTTP/2 and 1.1 on one port. Serves until `close`. */
export class HttpServer {
  readonly #options: HttpServerOptions;
  readonly #server: Http2SecureServer;
  readonly #sessions: IdleSessions;
  readonly #sockets = new Set<Socket>();
  readonly #frames = new FrameMemory();
  readonly #pieces = new PiecePool();
  readonly #pace: DeliveryPace;
  #closing = false;

  constructor(options: HttpServerOptions) {
    this.#options = options;
    this.#pace = new DeliveryPace(options.clock);
    this.#sessions = new IdleSessions(options.clock, keepAliveTimeoutMs);
    this.#server = createSecureServer({
      allowHTTP1: true,
      ...contextOf(options),
      requestCert: true,
      // An unknown certificate is answered with 401 by authentication, not with a broken handshake.
      rejectUnauthorized: false,
      handshakeTimeout: handshakeTimeoutMs,
      settings: { maxConcurrentStreams, initialWindowSize: initialWindowBytes },
      maxSessionMemory,
      streamResetBurst,
      streamResetRate,
      maxHeaderSize: maxHeaderBytes,
      shouldUpgradeCallback: ({ url = "", headers }: IncomingMessage) =>
        connectingPath.test(url) || (watchingPath.test(url) && headers.upgrade?.toLowerCase() === "websocket"),
    } as Parameters<typeof createSecureServer>[0]);
    Object.assign(this.#server, {
      keepAliveTimeout: keepAliveTimeoutMs,
      headersTimeout: headersTimeoutMs,
      requestTimeout: 0,
    });
    this.#server.on("session", (session) => this.#addSession(session));
    this.#server.on("secureConnection", (socket: TLSSocket) => this.#addSocket(socket));
    this.#server.on("request", (request, response) => {
      this.#serve(new Http1Exchange(request as unknown as IncomingMessage, response as unknown as ServerResponse));
    });
    // Whoever listens for requests gets a request and a response made of each HTTP/2 stream, too, which nobody here looks at.
    this.#server.removeAllListeners("stream");
    this.#server.on("upgrade", (request: IncomingMessage, _socket: Socket, head: Buffer) =>
      this.#serveUpgrade(request, head),
    );
    this.#server.on("tlsClientError", (_error, socket) => socket.destroy());
    this.#server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
      if (socket.writable) {
        socket.end(answerToNoRequest(error.code ?? ""));
      }
    });
  }

  /** Resolves with the port once connections are taken; rejects with the system's error (`EADDRINUSE`). */
  listen(port: number, host: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen({ port, host, backlog: 4_096 }, () => {
        this.#server.off("error", reject);
        this.#server.on("error", (error) => this.#options.logger.error("the listener failed", { error }));
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
  }

  /** Shows and asks for other certificates from the next connection on. Throws where they are none, or do not fit: nothing changes. */
  setCertificates(certificates: ServingCertificates): void {
    this.#server.setSecureContext(contextOf(certificates));
  }

  /** Takes no new requests, tells HTTP/2 clients to go away, lets what is under way end for `graceMs`, then closes. */
  async close(graceMs: number): Promise<void> {
    this.#closing = true;
    this.#sessions.stop();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const session of this.#sessions.all()) {
      session.close();
    }
    const timer = this.#options.clock.setTimer(graceMs, () => {
      for (const session of this.#sessions.all()) {
        session.destroy();
      }
      for (const socket of this.#sockets) {
        socket.destroy();
      }
    });
    await closed;
    timer.clear();
  }

  #addSession(session: ServerHttp2Session): void {
    this.#sessions.add(session);
    session.on("error", () => {});
    session.setLocalWindowSize(initialWindowBytes * 4);
    const turns = new StreamTurns(session, this.#options.clock, (stream, headers, raw) => {
      this.#serve(new Http2Exchange(stream, headers, raw));
    });
    session.on("stream", (stream, headers, _flags, raw) => {
      this.#sessions.stream(stream);
      turns.take(stream, headers, raw);
    });
  }

  #addSocket(socket: TLSSocket): void {
    socket.setNoDelay(true);
    socket.setKeepAlive(true, tcpKeepAliveMs);
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    socket.on("error", () => {});
  }

  #serve(exchange: Exchange): void {
    this.#answer(exchange).catch((error: unknown) => {
      if (!(error instanceof ClientGoneError)) {
        this.#options.logger.error("an answer could not be written", { url: exchange.url, error });
      }
      exchange.destroy();
    });
  }

  /** The parser has let go of the connection: this answer is its last, unless it is handed over. */
  #serveUpgrade(request: IncomingMessage, head: Buffer): void {
    const { socket } = request;
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.once("finish", () => {
      response.detachSocket(socket);
      socket.end(() => socket.destroy());
    });
    this.#serve(new Http1Exchange(request, response, head));
  }

  async #answer(exchange: Exchange): Promise<void> {
    const { handler, clock } = this.#options;
    const headers: Headers = { "cache-control": "no-cache, private" };
    if (this.#closing && !exchange.multiplexed) {
      headers["connection"] = "close";
    }
    let output: Output = { encoding: "json", as: "object", version: "v1" };
    let request: HttpRequest | undefined;
    try {
      request = new HttpRequest(exchange);
      output = outputOf(exchange, request);
      const response = await handler(request);
      addWarnings(headers, request);
      Object.assign(headers, request.answerHeaders);
      const includeObject = (request.query.get("includeObject") || "Metadata") as IncludeObject;
      await respond(exchange, response, {
        clock,
        output,
        includeObject,
        headers,
        frames: this.#frames,
        pieces: this.#pieces,
        pace: this.#pace,
      });
    } catch (error) {
      if (exchange.signal.aborted) {
        return;
      }
      const failure = ApiError.from(error);
      if (failure.code === 413 || failure.code === 504) {
        exchange.abandonBody(clock);
      }
      const retryAfter = failure.status.details?.retryAfterSeconds;
      if (retryAfter !== undefined) {
        headers["retry-after"] = retryAfter;
      }
      if (request !== undefined) {
        addWarnings(headers, request);
        Object.assign(headers, request.answerHeaders);
      }
      const encoding = output.encoding;
      const response = { type: "value", status: failure.code, value: failure.status } as const;
      const plain = { encoding, as: "object", version: "v1" } as const;
      await respond(exchange, response, {
        clock,
        output: plain,
        includeObject: "None",
        headers,
        frames: this.#frames,
        pieces: this.#pieces,
        pace: this.#pace,
      });
    } finally {
      request?.answered();
    }
  }
}

function contextOf({ key, cert, clientCa }: ServingCertificates): SecureContextOptions {
  return {
    ...{ key, cert, ca: clientCa },
    minVersion: "TLSv1.2",
    // 128 bits first, as Go's servers choose: a third less work for long lists than 256.
    ciphers: `TLS_AES_128_GCM_SHA256:${DEFAULT_CIPHERS}`,
    honorCipherOrder: true,
  };
}

/** What is no HTTP/1.1 request is answered by hand, with a Status like everything else. */
function answerToNoRequest(code: string): string {
  const answers: Readonly<Record<string, readonly [code: number, text: string]>> = {
    HPE_HEADER_OVERFLOW: [431, "Request Header Fields Too Large"],
    ERR_HTTP_REQUEST_TIMEOUT: [408, "Request Timeout"],
  };
  const [status, text] = answers[code] ?? [400, "Bad Request"];
  const { status: failure } = ApiError.badRequest(text);
  const body = `${JSON.stringify({ ...failure, code: status })}\n`;
  const fields = `connection: close\r\ncontent-type: application/json\r\ncontent-length: ${body.length}`;
  return `HTTP/1.1 ${status} ${text}\r\n${fields}\r\n\r\n${body}`;
}

function outputOf(exchange: Exchange, request: HttpRequest): Output {
  const pretty = exchange.url.includes("pretty") ? request.query.get("pretty") : null;
  return indented(negotiated(exchange), pretty, exchange.header("user-agent"));
}

/** Whether an answer can be in none of the forms that are asked for is for handlers to say; failures are in JSON then. */
function negotiated(exchange: Exchange): Output {
  try {
    return negotiate(exchange.header("accept"));
  } catch {
    return { encoding: "json", as: "object", version: "v1" };
  }
}

function addWarnings(headers: Headers, request: HttpRequest): void {
  if (request.warnings.size > 0) {
    headers["warning"] = [...request.warnings].map((text) => `299 - ${quoted(text)}`);
  }
}

/** RFC 9110 quoted-string, without what a header cannot carry. */
function quoted(text: string): string {
  const clean = text.replace(/\p{Cc}+/gu, " ");
  const ascii = /^[\u0020-\u007e]*$/.test(clean) ? clean : Buffer.from(clean).toString("latin1");
  return `"${ascii.replace(/[\\"]/g, "\\$&")}"`;
}
