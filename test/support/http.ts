import { once } from "node:events";
import { type ClientHttp2Session, connect } from "node:http2";
import { Agent, request as httpsRequest } from "node:https";

/** What a client shows of itself and trusts. */
export interface Credentials {
  readonly ca: string;
  readonly certificate?: string;
  readonly key?: string;
  readonly token?: string;
}

export type HeaderFields = Readonly<Record<string, string | string[]>>;

export interface Call {
  readonly method?: string;
  /** Path and query, sent as they are. */
  readonly path: string;
  readonly headers?: HeaderFields;
  /** An object is sent as JSON. */
  readonly body?: string | Buffer | object;
}

/** A whole answer. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  readonly text: string;
  /** The body as JSON; throws where it is none. */
  readonly json: unknown;
}

/** One client over one version of HTTP, its connections kept until `close`. */
export interface HttpClient {
  call(call: Call): Promise<Answer>;
  /** Opens a stream and hands over lines of JSON, or what `read` makes of the bytes, as they come. */
  watch(path: string, headers?: HeaderFields, read?: ReadEvents): Promise<Watch>;
  close(): void;
}

/** The events in a stream's bytes. */
export type ReadEvents = (chunks: AsyncIterable<Buffer>) => AsyncGenerator<unknown>;

export interface Watch {
  readonly status: number;
  readonly headers: Answer["headers"];
  /** The next event; undefined at the stream's end. */
  next(): Promise<unknown>;
  /** Reads the rest of the stream. */
  rest(): Promise<unknown[]>;
  cancel(): void;
}

const bytesOf = (body: Call["body"]): Buffer | undefined =>
  body === undefined || Buffer.isBuffer(body)
    ? body
    : Buffer.from(typeof body === "string" ? body : JSON.stringify(body));

function headersOf(credentials: Credentials, call: Call): Record<string, string | string[]> {
  const json = call.body !== undefined && typeof call.body !== "string" && !Buffer.isBuffer(call.body);
  return {
    ...(credentials.token === undefined ? {} : { authorization: `Bearer ${credentials.token}` }),
    ...(json ? { "content-type": "application/json" } : {}),
    ...call.headers,
  };
}

function answerOf(status: number, headers: Answer["headers"], body: Buffer): Answer {
  return {
    status,
    headers,
    body,
    get text() {
      return body.toString("utf8");
    },
    get json() {
      return JSON.parse(body.toString("utf8")) as unknown;
    },
  };
}

export async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<unknown> {
  let text = "";
  for await (const chunk of chunks) {
    text += chunk.toString("utf8");
    const lines = text.split("\n");
    text = lines.pop()!;
    for (const line of lines) {
      yield JSON.parse(line) as unknown;
    }
  }
}

function watchOf(
  { status, headers }: Pick<Watch, "status" | "headers">,
  lines: AsyncGenerator,
  cancel: () => void,
): Watch {
  return {
    status,
    headers,
    async next() {
      const { value, done } = await lines.next();
      return done === true ? undefined : value;
    },
    async rest() {
      const all: unknown[] = [];
      for await (const line of lines) {
        all.push(line);
      }
      return all;
    },
    cancel,
  };
}

export function http1Client(port: number, credentials: Credentials): HttpClient {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const tls = {
    ca: credentials.ca,
    cert: credentials.certificate,
    key: credentials.key,
    agent,
    host: "127.0.0.1",
    port,
  };
  const open = (call: Call): Promise<import("node:http").IncomingMessage> =>
    new Promise((resolve, reject) => {
      const body = bytesOf(call.body);
      const length = body === undefined ? {} : { "content-length": body.length };
      const headers = { ...length, ...headersOf(credentials, call) };
      const request = httpsRequest({ ...tls, method: call.method ?? "GET", path: call.path, headers }, resolve);
      request.on("error", reject);
      request.end(body);
    });
  return {
    async call(call) {
      const response = await open(call);
      const chunks: Buffer[] = [];
      for await (const chunk of response) {
        chunks.push(chunk as Buffer);
      }
      return answerOf(response.statusCode ?? 0, response.headers, Buffer.concat(chunks));
    },
    async watch(path, headers = {}, read = linesOf) {
      const response = await open({ path, headers });
      response.on("error", () => {});
      const head = { status: response.statusCode ?? 0, headers: response.headers };
      return watchOf(head, read(response), () => response.destroy());
    },
    close: () => agent.destroy(),
  };
}

export function http2Client(
  port: number,
  credentials: Credentials,
): HttpClient & { readonly session: ClientHttp2Session } {
  const { ca, certificate, key } = credentials;
  const session = connect(`https://127.0.0.1:${port}`, {
    ca,
    ...(certificate === undefined || key === undefined ? {} : { cert: certificate, key }),
  });
  session.on("error", () => {});
  const open = async (call: Call, take?: (chunk: Buffer) => void) => {
    const body = bytesOf(call.body);
    const stream = session.request(
      { ":method": call.method ?? "GET", ":path": call.path, ...headersOf(credentials, call) },
      { endStream: body === undefined },
    );
    stream.on("error", () => {});
    if (take !== undefined) stream.on("data", take);
    const closed = once(stream, "close");
    if (body !== undefined) {
      stream.end(body);
    }
    const [headers] = (await Promise.race([once(stream, "response"), closed.then(() => [undefined])])) as [
      Answer["headers"] | undefined,
    ];
    if (headers === undefined) {
      throw new Error(`the stream was reset with code ${stream.rstCode}`);
    }
    return { stream, headers, status: Number(headers[":status"]), closed };
  };
  return {
    session,
    async call(call) {
      // Read from the start: a stream whose end comes together with its head may be closed before anybody iterates over it.
      const chunks: Buffer[] = [];
      const { stream, headers, status, closed } = await open(call, (chunk) => chunks.push(chunk));
      await closed;
      if (stream.rstCode !== 0) throw new Error(`the stream was reset with code ${stream.rstCode}`);
      return answerOf(status, headers, Buffer.concat(chunks));
    },
    async watch(path, headers = {}, read = linesOf) {
      const opened = await open({ path, headers });
      return watchOf(opened, read(opened.stream), () => opened.stream.close(8));
    },
    close: () => session.destroy(),
  };
}

export const clientOf = { h1: http1Client, h2: http2Client } as const;
