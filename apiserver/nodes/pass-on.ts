import { STATUS_CODES } from "node:http";
import { posix } from "node:path";
import { deflateRawSync, gunzipSync, gzipSync, inflateRawSync } from "node:zlib";
import { ApiError } from "../../apimachinery/errors/api-error.ts";
import { isUpgradeRequest, joinSockets, type RawHeaders } from "../../apimachinery/httpstream/upgrade.ts";
import type { ApiRequest } from "../request.ts";
import type { ApiResponse, UpgradeResponse } from "../response.ts";
import type { Backend, BackendConnection, BackendTarget } from "./backend.ts";
import { answerHeaders, requestHeaders } from "./proxy-headers.ts";
import { answered, plainFailure, reachable } from "./reach.ts";
import { rewriteHtml } from "./rewrite-html.ts";
import { escapedPath, type ProxiedPage, rewriteUrl } from "./rewrite-url.ts";

/** Methods whose requests have no body. */
const bodiless: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Passes a request to upgrade on, and connects client and backend where the backend agrees; its refusal is passed on too
 * (apimachinery/pkg/util/proxy UpgradeAwareHandler). BadRequest where no other protocol is asked for.
 */
export async function passUpgrade(
  backend: Backend | undefined,
  target: BackendTarget,
  path: string,
  request: ApiRequest,
  further: RawHeaders = [],
): Promise<ApiResponse> {
  if (request.upgradable !== true || !isUpgradeRequest((name) => request.header(name))) {
    throw ApiError.badRequest("Upgrade request required");
  }
  const { method, signal } = request;
  const headers = [...requestHeaders(request, { upgrade: true }), ...further];
  const connection = await answered(
    reachable(backend).upgrade(target, { method, path, headers, signal }),
    plainFailure,
  );
  return connection.answer.status === 101 ? upgraded(connection) : refused(connection);
}

function upgraded({ answer, socket }: BackendConnection): UpgradeResponse {
  return {
    type: "upgrade",
    status: 101,
    async connect(client, head) {
      client.write(answer.head);
      if (answer.rest.length > 0) client.write(answer.rest);
      if (head.length > 0) socket.write(head);
      await joinSockets(client, socket);
    },
    abandon: () => socket.destroy(),
  };
}

function refused({ answer, socket }: BackendConnection): ApiResponse {
  if (answer.status < 400) {
    socket.destroy();
    throw plainFailure(`invalid upgrade response: status code ${answer.status}`);
  }
  const length = Number(answer.headers.get("content-length") ?? Number.NaN);
  const body = async function* (): AsyncGenerator<Uint8Array> {
    let left = Number.isNaN(length) ? Number.POSITIVE_INFINITY : length;
    try {
      if (answer.rest.length > 0) yield answer.rest.subarray(0, left);
      left -= answer.rest.length;
      if (left <= 0) return;
      for await (const chunk of socket) {
        yield (chunk as Buffer).subarray(0, left);
        left -= (chunk as Buffer).length;
        if (left <= 0) return;
      }
    } finally {
      socket.destroy();
    }
  };
  const chunked = answer.headers.get("transfer-encoding") !== undefined;
  const text = STATUS_CODES[answer.status] ?? "";
  return {
    type: "stream",
    status: answer.status,
    headers: { "content-type": answer.headers.get("content-type") ?? "text/plain; charset=utf-8" },
    // A chunked refusal would have to be taken apart: its status says enough.
    body: chunked ? once(socket, text) : body(),
  };
}

async function* once(socket: { destroy(): void }, text: string): AsyncGenerator<Uint8Array> {
  socket.destroy();
  yield Buffer.from(text);
}

export interface ProxiedPath {
  /** What comes before the proxied path on this server. */
  readonly prefix: string;
  /** What is asked of the backend: path and query. */
  readonly path: string;
  /** Header fields beside the client's own. */
  readonly further?: RawHeaders;
}

/** Passes a request on and streams the answer back. */
export async function passRequest(
  backend: Backend | undefined,
  target: BackendTarget,
  { prefix, path, further = [] }: ProxiedPath,
  request: ApiRequest,
): Promise<ApiResponse> {
  const { method, signal } = request;
  const body = bodiless.has(method) ? undefined : (request.bodyStream?.() ?? bodyOf(request));
  const host = request.header("host") ?? request.header(":authority");
  const length = request.header("content-length");
  const headers: (readonly [string, string])[] = requestHeaders(request).filter(
    ([name]) => body !== undefined || name !== "content-length",
  );
  headers.push(...further);
  headers.push(["x-forwarded-uri", posix.join(prefix, escapedPath(path.split("?")[0]!))]);
  if (body !== undefined && length === undefined) headers.push(["transfer-encoding", "chunked"]);
  const answer = await answered(
    reachable(backend).send(target, { method, path, headers, signal, ...(body === undefined ? {} : { body }) }),
    (message) => ApiError.serviceUnavailable(`error trying to reach service: ${message}`),
  );
  const kept = answerHeaders(answer.headers);
  const source = `${target.host.includes(":") ? `[${target.host}]` : target.host}:${target.port}`;
  const page = { prefix, source, asked: host };
  const { location, "content-type": type } = kept;
  if (typeof location === "string" && location !== "") {
    kept["location"] = inBytes(location, (text) => rewriteUrl(text, page) ?? text);
  } else if (typeof type === "string" && /^\s*text\/html\s*(?:;|$)/.test(type)) {
    const encoding = [kept["content-encoding"] ?? ""].flat()[0] ?? "";
    if (Object.hasOwn(encodings, encoding) && method !== "HEAD") {
      delete kept["content-length"];
      const body = rewrittenPage(answer.body, page, encodings[encoding]!);
      return { type: "stream", status: answer.status, headers: kept, body };
    }
  }
  return { type: "stream", status: answer.status, headers: kept, body: answer.body };
}

interface Encoding {
  readonly decode: (bytes: Buffer) => Buffer;
  readonly encode: (bytes: Buffer) => Buffer;
}
/** The encodings in which a page's links can be changed. */
const encodings: Readonly<Record<string, Encoding>> = {
  "": { decode: (bytes) => bytes, encode: (bytes) => bytes },
  gzip: { decode: gunzipSync, encode: gzipSync },
  deflate: { decode: inflateRawSync, encode: (bytes) => deflateRawSync(bytes, { level: 9 }) },
};

/** A page whose links lead to the proxy, not past it (apimachinery/pkg/util/proxy Transport.rewriteResponse). */
async function* rewrittenPage(
  body: AsyncIterable<Uint8Array>,
  page: ProxiedPage,
  { decode, encode }: Encoding,
): AsyncGenerator<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of body) parts.push(part);
  if (parts.length === 0) return;
  const html = decode(Buffer.concat(parts)).toString("latin1");
  yield encode(
    Buffer.from(
      rewriteHtml(html, (url) => rewriteUrl(url, page)),
      "latin1",
    ),
  );
}

const inBytes = (text: string, change: (bytes: string) => string): string =>
  Buffer.from(change(Buffer.from(text).toString("latin1")), "latin1").toString();

/** Of a request within the process. */
function bodyOf({ bodyObject }: ApiRequest): AsyncIterable<Uint8Array> | undefined {
  if (bodyObject === undefined) return undefined;
  return (async function* () {
    yield Buffer.from(JSON.stringify(bodyObject));
  })();
}
