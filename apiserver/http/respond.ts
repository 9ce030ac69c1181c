import { createGzip } from "node:zlib";
import { ApiError } from "../../apimachinery/errors/api-error.ts";
import { formatFieldError, invalid } from "../../apimachinery/field/errors.ts";
import { apiVersionOf } from "../../apimachinery/resource/define.ts";
import type { IncludeObject } from "../../apimachinery/table/table.ts";
import type { Clock } from "../../base/clock.ts";
import type { ServedObject } from "../cache/served-object.ts";
import { accepted, type Output } from "../negotiate.ts";
import type {
  ApiResponse,
  ListResponse,
  ObjectResponse,
  StreamResponse,
  UpgradeResponse,
  WatchResponse,
} from "../response.ts";
import type { DeliveryPace } from "./delivery-pace.ts";
import { contentTypes, encodeValue } from "./encode.ts";
import type { Exchange, Headers } from "./exchange.ts";
import type { FrameMemory } from "./frame-memory.ts";
import { ListBody, type PiecePool, pieceBytes } from "./list-body.ts";
import { refuseProtobuf, transformList, transformObject } from "./transform.ts";
import { streamWatch } from "./watch-stream.ts";
import { asksForWebSocket, refusedWebSocket, WebSocketExchange } from "./websocket-exchange.ts";

/** Answers larger than this are compressed for clients that take gzip (endpoints/handlers/responsewriters). */
const gzipMinBytes = 128 * 1024;
const gzipLevel = 1;

export interface RespondContext {
  readonly clock: Clock;
  readonly output: Output;
  readonly includeObject: IncludeObject;
  readonly headers: Headers;
  readonly frames: FrameMemory;
  readonly pieces: PiecePool;
  readonly pace: DeliveryPace;
}

/** Writes an answer in the negotiated form. Is done when it has been handed to the connection, or the watch has ended. */
export function respond(exchange: Exchange, response: ApiResponse, context: RespondContext): void | Promise<void> {
  const { headers, output } = context;
  switch (response.type) {
    case "object":
      return respondObject(exchange, response, context);
    case "list":
      checkTable(context);
      return respondList(exchange, response, context);
    case "watch":
      checkTable(context);
      return respondWatch(exchange, response, context);
    case "value": {
      headers["content-type"] = contentTypes[output.encoding];
      Object.assign(headers, response.headers);
      return sendWhole(exchange, response.status, headers, encodeValue(response.value, output.encoding));
    }
    case "raw":
      if (response.contentType !== "") headers["content-type"] = response.contentType;
      Object.assign(headers, response.headers);
      return sendWhole(exchange, response.status, headers, response.body);
    case "stream":
      Object.assign(headers, response.headers);
      return sendStream(exchange, response, headers);
    case "upgrade":
      return handOver(exchange, response);
  }
}

const includedObjects: readonly string[] = ["Metadata", "Object", "None"] satisfies readonly IncludeObject[];

/** What is asked of a table is looked at where one is made (handlers/response.go optionsForTransform). */
function checkTable({ output, includeObject }: RespondContext): void {
  if (output.as !== "Table" || includedObjects.includes(includeObject)) return;
  const error = invalid("includeObject", includeObject, "must be 'Metadata', 'Object', 'None', or empty");
  throw ApiError.badRequest(`Unable to convert to Table as requested: ${formatFieldError(error)}`);
}

function respondWatch(exchange: Exchange, response: WatchResponse, context: RespondContext): void | Promise<void> {
  const header = (name: string): string | undefined => exchange.header(name);
  if (exchange.takeConnection === undefined || !asksForWebSocket(header)) {
    return streamWatch(exchange, response, context);
  }
  const refused = refusedWebSocket(header);
  if (refused !== undefined) return exchange.send(refused, context.headers, "");
  const kind = context.output.encoding === "protobuf" ? "binary" : "text";
  return streamWatch(new WebSocketExchange(exchange, kind), response, context);
}

/** Ends with the client; where the body breaks off, so does the answer. */
async function sendStream(exchange: Exchange, { status, body }: StreamResponse, headers: Headers): Promise<void> {
  exchange.begin(status, headers);
  try {
    for await (const piece of body) {
      if (exchange.signal.aborted) {
        return;
      }
      if (!exchange.write(piece)) {
        await exchange.drained();
      }
    }
  } catch {
    exchange.destroy();
    return;
  }
  exchange.end();
}

async function handOver(exchange: Exchange, response: UpgradeResponse): Promise<void> {
  if (exchange.takeConnection === undefined || exchange.signal.aborted) {
    response.abandon();
    return;
  }
  const { socket, head } = exchange.takeConnection();
  await response.connect(socket, head);
}

function respondObject(exchange: Exchange, response: ObjectResponse, context: RespondContext): void | Promise<void> {
  const { output, headers } = context;
  const { served, definition, status } = response;
  // What is answered and never stored has no table (RequestScope.AllowsMediaTypeTransform).
  if (output.as === "Table" && !definition.verbs.includes("get")) {
    if (output.instead === undefined) throw ApiError.notAcceptable(accepted);
    return respondObject(exchange, response, { ...context, output: output.instead });
  }
  checkTable(context);
  headers["content-type"] = contentTypes[output.encoding];
  if (output.as === "object" && output.encoding === "json") {
    const body = Buffer.allocUnsafe(served.byteLength + 1);
    body[served.copyInto(body, 0)] = 0x0a;
    return sendWhole(exchange, status, headers, body);
  }
  if (output.as === "PartialObjectMetadataList") {
    throw ApiError.notAcceptable(["application/json"]);
  }
  refuseProtobuf(definition, output, "Unstructured");
  const value =
    output.as === "object" ? served.object : transformObject(definition, served.object, transformContext(context));
  return sendWhole(exchange, status, headers, encodeValue(value, output.encoding));
}

/** Items of such a list say their kind and version each. */
function wholeItem(served: ServedObject): ServedObject {
  return {
    revision: served.revision,
    object: served.object,
    byteLength: served.byteLength,
    copyInto: (target, offset) => served.copyInto(target, offset),
    itemLength: served.byteLength,
    copyItemInto: (target, offset) => served.copyInto(target, offset),
  };
}

function transformContext(context: RespondContext): Parameters<typeof transformObject>[2] {
  return { output: context.output, includeObject: context.includeObject, now: context.clock.now() };
}

function respondList(exchange: Exchange, response: ListResponse, context: RespondContext): void | Promise<void> {
  const { output, headers } = context;
  headers["content-type"] = contentTypes[output.encoding];
  const metadata = listMetadata(response);
  if (output.as === "object" && output.encoding === "json") {
    return copyList(exchange, response, metadata, context);
  }
  const objects = response.items.map((item) => item.object);
  const { definition } = response;
  refuseProtobuf(definition, output, "UnstructuredList");
  const value =
    output.as === "object"
      ? { kind: definition.listKind, apiVersion: apiVersionOf(definition), metadata, items: objects }
      : transformList(definition, objects, metadata, transformContext(context));
  return sendWhole(exchange, 200, headers, encodeValue(value, output.encoding));
}

function listMetadata(response: ListResponse): object {
  return {
    ...(response.resourceVersion === "" ? {} : { resourceVersion: response.resourceVersion }),
    ...(response.continueToken === undefined ? {} : { continue: response.continueToken }),
    ...(response.remainingItemCount === undefined ? {} : { remainingItemCount: response.remainingItemCount }),
  };
}

async function copyList(
  exchange: Exchange,
  response: ListResponse,
  metadata: object,
  { headers, pieces }: RespondContext,
): Promise<void> {
  const { definition, items } = response;
  const shown = definition.decode === undefined ? items : items.map(wholeItem);
  const body = new ListBody({ kind: definition.listKind, apiVersion: apiVersionOf(definition) }, metadata, shown);
  if (body.byteLength <= pieceBytes) {
    return sendWhole(exchange, 200, headers, body.whole());
  }
  if (acceptsGzip(exchange)) {
    return sendGzip(
      exchange,
      200,
      headers,
      body.pieces(() => Buffer.allocUnsafeSlow(pieceBytes)),
    );
  }
  headers["content-length"] = body.byteLength;
  exchange.begin(200, headers);
  if (exchange.method === "HEAD") {
    return exchange.end();
  }
  let before: Promise<void> = Promise.resolve();
  for (const piece of body.pieces(() => pieces.take())) {
    // While one piece leaves, the next is filled.
    await before;
    before = exchange.writeAndRelease(piece).then(() => pieces.give(wholeOf(piece)));
    if (exchange.signal.aborted) {
      return;
    }
  }
  await before;
  exchange.end();
}

/** The memory that a piece is the beginning of. */
function wholeOf(piece: Buffer): Buffer {
  return Buffer.from(piece.buffer, 0, piece.buffer.byteLength);
}

function sendWhole(
  exchange: Exchange,
  status: number,
  headers: Headers,
  body: Uint8Array | string,
): void | Promise<void> {
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
  headers["vary"] = headers["vary"] === undefined ? "Accept-Encoding" : `${headers["vary"]}, Accept-Encoding`;
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
