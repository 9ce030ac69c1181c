import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import { clientGone, type Exchange, type Headers } from "./exchange.ts";
import { readAll } from "./read-body.ts";
import type { SharedFrame } from "./shared-frame.ts";

/** One for all: where it was made says nothing. */
const brokenOff = new Error("the answer broke off");

/** One stream of an HTTP/2 session. */
export class Http2Exchange implements Exchange {
  readonly multiplexed = true;
  readonly #stream: ServerHttp2Stream;
  readonly #headers: IncomingHttpHeaders;
  readonly #raw: readonly string[];
  #abort: AbortController | undefined;
  /** All of the answer has been handed over. A stream that its client resets ends its own writable side: that says nothing. */
  #answered = false;
  sentBytes = 0;

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, raw: readonly string[]) {
    this.#stream = stream;
    this.#headers = headers;
    this.#raw = raw;
    // A reset stream is no failure of the server; whoever waits for it learns of it by the signal.
    stream.on("error", () => {});
  }

  get method(): string {
    return (this.#headers[":method"] as string | undefined) ?? "GET";
  }

  get url(): string {
    return (this.#headers[":path"] as string | undefined) ?? "/";
  }

  get socket(): Socket | undefined {
    return this.#stream.session?.socket as Socket | undefined;
  }

  header(name: string): string | undefined {
    const value = this.#headers[name];
    return Array.isArray(value) ? value.join(", ") : value;
  }

  /** From what came: Node joins the values of a name, and where one ended cannot be told any more. */
  *headerPairs(): Generator<readonly [string, string]> {
    for (let i = 0; i + 1 < this.#raw.length; i += 2) {
      yield [this.#raw[i]!, this.#raw[i + 1]!];
    }
  }

  readBody(limitBytes: number): Promise<Buffer> {
    return readAll(this.#stream, limitBytes, this.#stream.endAfterHeaders ? "0" : this.header("content-length"));
  }

  bodyStream(): AsyncIterable<Uint8Array> {
    return this.#stream;
  }

  send(status: number, headers: Headers, body: Uint8Array | string): void {
    if (this.#stream.destroyed || this.#stream.closed) {
      return;
    }
    this.#answered = true;
    const length = typeof body === "string" ? Buffer.byteLength(body) : body.length;
    headers["content-length"] = length;
    this.sentBytes = length;
    const head = this.method === "HEAD";
    this.#stream.respond({ ...headers, ":status": status }, { endStream: head });
    if (!head) {
      this.#stream.end(body);
    }
  }

  begin(status: number, headers: Headers): void {
    if (!this.#stream.destroyed && !this.#stream.closed) {
      this.#stream.respond({ ...headers, ":status": status });
    }
  }

  write(chunk: Uint8Array): boolean {
    this.sentBytes += chunk.byteLength;
    return this.#stream.destroyed || this.#stream.writableEnded ? true : this.#stream.write(chunk);
  }

  writeAndRelease(chunk: Uint8Array): Promise<void> {
    if (this.#stream.destroyed || this.#stream.writableEnded) {
      return Promise.resolve();
    }
    this.sentBytes += chunk.byteLength;
    return new Promise((resolve) => this.#stream.write(chunk, () => resolve()));
  }

  writeShared({ bytes }: SharedFrame): void {
    this.write(bytes);
  }

  end(): void {
    this.#answered = true;
    this.#stream.end();
  }

  /** RFC 9113, 8.1: an answer that is complete before the request is ends in RST_STREAM without an error. */
  abandonBody(): void {
    this.#stream.once("finish", () => this.#stream.close(0));
  }

  drained(): Promise<void> {
    if (this.#stream.destroyed || this.#stream.closed || !this.#stream.writableNeedDrain) {
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const done = (): void => {
        this.#stream.off("drain", done);
        this.#stream.off("close", done);
        resolve();
      };
      this.#stream.once("drain", done);
      this.#stream.once("close", done);
    });
  }

  get pendingBytes(): number {
    return this.#stream.writableLength;
  }

  /** RST_STREAM with INTERNAL_ERROR, as Go's server has it. `close` would end the stream first: a part would pass for the whole. */
  destroy(): void {
    this.#stream.destroy(brokenOff);
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      const abort = new AbortController();
      this.#abort = abort;
      if (this.#stream.destroyed || this.#stream.closed) {
        abort.abort(clientGone);
      } else {
        this.#stream.once("close", () => {
          if (!this.#answered) {
            abort.abort(clientGone);
          }
        });
      }
    }
    return this.#abort.signal;
  }
}
