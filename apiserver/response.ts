import type { Status } from "../apimachinery/errors/status.ts";
import type { ResourceDefinition } from "../apimachinery/resource/resource.ts";
import type { ServedObject } from "./cache/served-object.ts";

/**
 * What a handler answers, before anybody has chosen an encoding: HTTP negotiates JSON, YAML, protobuf or a table from it,
 * a client in this process takes the frozen objects as they are.
 */
export type ApiResponse = ObjectResponse | ListResponse | WatchResponse | ValueResponse | RawResponse;

export interface ObjectResponse {
  readonly type: "object";
  readonly status: number;
  readonly definition: ResourceDefinition;
  readonly served: ServedObject;
}

export interface ListResponse {
  readonly type: "list";
  readonly definition: ResourceDefinition;
  readonly items: readonly ServedObject[];
  readonly resourceVersion: string;
  readonly continueToken?: string;
  readonly remainingItemCount?: number;
}

/** A watcher's end of the stream. */
export interface WatchSink {
  /** `bookmark`: only metadata counts. False where the receiver is too slow: the watch has been ended. */
  send(event: ServedEvent): boolean;
  /** While the initial events go out: what to wait for before the next one; undefined where the receiver keeps up. */
  behind?(): Promise<void> | undefined;
  /** The server ends the watch: with an ERROR event where there is a status. */
  end(status?: Status): void;
}

export type ServedEvent =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly served: ServedObject }
  | { readonly type: "BOOKMARK"; readonly resourceVersion: string; readonly initialEventsEnd: boolean };

export interface WatchResponse {
  readonly type: "watch";
  readonly definition: ResourceDefinition;
  /**
   * Begins delivery; the initial events come before it returns, as far as the sink is not `behind`. Returns what stops it.
   * Call once.
   */
  readonly start: (sink: WatchSink) => () => void;
}

/** A body that is not stored: Status, discovery documents. */
export interface ValueResponse {
  readonly type: "value";
  readonly status: number;
  readonly value: object;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Bytes of a media type of their own: health, metrics, OpenAPI. */
export interface RawResponse {
  readonly type: "raw";
  readonly status: number;
  readonly contentType: string;
  readonly body: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}
