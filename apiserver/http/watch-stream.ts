import { ApiError } from "../../apimachinery/errors/api-error.ts";
import { apiVersionOf } from "../../apimachinery/resource/define.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import type { Output } from "../negotiate.ts";
import type { ServedEvent, WatchResponse, WatchSink } from "../response.ts";
import { contentTypes, encodeWatchFrame, type StreamEncoding } from "./encode.ts";
import type { Exchange } from "./exchange.ts";
import { PacedFrames } from "./paced-frames.ts";
import type { RespondContext } from "./respond.ts";
import { refuseProtobuf, transformObject, withoutColumns } from "./transform.ts";

/** A watcher that lets more than this pile up is cut off; it can list again. */
const maxPendingBytes = 16 * 1024 * 1024;

/** Of the initial events, however many, no more than this waits at once. */
const initialPendingBytes = 1024 * 1024;

/** Marks the bookmark that ends the initial events (metav1.InitialEventsAnnotationKey). */
const initialEventsEnd = { "k8s.io/initial-events-end": "true" };

/** Streams a watch until either side ends it. */
export function streamWatch(
  exchange: Exchange,
  response: WatchResponse,
  respondContext: RespondContext,
): Promise<void> {
  const context = streamContext(respondContext);
  const { headers, output } = context;
  refuseProtobuf(response.definition, output, "Unstructured");
  headers["content-type"] =
    output.encoding === "json" ? "application/json" : `${contentTypes[output.encoding]};stream=watch`;
  exchange.begin(200, headers);
  const frames = new PacedFrames(exchange, context.pace);
  const send = frameSender(exchange, frames, response.definition, context);
  const { promise, resolve } = Promise.withResolvers<void>();
  let open = true;
  const close = (): void => {
    open = false;
    resolve();
  };
  const sink: WatchSink = {
    send(event) {
      send(event);
      if (frames.pendingBytes > maxPendingBytes) {
        exchange.destroy();
        close();
        return false;
      }
      return true;
    },
    behind: () => (exchange.pendingBytes > initialPendingBytes ? exchange.drained() : undefined),
    end(status) {
      if (open) {
        frames.release();
        if (status !== undefined) {
          exchange.write(encodeWatchFrame("ERROR", status, output.encoding));
        }
        exchange.end();
        close();
      }
    },
  };
  const stop = response.start(sink);
  if (open) {
    const { signal } = exchange;
    const gone = (): void => close();
    signal.addEventListener("abort", gone, { once: true });
    if (signal.aborted) {
      close();
    }
  }
  return promise.finally(stop);
}

type StreamContext = RespondContext & { readonly output: Output & { readonly encoding: StreamEncoding } };

/** Throws NotAcceptable for what has no frames (NegotiateOutputMediaTypeStream); events are not indented for anybody. */
function streamContext(context: RespondContext): StreamContext {
  const { output } = context;
  if (output.encoding === "yaml") throw ApiError.notAcceptable(streamed);
  return { ...context, output: { ...output, encoding: output.encoding === "protobuf" ? "protobuf" : "json" } };
}

const streamed = ["application/json;stream=watch", "application/vnd.kubernetes.protobuf;stream=watch"];

function frameSender(
  exchange: Exchange,
  paced: PacedFrames,
  definition: ResourceDefinition,
  context: StreamContext,
): (event: ServedEvent) => void {
  const { output, frames } = context;
  const bookmark = (event: Extract<ServedEvent, { type: "BOOKMARK" }>): void => {
    paced.release();
    exchange.write(bookmarkFrame(definition, event, context));
  };
  if (output.as === "object" && output.encoding === "json") {
    return (event) =>
      event.type === "BOOKMARK" ? bookmark(event) : paced.add(frames.jsonFrame(event.type, event.served));
  }
  let first = true;
  return (event) => {
    if (event.type === "BOOKMARK") {
      return bookmark(event);
    }
    const value =
      output.as === "object" ? event.served.object : transformed(definition, event.served.object, context, first);
    first = false;
    exchange.write(encodeWatchFrame(event.type, value, output.encoding));
  };
}

/** Only the first table of a stream names its columns. */
function transformed(
  definition: ResourceDefinition,
  object: ApiObject,
  context: RespondContext,
  first: boolean,
): object {
  const { output, includeObject, clock } = context;
  const value = transformObject(definition, object, { output, includeObject, now: clock.now() });
  return output.as === "Table" && !first ? withoutColumns(value) : value;
}

function bookmarkFrame(
  definition: ResourceDefinition,
  event: Extract<ServedEvent, { type: "BOOKMARK" }>,
  context: StreamContext,
): Buffer {
  const { output } = context;
  const metadata = {
    resourceVersion: event.resourceVersion,
    ...(event.initialEventsEnd ? { annotations: initialEventsEnd } : {}),
  };
  const object = { kind: definition.kind, apiVersion: apiVersionOf(definition), metadata };
  if (output.as === "object") {
    return encodeWatchFrame("BOOKMARK", object, output.encoding);
  }
  const shown = transformObject(definition, object, {
    output,
    includeObject: context.includeObject,
    now: context.clock.now(),
  });
  return encodeWatchFrame("BOOKMARK", shown, output.encoding);
}
