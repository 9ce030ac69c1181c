import { createGzip } from "node:zlib";
import { ApiError } from "../../apimachinery/errors/api-error.ts";
import { apiVersionOf } from "../../apimachinery/resource/define.ts";
import type { IncludeObject } from "../../apimachinery/table/table.ts";
import type { Clock } from "../../base/clock.ts";
import type { ServedObject } from "../cache/served-object.ts";
import type { ApiResponse, ListResponse, ObjectResponse } from "../response.ts";
import { contentTypes, encodeValue } from "./encode.ts";
import type { Exchange, Headers } from "./exchange.ts";
import type { FrameMemory } from "./frame-memory.ts";
import type { Output } from "./negotiate.ts";
import { transformList, transformObject } from "./transform.ts";
import { streamWatch } from "./watch-stream.ts";

/** Answers larger than this are compressed for clients that take gzip (endpoints/handlers/responsewriters). */
const gzipMinBytes = 128 * 1024;
const gzipLevel = 1;
/** Lists are copied out in pieces of about this size, so that memory does not follow their length. */
const chunkBytes = 512 * 1024;

export interface RespondContext {
  readonly clock: Clock;
  readonly output: Output;
  readonly includeObject: IncludeObject;
  readonly headers: Headers;
  readonly frames: FrameMemory;
}

/** Writes an answer in the negotiated form. Resolves when it has been handed to the connection, or the watch has ended. */
export async function respond(exchange: Exchange, response: ApiResponse, context: RespondContext): Promise<void> {
  const { headers, output } = context;
  switch (response.type) {
    case "object":
      return respondObject(exchange, response, context);
    case "list":
      return respondList(exchange, response, context);
    case "watch":
      return streamWatch(exchange, response, context);
    case "value": {
      headers["content-type"] = contentTypes[output.encoding];
      Object.assign(headers, response.headers);
      return sendWhole(exchange, response.status, headers, encodeValue(response.value, output.encoding));
    }
    case "raw":
      headers["content-type"] = response.contentType;
      Object.assign(headers, response.headers);
      return sendWhole(exchange, response.status, headers, response.body);
  }
}

async function respondObject(exchange: Exchange, response: ObjectResponse, context: RespondContext): Promise<void> {
  const { output, headers } = context;
  const { served, definition, status } = response;
  headers["content-type"] = contentTypes[output.encoding];
  if (output.as === "object" && output.encoding === "json") {
    const body = Buffer.allocUnsafe(served.byteLength + 1);
    body[served.copyInto(body, 0)] = 0x0a;
    return sendWhole(exchange, status, headers, body);
  }
  if (output.as === "PartialObjectMetadataList") {
    throw ApiError.notAcceptable(["application/json"]);
  }
  const value =
    output.as === "object" ? served.object : transformObject(definition, served.object, transformContext(context));
  return sendWhole(exchange, status, headers, encodeValue(value, output.encoding));
}

function transformContext(context: RespondContext): Parameters<typeof transformObject>[2] {
  return { output: context.output, includeObject: context.includeObject, now: context.clock.now() };
}

async function respondList(exchange: Exchange, response: ListResponse, context: RespondContext): Promise<void> {
  const { output, headers } = context;
  headers["content-type"] = contentTypes[output.encoding];
  const metadata = listMetadata(response);
  if (output.as === "object" && output.encoding === "json") {
    return copyList(exchange, response, metadata, headers);
  }
  const objects = response.items.map((item) => item.object);
  const { definition } = response;
  const value =
    output.as === "object"
      ? { kind: definition.listKind, apiVersion: apiVersionOf(definition), metadata, items: objects }
      : transformList(definition, objects, metadata, transformContext(context));
  return sendWhole(exchange, 200, headers, encodeValue(value, output.encoding));
}

function listMetadata(response: ListResponse): object {
  return {
    resourceVersion: response.resourceVersion,
    ...(response.continueToken === undefined ? {} : { continue: response.continueToken }),
    ...(response.remainingItemCount === undefined ? {} : { remainingItemCount: response.remainingItemCount }),
  };
}

/** A list is its head and the items' own bytes: nothing is encoded. */
async function copyList(exchange: Exchange, response: ListResponse, metadata: object, headers: Headers): Promise<void> {
  const { definition, items } = response;
  const kind = `"kind":"${definition.listKind}","apiVersion":"${apiVersionOf(definition)}"`;
  const head = Buffer.from(`{${kind},"metadata":${JSON.stringify(metadata)},"items":[`);
  const tail = Buffer.from("]}\n");
  let length = head.length + tail.length + Math.max(0, items.length - 1);
  for (const item of items) {
    length += item.itemLength;
  }
  if (length <= chunkBytes) {
    return sendWhole(exchange, 200, headers, Buffer.concat([...listChunks(head, items, tail)], length));
  }
  if (acceptsGzip(exchange)) {
    return sendGzip(exchange, 200, headers, listChunks(head, items, tail));
  }
  headers["content-length"] = length;
  exchange.begin(200, headers);
  for (const chunk of listChunks(head, items, tail)) {
    if (!exchange.write(chunk)) {
      await exchange.drained();
      if (exchange.signal.aborted) {
        return;
      }
    }
  }
  exchange.end();
}

function* listChunks(head: Buffer, items: readonly ServedObject[], tail: Buffer): Generator<Buffer> {
  yield head;
  let i = 0;
  while (i < items.length) {
    const from = i;
    let size = 0;
    while (i < items.length && (size === 0 || size < chunkBytes)) {
      size += items[i]!.itemLength + 1;
      i++;
    }
    const chunk = Buffer.allocUnsafe(size);
    let at = 0;
    for (let k = from; k < i; k++) {
      if (k > 0) {
        chunk[at++] = 0x2c;
      }
      at = items[k]!.copyItemInto(chunk, at);
    }
    yield chunk.subarray(0, at);
  }
  yield tail;
}

async function sendWhole(
  exchange: Exchange,
  status: number,
  headers: Headers,
  body: Uint8Array | string,
): Promise<void> {
  const length = typeof body === "string" ? body.length : body.byteLength;
  if (length > gzipMinBytes && acceptsGzip(exchange)) {
    return sendGzip(exchange, status, headers, [Buffer.from(body as string)]);
  }
  exchange.send(status, headers, body);
}

function acceptsGzip(exchange: Exchange): boolean {
  const accept = exchange.header("accept-encoding");
  return accept?.includes("gzip") === true && !/gzip\s*;\s*q=0(\.0*)?\s*(,|$)/.test(accept);
}

async function sendGzip(
  exchange: Exchange,
  status: number,
  headers: Headers,
  chunks: Iterable<Uint8Array>,
): Promise<void> {
  headers["content-encoding"] = "gzip";
  headers["vary"] = "Accept-Encoding";
  exchange.begin(status, headers);
  const gzip = createGzip({ level: gzipLevel });
  const feed = async (): Promise<void> => {
    for (const chunk of chunks) {
      if (exchange.signal.aborted) {
        break;
      }
      if (!gzip.write(chunk)) {
        await new Promise((resolve) => gzip.once("drain", resolve));
      }
    }
    gzip.end();
  };
  const fed = feed();
  for await (const chunk of gzip) {
    if (!exchange.write(chunk as Buffer)) {
      await exchange.drained();
    }
  }
  await fed;
  exchange.end();
}
