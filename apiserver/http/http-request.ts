import type { TLSSocket } from "node:tls";
import type { UserInfo } from "../../apimachinery/resource/object.ts";
import type { ApiRequest, RequestInfo } from "../request.ts";
import { requestInfoOf } from "../request-info.ts";
import type { Exchange } from "./exchange.ts";

const nobody: UserInfo = { username: "", groups: [] };

/** A request as it came over HTTP. Throws BadRequest where its path cannot be read. */
export class HttpRequest implements ApiRequest {
  readonly exchange: Exchange;
  readonly method: string;
  readonly path: string;
  readonly rawQuery: string;
  readonly query: URLSearchParams;
  readonly upgradable: boolean;
  readonly answerHeaders: Record<string, string> = {};
  readonly warnings: Set<string> = new Set<string>();
  readonly auditAnnotations: Map<string, string> = new Map<string, string>();
  info: RequestInfo;
  user: UserInfo = nobody;
  waitedMs = 0;
  bodyUnderWay: Promise<unknown> | undefined;
  readonly listeners: (() => void)[] = [];

  constructor(exchange: Exchange) {
    const { url, method } = exchange;
    const at = url.indexOf("?");
    this.exchange = exchange;
    this.method = method;
    this.path = at < 0 ? url : url.slice(0, at);
    this.rawQuery = at < 0 ? "" : url.slice(at + 1);
    this.query = new URLSearchParams(this.rawQuery);
    this.upgradable = exchange.takeConnection !== undefined;
    this.info = requestInfoOf(method, this.path, this.query);
  }

  header(name: string): string | undefined {
    return this.exchange.header(name);
  }

  headerPairs(): Iterable<readonly [name: string, value: string]> {
    return this.exchange.headerPairs();
  }

  readBody(limitBytes: number): Promise<Buffer> {
    const reading = this.exchange.readBody(limitBytes);
    this.bodyUnderWay = reading;
    return reading;
  }

  bodyStream(): AsyncIterable<Uint8Array> {
    return this.exchange.bodyStream();
  }

  get signal(): AbortSignal {
    return this.exchange.signal;
  }

  get remoteAddress(): string {
    return this.exchange.socket?.remoteAddress ?? "";
  }

  clientCertificate(): Buffer | undefined {
    return peerCertificate(this.exchange.socket as TLSSocket | undefined);
  }

  get sentBytes(): number {
    return this.exchange.sentBytes;
  }

  onAnswered(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** Call once the answer has been written, or nobody is left to write it to. */
  answered(): void {
    for (const listener of this.listeners) listener();
  }
}

const certificates = new WeakMap<object, { readonly der: Buffer | undefined }>();

/** The leaf that the client showed, read from TLS once a connection. */
function peerCertificate(socket: TLSSocket | undefined): Buffer | undefined {
  if (socket === undefined || typeof socket.getPeerCertificate !== "function") {
    return undefined;
  }
  const key = socket as unknown as object;
  let known = certificates.get(key);
  if (known === undefined) {
    const certificate = socket.getPeerCertificate();
    known = { der: certificate?.raw };
    certificates.set(key, known);
  }
  return known.der;
}
