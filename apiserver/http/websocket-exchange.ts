import type { IncomingMessage } from "node:http";
import { type WebSocket, WebSocketServer } from "ws";
import { offeredProtocols } from "../../apimachinery/httpstream/websocket/channel-protocol.ts";
import type { Clock } from "../../base/clock.ts";
import { clientGone, type Exchange, type Headers } from "./exchange.ts";
import type { SharedFrame } from "./shared-frame.ts";

/** Behind it a browser gives its token; it is no protocol that anybody would speak. */
const tokenPrefix = "base64url.bearer.authorization.k8s.io.";
const newline = 0x0a;
/** Before each frame of protobuf stands its length: a message has its own. */
const lengthBytes = 4;
/** A client has nothing to say. */
const maxPayload = 64 * 1024;

export type MessageKind = "text" | "binary";

/** Whether a request asks for its answer, a watch, in messages (k8s.io/apimachinery wsstream IsWebSocketRequest). */
export function asksForWebSocket(header: (name: string) => string | undefined): boolean {
  return header("upgrade")?.toLowerCase() === "websocket" && /\bupgrade\b/i.test(header("connection") ?? "");
}

/**
 * The status with which upstream's server (golang.org/x/net/websocket) refuses such a request: who does not say where it
 * comes from, as browsers do, and who offers several protocols, is not served.
 */
export function refusedWebSocket(header: (name: string) => string | undefined): number | undefined {
  if (!URL.canParse(header("origin") ?? "")) return 403;
  return protocolsOf(header).length > 1 ? 400 : undefined;
}

function protocolsOf(header: (name: string) => string | undefined): readonly string[] {
  return offeredProtocols(header("sec-websocket-protocol")).filter((name) => !name.startsWith(tokenPrefix));
}

/** A watch in messages, an event each: text for JSON, bytes for protobuf (endpoints/handlers/watch.go HandleWS). */
export class WebSocketExchange implements Exchange {
  readonly multiplexed = true;
  readonly #http: Exchange;
  readonly #kind: MessageKind;
  readonly #abort = new AbortController();
  #socket: WebSocket | undefined;
  #ended = false;
  #waiting: (() => void)[] = [];
  sentBytes = 0;

  /** `http` has a connection to take. */
  constructor(http: Exchange, kind: MessageKind) {
    this.#http = http;
    this.#kind = kind;
  }

  get method(): string {
    return this.#http.method;
  }

  get url(): string {
    return this.#http.url;
  }

  get socket(): Exchange["socket"] {
    return this.#http.socket;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  header(name: string): string | undefined {
    return this.#http.header(name);
  }

  headerPairs(): Iterable<readonly [string, string]> {
    return this.#http.headerPairs();
  }

  readBody(limitBytes: number): Promise<Buffer> {
    return this.#http.readBody(limitBytes);
  }

  bodyStream(): AsyncIterable<Uint8Array> {
    return this.#http.bodyStream();
  }

  send(status: number, headers: Headers, body: Uint8Array | string): void {
    this.#http.send(status, headers, body);
  }

  /** The handshake; its status is WebSocket's own. */
  begin(_status: number, _headers: Headers): void {
    const { socket, head } = this.#http.takeConnection!();
    const names = ["upgrade", "connection", "sec-websocket-key", "sec-websocket-version"];
    const given = names.map((name) => [name, this.header(name)] as const).filter(([, value]) => value !== undefined);
    const [protocol] = protocolsOf((name) => this.header(name));
    const headers = {
      ...Object.fromEntries(given),
      ...(protocol === undefined ? {} : { "sec-websocket-protocol": protocol }),
    };
    const server = new WebSocketServer({ noServer: true, maxPayload, perMessageDeflate: false });
    socket.once("close", () => this.#gone());
    server.handleUpgrade({ method: "GET", headers, socket } as unknown as IncomingMessage, socket, head, (opened) => {
      this.#socket = opened;
      opened.on("error", () => {}); // `close` follows.
      opened.on("close", () => this.#gone());
    });
  }

  write(chunk: Uint8Array): boolean {
    if (this.#kind === "text") this.#sendLines(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    else this.#send(chunk.subarray(lengthBytes));
    return this.pendingBytes === 0;
  }

  writeAndRelease(chunk: Uint8Array): Promise<void> {
    this.write(chunk);
    return this.drained();
  }

  writeShared({ bytes }: SharedFrame): void {
    this.#sendLines(bytes);
  }

  abandonBody(clock: Clock): void {
    this.#http.abandonBody(clock);
  }

  end(): void {
    this.#ended = true;
    this.#socket?.close(1000);
  }

  drained(): Promise<void> {
    if (this.pendingBytes === 0 || this.#abort.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  get pendingBytes(): number {
    return this.#socket?.bufferedAmount ?? 0;
  }

  destroy(): void {
    this.#socket?.terminate();
  }

  /** Several events may come together, a line each. */
  #sendLines(bytes: Buffer): void {
    for (let begin = 0; begin < bytes.length; ) {
      const end = bytes.indexOf(newline, begin) + 1 || bytes.length;
      this.#send(bytes.subarray(begin, end));
      begin = end;
    }
  }

  #send(message: Uint8Array): void {
    const socket = this.#socket;
    if (socket === undefined || socket.readyState !== socket.OPEN) return;
    this.sentBytes += message.byteLength;
    socket.send(message, { binary: this.#kind === "binary" }, () => {
      if (this.pendingBytes === 0) this.#release();
    });
  }

  #gone(): void {
    if (!this.#ended) this.#abort.abort(clientGone);
    this.#release();
  }

  #release(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
