import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Clock } from "../../base/clock.ts";
import { clientGone, type Exchange, type Headers, type TakenConnection } from "./exchange.ts";
import { readAll } from "./read-body.ts";
import type { SharedFrame } from "./shared-frame.ts";

/** How long a client may go on sending a body that nobody reads. */
const lingerMs = 1_000;

/** An HTTP/1 exchange. */
export class Http1Exchange implements Exchange {
  readonly multiplexed = false;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  #abort: AbortController | undefined;

  readonly takeConnection?: () => TakenConnection;

  sentBytes = 0;

  /** `upgrade`: what came behind a request to upgrade, whose connection is no longer HTTP's but for this answer. */
  constructor(request: IncomingMessage, response: ServerResponse, upgrade?: Buffer) {
    this.#request = request;
    this.#response = response;
    if (upgrade !== undefined) {
      this.takeConnection = () => {
        const { socket } = request;
        response.detachSocket(socket);
        return { socket, head: upgrade };
      };
    }
  }

  get method(): string {
    return this.#request.method ?? "GET";
  }

  get url(): string {
    return this.#request.url ?? "/";
  }

  get socket(): Socket {
    return this.#request.socket;
  }

  header(name: string): string | undefined {
    const value = this.#request.headers[name];
    return Array.isArray(value) ? value.join(", ") : value;
  }

  *headerPairs(): Generator<readonly [string, string]> {
    const raw = this.#request.rawHeaders;
    for (let i = 0; i + 1 < raw.length; i += 2) {
      yield [raw[i]!.toLowerCase(), raw[i + 1]!];
    }
  }

  readBody(limitBytes: number): Promise<Buffer> {
    const announced =
      this.#request.headers["transfer-encoding"] === undefined ? (this.header("content-length") ?? "0") : undefined;
    return readAll(this.#request, limitBytes, announced);
  }

  bodyStream(): AsyncIterable<Uint8Array> {
    return this.#request;
  }

  send(status: number, headers: Headers, body: Uint8Array | string): void {
    const length = typeof body === "string" ? Buffer.byteLength(body) : body.length;
    headers["content-length"] = length;
    this.sentBytes = length;
    this.#response.writeHead(status, headers);
    this.#response.end(this.method === "HEAD" ? undefined : body);
  }

  begin(status: number, headers: Headers): void {
    this.#response.writeHead(status, headers);
    this.#response.flushHeaders();
  }

  write(chunk: Uint8Array): boolean {
    this.sentBytes += chunk.byteLength;
    return this.#response.write(chunk);
  }

  writeAndRelease(chunk: Uint8Array): Promise<void> {
    this.sentBytes += chunk.byteLength;
    return new Promise((resolve) => this.#response.write(chunk, () => resolve()));
  }

  /**
   * Past ServerResponse, which would make four buffers of each frame and gather them for each receiver: the chunk is whole
   * already. The header has left (flushHeaders), and `end` writes the last chunk as ever.
   */
  writeShared(frame: SharedFrame): void {
    if (this.#response.destroyed || this.#response.writableEnded) {
      return;
    }
    const { socket } = this.#response;
    // Without a socket the answer waits for that of an earlier request on the same connection.
    if (socket === null) this.#response.write(frame.bytes);
    else socket.write(frame.chunk);
  }

  /** What still comes is read and forgotten for a moment, so that the client sees the answer and not a reset. */
  abandonBody(clock: Clock): void {
    if (this.#request.complete) {
      return;
    }
    this.#request.resume();
    const { socket } = this.#request;
    this.#response.once("close", () => {
      clock
        .setTimer(lingerMs, () => {
          if (!this.#request.complete) {
            socket.destroy();
          }
        })
        .unref();
    });
  }

  end(): void {
    this.#response.end();
  }

  /** Shared frames go past the response, so it is the socket that knows; until there is one, the response. */
  drained(): Promise<void> {
    const target = this.#response.socket ?? this.#response;
    if (target.destroyed || !target.writableNeedDrain) {
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const done = (): void => {
        target.off("drain", done);
        this.#response.off("close", done);
        resolve();
      };
      target.once("drain", done);
      this.#response.once("close", done);
    });
  }

  /** The response's own length includes its socket's. */
  get pendingBytes(): number {
    return this.#response.writableLength;
  }

  destroy(): void {
    this.#response.destroy();
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      const abort = new AbortController();
      this.#abort = abort;
      if (this.#response.destroyed) {
        abort.abort(clientGone);
      } else {
        this.#response.once("close", () => {
          if (!this.#response.writableFinished) {
            abort.abort(clientGone);
          }
        });
      }
    }
    return this.#abort.signal;
  }
}
